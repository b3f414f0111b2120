"""A desk's week, from an empty root to a revised edition: asked, reminded, received, confirmed, published, sent out.

What the desk types by hand is counted; everything else comes from a command or from what members send.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pytest
from pyxform.xls2xform import convert

import served
from commands import papu
from exports import Said, google, plain
from filled import Filled, answer_as_before, as_submitted
from helpers.plan.questionnaire import Form
from instances import WrittenForm, export_central, export_kobo
from mailed import fill

pytestmark = pytest.mark.slow

Q, CUT_OFF, SENT = "2025Q4", "2026-02-14", "2026-01-20"
LATE, WORKSHOP = datetime(2026, 3, 2, 9, 30, 5), "A-2025-4"


class Desk:
    """The desk: its root, what it has typed, and its commands, in French."""

    def __init__(self, folder: Path) -> None:
        self.root, self.folder, self.typed = folder / "racine", folder, []
        self.env = {"LANG": "fr_FR.UTF-8", "LANGUAGE": "", "LC_ALL": "", "PAPU_ROOT": "", "no_proxy": "*"}

    def papu(self, *arguments: str, code: int = 0) -> str:
        """Run a command, which ends with an exit code; return what it prints."""
        done = papu(*arguments, **self.env)
        assert done.returncode == code, (arguments, done.returncode, done.stdout[-3000:], done.stderr[-3000:])
        return done.stdout + done.stderr

    def type(self, *cells: object) -> Sequence[object]:
        """Type cells by hand."""
        self.typed += cells
        return cells


@pytest.fixture(scope="module")
def said() -> dict[str, Filled]:
    """Return what each member answers."""
    return answer_as_before(Q)


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Iterator[Desk]:
    """Return a desk that has begun in an empty folder."""
    one = Desk(tmp_path_factory.mktemp("desk"))
    one.papu("init", str(one.root))
    one.env["PAPU_ROOT"] = str(one.root)
    yield one


def as_said(own: Filled) -> Said:
    """Return answers as an export by other writers has them."""
    return own.answers | {"submitted_on": SENT, "innovations": own.items}


def counting(desk: Desk, as_of: str) -> set[str]:
    """Return the members whose return counts in an edition."""
    path = desk.root / "data" / "processed" / Q / as_of / "returns.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {
            row["member"]
            for row in csv.DictReader(file)
            if row["quarter"] == Q and row["counts"].casefold() in ("true", "1")
        }


def registered(desk: Desk, name: str) -> list[dict[str, str]]:
    """Return the rows of a register."""
    with (desk.root / "data" / "raw" / "registers" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_week(desk, said, form: Form, monkeypatch):
    members = list(said)
    by_kobo, by_odk, by_mail, by_book, by_google = (members[n::5] for n in range(5))

    # Asked: the form for the tools, a workbook a member; nobody has answered, so everybody is reminded.
    desk.papu("questionnaire", Q, "--today", "2025-12-20")
    asked = desk.root / "data" / "desk" / Q
    client = WrittenForm(convert(str(asked / "questionnaire.xlsx"), validate=False).xform)
    drafts = desk.folder / "rappels"
    desk.papu("letters", Q, "--remind", "--out", str(drafts), "--attach", str(asked / "mail"), "--today", "2026-01-10")
    assert len(list(drafts.glob("*.eml"))) == 45

    # Received by mail: workbooks, a sheet of several members, an online form. Two are rejected, and sent again.
    received = desk.folder / "reçus"
    received.mkdir()
    wrong_member, wrong_quarter = by_book[:2]
    for code in by_mail:
        own = {n: t for n, t in said[code].answers.items() if n not in ("member", "quarter", "form_language")}
        items = [dict.fromkeys((each.name for each in form.fields), "") | item for item in said[code].items]
        language = openpyxl.load_workbook(asked / "mail" / f"{code}.xlsx").custom_doc_props["Language"].value
        (received / f"{code}.xlsx").write_bytes(
            fill(asked / "mail" / f"{code}.xlsx", form, language, own, items).read_bytes()
        )
    spoiled = {wrong_member: {"member": "Congo"}, wrong_quarter: {"quarter": "2025Q3"}}
    rows = [as_said(said[code]) | spoiled.get(code, {}) for code in by_book]
    (received / "retours.xlsx").write_bytes(plain().write(form, rows))
    (received / "formulaire.xlsx").write_bytes(google("fr").write(form, [as_said(said[code]) for code in by_google]))
    told = desk.papu("add", str(received), "--quarter", Q, "--received-on", "2026-01-21")
    assert told.count("V01") == 1 and told.count("V02") == 1
    again = desk.folder / "corrigés.xlsx"
    again.write_bytes(plain().write(form, [as_said(said[code]) for code in by_book[:2]]))

    # Reminded: those who have not answered; the two that were rejected get another letter.
    desk.papu("add", str(again), "--quarter", Q, "--received-on", "2026-01-26")
    drafts = desk.folder / "rappels 2"
    desk.papu("letters", Q, "--remind", "--out", str(drafts), "--today", "2026-02-02")
    assert {path.stem[-3:] for path in drafts.glob("*.eml")} == {*by_kobo, *by_odk}

    # Registers: a workshop, the questionnaire that went to everybody, one confirmation by telephone; who came, from a
    # French spreadsheet of the host.
    book = desk.folder / "registres.xlsx"
    desk.papu("registers", "--out", str(book))
    type_registers(desk, book, by_mail[0], said)
    assert registered(desk, "questionnaires") == []
    desk.papu("registers", "--from", str(book))
    desk.papu("registers", "--from", str(book), "--write")
    presence = desk.folder / "présence.csv"
    presence.write_bytes(
        "Liste de présence\r\nPays;Femmes;Hommes\r\nSénégal;2;1\r\nCôte d’Ivoire;0;3\r\n".encode("cp1252")
    )
    (given,) = desk.type(f"workshop={WORKSHOP}")
    for mode in ((), ("--write",)):
        desk.papu("registers", "--from", str(presence), "--as", "attendance", "--set", given, *mode)
    assert [row["member"] for row in registered(desk, "attendance")] == ["SEN", "CIV"]
    assert len(registered(desk, "questionnaires")) == 45

    # Published at the first cut-off: of those who had answered by then.
    desk.papu("run", Q, "--as-of", CUT_OFF)
    assert counting(desk, CUT_OFF) == {*by_mail, *by_book, *by_google}
    assert len(list((desk.root / "reports" / Q / CUT_OFF).glob("report_*.pdf"))) == 2

    # Fetched: the servers fail twice, then give what was sent late; two members confirm in the form what is doubted.
    for variable in [name for name in os.environ if name.startswith(("PAPU_KOBO", "PAPU_ODK", "PAPU_COLLECT"))]:
        monkeypatch.delenv(variable)
    doubted = {by_kobo[0]: "40000", by_odk[0]: "39000"}
    sent = {}
    for code in (*by_kobo, *by_odk):
        answers, items = as_submitted(said[code])
        if code in doubted:
            answers = answers | {"offices_total": doubted[code], "confirm_offices_total": "yes"}
        sent[code] = client.submit(answers, items)
    export = export_kobo(client, [sent[code] for code in by_kobo], at=LATE)
    with served.serve() as server:
        served.as_kobo(server, export)
        server.on(served.SETTINGS_PATH, served.as_json({}, 403))
        desk.env |= served.settings_of(server, "kobo")
        assert "403" in desk.papu("pull", Q, code=8)
        served.as_kobo(server, export)
        server.on("/media/export.xlsx", served.Answer(b"no export"))
        desk.papu("pull", Q, code=8)
        served.as_kobo(server, export)
        told = desk.papu("pull", Q)
        assert f"{Q}, {by_kobo[0]}, offices_total, 40000" in told
        desk.papu("pull", Q)  # nothing new
        desk.env |= dict.fromkeys(served.settings_of(server, "kobo"), "")
    with served.serve() as server:
        served.as_odk(server, export_central(client, [sent[code] for code in by_odk], LATE))
        desk.env |= served.settings_of(server, "odk")
        desk.papu("pull", Q)
        desk.env |= dict.fromkeys(served.settings_of(server, "odk"), "")
    assert {row["member"] for row in registered(desk, "confirmations")} == {*doubted, by_mail[0]}

    # Sent out: letters, briefs; and the revised edition, in which everybody is.
    letters = desk.folder / "lettres"
    desk.papu("letters", Q, "--out", str(letters))
    assert len(list(letters.glob("*.eml"))) == 45
    today = datetime.now(UTC).date().isoformat()
    desk.papu("run", Q, "--as-of", today)
    assert counting(desk, today) == set(members)
    desk.papu("briefs", Q, "--as-of", today, "--member", by_kobo[0], "--member", by_mail[0])
    assert len(list((desk.root / "reports" / Q / f"{today}-briefs").glob("*.pdf"))) == 2
    assert "2026-02-14" in (desk.root / "reports" / "index.html").read_text(encoding="utf-8")
    desk.papu("verify", Q, "--as-of", today)
    assert len(desk.typed) < 20, desk.typed


def type_registers(desk: Desk, book: Path, member: str, said: dict[str, Filled]) -> None:
    """Fill in three rows of the registers' workbook by hand."""
    workbook = openpyxl.load_workbook(book)
    sheets = {cell.value: sheet for sheet in workbook for cell in sheet[1]}
    lists = workbook.worksheets[-1]
    steps = next(col for col in lists.iter_cols(values_only=True) if col[0] == "Étape")
    total = int(said[member].answers["offices_total"])
    typed = {
        "held_on": {"workshop": WORKSHOP, "step": steps[1], "held_on": date(2025, 11, 18), "title": "Atelier"},
        "returned_on": {"questionnaire": "ENQ-2025-4", "title": "Enquête", "sent_on": date(2025, 10, 6),
                        "due_on": date(2025, 11, 28), "member": "Tous les membres"},
        "confirmed_on": {"quarter": "T4 2025", "member": member, "question": "Bureaux de poste permanents",
                         "value": total, "confirmed_on": date(2026, 1, 28)},
    }  # fmt: skip
    for mark, cells in typed.items():
        sheet = sheets[mark]
        places = {cell.value: cell.column for cell in sheet[1]}
        for column, value in zip(cells, desk.type(*cells.values()), strict=True):
            sheet.cell(3, places[column], value)
    workbook.save(book)
