"""The kernel of a run: ipykernel's own, without the port that it opens for what programs started in a cell print."""

from __future__ import annotations

from ipykernel import kernelapp


class Portless(kernelapp.IOPubThread):
    """What sends a kernel's outputs: those of its own process, and so through its sockets alone."""

    def __init__(self, *given: object, **options: object) -> None:
        super().__init__(*given, **options | {"pipe": False})


if __name__ == "__main__":
    kernelapp.IOPubThread = Portless
    kernelapp.launch_new_instance()
