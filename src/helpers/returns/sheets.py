"""What a received file holds: the gate (is it safe to open?) and its sheets as plain cells."""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import openpyxl

from helpers.cells import Cell, Formula, is_blank

MAX_BYTES, MAX_UNPACKED, MAX_MEMBERS, MAX_RATIO = 20_000_000, 100_000_000, 500, 200
MAX_ROWS, MAX_COLUMNS = 20_000, 2_000
_OLE, _ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"


class Unreadable(ValueError):
    """A file that is refused as a whole: its reason in French and in English."""

    def __init__(self, french: str, english: str) -> None:
        super().__init__(french, english)


@dataclass(frozen=True)
class Sheet:
    """One sheet: its rows that are not blank, each with its number as the spreadsheet shows it."""

    name: str
    hidden: bool
    rows: tuple[tuple[int, tuple[Cell, ...]], ...]
    ragged: bool = False  # a text file, where a row shorter than the header was cut


def read_sheets(path: Path) -> list[Sheet]:
    """Return the sheets of a workbook, or of a CSV as its only sheet.

    Raises Unreadable for whatever is not one of the two, is damaged, or is over the limits of methodology 2b. The
    type is told by content, never by name.
    """
    if path.is_symlink():
        raise Unreadable("un lien, non suivi ; déposer le fichier lui-même", "a link is not followed; add the file")
    size = path.stat().st_size
    if size == 0:
        raise Unreadable("fichier vide ; le renvoyer", "the file is empty; send it again")
    if size > MAX_BYTES:
        raise Unreadable("plus de 20 Mo ; n'envoyer que les réponses", "over 20 MB; send the returns only")
    content = path.read_bytes()
    try:
        return _read(content)
    except Unreadable:
        raise
    except Exception as reason:  # hostile bytes reach zip and XML readers here: what they raise is the file's fault
        raise Unreadable("fichier endommagé ou incomplet ; le renvoyer", "damaged or cut; send it again") from reason


def _read(content: bytes) -> list[Sheet]:
    if content.startswith(_ZIP):
        _check_archive(content)
        return _workbook(content)
    if content.startswith(_OLE):
        raise Unreadable(
            "classeur protégé par mot de passe, ou .xls ; enregistrer en .xlsx sans mot de passe",
            "a workbook with a password, or .xls; save it as .xlsx without one",
        )
    return [_text(content)]


def _check_archive(content: bytes) -> None:
    """Refuse an archive that is no workbook, or one that could fill the memory, before anything is unpacked."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        if "xl/workbook.xml" not in archive.namelist():
            raise Unreadable("archive qui n'est pas un classeur .xlsx", "an archive that is no .xlsx workbook")
        if any(member.flag_bits & 1 for member in members):
            raise Unreadable("classeur chiffré ; l'envoyer sans mot de passe", "encrypted; send it without password")
        bomb = any(m.file_size > 1_000_000 and m.file_size > MAX_RATIO * m.compress_size for m in members)
        if bomb or len(members) > MAX_MEMBERS or sum(m.file_size for m in members) > MAX_UNPACKED:
            raise Unreadable("archive démesurée une fois ouverte", "far too large once unpacked")
        for member in members:
            with archive.open(member) as part:
                if member.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in part.read(4096):
                    raise Unreadable("XML avec DTD, interdit", "XML with a DTD is not accepted")


def _workbook(content: bytes) -> list[Sheet]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of styles and validations that no value depends on
        values = _grids(content, data_only=True)
        formulas = _grids(content, data_only=False) if _has_formulas(content) else values
    return [
        Sheet(name, hidden, tuple(_keep_formulas(rows, formulas[name][1])))
        for name, (hidden, rows) in values.items()
    ]  # fmt: skip


def _grids(content: bytes, data_only: bool) -> dict[str, tuple[bool, list[tuple[Cell, ...]]]]:
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=data_only, keep_links=False)
    grids = {}
    for sheet in book.worksheets:
        sheet.reset_dimensions()  # what the file declares as its used range may be a bomb: count rows ourselves
        grids[sheet.title] = (sheet.sheet_state != "visible", list(_bounded(sheet.iter_rows(values_only=True))))
    book.close()
    return grids


def _bounded(rows: Iterator[tuple[Cell, ...]]) -> Iterator[tuple[Cell, ...]]:
    for number, row in enumerate(rows, start=1):
        if number > MAX_ROWS or len(row) > MAX_COLUMNS:
            raise Unreadable("plus de 20 000 lignes ou 2 000 colonnes", "over 20,000 rows or 2,000 columns")
        yield row


def _has_formulas(content: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]
        parts = (archive.read(name) for name in names)
        return any(b"<f>" in part or b"<f " in part for part in parts)


def _keep_formulas(
    rows: list[tuple[Cell, ...]], written: list[tuple[Cell, ...]]
) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    """Number the rows; keep the text of a formula beside its value: KoboToolbox writes answers so."""
    for number, (row, formulas) in enumerate(zip(rows, written, strict=True), start=1):
        if row is not formulas:
            row = tuple(_with_formula(value, formula) for value, formula in zip(row, formulas, strict=True))
        if not all(is_blank(cell) for cell in row):
            yield number, row


def _with_formula(value: Cell, written: Cell) -> Cell:
    text = getattr(written, "text", written)  # of an array formula, openpyxl gives an object that holds the text
    return Formula.of(text, value) if isinstance(text, str) and text.startswith("=") and text != value else value


def _text(content: bytes) -> Sheet:
    if content.lstrip()[:1] == b"<":
        raise Unreadable("page HTML ; l'ouvrir et l'enregistrer en .xlsx", "an HTML page; open it and save it as .xlsx")
    csv.field_size_limit(MAX_BYTES)  # a cell may hold what a file may
    try:
        text = content.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as reason:
        raise Unreadable(
            "ni classeur .xlsx, ni CSV en UTF-8 avec virgules ; l'enregistrer en .xlsx",
            "neither an .xlsx workbook nor a CSV in UTF-8 with commas; save it as .xlsx",
        ) from reason
    if len(rows) > MAX_ROWS or max(map(len, rows), default=0) > MAX_COLUMNS:
        raise Unreadable("plus de 20 000 lignes ou 2 000 colonnes", "over 20,000 rows or 2,000 columns")
    numbered = ((number, tuple(row)) for number, row in enumerate(rows, start=1))
    return Sheet(
        "", False, tuple((number, row) for number, row in numbered if not all(map(is_blank, row))), ragged=True
    )
