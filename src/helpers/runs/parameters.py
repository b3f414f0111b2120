"""Checks the parameters of a notebook that a person or plain papermill runs: names, types, quarter and date."""

import ast
import contextlib
from collections.abc import Iterator, Sequence

from IPython import get_ipython

from helpers.plan import quarters, read_settings
from helpers.speech import say

_INJECTED = "# Parameters"  # the first line of the cell that papermill adds


class ParameterError(ValueError):
    """A parameter that no notebook can run with. In a notebook it is shown as one sentence, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


def read_parameters(quarter: object, as_of: object) -> tuple[str, str]:
    """Return a notebook's quarter as `2024Q3`, from any accepted spelling, and its date as YYYY-MM-DD or blank.

    Raises ParameterError for these, and for whatever papermill injected that the notebook does not declare or that is
    no text: papermill only warns, runs with the default, and guesses types.
    """
    shell = get_ipython()
    injected = list(_list_injected(shell.user_ns["In"])) if shell else []
    for name, value in [*injected, ("quarter", quarter), ("as_of", as_of)]:
        if not isinstance(value, str):
            shown = ast.unparse(value) if isinstance(value, ast.expr) else repr(value)
            raise ParameterError(say(
                "{name} is {shown}; it must be a text, in quotes (with papermill: -r {name} VALUE)", name=name,
                shown=shown,
            ))  # fmt: skip
    settings = read_settings()  # what is wrong in it is no wrong parameter
    try:
        name = quarters.parse_quarter(quarter)
        day = settings.resolve_date(name, as_of.strip()).isoformat()
    except ValueError as error:
        raise ParameterError(str(error)) from None
    return name, day if as_of.strip() else ""


def _list_injected(cells: Sequence[str]) -> Iterator[tuple[str, object]]:
    """Yield the names and values that papermill injected; raises ParameterError for a name that is not declared."""
    declared, injected = {}, {}
    for cell in cells:
        with contextlib.suppress(SyntaxError):
            for node in ast.parse(cell).body:
                if isinstance(node, ast.AnnAssign):
                    declared[ast.unparse(node.target)] = node
                elif isinstance(node, ast.Assign) and cell.startswith(_INJECTED):
                    injected[ast.unparse(node.targets[0])] = node.value
    if unknown := [name for name in injected if name not in declared]:
        raise ParameterError(say("no parameter {names}; this notebook declares {declared}",
                                 names=", ".join(unknown), declared=", ".join(declared)))  # fmt: skip
    for name, value in injected.items():
        yield name, value.value if isinstance(value, ast.Constant) else value
