"""Recognises the kind of a file by its content, and refuses what cannot be opened safely (methodology, section 2b)."""

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

MAX_BYTES, MAX_UNPACKED, MAX_MEMBER, MAX_MEMBERS, MAX_RATIO = 20_000_000, 100_000_000, 50_000_000, 500, 200
MAX_ROWS, MAX_COLUMNS, MAX_CELLS = 20_000, 2_000, 5_000_000
MAX_LIST_BYTES, MAX_LIST_ROWS = 4_000_000_000, 100_000_000  # of a list of offices, which is never held in memory

WORKBOOK, ARCHIVE, JSON, TEXT = "workbook", "archive", "json", "text"
# The suffixes of each kind; any other is noted, never refused.
SUFFIXES = {WORKBOOK: (".xlsx", ".xlsm"), ARCHIVE: (".zip",), JSON: (".json",), TEXT: (".csv", ".txt", ".tsv")}

PARQUET = b"PAR1"
_ZIP, _OLE = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHERS = {
    b"%PDF-": "PDF", b"{\\rtf": "RTF", b"MIME-Version:": "MHTML", b"\x1f\x8b": "GZIP", b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!": "RAR", b"BZh": "BZIP2", b"\xfd7zXZ": "XZ", b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF",
    b"SQLite format 3": "SQLite", PARQUET: "Parquet",
}  # fmt: skip
_CONTROL = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")
_MAX_CONTROL = 0.02  # of the bytes; above it the content is no text
_MARKUP = re.compile(rb"\s*<(?P<xml>\?xml)?")
_DTD = tuple("<!DOCTYPE".encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be"))
_BAD_NAME = re.compile(r"^/|(^|/)\.\.(/|$)|[\\:\x00-\x1f]")
_NESTED = (".zip", ".7z", ".rar", ".gz", ".xlsx", ".xlsm")


class Unreadable(ValueError):
    """A file refused as a whole: the key of its sentence in issues.csv (after `V20.`), the details, what was seen."""

    def __init__(self, reason: str, *details: object, observed: str = "") -> None:
        super().__init__(reason)
        self.reason, self.details, self.observed = reason, details, observed


@dataclass(frozen=True)
class Remark:
    """Something noticed in opening a file: its sentence, what was seen, where; `cells` do not show what was read."""

    key: str
    observed: str = ""
    sheet: str = ""
    row: str = ""
    cells: Sequence[str] = ()


def check_size(size: int, most: int = MAX_BYTES) -> None:
    """Refuse a file that is empty or over the limit (bytes)."""
    if size == 0:
        raise Unreadable("empty", observed="0")
    if size > most:
        raise Unreadable("large" if most == MAX_BYTES else "offices_large", observed=str(size))


def check_range(rows: int, columns: int, n_cells: int = 0) -> None:
    """Refuse a table over the limits of rows, columns or cells."""
    if rows > MAX_ROWS or columns > MAX_COLUMNS or n_cells > MAX_CELLS:
        raise Unreadable("range", observed=str(max(rows, columns)))


def admit(content: bytes) -> str:
    """Return a file's kind by its content: WORKBOOK, ARCHIVE (of CSV), JSON, TEXT. Raises Unreadable for any other."""
    if content.startswith(_ZIP):
        return _admit_archive(content)
    if content.startswith(_OLE):
        # An encrypted .xlsx is an OLE container with this stream; an old .xls is one without.
        raise Unreadable("encrypted" if "EncryptedPackage".encode("utf-16-le") in content else "xls")
    for mark, kind in _OTHERS.items():
        if content.startswith(mark):
            raise Unreadable("html" if kind == "MHTML" else "type", f" ({kind})", observed=kind)
    start = content.removeprefix(b"\xef\xbb\xbf")
    markup = _MARKUP.match(start)
    if markup:
        raise Unreadable("xml" if markup["xml"] else "html")
    return JSON if start.lstrip()[:1] in (b"{", b"[") else TEXT


def is_cut(content: bytes) -> bool:
    """Tell whether a text file ends within a line: copying it may have stopped there.

    A workbook, archive or JSON that was cut cannot be opened, and bytes that are no text are no table: both are
    reported instead.
    """
    if content.startswith(_ZIP) or content.rstrip(b"\x00").endswith((b"\n", b"\r")):
        return False
    is_text = len(_CONTROL.findall(content)) <= _MAX_CONTROL * len(content)
    return admit(content) == TEXT and is_text


def _admit_archive(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        names = {member.filename for member in members}
        bad = next((member.orig_filename for member in members if _BAD_NAME.search(member.orig_filename)), "")
        if bad:
            raise Unreadable("name", observed=bad)
        if any(member.flag_bits & 1 for member in members):
            raise Unreadable("encrypted")
        _check_sizes(members)
        if "mimetype" in names and b"opendocument" in unpack(archive, "mimetype"):
            raise Unreadable("ods")
        if "xl/workbook.bin" in names:
            raise Unreadable("xls", observed=".xlsb")
        if any(name.startswith(("word/", "ppt/")) for name in names):
            raise Unreadable("type", " (.docx, .pptx)", observed=".docx, .pptx")
        is_workbook = any(name.casefold().rpartition("/")[2] == "workbook.xml" for name in names)
        if not is_workbook and any(name.casefold().endswith(_NESTED) and not _is_media(name) for name in names):
            raise Unreadable("nested")
        if not is_workbook and not any(name.casefold().endswith(".csv") for name in names):
            raise Unreadable("archive")
        # Unpack once every member that is read later: this reveals damage and false sizes, and keeps DTDs from parsers.
        for name in (member.filename for member in members if not _is_media(member.filename)):
            part = unpack(archive, name)
            if is_workbook and any(mark in part for mark in _DTD):
                raise Unreadable("dtd", observed=name)
        return WORKBOOK if is_workbook else ARCHIVE


def _is_media(name: str) -> bool:
    """Tell whether a member is never read: pictures in a workbook, attachments in ODK's zip."""
    return name.startswith(("media/", "xl/media/", "__MACOSX/"))


def unpack(archive: zipfile.ZipFile, name: str) -> bytes:
    """Unpack a member of an archive in chunks, so that it never fills more memory than it declared."""
    with archive.open(name) as member:
        return b"".join(iter(lambda: member.read(1 << 20), b""))


def _check_sizes(members: list[zipfile.ZipInfo]) -> None:
    """Refuse archives whose declared sizes would fill the memory."""
    bomb = [m for m in members if m.file_size > 1_000_000 and m.file_size > MAX_RATIO * max(m.compress_size, 1)]
    total = sum(member.file_size for member in members)
    if bomb or total > MAX_UNPACKED or any(member.file_size > MAX_MEMBER for member in members):
        raise Unreadable("unpacked", observed=str(total))
    if len(members) > MAX_MEMBERS:
        raise Unreadable("members", observed=str(len(members)))
