"""The kernel of a run: ipykernel without the TCP port that it opens for the output of programs started in a cell.

Nor has it a debugger, to which nobody connects here: it takes a tenth of a second to load.
"""

import sys

from ipykernel import kernelapp


class Portless(kernelapp.IOPubThread):
    """Sends a kernel's outputs through its sockets only."""

    def __init__(self, *given: object, **options: object) -> None:
        super().__init__(*given, **options | {"pipe": False})


if __name__ == "__main__":
    kernelapp.IOPubThread = Portless
    sys.modules.setdefault("debugpy", None)
    kernelapp.launch_new_instance()
