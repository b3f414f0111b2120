"""From a text file to its one sheet: recognises encoding, delimiter and quotes, and notes unusual ones."""

import contextlib
import csv
import io
import itertools
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from helpers.ingest.admit import MAX_BYTES, MAX_COLUMNS, Remark, Unreadable, check_range
from helpers.ingest.headers import HeaderColumn, count_known_headers, match_headers
from helpers.ingest.sheets import HEADER_ROWS, Contents, Sheet, is_empty_row
from helpers.plan import questionnaire

_DELIMITERS = (",", ";", "\t", "|")
_HINT = re.compile(r'"?sep=(?P<mark>[^\r\n"])"?[ \t]*(\r\n|\r|\n|$)', re.IGNORECASE)
_SAMPLE = 100_000
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig", ""), (b"\xff\xfe\x00\x00", "utf-32", "ENC_UTF32"),
    (b"\xff\xfe", "utf-16", "ENC_UTF16"), (b"\xfe\xff", "utf-16", "ENC_UTF16"),
)  # fmt: skip
# What French, Portuguese and English use beyond ASCII; a text with other characters is not Windows-1252.
_WESTERN = frozenset(
    "àâäáãåæçéèêëíìîïñóòôöõøœúùûüÀÂÄÁÃÅÆÇÉÈÊËÍÌÎÏÑÓÒÔÖÕØŒÚÙÛÜŸ’‘“”„–—…•«»‹›°ºª·€£§¿¡²³½¼±×\u00a0\u00ad"
)
# How more is written into a text of which a note says how it is encoded; "": no note.
_CODECS = {
    "": "utf-8", "ENC_INVALID_BYTES": "utf-8", "ENC_CP1252": "cp1252", "ENC_CP850": "cp850",
    "ENC_MAC_ROMAN": "mac_roman", "ENC_CP1256": "cp1256",
}  # fmt: skip
# The encodings without a mark of their own, the likeliest first: Windows, MS-DOS, Macintosh.
_WESTERN_NOTES = ("ENC_CP1252", "ENC_CP850", "ENC_MAC_ROMAN")
# A capital or a mark within a word of small letters: the text was written in another encoding.
_ODD = re.compile("(?<=[a-zà-ÿ])[À-ÖØ-Þ]|(?<=[A-Za-zÀ-ÿ])[À-ÖØ-Þ“”„•…‹›«»¿¡²³½¼±×·€£§](?=[a-zà-ÿ])")
_ARABIC_WORD = re.compile("[\u0621-\u064a]{3}")
_CONTROLS = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]")
_MAX_STRANGE = 0.1  # of the characters; above it the file is not a text

Line = tuple[int, list[str]]  # the line of the file that a record begins on, and the record


def read_text(content: bytes, form: questionnaire.Form, name: str = "") -> Contents:
    """Return the sheet of a CSV file, whose rows are records. Raises Unreadable where any row was split wrongly."""
    records = split_records(content, lambda row: count_known_headers(row, form))
    _check_rows(records.lines, records.delimiter, form)
    numbered = enumerate(records.lines, start=1)
    rows = tuple((number, tuple(row)) for number, (_, row) in numbered if not is_empty_row(row))
    return Contents((Sheet(name, False, rows, ragged=True),), records.remarks)


class Records(NamedTuple):
    """The records of a text file, and the text; `is_whole` tells whether the last one has a line end.

    `codec` is the encoding in which more can be written below the text; blank where none can.
    """

    lines: Sequence[Line]
    delimiter: str
    remarks: tuple[Remark, ...]
    is_whole: bool
    text: str
    codec: str


def split_records(content: bytes, count_known: Callable[[Sequence[str]], int]) -> Records:
    """Split a text file into records, with the delimiter that gives a row of the most known headers.

    Raises Unreadable for what is no text, and for a quote that is never closed.
    """
    written, key = _recognise(content)
    remarks = _list_remarks(written, key)
    text = written.replace("\0", "")
    hint = _HINT.match(text)
    hinted = hint["mark"] if hint and _fit(text, hint["mark"], count_known) else ""
    delimiter = hinted or max(_DELIMITERS, key=lambda mark: _fit(text, mark, count_known))
    lines = list(_rows(text, delimiter))
    if hint:
        lines[0] = (1, [])
    if delimiter != ",":
        remarks.append(Remark("DELIMITER", repr(delimiter).strip("'")))
    is_whole = text.endswith(("\n", "\r"))
    return Records(lines, delimiter, tuple(remarks), is_whole, written, _CODECS.get(key, ""))


def _list_remarks(text: str, key: str) -> list[Remark]:
    """Return the remarks on how a text is encoded. Raises Unreadable for what is no text."""
    if len(_CONTROLS.findall(text)) > _MAX_STRANGE * len(text):
        raise Unreadable("type", "")
    invalid = str(text.count("\ufffd")) if key == "ENC_INVALID_BYTES" else ""
    remarks = [Remark(key, invalid)] if key else []
    if "\0" in text:
        remarks.append(Remark("NUL_BYTES", str(text.count("\0"))))
    return remarks


def _recognise(content: bytes) -> tuple[str, str]:
    """Return a text and the key of the note on its encoding, blank for UTF-8 and ASCII."""
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
    """Read Windows-1256 (Arabic), a Western encoding or, failing these, UTF-8 with some broken bytes."""
    replaced = content.decode("utf-8", errors="replace")
    broken = replaced.count("\ufffd")
    sound = sum(character > "\x7f" for character in replaced) - broken
    if sound < broken:
        arabic = content.decode("cp1256")
        if _ARABIC_WORD.search(arabic):
            return arabic, "ENC_CP1256"
        found = [(content.decode(_CODECS[key], errors="replace"), key) for key in _WESTERN_NOTES]
        known = [(text, key) for text, key in found if all(c < "\x80" or c in _WESTERN for c in text)]
        if known:
            return min(known, key=lambda each: len(_ODD.findall(each[0])))
    return replaced, "ENC_INVALID_BYTES"


def _fit(text: str, delimiter: str, count_known: Callable[[Sequence[str]], int]) -> int:
    """Return the most known headers in any of the first rows, read with a delimiter."""
    reader = csv.reader(io.StringIO(text[:_SAMPLE], newline=""), delimiter=delimiter)
    best = 0
    with contextlib.suppress(csv.Error):  # _rows reports what is wrong
        for row in itertools.islice(reader, HEADER_ROWS):
            best = max(best, count_known(row[:MAX_COLUMNS]))
    return best


def _rows(text: str, delimiter: str) -> Iterator[Line]:
    csv.field_size_limit(MAX_BYTES)  # a cell may hold what a file may
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for number, row in enumerate(reader, start=1):
            check_range(number, len(row))
            yield line, row
            line = reader.line_num + 1
    except csv.Error as reason:
        raise Unreadable("quote", line, observed=str(line)) from reason


def _check_rows(lines: Sequence[Line], delimiter: str, form: questionnaire.Form) -> None:
    """Refuse rows that use another delimiter than the header, or that a stray quote has joined."""
    counts = [count_known_headers(row[:MAX_COLUMNS], form) for _, row in lines[:HEADER_ROWS]]
    top = counts.index(max(counts)) if counts else 0
    header, body = (lines[top][1] if lines else []), lines[top + 1 :]
    headers = match_headers(tuple(header), form, ("member", "quarter"))
    keys = [index for index, each in enumerate(headers) if each.column == HeaderColumn("quarter")]
    keys = keys or [index for index, each in enumerate(headers) if each.column]
    named = {row[key].strip() for _, row in body for key in keys if key < len(row)} - {""}
    for line, row in body:
        other = _other_delimiter(row, len(header), delimiter)
        if other:
            raise Unreadable("delimiters", repr(delimiter), repr(other), line, observed=str(line))
        if any(_holds_row(cell, delimiter, keys, named) for cell in row):
            raise Unreadable("quote", line, observed=str(line))


def _other_delimiter(row: Sequence[str], width: int, delimiter: str) -> str:
    """Return the delimiter that a row uses instead of the header's, blank when it does not."""
    if len(row) * 2 >= width:
        return ""
    others = (mark for mark in _DELIMITERS if mark != delimiter)
    return next((mark for mark in others if sum(cell.count(mark) for cell in row) + 1 >= width), "")


def _holds_row(cell: str, delimiter: str, keys: Sequence[int], named: Collection[str]) -> bool:
    """Tell whether a cell holds the beginning of a further row, up to a quarter that other rows name."""
    parts = [part.split(delimiter) for part in re.split(r"[\r\n]+", cell)[1:]]
    return any(max(key, 1) < len(part) and part[key].strip() in named for part in parts for key in keys)
