"""Lists the files of every folder in a random order; Python loads this at its start if the folder is on its path.

Only for determinism.py: file systems list files in any order, and nothing published may depend on it. `PAPU_SHUFFLE` is
the seed.
"""

import os
import random

_order = random.Random(os.environ.get("PAPU_SHUFFLE", ""))
_listdir, _scandir = os.listdir, os.scandir


def _shuffled(listed):
    entries = list(listed)
    _order.shuffle(entries)
    return entries


class _Scan(list):
    """The result of `os.scandir`: an iterator that can be closed and used in a `with`."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def __iter__(self):
        self._left = super().__iter__()
        return self._left

    def __next__(self):
        if not hasattr(self, "_left"):
            iter(self)
        return next(self._left)

    def close(self):
        """Do nothing: no handle is open."""


os.listdir = lambda *path: _shuffled(_listdir(*path))
os.scandir = lambda *path: _Scan(_shuffled(_scandir(*path)))
