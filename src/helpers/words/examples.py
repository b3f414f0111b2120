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
from helpers.speech import say, to_say

# What is said there, by the beginning of the module's path; the first that fits.
_USES = {
    "report/figures": to_say("figure of the report"),
    "report/tables/brief": to_say("table of a member's brief"),
    "report/tables": to_say("table of the report"),
    "report/brief": to_say("brief of a member"),
    "report/letters": to_say("letter to a member"),
    "report/mailing": to_say("letter to a member"),
    "report/actions": to_say("papu actions, and the report's actions"),
    "report/headlines": to_say("title or main point of the report"),
    "report/phrases": to_say("figures in words, report and briefs"),
    "report/html": to_say("web page of the report"),
    "report/xlsx": to_say("workbook of tables"),
    "report": to_say("report"),
    "explain": to_say("papu explain"),
    "explore": to_say("explorer of figures"),
    "start": to_say("papu plan"),
    "i18n": to_say("everywhere"),
    "notebooks": to_say("heading of the report"),
}
_TABLES = {
    "issues.csv": to_say("finding of papu check, in letters and briefs"),
    "letters.csv": to_say("letter to a member"),
    "news.csv": to_say("what papu pull found"),
    "texts.csv": to_say("questionnaire, workbook of the registers"),
}
_NAMED = re.compile(r"(formula|source|rule|unit|severity|channel|targets:?) \w")  # the rest of the key is data
_MOST_PLACES = 3


def describe_use(message: messages.Message) -> str:
    """Return what a sentence is part of, and the modules that say it."""
    if message.file in _TABLES:
        return say(_TABLES[message.file])
    if named := _NAMED.match(message.key):
        return say("{kind}, in the report's annexes and the commands", kind=named[1].rstrip(":"))
    if not (places := _find_places().get(message.key, [])):
        return say("nowhere found in the code")
    shown = places[:_MOST_PLACES]
    uses = dict.fromkeys(next(use for start, use in _USES.items() if place.startswith(start)) for place in shown)
    return f"{'; '.join(map(say, uses))} ({', '.join(shown)}{'…' * (len(places) > len(shown))})"


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
        return Examples(say(
            "no report in {language} was made here: run papu run first, with --language {language}", language=language,
        ))  # fmt: skip
    texts: dict[str, str] = {}
    for path in sorted(newest.glob(f"words_*{language}.json"), key=lambda path: (len(path.name), path.name)):
        texts = json.loads(path.read_text(encoding="utf-8")) | texts  # first the report's, whose name is the shortest
    return Examples(say("not printed by {quarter} as of {as_of}", quarter=newest.parent.name, as_of=newest.name), texts)
