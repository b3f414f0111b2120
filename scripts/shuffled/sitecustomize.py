"""Loaded by Python at its start where this folder is on its path: every folder is listed in another order.

Only for the determinism runs: what a folder's files are listed as is the file system's own business, and nothing that
is published may hang on it. `PAPU_SHUFFLE` is the seed.
"""

import os
import random

_order = random.Random(os.environ.get("PAPU_SHUFFLE", ""))
_listdir, _scandir = os.listdir, os.scandir


def _shuffled(found):
    entries = list(found)
    _order.shuffle(entries)
    return entries


class _Scan(list):
    """The entries of a folder, as `os.scandir` gives them: to be walked, closed, or used in a `with`."""

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
        """Nothing is open."""


os.listdir = lambda *path: _shuffled(_listdir(*path))
os.scandir = lambda *path: _Scan(_shuffled(_scandir(*path)))
