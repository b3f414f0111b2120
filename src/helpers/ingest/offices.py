"""Counts a list of offices: which file is one, and what it says of its member's offices (methodology, section 2d).

Narwhals counts, so that another engine is another frame; a file is read by DuckDB, out of core: a list may have fifty
million rows. Both are loaded when there is a list to read.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from helpers import paths
from helpers.ingest.admit import MAX_LIST_ROWS, PARQUET, Unreadable
from helpers.ingest.cells import TOKENS
from helpers.ingest.labels import read_mark
from helpers.ingest.records import OfficeCounts, OfficeList, ReceivedFile
from helpers.plan import Plan, read_settings

if TYPE_CHECKING:
    import duckdb
    from narwhals.typing import IntoFrame

FLAG_YES, FLAG_NO, FLAG_UNKNOWN, FLAG_UNREADABLE = "yes", "no", "unknown", "unreadable"
_BLANK = frozenset((*TOKENS, "n/a"))
_MOST_PATTERNS = 100_000  # of texts in the columns of yes and no, and of rows that repeat an office: more is no list
# The first is enough for fifty million rows; the second for those that repeat, or are wider.
MEMORY, THREADS, _SPILL = ("150MB", "1GB"), 2, "30GB"
_FEW, _NAMED = 100, 5  # offices looked for one by one; members in a message
_HEAD = 1 << 16  # bytes in which the heading of a CSV file must end
_BLANKS = " \t\r\n\u00a0"  # around a code: none of them tells two members, or two offices, apart
_SIMPLE = re.compile(r"VARCHAR|BOOLEAN|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*")


@cache
def read_flag(text: str) -> str:
    """Tell what a text in a column of yes and no says: yes, no, unknown (blank, or a mark for it) or unreadable."""
    if text.strip().lower() in _BLANK:
        return FLAG_UNKNOWN
    return {True: FLAG_YES, False: FLAG_NO, None: FLAG_UNREADABLE}[read_mark(text)]


def count_offices(
    frame: IntoFrame, columns: Sequence[str], marks: Sequence[str] = ("member", "office")
) -> dict[str, OfficeCounts]:
    """Count the offices of each member in a frame of any engine that Narwhals knows, lazy or not.

    It has `member`, `office` and the `columns` of yes and no, `open` first, with any text. `marks` are the columns in
    which two rows of one office are surely equal: narrow ones save memory, and need not tell all offices apart. Rows
    are collected only as patterns of texts and where an office is repeated. Raises Unreadable beyond _MOST_PATTERNS.
    """
    import narwhals as nw

    keys = ("member", "office")
    texts = {name: nw.col(name).cast(nw.String).fill_null("") for name in (*keys, *columns)}
    if "office" in marks:  # else whoever made the marks has tidied the codes
        texts |= {name: texts[name].str.strip_chars(_BLANKS) for name in keys}
        texts["member"] = texts["member"].str.to_uppercase()
    cells = (text.alias(name) for name, text in texts.items())
    rows = nw.from_native(frame).lazy().select(*cells, *(mark for mark in marks if mark not in keys))
    rows = rows.with_columns(unnamed=nw.col("office") == "")
    named = rows.filter(~nw.col("unnamed"))
    twice = named.group_by(*marks).agg(n=nw.len()).filter(nw.col("n") > 1).select(*marks)
    patterns = rows.group_by("member", "unnamed", *columns).agg(n=nw.len())
    found: dict[str, _Tally] = defaultdict(lambda: _Tally(columns))
    for member, unnamed, *flags, n in _collect(patterns, "values"):
        found[member].add(tuple(map(read_flag, flags)), int(n), bool(unnamed))
    offices: dict[tuple[str, str], Counter[tuple[str, ...]]] = defaultdict(Counter)
    few = twice.head(_FEW + 1).collect().rows()  # most lists have none or few, for which no join need fill the memory
    if len(marks) == 1 and len(few) <= _FEW:
        found_twice = named.filter(nw.col(marks[0]).is_in([mark for (mark,) in few]))
    else:
        found_twice = named.join(twice, on=list(marks), how="semi")
    repeated = found_twice.group_by(*keys, *columns).agg(n=nw.len())
    for member, office, *flags, n in _collect(repeated, "repeated") if few else ():
        offices[member, office][tuple(map(read_flag, flags))] += int(n)
    for (member, _), said in offices.items():
        found[member].join(said)
    return {member: tally.sum_up() for member, tally in sorted(found.items())}


def _collect(frame: object, reason: str) -> list[tuple]:
    found = frame.head(_MOST_PATTERNS + 1).collect().rows()
    if len(found) > _MOST_PATTERNS:
        raise Unreadable(f"offices_{reason}", f"{_MOST_PATTERNS}")
    return found


class _Tally:
    """What the rows of one member say: offices by what they have in each column, `open` first."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns, self.rows, self.repeated, self.contradicted = columns, 0, 0, 0
        self.named: Counter[tuple[str, ...]] = Counter()
        self.unnamed: Counter[tuple[str, ...]] = Counter()

    def add(self, flags: tuple[str, ...], n: int, unnamed: bool) -> None:
        self.rows += n
        (self.unnamed if unnamed else self.named)[flags] += n

    def join(self, said: Counter[tuple[str, ...]]) -> None:
        """Make the rows of one office one; where they differ, nothing is known of it."""
        self.named -= said
        self.repeated += said.total() - 1
        self.contradicted += len(said) > 1
        self.named[next(iter(said)) if len(said) == 1 else (FLAG_UNKNOWN,) * len(self.columns)] += 1

    def sum_up(self) -> OfficeCounts:
        least, most, values = {}, {}, {}
        named, unnamed = self._count_pairs(self.named), self._count_pairs(self.unnamed)
        for name, column, nameless in zip(self.columns, named, unnamed, strict=True):
            told = Counter()
            for (opening, flag), n in column.items():
                told[flag] += n * (opening != FLAG_NO or name == self.columns[0])
            least[name] = column[FLAG_YES, FLAG_YES]
            most[name] = sum(n for pair, n in (*column.items(), *nameless.items()) if FLAG_NO not in pair)
            values[name] = dict(+told)
        figures = (self.repeated, self.contradicted, self.unnamed.total())
        return OfficeCounts(self.rows, self.named.total(), least, most, values, *figures)

    def _count_pairs(self, offices: Counter[tuple[str, ...]]) -> list[Counter[tuple[str, str]]]:
        """Count, for each column, the offices by what they say of being open and in that column."""
        counts = [Counter() for _ in self.columns]
        for flags, n in offices.items():
            for count, flag in zip(counts, flags, strict=True):
                count[flags[0], flag] += n
        return counts


def say_condition(column: str) -> str:
    """Return which rows of a list count for a column, as SQL would say it."""
    opening = read_settings().OPEN
    return f"{opening} = yes" if column == opening else f"{opening} = yes AND {column} = yes"


def is_list(path: Path) -> bool:
    """Tell whether a file is a list of offices, by its content: Parquet, or a heading with the columns of one."""
    settings = read_settings()
    if not settings.offices or path.is_symlink() or not path.is_file():
        return False
    with contextlib.suppress(Unreadable, csv.Error, OSError):
        needed = {*settings.OFFICE_KEYS, settings.OPEN}
        return _is_parquet(path) or needed <= {*map(_plain, _read_heading(path).names)}
    return False


def read_list(path: Path, file: ReceivedFile, plan: Plan) -> OfficeList:
    """Count a member's list of offices: that of the member whom most of its rows name. Raises Unreadable."""
    columns = read_settings().office_columns
    for memory in MEMORY:
        with contextlib.suppress(_OutOfMemory), open_list(path, memory) as (connection, absent):
            frame = connection.sql("SELECT *, hash(member, office) AS mark FROM offices")
            counts = count_offices(frame, columns, ("mark",))
            break
    else:
        raise Unreadable("offices_memory")
    rows = Counter({member: count.rows for member, count in counts.items()})
    _check_rows(rows.total())
    if not rows:
        raise Unreadable("offices_empty")
    (owner, n), *_ = rows.most_common(1)
    if owner not in plan.by_iso3 or 2 * n <= rows.total():
        named = ", ".join(f"{member or '–'}: {n}" for member, n in rows.most_common(_NAMED))
        raise Unreadable("offices_member", observed=named)
    del rows[owner]
    return OfficeList(file, owner, counts[owner], dict(rows), absent)


def list_rows(path: Path, member: str, column: str, in_doubt: bool, n: int) -> list[tuple[int, str]]:
    """Return the first rows of a member's offices that count in a column, or those `in_doubt`: number and office.

    An office that is listed twice is one, by its first row. Rows are numbered as a spreadsheet shows them, those of
    Parquet from 1. Raises Unreadable.
    """
    opening, found = read_settings().OPEN, []
    pair = f"coalesce({_name(opening)}, ''), coalesce({_name(column)}, '')"
    own = f"FROM offices WHERE member = {_quote(member)}"
    try:
        with open_list(path, MEMORY[-1], in_order=True) as (connection, _):
            differs, seen = _find_repeated(connection, own), set()
            kinds = f"SELECT DISTINCT coalesce(office, '') != '', {pair} {own} LIMIT {_MOST_PATTERNS}"
            said = {_is_in_doubt(bool(is_named), texts) for is_named, *texts in connection.execute(kinds).fetchall()}
            if in_doubt not in said | {True for each in differs.values() if each}:
                return []
            for number, office, *texts in _iterate_rows(path, member, (opening, column), connection):
                if office in seen:
                    continue
                seen |= {office} & differs.keys()
                if _is_in_doubt(bool(office), texts, differs.get(office, False)) == in_doubt:
                    found.append((number, office))
                if len(found) == n:
                    break
    except _OutOfMemory as reason:
        raise Unreadable("offices_memory") from reason
    except csv.Error as reason:
        raise Unreadable("damaged") from reason
    return found


def _find_repeated(connection: duckdb.DuckDBPyConnection, own: str) -> dict[str, bool]:
    """Return a member's offices that are listed more than once, each with whether its rows differ."""
    columns = ", ".join(map(_name, read_settings().office_columns))
    twice = f"SELECT office {own} AND office != '' GROUP BY office HAVING count(*) > 1"
    rows = connection.execute(f"SELECT DISTINCT office, {columns} {own} AND office IN ({twice})").fetchall()
    kinds = {(office, *(read_flag(text or "") for text in texts)) for office, *texts in rows}
    return {office: n > 1 for office, n in Counter(office for office, *_ in kinds).items()}


def _is_in_doubt(is_named: bool, texts: Sequence[str], differs: bool = False) -> bool | None:
    """Tell whether an office may count in a column, by what it says there and of being open; None where it does not."""
    flags = [read_flag(text) for text in texts]
    if not differs and FLAG_NO in flags:
        return None
    return differs or not is_named or any(flag != FLAG_YES for flag in flags)


def _iterate_rows(
    path: Path, member: str, columns: Sequence[str], connection: duckdb.DuckDBPyConnection
) -> Iterator[tuple[int, str, ...]]:
    """Yield the number of each row of a member, its office and its texts in some columns.

    DuckDB passes over blank rows of CSV, which a spreadsheet numbers too: they are read one by one here.
    """
    if _is_parquet(path):
        texts = ", ".join(f"coalesce({_name(name)}, '')" for name in columns)
        numbered = "SELECT row_number() OVER () AS number, * FROM offices"
        rows = connection.execute(f"SELECT number, office, {texts} FROM ({numbered}) WHERE member = {_quote(member)}")
        while found := rows.fetchmany(10_000):
            yield from found
        return
    heading = _read_heading(path)
    names = [*map(_plain, heading.names)]
    places = [names.index(name) if name in names else None for name in (*read_settings().OFFICE_KEYS, *columns)]
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.reader(file, delimiter=heading.delimiter), start=1):
            if number > heading.above + 1 and row:
                named, office, *texts = ("" if place is None else row[place] for place in places)
                if named.strip(_BLANKS).upper() == member:
                    yield number, office.strip(_BLANKS), *texts


def find_owner(path: Path, plan: Plan) -> str:
    """Return the member that the first rows of a list name, and no other; blank for a file that names none or more."""
    with contextlib.suppress(OSError, csv.Error, ValueError, IndexError):
        heading = _read_heading(path)
        with path.open("rb") as file:
            lines = file.read(_HEAD).decode("utf-8" if heading.is_utf8 else "cp1252", "replace").splitlines()
        place = [*map(_plain, heading.names)].index(read_settings().OFFICE_KEYS[0])
        rows = csv.reader(lines[heading.above + 1 : -1] or lines[heading.above + 1 :], delimiter=heading.delimiter)
        named = {row[place].strip(_BLANKS).upper() for row in rows if len(row) > place} & plan.by_iso3.keys()
        return named.pop() if len(named) == 1 else ""
    return ""


class _OutOfMemory(Exception):
    """A list fits neither into the memory nor into the folder beside it."""


@contextlib.contextmanager
def open_list(
    path: Path, memory: str, in_order: bool = False
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Sequence[str]]]:
    """Open a list as the table `offices` of DuckDB, all its columns texts; yield it, and the columns that it lacks.

    What does not fit into the memory goes into a private folder. Raises Unreadable for what is no such list.
    """
    import duckdb

    place = paths.locks() if paths.locks().is_dir() else None
    with tempfile.TemporaryDirectory(prefix="offices-", dir=place, ignore_cleanup_errors=True) as folder:
        options = {
            "memory_limit": memory, "threads": THREADS, "temp_directory": folder, "max_temp_directory_size": _SPILL,
            "preserve_insertion_order": in_order, "autoload_known_extensions": False,
            "autoinstall_known_extensions": False,
        }  # fmt: skip
        with duckdb.connect(config=options) as connection:
            try:
                # It reads this file and its own folder, no other, and no network.
                connection.execute(f"SET allowed_paths = [{_quote(str(path))}, {_quote(_as_pattern(path))}]")
                connection.execute("SET enable_external_access = false; SET enable_progress_bar = false")
                yield connection, _make_table(path, connection)
            except duckdb.OutOfMemoryException as reason:
                raise _OutOfMemory from reason
            except duckdb.Error as reason:
                raise _explain_error(path, str(reason)) from reason


def _explain_error(path: Path, text: str) -> Unreadable:
    if _is_parquet(path):
        return Unreadable("damaged")
    if re.search("(?i)utf-?8|unicode", text):
        return Unreadable("offices_encoding")
    line = re.search(r"(?i)\bline:? (\d+)", text)
    return Unreadable("offices_row", line[1]) if line else Unreadable("damaged")


def _make_table(path: Path, connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Make the table `offices`; return the columns that the file does not have, which are blank."""
    columns, keys = read_settings().office_columns, read_settings().OFFICE_KEYS
    place = _quote(_as_pattern(path))
    table, names = _find_parquet(place, connection) if _is_parquet(path) else _find_csv(path, place)
    plain = [_plain(name) for name in names]
    needed = (*keys, columns[0])
    if missing := [name for name in needed if name not in plain]:
        raise Unreadable("offices_columns", ", ".join(missing), observed=", ".join(names[:20]))
    if twice := [name for name in (*keys, *columns) if plain.count(name) > 1]:
        raise Unreadable("offices_twice", ", ".join(twice))
    own = {name: f"CAST(c{plain.index(name)} AS VARCHAR)" for name in (*keys, *columns) if name in plain}
    member, office = (f"trim({own[name]}, {_quote(_BLANKS)})" for name in keys)
    # Tidying takes longer than counting; to see whether it is needed takes less, unless the file is text to be parsed.
    if not _is_parquet(path) or _is_untidy(connection, table, *(own[name] for name in keys)):
        own |= dict(zip(keys, (f"upper({member})", office), strict=True))
    cells = ", ".join(f"{own.get(name, 'CAST(NULL AS VARCHAR)')} AS {_name(name)}" for name in (*keys, *columns))
    connection.execute(f"CREATE TEMP VIEW offices AS SELECT {cells} FROM {table}")
    return tuple(name for name in columns if name not in own)


def _is_untidy(connection: duckdb.DuckDBPyConnection, table: str, member: str, office: str) -> bool:
    """Tell whether there are blanks around codes, or members in another case."""
    named = connection.execute(f"SELECT DISTINCT {member} FROM {table} LIMIT {_MOST_PATTERNS}").fetchall()
    if any(text and text != text.strip(_BLANKS).upper() for (text,) in named):
        return True
    codes = ", ".join(str(ord(blank)) for blank in _BLANKS)
    ends = " OR ".join(f"ends_with({office}, chr({ord(blank)}))" for blank in _BLANKS)
    return bool(connection.execute(f"SELECT bool_or(ord({office}) IN ({codes}) OR {ends}) FROM {table}").fetchone()[0])


def _as_pattern(path: Path) -> str:
    """Return the pattern that DuckDB takes a name for, of this file alone."""
    return re.sub(r"([*?[])", r"[\1]", str(path))


def _find_csv(path: Path, place: str) -> tuple[str, list[str]]:
    """Return a CSV file as a table of SQL, with columns c0, c1…, and their names."""
    heading = _read_heading(path)
    if not heading.is_utf8:
        raise Unreadable("offices_encoding")
    kinds = ", ".join(f"c{n}: 'VARCHAR'" for n in range(len(heading.names)))
    form = f"delim = '{heading.delimiter}', quote = '\"', escape = '\"', skip = {heading.above}"
    how = f"header = true, auto_detect = false, strict_mode = true, {form}"
    return f"read_csv({place}, columns = {{{kinds}}}, {how})", heading.names


def _find_parquet(place: str, connection: duckdb.DuckDBPyConnection) -> tuple[str, list[str]]:
    """Return a Parquet file as a table of SQL, with columns c0, c1…, and their names."""
    table = f"read_parquet({place}, binary_as_string = true)"
    found = connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()
    wanted = (*read_settings().OFFICE_KEYS, *read_settings().offices)
    for name, kind, *_ in found:
        if _plain(name) in wanted and not _SIMPLE.fullmatch(kind):
            raise Unreadable("offices_type", name, observed=kind)
    _check_rows(connection.execute(f"SELECT sum(num_rows) FROM parquet_file_metadata({place})").fetchone()[0])
    names = [name for name, *_ in found]
    return f"(SELECT * FROM {table}) AS t({', '.join(f'c{n}' for n in range(len(names)))})", names


@dataclass(frozen=True)
class _Heading:
    """The heading of a CSV file: its names, what separates them, the lines above it, and whether it is UTF-8."""

    names: Sequence[str]
    delimiter: str
    above: int
    is_utf8: bool


def _read_heading(path: Path) -> _Heading:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    try:
        text, is_utf8 = codecs.getincrementaldecoder("utf-8-sig")().decode(head), True
    except UnicodeDecodeError:  # what it is a list of can be read all the same
        is_utf16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text, is_utf8 = head.decode("utf-16" if is_utf16 else "cp1252", "replace"), False
    lines = text.splitlines() or [""]
    above = int(lines[0].casefold().startswith("sep="))  # as a spreadsheet writes it
    known = {*read_settings().OFFICE_KEYS, *read_settings().offices}
    rows = {mark: next(csv.reader(lines[above:], delimiter=mark), []) for mark in (",", ";", "\t")}
    delimiter = max(rows, key=lambda mark: len(known & {*map(_plain, rows[mark])}))
    return _Heading(rows[delimiter], delimiter, above, is_utf8)


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(PARQUET)) == PARQUET


def _plain(name: str) -> str:
    return name.strip().casefold()


def _name(text: str) -> str:
    return _quote(text, '"')


def _quote(text: str, mark: str = "'") -> str:
    return mark + text.replace(mark, 2 * mark) + mark


def _check_rows(rows: int) -> None:
    if rows > MAX_LIST_ROWS:
        raise Unreadable("offices_large", observed=str(rows))
