"""Translations worked on: what is to do, the sheet for a translator and back, and who has read what."""

from __future__ import annotations

import difflib
import json
import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from helpers import paths
from helpers.cli import main
from helpers.i18n import catalogue, glossary, messages
from helpers.strings import LANGUAGES
from helpers.words import check, examples, sheet

PLURAL = "{n} of {of} indicators reaches its proposed target"
TODAY = date(2026, 3, 5)
PRINTED = examples.Examples("not printed by 2024Q3", {"Rev. 1": "=1+1 Rev. 1", "sample": "no letter"})


@pytest.fixture(name="catalogues", autouse=True)
def copied_catalogues(tmp_path, monkeypatch) -> Path:
    """Work on copies of the catalogues."""
    folder = tmp_path / "locales"
    shutil.copytree(catalogue.LOCALES, folder)
    tables = tuple(Path(shutil.copy(path, folder)) for path in messages.TABLES)
    monkeypatch.setattr(catalogue, "LOCALES", folder)
    monkeypatch.setattr(messages, "TABLES", tables)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def changed_lines(before: dict[str, bytes], after: dict[str, bytes]) -> list[str]:
    """Return the lines that were removed and added, of all files."""
    pairs = [(before.get(name, b"").decode(), text.decode()) for name, text in after.items()]
    diff = [line for old, new in pairs for line in difflib.ndiff(old.splitlines(), new.splitlines())]
    return [line for line in diff if line[0] in "+-"]


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def find(key: str, language: str) -> messages.Message:
    return next(message for message in messages.read_messages(language) if message.key == key)


def count() -> int:
    """Return how many sentences there are: as many as English has."""
    return len(messages.read_messages("en"))


def papu(*arguments: object):
    result = CliRunner().invoke(main, ["words", *map(str, arguments)])
    return result.exit_code, result.output


def write_sheet(folder: Path, language: str) -> Path:
    """Write the sheet of a language as it is sent to its translator."""
    sheet.write_sheet(path := folder / f"{language}.xlsx", language, {"en": PRINTED, language: PRINTED}, TODAY)
    return path


def rows_of(path: Path, language: str) -> list[list[str]]:
    """Return the rows of a sheet, its heads first."""
    book = openpyxl.load_workbook(path, read_only=True)
    return [list(row) for row in book[language].iter_rows(values_only=True)]


@pytest.fixture(name="blank", scope="module")
def blank_sheets(tmp_path_factory) -> Callable[[str], Path]:
    """Return what gives the sheet of a language, of the catalogues as they are."""
    folder = tmp_path_factory.mktemp("blank")
    return cache(lambda language: write_sheet(folder, language))


@pytest.fixture(name="rows", scope="module")
def rows_of_sheets(blank) -> Callable[[str], list[list[str]]]:
    """Return what gives the rows of that sheet."""
    return cache(lambda language: rows_of(blank(language), language))


Fill = Callable[..., Path]


@pytest.fixture(name="fill")
def filled_sheet(tmp_path, rows) -> Fill:
    """Return what writes a sheet with new translations, by key: of one form, or of each by its place.

    It has the first rows and those of the keys: a translator may leave out the others.
    """

    def fill(language: str, written: list[list[str]] | None = None, **cells: dict[str, object]) -> Path:
        path, new, others = tmp_path / f"{language}.xlsx", cells.get("new", {}), cells.get("others", {})
        book = openpyxl.Workbook()
        filled = book.active
        filled.title = language
        heads, *every = [[*row] for row in written or rows(language)]
        filled.append(heads)
        rules = [None, *find(PLURAL, language).rules]
        for number, row in enumerate(every):
            key = row[-2]
            if number > 9 and not (key in new or key in others):
                continue
            forms = new.get(key, ())
            forms, n = forms if isinstance(forms, tuple) else (forms,), max(rules.index(row[1]) - 1, 0)
            row[heads.index("New translation")] = forms[n] if n < len(forms) else None
            for head, text in others.get(key, {}).items():
                row[heads.index(head)] = text
            filled.append(row)
        book.save(path)
        return path

    return fill


# --- the check --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogues_and_the_plan_have_nothing_to_do(language):
    assert check.check_sentences(language, messages.read_messages(language)) == []
    assert check.check_plan_words(language) == []


@pytest.mark.parametrize(
    ("key", "forms", "expected"),
    [
        ("Rev. 1", (), "not translated"),
        ("{part} of {whole}", ("{part} de",), "{whole} is missing; copy it from the English"),
        ("{part} of {whole}", ("{part}/{whole}/{x}",), "{x} is not in the English; remove it"),
        ("{part} of {whole}", ("{part}/{whole!r}",), "{whole} is missing; copy it from the English"),
        ("{part} of {whole}", ("{part}/{whole}}",), "a brace { or } is not one of a pair; copy the names"),
        ("Rev. 1", ("<b>Rev.</b> 1",), "has markup, </b>, <b>; write plain words"),
        ("Rev. 1", ("Rev.\n1",), "has a line break; write it on one line"),
        ("Rev. 1", ("Rev.\u200f1\x07",), "has invisible characters, U+0007, U+200F"),
        ("Rev. 1", ("Estado Membro",), "“Estado Membro” is rejected by glossary.csv"),
        (PLURAL, ("{of} atinge a meta{proposed}", ""), "plural form for 0, 2, 3, 4…: missing; write it"),
        (PLURAL, ("{of} atinge a meta{proposed}", "{n} {of}"), "plural form for 0, 2, 3, 4…: {proposed} is missing"),
        (PLURAL, ("{of}{proposed}", "{of}{proposed_many}", "{of}"), "has 3 forms; give 2"),
    ],
)
def test_what_is_wrong_with_a_sentence_is_said_with_its_remedy(key, forms, expected, monkeypatch):
    rejected = [("Estado Membro", "Estado-Membro")]
    monkeypatch.setattr(glossary, "find_rejected", lambda text, _: [each for each in rejected if each[0] in text])
    wrong = replace(find(key, "pt"), forms=forms)
    assert next(check.list_faults(wrong, "pt")).startswith(expected)


def test_the_check_lists_everything_at_once_each_with_its_place(catalogues):
    replace_in(catalogues / "pt.po", 'msgid "Rev. 1"\nmsgstr "Rev. 1"', 'msgid "Rev. 1"\nmsgstr ""')
    replace_in(catalogues / "pt.po", 'msgid "provisional"\n', 'msgid "provisionally"\n')
    replace_in(catalogues / "letters.csv", "Respostas recebidas até {date}", "Respostas recebidas")
    code, output = papu("--check", "--language", "pt", "--language", "ar")
    assert code == 6
    assert f"pt: 4 to do, {count() + 1} sentences, unofficial: not signed" in output
    assert "  pt.po, line 12 (Rev. 1): not translated" in output
    assert "  pt.po (provisional): not translated" in output
    assert "(provisionally): no sentence of en.po; correct its msgid, or remove it" in output
    assert "  letters.csv, line 3 (as_of): {date} is missing; copy it from the English" in output
    assert "ar: nothing to do" in output
    assert papu("--check", "--language", "ar")[0] == 0


def test_words_of_the_plan_that_a_language_lacks_are_named(tmp_path, monkeypatch):
    plan = tmp_path / "plan"
    shutil.copytree(paths.plan(), plan)
    monkeypatch.setattr(paths, "plan", lambda: plan)
    monkeypatch.setattr(paths, "questionnaire", lambda: plan / "questionnaire")
    replace_in(plan / "plan.toml", 'WG_pt = "Grupo de trabalho"', 'WG_pt = ""')
    replace_in(plan / "regions.csv", (plan / "regions.csv").read_text("utf-8").split("\n")[1].split(",")[3], "")
    replace_in(plan / "questionnaire" / "choices.csv", "Sim", "")
    found = [str(each) for each in check.check_plan_words("pt")]
    assert [each.partition(",")[0] for each in found] == ["regions.csv", "choices.csv", "plan.toml"]
    assert found[2] == "plan.toml, [responsible]: WG is blank in pt; write it, another language has it"
    assert found[0].endswith(": title is blank in pt; write it, another language has it")
    assert check.check_plan_words("ar") == []


# --- the sheet --------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sheet_taken_back_unchanged_leaves_every_byte(language, blank, tmp_path, catalogues):
    before, known = contents(catalogues), messages.read_messages(language)
    book = openpyxl.load_workbook(blank(language))
    heads = [cell.value for cell in book[language][1]]
    for row in book[language].iter_rows(min_row=2):  # all that is there, written once more
        row[heads.index("New translation")].value = row[heads.index("Present translation")].value
    book.save(path := tmp_path / "filled.xlsx")
    read = sheet.read_sheet(path, language)
    assert (read.changes, read.refused) == ([], [])
    assert messages.write_messages(language, known) == []
    assert contents(catalogues) == before


@pytest.mark.parametrize("language", ["ar", pytest.param("pt", marks=pytest.mark.slow)])
def test_a_sheet_opens_well(language, blank):
    book = openpyxl.load_workbook(blank(language))
    opened = book[language]
    assert (opened.freeze_panes, opened.protection.sheet) == ("B2", True)
    assert bool(opened.sheet_view.rightToLeft) == (language == "ar")
    assert [opened[f"{column}2"].protection.locked for column in "ABCDEF"] == [True, True, True, False, False, True]
    assert opened["A2"].alignment.wrap_text and opened["D2"].number_format == "@"
    texts = list(opened.iter_rows(values_only=True))
    rows = {row[-2]: row for row in texts}
    assert {cell.data_type for row in opened.iter_rows() for cell in row} <= {"s", "n"}  # texts and blanks
    assert rows["Rev. 1"][6:8] == ("=1+1 Rev. 1",) * 2
    assert rows["none"][7] == rows["sample"][7] == "(not printed by 2024Q3)"
    assert "report/headlines.py" in rows[PLURAL][8]
    plural = [row[1:3] for row in texts if row[-2] == PLURAL]
    assert [rule for rule, _ in plural] == [*find(PLURAL, language).rules]
    assert language == "ar" or [form for _, form in plural] == [*find(PLURAL, language).forms]


def test_what_a_translator_wrote_is_shown_first_and_changes_its_own_lines_only(fill, catalogues):
    path = fill(
        "pt",
        new={
            "Rev. 1": "Revisão’1\u00a0",
            "Who: ": "Quem respondeu:", PLURAL: (None, "{n} de {of} cumprem a meta{proposed}"),
            "as_of": "Recebidas, com vírgula, até {date}",
        },
        others={"Rev. 1": {"Remarks": "as the Council writes it"}},
    )  # fmt: skip
    before = contents(catalogues)
    code, output = papu("--language", "pt", "--from", path)
    assert (code, contents(catalogues)) == (0, before)
    assert "pt.po, line 12 (Rev. 1)\n  - Rev. 1\n  + Revisão'1\n" in output
    assert "remark: row 3 (Rev. 1): as the Council writes it" in output
    assert "4 would change, 0 not taken; nothing is written without --write" in output
    assert papu("--language", "pt", "--from", path, "--write")[0] == 0
    assert {line[2:] for line in changed_lines(before, contents(catalogues)) if line[0] == "+"} == {
        'as_of,Retours reçus au {date},Returns received by {date},"Recebidas, com vírgula, até {date}",'
        "الردود الواردة حتى {date}",
        'msgstr "Revisão\'1"',
        'msgstr "Quem respondeu: "',
        'msgstr[1] "{n} de {of} cumprem a meta{proposed}"',
    }
    assert "0 would change" in papu("--language", "pt", "--from", path)[1]  # it is there


def test_a_sentence_that_a_language_lacks_comes_where_english_has_it(fill, catalogues, tmp_path):
    before = contents(catalogues)
    lines = before["ar.po"].decode().split("\n\n")
    missing = next(n for n, entry in enumerate(lines) if f'msgid "{PLURAL}"' in entry)
    (catalogues / "ar.po").write_text("\n\n".join(lines[:missing] + lines[missing + 1 :]), encoding="utf-8")
    forms = find(PLURAL, "fr").forms[:1] * 6
    path = fill("ar", rows_of(write_sheet(tmp_path, "ar"), "ar"), new={PLURAL: forms})
    assert papu("--language", "ar", "--from", path, "--write")[0] == 0
    changed = changed_lines(before, contents(catalogues))
    assert len(changed) == 12 and all("msgstr[" in line for line in changed)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"new": {"{part} of {whole}": "{part}"}}, "{whole} is missing; copy it from the English"),
        ({"new": {"Rev. 1": "<i>1</i>"}}, "has markup"),
        ({"new": {"Rev. 1": "=1+1"}}, "is a formula, =1+1; write it as text"),
        ({"new": {"Rev. 1": "1"}, "others": {"Rev. 1": {"English": "Revision"}}}, "its English is not that of the"),
        ({"new": {"Rev. 1": "1"}, "others": {"Rev. 1": {"Key": "Rev. 2"}}}, "no sentence has this Key and File"),
    ],
)
def test_a_row_is_refused_with_its_remedy_and_the_others_are_taken(cells, expected, fill, catalogues):
    before = contents(catalogues)
    path = fill("pt", **{**cells, "new": {**cells["new"], "none": "nenhuma"}})
    code, output = papu("--language", "pt", "--from", path, "--write")
    assert code == 3
    assert f"): {expected}" in output and "not taken: row " in output
    assert [line[2:] for line in changed_lines(before, contents(catalogues)) if line[0] == "+"] == ['msgstr "nenhuma"']


def test_a_sheet_is_refused_where_the_catalogue_has_changed_since(fill, catalogues):
    path = fill("pt", new={"Rev. 1": "1"})
    replace_in(catalogues / "pt.po", 'msgstr "Rev. 1"', 'msgstr "Revisão 1"')
    code, output = papu("--language", "pt", "--from", path)
    assert code == 3
    assert "the catalogue has changed since the sheet was written, and now has “Revisão 1”" in output


@pytest.mark.parametrize("declared", ["A1", "A1:XFD1048576"])
def test_a_sheet_is_read_whatever_size_the_program_that_wrote_it_declares(declared, fill, tmp_path):
    path = tmp_path / "declared.xlsx"
    with zipfile.ZipFile(fill("pt", new={"Rev. 1": "Revisão 1"})) as book, zipfile.ZipFile(path, "w") as other:
        for name in book.namelist():
            other.writestr(name, re.sub(rb'(?<=<dimension ref=")[^"]+', declared.encode(), book.read(name)))
    assert [changed.forms for _, changed in sheet.read_sheet(path, "pt").changes] == [("Revisão 1",)]


def test_a_file_that_is_no_sheet_of_the_language_is_refused(fill, tmp_path):
    assert "has no sheet ar; give what papu words" in papu("--language", "ar", "--from", fill("pt"))[1]
    other = tmp_path / "other.xlsx"
    other.write_text("no workbook", encoding="utf-8")
    assert papu("--language", "pt", "--from", other)[0] == 2
    book = openpyxl.load_workbook(fill("pt"))
    book["pt"]["A1"] = "Englisch"
    book.save(other)
    assert "lacks the column English; keep the heads" in papu("--language", "pt", "--from", other)[1]


# --- signing ----------------------------------------------------------------------------------------------------


def test_a_signed_catalogue_says_which_sentences_changed_since(catalogues):
    before = contents(catalogues)
    code, output = papu("--language", "pt", "--sign", "Secretariat, Portuguese desk")
    assert code == 0 and f"pt: {count()} sentences signed by Secretariat, Portuguese desk; " in output
    signed = contents(catalogues)
    header = [line for line in changed_lines(before, {"pt.po": signed["pt.po"]}) if line[0] == "+"]
    assert len(header) == 1 and header[0].startswith('+ "X-Reviewed-By: Secretariat, Portuguese desk; 20')
    assert catalogue.is_official("pt")
    assert papu("--check", "--language", "pt")[0] == 0

    replace_in(catalogues / "pt.po", 'msgid "Rev. 1"\nmsgstr "Rev. 1"', 'msgid "Rev. 1"\nmsgstr "Revisão 1"')
    replace_in(catalogues / "en.po", 'msgid "none"\nmsgstr "none"', 'msgid "none"\nmsgstr "nothing"')
    code, output = papu("--check", "--language", "pt")
    assert code == 6 and f"pt: 2 to do, {count()} sentences, signed by Secretariat" in output
    assert "pt.po, line 12 (Rev. 1): new or changed since signed by Secretariat" in output
    assert "(none): new or changed since" in output
    assert catalogue.is_official("pt")  # the signature is true of the others

    assert (
        "2 of them new or changed since signed by Secretariat" in papu("--language", "pt", "--sign", "Another desk")[1]
    )
    again = contents(catalogues)
    assert len(changed_lines(signed, {"pt.reviewed.csv": again["pt.reviewed.csv"]})) == 4
    assert again["pt.po"].count(b"X-Reviewed-By") == 1


def test_a_catalogue_without_that_header_can_be_signed_and_a_mark_by_hand_is_no_record(catalogues):
    assert papu("--language", "en", "--sign", "A desk")[0] == 0
    assert catalogue.read_reviewer("en").startswith("A desk; ")
    replace_in(catalogues / "ar.po", "X-Reviewed-By: ", "X-Reviewed-By: B. B., 2026-01-01")
    code, output = papu("--check", "--language", "ar")
    assert code == 6 and "ar: 1 to do" in output
    assert "no sentence is recorded as read by B. B., 2026-01-01; sign it by papu words --language ar --sign" in output


def test_a_catalogue_with_something_to_do_cannot_be_signed(catalogues):
    replace_in(catalogues / "pt.po", 'msgid "Rev. 1"\nmsgstr "Rev. 1"', 'msgid "Rev. 1"\nmsgstr ""')
    before = contents(catalogues)
    code, output = papu("--language", "pt", "--sign", "A desk")
    assert (code, contents(catalogues)) == (3, before)
    assert "1 to do before pt can be signed; see papu words --check --language pt" in output


@pytest.mark.parametrize("name", [" ", "a; b", 'a "b"', "a\x07"])
def test_a_signature_is_a_name(name):
    assert papu("--language", "pt", "--sign", name)[0] == 2


def test_an_installed_package_is_not_written_to(fill, tmp_path, monkeypatch):
    path = fill("pt", new={"Rev. 1": "1"})
    installed = tmp_path / "site-packages" / "locales"
    shutil.copytree(catalogue.LOCALES, installed)
    monkeypatch.setattr(catalogue, "LOCALES", installed)
    before = contents(installed)
    for arguments in (("--from", path, "--write"), ("--sign", "A desk")):
        code, output = papu("--language", "pt", *arguments)
        assert code == 7 and "work in a checkout" in output
    assert papu("--language", "pt", "--from", path)[0] == 0  # what it would change can be seen
    assert contents(installed) == before


@pytest.mark.parametrize(
    "arguments",
    [(), ("--check", "--sign", "A"), ("--write",), ("--sign", "A"), ("--check", "--language", "xx"),
     ("--language", "pt", "--language", "ar", "--sign", "A")],
)  # fmt: skip
def test_wrong_usage_is_said(arguments):
    assert papu(*arguments)[0] == 2


# --- examples ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "key", "expected"),
    [
        ("pt.po", PLURAL, "title or main point of the report (report/headlines.py)"),
        ("pt.po", "In brief", "heading of the report (notebooks/03_report)"),
        ("pt.po", "rule V04", "rule, in the report's annexes and the commands"),
        ("issues.csv", "V01.blank", "finding of papu check, in letters and briefs"),
        ("pt.po", "nobody says this", "nowhere found in the code"),
    ],
)
def test_a_sentence_says_where_it_is_said(file, key, expected):
    assert examples.describe_use(messages.Message(file, 1, key, ())) == expected


def test_nearly_every_sentence_is_found_in_the_code():
    uses = [examples.describe_use(each) for each in messages.read_messages("en")]
    assert "nowhere found in the code" not in uses


def write_words(build: Path, name: str, **texts: str) -> None:
    path = build / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(texts), encoding="utf-8")


def test_examples_are_those_of_the_newest_edition_in_the_language_first_of_its_report(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "build", lambda: tmp_path)
    write_words(tmp_path, "2024Q2/2024-08-14/words_fr", none="aucun", other="vieux")
    write_words(tmp_path, "2024Q3/2024-11-14/words_en", none="none")
    write_words(tmp_path, "2024Q3/2024-11-14/words_brief_AAA_fr", none="néant", first="premier")
    write_words(tmp_path, "2024Q3/2024-11-14/words_fr", none="personne")
    found = examples.read_examples("fr")
    assert found.texts == {"none": "personne", "first": "premier"}
    assert found.note == "not printed by 2024Q3 as of 2024-11-14"


def test_without_an_edition_a_sheet_says_how_to_get_examples(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "build", lambda: tmp_path)
    write_words(tmp_path, "2024Q3/2024-11-14/words_en", none="none")
    code, output = papu("--language", "pt", "--out", tmp_path / "pt.xlsx")
    note = "no report in pt was made here: run papu run first, with --language pt"
    assert code == 0 and output.endswith(f"pt.xlsx: {count()} sentences\nno examples: {note}\n")
    rows = openpyxl.load_workbook(tmp_path / "pt.xlsx")["pt"].iter_rows(values_only=True)
    assert next(row[6:8] for row in rows if row[-2] == "none") == ("none", f"({note})")
