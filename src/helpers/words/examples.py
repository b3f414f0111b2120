"""What the sentences look like in use: where the code says each, and how the newest edition prints it."""

import ast
import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from helpers import paths
from helpers.i18n import messages

# What is said there, by the beginning of the module's path; the first that fits.
_USES = {
    "report/figures": "figure of the report", "report/tables/brief": "table of a member's brief",
    "report/tables": "table of the report", "report/brief": "brief of a member", "report/letters": "letter to a member",
    "report/mailing": "letter to a member", "report/actions": "papu actions, and the report's actions",
    "report/headlines": "title or main point of the report", "report/phrases": "figures in words, report and briefs",
    "report/html": "web page of the report", "report/xlsx": "workbook of tables", "report": "report",
    "explain": "papu explain", "explore": "explorer of figures", "start": "papu plan", "i18n": "everywhere",
    "notebooks": "heading of the report",
}  # fmt: skip
_TABLES = {
    "issues.csv": "finding of papu check, in letters and briefs", "letters.csv": "letter to a member",
    "texts.csv": "what the desk sends out: questionnaires",
}  # fmt: skip
_NAMED = re.compile(r"(formula|source|rule|unit|severity|channel|targets:?) \w")  # the rest of the key is data
_MOST_PLACES = 3


def describe_use(message: messages.Message) -> str:
    """Return what a sentence is part of, and the modules that say it."""
    if message.file in _TABLES:
        return _TABLES[message.file]
    if named := _NAMED.match(message.key):
        return f"{named[1].rstrip(':')}, in the report's annexes and the commands"
    if not (places := _find_places().get(message.key, [])):
        return "nowhere found in the code"
    shown = places[:_MOST_PLACES]
    uses = dict.fromkeys(next(use for start, use in _USES.items() if place.startswith(start)) for place in shown)
    return f"{'; '.join(uses)} ({', '.join(shown)}{'…' * (len(places) > len(shown))})"


@cache
def _find_places() -> Mapping[str, list[str]]:
    """Return the modules and notebooks in which each text is a literal."""
    code = {path.relative_to(paths.PACKAGE).as_posix(): path.read_text("utf-8") for path in paths.PACKAGE.rglob("*.py")}
    for path in paths.notebooks().glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        code[f"notebooks/{path.stem}"] = "\n".join(sources)
    places = defaultdict(list)
    for place in sorted(each for each in code if each.startswith(tuple(_USES))):
        literals = {node.value for node in ast.walk(ast.parse(code[place])) if isinstance(node, ast.Constant)}
        for text in literals:
            places[text].append(place)
    return places


@dataclass(frozen=True)
class Examples:
    """How an edition prints sentences in one language; the note says why a sentence has none."""

    note: str
    texts: Mapping[str, str] = field(default_factory=dict)

    def find(self, message: messages.Message) -> str:
        """Return how a sentence is printed, or why no example of it is there. No report has letters or forms."""
        is_sent = message.file in ("letters.csv", "texts.csv")
        return f"({self.note})" if is_sent or message.key not in self.texts else self.texts[message.key]


def read_examples(language: str) -> Examples:
    """Return what the newest edition made here prints in a language: its report and, of the sample, the briefs."""
    newest = max((path.parent for path in paths.build().glob(f"*/*/words_*{language}.json")), default=None)
    if newest is None:
        return Examples(f"no report in {language} was made here: run papu run first, with --language {language}")
    texts: dict[str, str] = {}
    for path in sorted(newest.glob(f"words_*{language}.json"), key=lambda path: (len(path.name), path.name)):
        texts = json.loads(path.read_text(encoding="utf-8")) | texts  # first the report's, whose name is the shortest
    return Examples(f"not printed by {newest.parent.name} as of {newest.name}", texts)
