"""A text file → its one sheet: encoding, delimiter and quotes are recognised, and told when they are not the usual."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

from helpers.ingest.admit import MAX_BYTES, MAX_COLUMNS, MAX_ROWS, Remark, Unreadable
from helpers.ingest.headers import Column, count_known_headers, match_headers
from helpers.ingest.xlsx import HEADER_ROWS, Contents, Sheet, is_empty_row
from helpers.plan import questionnaire

_DELIMITERS = (",", ";", "\t", "|")
_HINT = re.compile(r'"?sep=(?P<mark>[^\r\n"])"?[ \t]*(\r\n|\r|\n|$)', re.IGNORECASE)
_SAMPLE = 100_000
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig", ""), (b"\xff\xfe\x00\x00", "utf-32", "ENC_UTF32"),
    (b"\xff\xfe", "utf-16", "ENC_UTF16"), (b"\xfe\xff", "utf-16", "ENC_UTF16"),
)  # fmt: skip
# What French, Portuguese and English write beyond ASCII; anything else is no Windows-1252 text of theirs.
_WESTERN = frozenset(
    "àâäáãåæçéèêëíìîïñóòôöõøœúùûüÀÂÄÁÃÅÆÇÉÈÊËÍÌÎÏÑÓÒÔÖÕØŒÚÙÛÜŸ’‘“”„–—…•«»‹›°ºª·€£§¿¡²³½¼±×\u00a0\u00ad"
)
_ARABIC_WORD = re.compile("[\u0621-\u064a]{3}")
_CONTROLS = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]")
_MAX_STRANGE = 0.1  # of the characters; above it the file is no text

Line = tuple[int, list[str]]  # a record, and the line of the file that it begins on


def read_text(content: bytes, form: questionnaire.Form, name: str = "") -> Contents:
    """Return a CSV's sheet, read with the delimiter under which its header is the questionnaire's.

    Row numbers are those of the records. Raises Unreadable where the rows cannot be trusted as a whole.
    """
    text, remarks = _decode(content)
    hint = _HINT.match(text)
    hinted = hint["mark"] if hint and _fit(text, hint["mark"], form) else ""
    delimiter = hinted or max(_DELIMITERS, key=lambda mark: _fit(text, mark, form))
    lines = list(_rows(text, delimiter))
    if hint:
        lines[0] = (1, [])
    _check_rows(lines, delimiter, form)
    if delimiter != ",":
        remarks.append(Remark("DELIMITER", repr(delimiter).strip("'")))
    kept = ((number, tuple(row)) for number, (_, row) in enumerate(lines, start=1))
    sheet = Sheet(name, False, tuple((number, row) for number, row in kept if not is_empty_row(row)), ragged=True)
    return Contents((sheet,), tuple(remarks))


# --- encoding ---------------------------------------------------------------------------------------------------


def _decode(content: bytes) -> tuple[str, list[Remark]]:
    text, key = _recognise(content)
    remarks = [Remark(key)] if key else []
    strange = len(_CONTROLS.findall(text))
    if strange > _MAX_STRANGE * len(text):
        raise Unreadable("type")
    if key == "ENC_INVALID_BYTES":
        remarks = [Remark(key, str(text.count("\ufffd")))]
    if "\0" in text:
        remarks.append(Remark("NUL_BYTES", str(text.count("\0"))))
        text = text.replace("\0", "")
    return text, remarks


def _recognise(content: bytes) -> tuple[str, str]:
    """Return a text and the note its encoding deserves; UTF-8 and ASCII deserve none."""
    try:
        for bom, encoding, key in _BOMS:
            if content.startswith(bom):
                return content.decode(encoding), key
        half = len(content) // 2
        for start, encoding in ((0, "utf-16-be"), (1, "utf-16-le")):
            if half and content[start::2].count(0) > 0.3 * half:
                return content.decode(encoding), "ENC_UTF16_NOBOM"
    except UnicodeDecodeError as reason:
        raise Unreadable("encoding", observed=encoding) from reason
    try:
        return content.decode("utf-8"), ""
    except UnicodeDecodeError:
        return _recognise_damaged(content)


def _recognise_damaged(content: bytes) -> tuple[str, str]:
    """Tell UTF-8 with some broken bytes from the two Windows encodings of the members' languages."""
    replaced = content.decode("utf-8", errors="replace")
    broken = replaced.count("\ufffd")
    sound = sum(character > "\x7f" for character in replaced) - broken
    if sound < broken:
        arabic = content.decode("cp1256")
        if _ARABIC_WORD.search(arabic):
            return arabic, "ENC_CP1256"
        western = content.decode("cp1252", errors="replace")
        if all(character < "\x80" or character in _WESTERN for character in western):
            return western, "ENC_CP1252"
    return replaced, "ENC_INVALID_BYTES"


# --- delimiter and quotes ---------------------------------------------------------------------------------------


def _fit(text: str, delimiter: str, form: questionnaire.Form) -> int:
    """Return how many headers of the questionnaire the best of the first rows holds, read with a delimiter."""
    reader = csv.reader(io.StringIO(text[:_SAMPLE], newline=""), delimiter=delimiter)
    best = 0
    try:
        for _, row in zip(range(HEADER_ROWS), reader, strict=False):
            best = max(best, count_known_headers(row[:MAX_COLUMNS], form))
    except csv.Error:
        pass  # the reading proper says what is wrong
    return best


def _rows(text: str, delimiter: str) -> Iterator[Line]:
    csv.field_size_limit(MAX_BYTES)  # a cell may hold what a file may
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for number, row in enumerate(reader, start=1):
            if number > MAX_ROWS or len(row) > MAX_COLUMNS:
                raise Unreadable("range", observed=str(max(number, len(row))))
            yield line, row
            line = reader.line_num + 1
    except csv.Error as reason:
        raise Unreadable("quote", line, observed=str(line)) from reason


def _check_rows(lines: Sequence[Line], delimiter: str, form: questionnaire.Form) -> None:
    """Refuse rows that are not what they seem: in another delimiter than the header, or swallowed by a stray quote."""
    top = max(
        range(min(len(lines), HEADER_ROWS)),
        key=lambda n: count_known_headers(lines[n][1][:MAX_COLUMNS], form),
        default=0,
    )
    header, body = (lines[top][1] if lines else []), lines[top + 1 :]
    width, others = len(header), [mark for mark in _DELIMITERS if mark != delimiter]
    headers = match_headers(header, form, ("member", "quarter"))
    keys = [place for place, each in enumerate(headers) if each.column == Column("quarter")]
    keys = keys or [place for place, each in enumerate(headers) if each.column]
    named = {row[place].strip() for _, row in body for place in keys if place < len(row)} - {""}
    for line, row in body:
        if len(row) * 2 < width:
            found = [mark for mark in others if sum(cell.count(mark) for cell in row) + 1 >= width]
            if found:
                raise Unreadable("delimiters", repr(delimiter), repr(found[0]), line, observed=str(line))
        # A cell that holds the beginning of a further row, up to the quarter that other rows name, has swallowed it.
        swallowed = (part.split(delimiter) for cell in row for part in re.split(r"[\r\n]+", cell)[1:])
        if any(
            max(place, 1) < len(fields) and fields[place].strip() in named for fields in swallowed for place in keys
        ):
            raise Unreadable("quote", line, observed=str(line))
