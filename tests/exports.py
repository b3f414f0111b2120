"""One set of returns written as each tool writes it: after formats.md, and apart from the code that reads them.

A return is `{question: code or text, …, "innovations": [ {field: …}, … ] or None}`, with `member`, `quarter` and the
day it was sent, `submitted_on`.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

import xlsxwriter

from helpers.plan.questionnaire import Form, Question
from present import REPEAT

Said = Mapping[str, object]
Table = list[list[object]]
OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


@dataclass(frozen=True)
class Variant:
    """A way to write returns: how its files are named, whether it carries innovations, and the writer."""

    suffix: str
    has_items: bool
    write: Callable[[Form, Sequence[Said]], bytes]


# --- cells and files --------------------------------------------------------------------------------------------


def workbook(sheets: Mapping[str, Table]) -> bytes:
    """Return an .xlsx of sheets of plain cells."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, OPTIONS) as book:
        book.set_properties({"created": datetime(2024, 10, 1)})  # the same returns, the same bytes
        day, moment = (book.add_format({"num_format": code}) for code in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"))
        for name, table in sheets.items():
            sheet = book.add_worksheet(name)
            for r, row in enumerate(table):
                for c, cell in enumerate(row):
                    if isinstance(cell, date):
                        sheet.write_datetime(r, c, cell, moment if isinstance(cell, datetime) else day)
                    elif cell is not None and cell != "":
                        sheet.write(r, c, cell)
    return target.getvalue()


def text(table: Table, delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL, end: str = "\n", **how: str) -> bytes:
    """Return a table as text."""
    target = io.StringIO()
    writer = csv.writer(target, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerows([["" if cell is None else str(cell) for cell in row] for row in table])
    return target.getvalue().encode(how.get("encoding", "utf-8"))


def answer(question: Question, said: Said) -> object:
    """Return an answer as a workbook's cell: numbers as numbers, dates as dates, all else as text."""
    value = said.get(question.name)
    if value is None or value == "":
        return None
    if question.type == "integer":
        return int(str(value)) if str(value).isdigit() else value
    return date.fromisoformat(str(value)) if question.type == "date" and str(value)[:1].isdigit() else value


def labelled(question: Question, value: object, language: str, joint: str) -> object:
    """Return an answer in labels; of a select-many question the labels joined."""
    if value is None or not question.choices or not set(str(value).split()) <= set(question.choices):
        return value
    return joint.join(question.choice_labels[code][language] for code in str(value).split())


def submitted(said: Said) -> datetime:
    """Return the instant a return was sent."""
    return datetime.combine(date.fromisoformat(str(said["submitted_on"])), time(9, 30, 5))


def identity(said: Said) -> str:
    """Return a submission's own identity, the same in every tool."""
    return f"{said['member']}-{said['quarter']}-{said['submitted_on']}"


# --- KoboToolbox ------------------------------------------------------------------------------------------------


def kobo_tables(
    form: Form, returns: Sequence[Said], language: str = "", groups: str | None = "/", select: str = "both",
    split_mark: str = "/", as_text: bool = False,
) -> dict[str, Table]:  # fmt: skip
    """Return the sheets of a standard export: in names or labels, with group paths or not, choices split or not."""

    def title(name: str, label: Mapping[str, str]) -> str:
        return label[language] if language else name

    def head(question: Question) -> str:
        path = [title(group, form.groups[group]) for group in question.path] if groups is not None else []
        return (groups or "").join([*path, title(question.name, question.label)])

    mark = groups or split_mark
    header: list[object] = []
    for question in form.questions:
        many = question.type == "select_multiple"
        header += [head(question)] if not many or select in ("both", "summary") else []
        if many and select in ("both", "details"):
            header += [head(question) + mark + title(*choice) for choice in question.choice_labels.items()]
    header += ["_id", "_uuid", "_submission_time", "_validation_status", "__version__", "meta/rootUuid", "_index"]
    main: Table = [header]
    fields = list(form.fields)
    items: Table = [[*map(head, fields), "_index", "_parent_table_name", "_parent_index", "_submission__uuid"]]
    for number, said in enumerate(returns, start=1):
        row: list[object] = []
        for question in form.questions:
            value = answer(question, said)
            many = question.type == "select_multiple"
            if not many or select in ("both", "summary"):
                row.append(labelled(question, value, language, " ") if language else value)
            if many and select in ("both", "details"):
                codes = str(value or "").split()
                row += [(1 if code in codes else 0) if codes else None for code in question.choices]
        sent = submitted(said)
        current = f"current-{identity(said)}"
        main.append([*row, number, current, sent.isoformat() if as_text else sent, None, "1", identity(said), number])
        for item in said[REPEAT] or ():
            cells = [answer(field, item) for field in fields]
            shown = [
                labelled(f, cell, language, " ") if language else cell for f, cell in zip(fields, cells, strict=True)
            ]
            items.append([*shown, len(items), "UPAP numérique", number, current])
    if as_text:
        main, items = ([[None if c is None else str(c) for c in row] for row in table] for table in (main, items))
    return {"UPAP numérique - ...": main, REPEAT: items}


def kobo(**how: object) -> Variant:
    """Return KoboToolbox's XLSX under some settings."""
    return Variant(".xlsx", True, lambda form, returns: workbook(kobo_tables(form, returns, **how)))


def kobo_csv(**how: object) -> Variant:
    """Return KoboToolbox's CSV: semicolons, every cell quoted, without the repeat."""

    def write(form: Form, returns: Sequence[Said]) -> bytes:
        main, _ = kobo_tables(form, returns, as_text=True, **how).values()
        return text(main, ";", csv.QUOTE_ALL, "\r\n")

    return Variant(".csv", False, write)


# --- ODK Central ------------------------------------------------------------------------------------------------


def odk_tables(form: Form, returns: Sequence[Said], groups: bool = True, split: bool = False) -> list[Table]:
    """Return the tables of ODK Central: submissions, newest first, and the repeat."""

    def head(question: Question) -> str:
        return "-".join([*question.path, question.name] if groups else [question.name])

    ticked = {
        question.name: sorted({code for said in returns for code in str(said.get(question.name) or "").split()})
        for question in form.questions
        if split and question.type == "select_multiple"
    }
    note = "identity-translation_note" if groups else "translation_note"
    header: list[object] = ["SubmissionDate", note]
    for question in form.questions:
        header += [head(question), *(f"{head(question)}/{code}" for code in ticked.get(question.name, ()))]
    header += ["meta-instanceID", "KEY", "SubmitterID", "SubmitterName", "AttachmentsPresent", "AttachmentsExpected",
               "Status", "ReviewState", "DeviceID", "Edits", "FormVersion"]  # fmt: skip
    root: Table = [header]
    child: Table = [[*(field.name if not groups else field.name for field in form.fields), "PARENT_KEY", "KEY"]]
    for said in reversed(returns):
        key = f"uuid:{identity(said)}"
        row: list[object] = [submitted(said).isoformat(timespec="milliseconds") + "Z", None]
        for question in form.questions:
            codes = str(said.get(question.name) or "").split()
            row += [said.get(question.name), *(int(code in codes) for code in ticked.get(question.name, ()))]
        root.append([*row, key, key, 5, "central", 0, 0, None, None, None, 0, "2026112301"])
        for n, item in enumerate(said[REPEAT] or (), start=1):
            place = f"{key}/innovation/innovations[{n}]"
            child.append([*(item.get(field.name) for field in form.fields), key, place])
    return [root, child]


def odk_zip(**how: bool) -> Variant:
    """Return ODK Central's zip."""

    def write(form: Form, returns: Sequence[Said]) -> bytes:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            root, child = odk_tables(form, returns, **how)
            members = {"upap.csv": text(root), "upap-innovations.csv": text(child)}
            members |= {"upap - audit.csv": b"event,node\nform start,\n", "media/1.jpg": b"\xff\xd8\xff"}
            for name, content in members.items():
                archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
        return target.getvalue()

    return Variant(".csv.zip", True, write)


def odata(expanded: bool = True) -> Variant:
    """Return ODK Central's OData document, groups as objects, the repeat expanded or left behind a link."""

    def write(form: Form, returns: Sequence[Said]) -> bytes:
        documents = []
        for said in returns:
            key = f"uuid:{identity(said)}"
            stamp = submitted(said).isoformat(timespec="milliseconds") + "Z"
            one: dict[str, object] = {
                "__id": key,
                "__system": {"submissionDate": stamp, "submitterId": "5", "reviewState": None, "edits": 0},
            }
            for question in form.questions:
                value = answer(question, said)
                groups = one.setdefault(question.group, {})
                groups[question.name] = str(value) if isinstance(value, date) else value
            link = "innovations@odata.navigationLink"
            inside = {link: f"Submissions('{key}')/innovation/innovations"}
            if expanded:
                inside[REPEAT] = [
                    {"__id": f"{key}-{n}", **{f.name: _plain(answer(f, item)) for f in form.fields}}
                    for n, item in enumerate(said[REPEAT] or ())
                ]
            one["innovation"] = one.get("innovation", {}) | inside
            one["meta"] = {"instanceID": key, "instanceName": None}
            documents.append(one)
        return json.dumps({"@odata.context": "$metadata#Submissions", "value": documents}, indent=1).encode()

    return Variant(".json", expanded, write)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, date) else value


# --- online forms -----------------------------------------------------------------------------------------------

GOOGLE_TIME = {"fr": "Horodateur", "en": "Timestamp", "pt": "Carimbo de data/hora", "ar": "طابع زمني"}


def google(language: str, as_csv: bool = False) -> Variant:
    """Return the linked sheet of a Google form, or its download as CSV, whose ticked boxes are joined otherwise."""

    def write(form: Form, returns: Sequence[Said]) -> bytes:
        table: Table = [
            [GOOGLE_TIME[language], "Adresse e-mail", *(question.label[language] for question in form.questions)]
        ]
        for said in returns:
            sent = submitted(said)
            stamp = f"{sent:%Y/%m/%d} {sent.hour % 12 or 12}:{sent:%M:%S} {'pm' if sent.hour > 11 else 'am'} UTC"
            joint = ";" if as_csv else ", "
            cells = [labelled(question, answer(question, said), language, joint) for question in form.questions]
            table.append([stamp if as_csv else sent, "focal.point@example.org", *cells])
        return text(table, quoting=csv.QUOTE_ALL) if as_csv else workbook({"Réponses au formulaire 1": table})

    return Variant(".csv" if as_csv else ".xlsx", False, write)


MICROSOFT = {
    "fr": ("ID", "Heure de début", "Heure de fin", "Adresse de messagerie", "Nom"),
    "en": ("ID", "Start time", "Completion time", "Email", "Name"),
}


def microsoft(language: str) -> Variant:
    """Return the workbook of a Microsoft form: no-break blanks in its headers, a semicolon after the last choice."""

    def write(form: Form, returns: Sequence[Said]) -> bytes:
        header = [question.label[language].replace(" ", "\u00a0", 1) + "\n" for question in form.questions]
        table: Table = [[*MICROSOFT[language], *header]]
        for number, said in enumerate(returns, start=1):
            row: list[object] = [number, submitted(said), submitted(said), "anonymous", None]
            for question in form.questions:
                cell = labelled(question, answer(question, said), language, ";")
                row.append(f"{cell};" if question.type == "select_multiple" and cell else cell)
            table.append(row)
        return workbook({"Sheet1": table})

    return Variant(".xlsx", False, write)


# --- typed by hand ----------------------------------------------------------------------------------------------


def plain_tables(form: Form, returns: Sequence[Said]) -> dict[str, Table]:
    """Return the sheets of a plain workbook."""
    main: Table = [[*(question.name for question in form.questions), "submitted_on"]]
    items: Table = [["member", "submitted_on", *(field.name for field in form.fields)]]
    for said in returns:
        day = date.fromisoformat(str(said["submitted_on"]))
        main.append([*(answer(question, said) for question in form.questions), day])
        for item in said[REPEAT] or ():
            items.append([said["member"], day, *(answer(field, item) for field in form.fields)])
    return {"returns": main, REPEAT: items}


def plain() -> Variant:
    """Return a plain workbook."""
    return Variant(".xlsx", True, lambda form, returns: workbook(plain_tables(form, returns)))


def plain_csv(delimiter: str = ",", end: str = "\n", hint: bool = False, encoding: str = "utf-8") -> Variant:
    """Return a plain CSV, under any of the delimiters, ends of line and encodings that are recognised."""

    def write(form: Form, returns: Sequence[Said]) -> bytes:
        main = plain_tables(form, returns)["returns"]
        start = f"sep={delimiter}{end}".encode(encoding) if hint else b""
        return start + text(main, delimiter, csv.QUOTE_MINIMAL, end, encoding=encoding)

    return Variant(".csv", False, write)


def titled() -> Variant:
    """Return a plain workbook with titles, themes and a blank line above the header, and notes under the table."""

    def write(form: Form, returns: Sequence[Said]) -> bytes:
        sheets = plain_tables(form, returns)
        themes = [form.groups[question.group]["fr"] for question in form.questions]
        above: Table = [["Union panafricaine des postes"], ["Questionnaire trimestriel"], [], themes]
        below: Table = [["TOTAL", None, None], [], ["Source : directions de l'opérateur"]]
        return workbook(sheets | {"returns": [*above, *sheets["returns"], *below]})

    return Variant(".xlsx", True, write)


def mailed(language: str, in_labels: bool = False) -> Variant:
    """Return the mailed questionnaire, down the page, one sheet a member."""

    def write(form: Form, returns: Sequence[Said]) -> bytes:
        sheets: dict[str, Table] = {}
        for said in returns:
            table: Table = [["Questionnaire trimestriel"], [], ["Code", "Question", "Réponse"]]
            group = ""
            for question in form.questions:
                if question.group != group:
                    group = question.group
                    table.append([None, form.groups[group][language]])
                cell = answer(question, said)
                shown = labelled(question, cell, language, "; ") if in_labels else cell
                table.append([question.name, question.label[language], shown])
            table.append(["submitted_on", None, date.fromisoformat(str(said["submitted_on"]))])
            sheets[str(said["member"])] = table
        items: Table = [["member", *(field.name for field in form.fields)]]
        for said in returns:
            for item in said[REPEAT] or ():
                items.append([said["member"], *(answer(field, item) for field in form.fields)])
        return workbook(sheets | {REPEAT: items})

    return Variant(".xlsx", True, write)


def _received(said: Said) -> date:
    return date.fromisoformat(str(said["submitted_on"]))


def _items_of(form: Form, returns: Sequence[Said]) -> Table:
    items: Table = [["member", *(field.name for field in form.fields)]]
    for said in returns:
        items += [[said["member"], *(answer(field, item) for field in form.fields)] for item in said[REPEAT] or ()]
    return items


def mailed_side_by_side(headed: bool) -> Variant:
    """Return one mailed questionnaire for several members: a column each, headed by the member or by a letter."""

    def write(form: Form, returns: Sequence[Said]) -> bytes:
        heads = [said["member"] if headed else chr(65 + n) for n, said in enumerate(returns)]
        table: Table = [["Code", "Question", *heads]]
        for question in form.questions:
            if not (headed and question.name == "member"):
                table.append([question.name, question.label["fr"], *(answer(question, said) for said in returns)])
        table.append(["submitted_on", None, *map(_received, returns)])
        return workbook({"Questionnaire": table, REPEAT: _items_of(form, returns)})

    return Variant(".xlsx", True, write)


def mailed_on_pages() -> Variant:
    """Return a questionnaire that goes on with a second sheet, last quarter's figures beside its answers."""

    def write(form: Form, returns: Sequence[Said]) -> bytes:
        head, pages = ["Code", "Question", *(f"Réponse {said['member']}" for said in returns), "Rappel T2 2024"], []
        for questions in (form.questions[:20], form.questions[20:]):
            rows = [[q.name, q.label["fr"], *(answer(q, said) for said in returns), 1] for q in questions]
            pages.append([head, *rows])
        pages[0].append(["submitted_on", None, *map(_received, returns)])
        return workbook({"Partie 1": pages[0], "Partie 2": pages[1], REPEAT: _items_of(form, returns)})

    return Variant(".xlsx", True, write)


# --- what hands and forms do to a table -------------------------------------------------------------------------


def reheaded(base: Variant, change: Callable[[Form, Table], Table]) -> Variant:
    """Return a variant in text with its table changed."""

    def write(form: Form, returns: Sequence[Said]) -> bytes:
        content = base.write(form, returns).decode()
        delimiter = ";" if content.startswith('"') and '";"' in content else ","
        table = change(form, [*map(list, csv.reader(io.StringIO(content, newline=""), delimiter=delimiter))])
        return text(table, delimiter, csv.QUOTE_ALL)

    return Variant(base.suffix, base.has_items, write)


def in_two_groups(form: Form, table: Table) -> Table:
    """Give every second return to columns of the same questions under another group, at the end."""
    moved = [n for n, head in enumerate(table[0]) if "/" in str(head) and not str(head).startswith("meta/")]
    old = [f"old group/{str(table[0][n]).partition('/')[2]}" for n in moved]
    rows = []
    for number, row in enumerate(table[1:]):
        kept = [None if number % 2 and n in moved else cell for n, cell in enumerate(row)]
        rows.append([*kept, *(row[n] if number % 2 else None for n in moved)])
    return [[*table[0], *old], *rows]


def with_doubles(form: Form, table: Table) -> Table:
    """Give every question the suffix that KoboToolbox gives a name that a form has twice."""
    return [[f"{head}_001" if head in form.by_name else head for head in table[0]], *table[1:]]


def numbered(form: Form, table: Table) -> Table:
    """Number the questions of an online form, in several ways, with curly apostrophes."""
    ways = ("{}. {}", "{}) {}", "Q{}. {}", "1.{} - {}")
    labels = {label for question in form.questions for label in question.label.values()}
    heads = [
        ways[n % 4].format(n, str(head).replace("'", "’")) if head in labels else head
        for n, head in enumerate(table[0])
    ]
    return [heads, *table[1:]]


def under_two_headers(form: Form, table: Table) -> Table:
    """Join two files: the columns of the second stand in the opposite order, under their own header."""
    return [*table[:2], table[0], *([*reversed(row)] for row in [table[0], *table[2:]])]


def ticked_in_words(form: Form, table: Table) -> Table:
    """Tick the column of each choice with its code, a label or a usual word; leave no column for the whole answer."""
    head, out = table[0], [[] for _ in table]
    for n, name in enumerate(head):
        question = form.by_name.get(str(name))
        if not question or question.type != "select_multiple":
            for row, cells in zip(out, table, strict=True):
                row.append(cells[n])
            continue
        for code, label in question.choice_labels.items():
            out[0].append(f"{name}/{code}")
            marks = (code, *label.values(), "VRAI", "oui", "x", "✓", "1")
            for number, cells in enumerate(table[1:], start=1):
                is_ticked = code in str(cells[n]).split()
                out[number].append(marks[(n + number) % len(marks)] if is_ticked else ("", "FAUX", "non")[number % 3])
    return out


VARIANTS: dict[str, Variant] = {
    "kobo-names-paths-both": kobo(),
    "kobo-names-bare-both": kobo(groups=None),
    "kobo-names-paths-summary": kobo(select="summary"),
    "kobo-names-paths-details": kobo(select="details"),
    "kobo-names-dots": kobo(groups=".", select="details"),
    "kobo-names-wide-separator": kobo(groups=" >> "),
    "kobo-names-underscore": kobo(groups="_"),
    "kobo-names-bare-details-dash": kobo(groups=None, select="details", split_mark="-"),
    "kobo-names-text": kobo(as_text=True),
    "kobo-labels-fr-paths-both": kobo(language="fr"),
    "kobo-labels-fr-bare-summary": kobo(language="fr", groups=None, select="summary"),
    "kobo-labels-en-details": kobo(language="en", select="details"),
    "kobo-labels-pt-summary": kobo(language="pt", groups=" / ", select="summary"),
    "kobo-labels-ar-both": kobo(language="ar"),
    "kobo-labels-ar-bare-details": kobo(language="ar", groups=None, select="details"),
    "kobo-csv-names": kobo_csv(),
    "kobo-csv-labels-fr": kobo_csv(language="fr", select="summary"),
    "kobo-csv-labels-ar": kobo_csv(language="ar", groups="|", select="both"),
    "odk-zip": odk_zip(),
    "odk-zip-split": odk_zip(split=True),
    "odk-zip-bare": odk_zip(groups=False),
    "odk-zip-bare-split": odk_zip(groups=False, split=True),
    "odata": odata(),
    "odata-not-expanded": odata(expanded=False),
    "google-fr": google("fr"),
    "google-en-csv": google("en", as_csv=True),
    "google-pt": google("pt"),
    "google-ar-csv": google("ar", as_csv=True),
    "microsoft-fr": microsoft("fr"),
    "microsoft-en": microsoft("en"),
    "plain": plain(),
    "plain-titled": titled(),
    "plain-csv": plain_csv(),
    "plain-csv-semicolon": plain_csv(";", "\r\n"),
    "plain-csv-tab-utf16": plain_csv("\t", "\r\n", encoding="utf-16"),
    "plain-csv-pipe-cr": plain_csv("|", "\r"),
    "plain-csv-hint-bom": plain_csv(";", "\r\n", hint=True, encoding="utf-8-sig"),
    "mailed-fr": mailed("fr"),
    "mailed-fr-labels": mailed("fr", in_labels=True),
    "mailed-ar-labels": mailed("ar", in_labels=True),
    "mailed-members-in-the-heading": mailed_side_by_side(headed=True),
    "mailed-members-in-a-row": mailed_side_by_side(headed=False),
    "mailed-on-two-pages": mailed_on_pages(),
    "kobo-csv-renamed-group": reheaded(kobo_csv(), in_two_groups),
    "kobo-csv-renamed-group-details": reheaded(kobo_csv(select="details"), in_two_groups),
    "kobo-csv-renamed-group-labels": reheaded(kobo_csv(language="pt", select="both"), in_two_groups),
    "kobo-csv-doubles": reheaded(kobo_csv(groups=None, select="summary"), with_doubles),
    "google-en-numbered": reheaded(google("en", as_csv=True), numbered),
    "google-fr-numbered": reheaded(google("fr", as_csv=True), numbered),
    "plain-csv-two-headers": reheaded(plain_csv(), under_two_headers),
    "plain-csv-ticked-in-words": reheaded(plain_csv(), ticked_in_words),
}
