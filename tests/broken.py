"""Plans that cannot be meant: cases that are written together, as all that is wrong is told at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable

Case = tuple[str, ...]  # its file first


def in_rounds(cases: Iterable[Case], is_alone: Callable[[Case], bool]) -> list[list[Case]]:
    """Return the cases in rounds that have a file once at most; what other files rest on is broken alone."""
    alone, rounds = [], []
    for case in cases:
        if is_alone(case):
            alone.append({case[0]: case})
            continue
        free = next((each for each in rounds if case[0] not in each), None)
        if free is None:
            rounds.append(free := {})
        free[case[0]] = case
    return [list(each.values()) for each in (*alone, *rounds)]
