"""The kernel of a run: ipykernel without the TCP port that it opens for the output of programs started in a cell."""

from ipykernel import kernelapp


class Portless(kernelapp.IOPubThread):
    """Sends a kernel's outputs through its sockets only."""

    def __init__(self, *given: object, **options: object) -> None:
        super().__init__(*given, **options | {"pipe": False})


if __name__ == "__main__":
    kernelapp.IOPubThread = Portless
    kernelapp.launch_new_instance()
