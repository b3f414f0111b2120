"""Plans that cannot be meant: cases that are written together, as all that is wrong is told at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

Case = tuple[str, ...]  # its file first


def in_rounds(cases: Iterable[Case], group_of: Callable[[Case], str]) -> list[list[Case]]:
    """Return the cases in rounds, each of one group, with a file once at most; those of no group are alone."""
    rounds: list[tuple[str, dict[str, Case]]] = []
    for case in cases:
        group, file = group_of(case), case[0]
        free = next((found for name, found in rounds if name == group != "" and file not in found), None)
        if free is None:
            rounds.append((group, free := {}))
        free[file] = case
    return [list(found.values()) for _, found in rounds]


def alone(cases: Iterable[Case]) -> list:
    """Return each case as a round of its own, among the slow tests: none may need another to be told."""
    return [pytest.param([case], marks=pytest.mark.slow) for case in cases]
