"""How a figure was made: its definition, the cells of every member behind it, and every step to it and its status."""

from helpers.explain.explain import explain, explain_figures
from helpers.explain.listing import only_of
from helpers.explain.records import Explanation, Part, Step, Trace
from helpers.explain.telling import list_lines, tell, write_excel
from helpers.kpis.reference import Reference, ask, parse_reference

__all__ = [
    "Explanation", "Part", "Reference", "Step", "Trace", "ask", "explain", "explain_figures", "list_lines", "only_of",
    "parse_reference", "tell", "write_excel",
]  # fmt: skip
