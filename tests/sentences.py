"""What the command says, collected from the code, and what its catalogues have for it."""

from __future__ import annotations

import ast
import string
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import click
from babel.messages.pofile import read_po

from helpers.cli import main
from helpers.speech import SPOKEN

HELPERS = Path(__file__).resolve().parents[1] / "src" / "helpers"
LOCALES = HELPERS / "locales"
_CLICK = ("core", "decorators", "exceptions", "formatting", "parser", "types")
# Of the C library: what a file that cannot be read or written is told to be.
SYSTEM = (
    "Disk quota exceeded", "File exists", "File name too long", "Input/output error", "Is a directory",
    "No space left on device", "No such file or directory", "Not a directory", "Operation not permitted",
    "Permission denied", "Read-only file system", "Too many levels of symbolic links",
)  # fmt: skip

_SAME = ("CSV", "XLSX", "|".join(SPOKEN))  # in every language

Sentences = Mapping[str, str]  # the English, and its plural; blank where no number decides


@cache
def _list_calls(path: Path) -> Mapping[str, list[list[str]]]:
    """Return the literal texts that are given to functions or methods, by their name; a file is parsed once."""
    calls = defaultdict(list)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", "") or getattr(node.func, "id", "")
            texts = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            if texts:
                calls[name].append(texts)
    return dict(calls)


def list_said() -> dict[str, str]:
    """Return what the package says, by its English."""
    found: dict[str, str] = {}
    for path in sorted(HELPERS.rglob("*.py")):
        calls = _list_calls(path)
        found |= {texts[0]: found.get(texts[0], "") for name in ("say", "to_say") for texts in calls.get(name, ())}
        found |= {texts[0]: texts[1] for texts in calls.get("say_many", ())}
    return found


def list_help(command: click.Command = main) -> dict[str, str]:
    """Return the words of the help pages of a command and of those in it, by their English."""
    context = click.Context(command, info_name=command.name, **main.context_settings)
    found = [*command.paragraphs, command.options_metavar, getattr(command, "subcommand_metavar", "")]
    for parameter in command.get_params(context):
        found.append(getattr(parameter, "help", None) or "")
        if not getattr(parameter, "is_flag", False) and "help" not in parameter.opts:
            found.append(parameter.make_metavar(context).strip("[].…"))
    for inner in getattr(command, "commands", {}).values():
        found += list_help(inner)
    return {text: "" for text in found if text and text not in _SAME}


def list_clicks() -> dict[str, str]:
    """Return what click says in the modules that the command uses, by its English."""
    found = {"required": ""}  # looked up by its name
    for path in (Path(click.__file__).with_name(f"{name}.py") for name in _CLICK):
        calls = _list_calls(path)
        found |= {texts[0]: "" for texts in calls.get("_", ())}
        found |= {texts[0]: texts[1] for texts in calls.get("ngettext", ())}
    return found


def list_wanted() -> Sentences:
    """Return everything that a catalogue must have."""
    return list_help() | list_clicks() | dict.fromkeys(SYSTEM, "") | list_said()


@cache
def read_catalogue(language: str) -> Mapping[str, tuple[str, ...]]:
    """Return the forms of each sentence in a language, by its English, as they are written by hand."""
    with (LOCALES / language / "LC_MESSAGES" / "papu.po").open("rb") as file:
        entries = [each for each in read_po(file, locale=language) if each.id]
    return {
        (each.id[0] if each.pluralizable else each.id): tuple(each.string) if each.pluralizable else (each.string,)
        for each in entries
    }


def list_fields(text: str) -> set[str]:
    """Return the fields of a sentence, each with how its value is shown; braces that nothing fills are none."""
    parts = [(name or "", shown, spec) for _, name, spec, shown in string.Formatter().parse(text)]
    return {f"{name}!{shown}:{spec}" for name, shown, spec in parts if name.isidentifier()}


def as_entry(english: str, plural: str = "") -> str:
    """Return a sentence as an entry of a catalogue that still lacks it."""
    quoted = [f'"{each}"' for each in (english.translate({92: r"\\", 34: r"\"", 10: r"\n", 9: r"\t"}),)]
    lines = [f"msgid {quoted[0]}"]
    if plural:
        lines += [f'msgid_plural "{plural}"', 'msgstr[0] ""', 'msgstr[1] ""']
    return "\n".join([*lines, *([] if plural else ['msgstr ""'])])
