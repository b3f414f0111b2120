"""The command speaks one language at a time: that of `--language`, else of the locale, else English."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from click.testing import CliRunner

from commands import papu
from helpers import speech
from helpers.cli import main
from helpers.i18n import glossary
from sentences import (
    HELPERS,
    LOCALES,
    as_entry,
    list_clicks,
    list_fields,
    list_help,
    list_said,
    list_wanted,
    read_catalogue,
)  # fmt: skip

ROOT, Q = HELPERS.parents[1], "2022Q3"
OTHERS = [language for language in speech.SPOKEN if language != "en"]
VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


# --- the catalogues ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_has_every_sentence_and_no_other(language):
    wanted, found = list_wanted(), read_catalogue(language)
    lacking = [as_entry(english, plural) for english, plural in wanted.items() if english not in found]
    assert not lacking, f"add to {language}/LC_MESSAGES/papu.po, then make messages:\n\n" + "\n\n".join(lacking)
    assert sorted(found.keys() - wanted.keys()) == [], "remove these from the catalogue: nothing says them"


@pytest.mark.parametrize("language", OTHERS)
def test_a_sentence_is_translated_with_its_fields(language):
    wanted = list_wanted()
    for english, forms in read_catalogue(language).items():
        plural = wanted[english]
        every = common = list_fields(english)
        if plural:
            every, common = every | list_fields(plural), (common & list_fields(plural)) - list_fields("{n}")
        assert bool(plural) == (len(forms) > 1), english
        assert [form for form in forms if not form.strip() or not common <= list_fields(form) <= every] == [], english


def _list_entries(catalogue: Catalog) -> list[tuple[list[str], list[str]]]:
    return sorted((_list(each.id), _list(each.string)) for each in catalogue if each.id)


def _list(text: str | Sequence[str]) -> list[str]:
    return [text] if isinstance(text, str) else [*text]


@pytest.mark.parametrize("language", OTHERS)
def test_what_python_reads_is_the_catalogue_compiled(language):
    folder = LOCALES / language / "LC_MESSAGES"
    with (folder / "papu.po").open("rb") as po, (folder / "papu.mo").open("rb") as mo:
        written, compiled = read_po(po, locale=language), read_mo(mo)
    assert _list_entries(compiled) == _list_entries(written), "make messages"
    assert compiled.plural_expr == written.plural_expr


@pytest.mark.parametrize("language", OTHERS)
def test_the_catalogue_keeps_to_the_glossary(language):
    forms = [form for each in read_catalogue(language).values() for form in each]
    assert [(form, found) for form in forms if (found := glossary.find_rejected(form, language))] == []


def test_french_is_written_with_the_spaces_of_a_plain_keyboard():
    for forms in read_catalogue("fr").values():
        for form in (re.sub(r"`[^`]*`", "", each) for each in forms):
            assert not re.search(r"[’\u00a0\u202f]", form), form
            assert not re.search(r"[^\s([]\?|\w;(?!\w)|\w:(?=\s|$)", re.sub("tile 1; point 2; call 1;", "", form)), form
            assert "!" not in re.sub(r"\{\w+!r\}", "", form), form


def _walk_outside(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that are run as a module is imported: all but the bodies of functions."""
    yield node
    for name, value in ast.iter_fields(node):
        if name != "body" or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, ast.AST):
                    yield from _walk_outside(each)


def _list_eager() -> Iterator[str]:
    """Yield where something is said as a module is imported, before anyone can say in what language."""
    for path in sorted(HELPERS.rglob("*.py")):
        for node in _walk_outside(ast.parse(path.read_text(encoding="utf-8"))):
            named = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if named in ("say", "say_many", "say_of"):
                yield f"{path.relative_to(HELPERS)}, line {node.lineno}"


def test_nothing_is_said_when_a_module_is_imported():
    assert [*_list_eager()] == []


def test_the_collector_finds_what_each_part_says():
    said = list_said()
    assert said["not made yet"] == "" and said["{n} difference"] == "{n} differences"
    assert "QUARTER" in list_help() and "Missing argument" in list_clicks()


# --- the language -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variables", "languages", "spoken"),
    [
        ({"LANG": "fr_FR.UTF-8"}, ["fr"], "fr"),
        ({"LANG": "fr_SN"}, ["fr"], "fr"),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": "C"}, [], "en"),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": "C.UTF-8"}, [], "en"),
        ({"LANG": "fr_FR.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, ["en"], "en"),
        ({"LANG": "fr_FR.UTF-8", "LANGUAGE": "en:fr"}, ["en", "fr"], "en"),
        ({"LANGUAGE": "pt:fr"}, ["pt", "fr"], "fr"),
        ({"LANG": "de_DE"}, ["de"], "en"),
        ({"LANG": "POSIX"}, [], "en"),
        ({}, [], "en"),
    ],
)
def test_the_locale_names_the_language(monkeypatch, variables, languages, spoken):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert speech.list_locale_languages() == languages
    assert speech.spoken() == spoken
    speech.speak()
    assert speech.spoken() == spoken
    assert speech.say("not made yet") == {"en": "not made yet", "fr": "pas encore faite"}[spoken]


@pytest.mark.parametrize(
    ("asked", "locale", "spoken"), [("fr", "en", "fr"), ("en", "fr", "en"), ("pt", "fr", "fr"), ("pt", "C", "en")]
)
def test_a_language_asked_for_comes_before_the_locale(monkeypatch, asked, locale, spoken):
    monkeypatch.setenv("LANGUAGE", locale)
    speech.speak(asked)
    assert speech.spoken() == spoken
    assert speech.list_locale_languages()[0] == asked


def test_a_number_takes_its_form(monkeypatch):
    monkeypatch.setenv("LANGUAGE", "fr")
    told = [speech.say_many("{n} difference", "{n} differences", n) for n in (0, 1, 2)]
    assert told == ["0 différence", "1 différence", "2 différences"]
    assert speech.say("") == ""


# --- the command ------------------------------------------------------------------------------------------------

HELP = [[], *([name] for name in sorted(main.commands))]


def _words(language: str, *words: str) -> str:
    ran = CliRunner().invoke(main, ["--language", language, *words], prog_name="papu")
    return " ".join(ran.output.split())


@pytest.mark.parametrize("words", HELP, ids=" ".join)
def test_a_help_page_is_in_one_language(words):
    command = main.commands[words[0]] if words else main
    shown = [
        *command.paragraphs,
        *(each.__dict__.get("help") for each in command.params),
        "Show this message and exit.",
    ]
    english, french = _words("en", *words, "--help"), _words("fr", *words, "--help")
    catalogue = read_catalogue("fr")
    for text in filter(None, shown):
        assert text in english and catalogue[text][0] in french and text not in french
    assert french.startswith("Utilisation : papu") and " Options : " in french and "-h, --help" in french
    assert not re.search(r"\b(Usage|TEXT|PATH|QUARTER|FILE|FOLDER|NAME|COMMAND|default|required)\b", french)


def test_help_follows_the_locale_and_english_what_names_none():
    assert "Affiche cette aide" in papu("run", "--help", LANGUAGE="", LC_ALL="", LANG="fr_FR.UTF-8").stdout
    assert "Show this message" in papu("run", "--help", LANGUAGE="", LC_ALL="C", LANG="fr_FR.UTF-8").stdout


@pytest.mark.parametrize(
    ("words", "english", "french"),
    [
        (["briefs"], "Missing argument 'QUARTER'", "Argument manquant 'TRIMESTRE'"),
        (["run", "soon"], "'soon' is not a quarter", "'soon' n'est pas un trimestre"),
        (["run"], "give a QUARTER", "donner un TRIMESTRE"),
        (["walk"], "No such command", "Commande inconnue"),
        (["init", "x", "--plan", "nowhere"], "Directory 'nowhere' does not exist", "Dossier 'nowhere' : introuvable"),
        (["briefs", Q, "--workers", "few"], "valid integer range", "du type nombre entier"),
        (["status", "--today", "soon"], "is not a date", "n'est pas une date"),
    ],
)
def test_a_usage_error_is_in_one_language(words, english, french):
    assert english in _words("en", *words) and french in _words("fr", *words)
    assert re.search("Usage|Error|Try ", _words("en", *words))
    assert not re.search("Usage|Error|Try |QUARTER", _words("fr", *words))


def test_an_unknown_language_of_the_command_is_refused():
    ran = CliRunner().invoke(main, ["--language", "de", "status"])
    assert ran.exit_code == 2 and "'en', 'fr'" in ran.output


# --- a whole command, in the language of what it prints ---------------------------------------------------------


def test_status_speaks_the_language_of_the_command(raw):
    (raw.root / "data" / "raw" / "2025Q3").mkdir()
    assert "editions made, on" in _words("en", "status")
    french = _words("fr", "status")
    assert "éditions faites, le" in french and "à faire :" in french and "due" not in french.replace("--due", "")


def test_a_plan_that_cannot_be_meant_is_told_of_in_one_language(raw):
    plan = shutil.copytree(ROOT / "data" / "raw" / "plan", raw.root / "data" / "raw" / "plan")
    edit = {"steps.csv": ("2023Q4", "1999Q4"), "plan.toml": ("carry_quarters = 4", "carry_quarters = 40")}
    for name, (before, after) in edit.items():
        text = (plan / name).read_text(encoding="utf-8")
        assert before in text
        (plan / name).write_text(text.replace(before, after, 1), encoding="utf-8")
    english, french = (papu("plan", LANGUAGE=each, PAPU_ROOT=str(raw.root)).stderr for each in ("en", "fr"))
    assert "carry_quarters is 40; write 1 to 8" in english and "Correct these files" in english
    assert "plan.toml : carry_quarters est 40 ; écrire 1 à 8" in french and "Corriger ces fichiers" in french


@pytest.mark.parametrize(("locale", "language"), [("C", "fr"), ("fr", "fr"), ("en", "en"), ("de", "fr"), ("pt", "pt")])
def test_content_is_in_the_locales_language_else_in_the_plans_first(raw, monkeypatch, locale, language):
    raw.write_plain("2024Q3", [{"member": "SEN", "quarter": "2024Q3"}], received_on="2024-10-10")
    words = ["check", "2024Q3", "--member", "SEN", "--out", str(raw.root / "out")]
    asked = CliRunner().invoke(main, [*words, "--language", language]).output
    monkeypatch.setenv("LANGUAGE", locale)
    assert CliRunner().invoke(main, words).output == asked
    monkeypatch.setenv("LANGUAGE", "C")
    assert (CliRunner().invoke(main, words).output == asked) == (language == "fr")


def test_what_a_desk_command_says_itself_is_in_the_language_of_its_content(raw):
    told = CliRunner().invoke(main, ["check", "2024Q3", "--member", "XXX"]).output
    assert "aucun membre XXX" in told and "Utilisation" in told  # the plan's first language, in a locale of none
    told = CliRunner().invoke(main, ["check", "2024Q3", "--member", "XXX", "--language", "en"]).output
    assert "no member XXX" in told and "Usage" in told


def test_a_wrong_argument_is_told_of_in_the_language_asked_for():
    told = CliRunner().invoke(main, ["check", "soon", "--language", "fr"]).output
    assert "n'est pas un trimestre" in told and "Error" not in told


def test_the_language_costs_the_help_page_nothing_to_speak_of():
    code = "import sys; from helpers.cli import main; sys.exit('babel' in sys.modules or 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=os.environ | {"LANG": "fr_FR.UTF-8"}).returncode == 0
