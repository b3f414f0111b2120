"""Makes calls side by side, with joblib; a caller that leaves early, on a signal too, ends those still under way.

Threads are enough: they wait for kernels, which do the work. Within a call, others may be made side by side again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import TypeVar

from jupyter_client.manager import KernelManager

from helpers import paths

_Item, _Result = TypeVar("_Item"), TypeVar("_Result")
_calls: ContextVar[Calls | None] = ContextVar("calls", default=None)


class Calls:
    """The calls that one caller makes side by side, and the kernels that they started."""

    def __init__(self, workers: int) -> None:
        self.caller, self._variables = _calls.get(), paths.variables()
        self.workers = workers or max(1, (os.cpu_count() or 1) // (self.caller.workers if self.caller else 1))
        self.stop, self.is_ended = None, False
        self._running: set[int] = set()
        self._kernels: weakref.WeakSet[KernelManager] = weakref.WeakSet()

    def make(self, number: int, function: Callable[[_Item], _Result], item: _Item) -> _Result | None:
        """Make a call, in whatever thread, with the variables of the caller; none once this one has left."""
        self._running.add(number)
        before = _calls.set(self)
        try:
            with paths.set_variables(**self._variables):
                return None if self.is_ended else function(item)
        finally:
            _calls.reset(before)
            self._running.discard(number)

    def add_kernel(self, manager: KernelManager) -> None:
        """Add a kernel that is about to start, or has just started; where the caller has left, it is killed."""
        self._kernels.add(manager)
        if self.is_ended:
            self._kill_kernels()
        if self.caller:
            self.caller.add_kernel(manager)

    def end(self, stop: BaseException | None) -> None:
        """Begin no more calls, kill the kernels of those under way, and wait for these; `stop` is why."""
        self.stop, self.is_ended = stop, True
        self._kill_kernels()
        if self._running:
            logging.disable()  # what libraries say of kernels that are killed here
            while self._running:
                time.sleep(0.05)
                self._kill_kernels()
            logging.disable(logging.NOTSET)

    def _kill_kernels(self) -> None:
        for manager in list(self._kernels):
            provisioner = manager.provisioner
            if provisioner and provisioner.has_process:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(provisioner.pid, signal.SIGKILL)  # and what it started


def is_ended() -> bool:
    """Tell whether whoever made the call that this is within, or called that one, has left: no more need be begun."""
    calls = _calls.get()
    while calls and not calls.is_ended:
        calls = calls.caller
    return calls is not None


def own_kernel(manager: KernelManager) -> None:
    """Let the call that starts a kernel answer for it, before and after it starts."""
    if calls := _calls.get():
        calls.add_kernel(manager)


def call_each(function: Callable[[_Item], _Result], items: Iterable[_Item], workers: int = 0) -> Iterator[_Result]:
    """Call a function on each item, by default as many at once as there are processors; yield results as they come.

    Calls that are made side by side share the processors in the calls that they make themselves. Where the caller of
    all this was ended by a signal, what ended it is raised here too.
    """
    from joblib import Parallel, delayed  # it takes a while to load, and most commands make no calls

    calls, stop = Calls(workers), None
    side_by_side = Parallel(calls.workers, backend="threading", return_as="generator_unordered")
    results = side_by_side(delayed(calls.make)(number, function, item) for number, item in enumerate(items))
    try:
        for result in results:
            if calls.caller and calls.caller.stop:
                raise calls.caller.stop
            yield result
    except BaseException as error:
        stop = error
        raise
    finally:
        calls.end(stop if isinstance(stop, SystemExit) else None)
        with contextlib.suppress(Exception):  # of calls that were ended
            for _ in results:  # whatever was not begun is refused: joblib would warn of results that nobody takes
                pass
