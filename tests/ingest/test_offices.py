"""Lists of offices: counted alike by every engine, gated, held against the return, and explained to their rows."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest
from click.testing import CliRunner

from conftest import PLAN
from helpers import paths
from helpers.cli import main
from helpers.explain import explain, format_explanation, narrow_to_member
from helpers.i18n import Translator
from helpers.ingest import add, offices
from helpers.ingest.admit import Unreadable
from helpers.ingest.records import OfficeCounts, ReceivedFile
from helpers.plan import checks, read_plan
from helpers.runs import snapshot, verify
from helpers.tables import pipeline

Q, DAY, AS_OF = "2024Q3", date(2024, 10, 12), date(2024, 11, 14)
COLUMNS = ("open", "electricity", "alternative_power", "internet", "networked")
HEAD = "member,office,open,electricity,alternative_power,internet,networked\n"
ROWS = (
    ("KEN", "A1", "yes", "Oui", "no", "1", "نعم"),
    ("KEN", "A2", "true", "yes", "no", "non", None),
    ("KEN", "A3", "no", "", "", "", ""),  # closed: what it has is no matter
    ("KEN", "A4", "yes", "perhaps", "no", "yes", "yes"),
    ("KEN", "A5", "yes", "yes", "no", "yes", "yes"),
    ("KEN", "A5", "YES ", "oui", "0", "1", "x"),  # once more, and the same
    ("KEN", "A6", "yes", "yes", "no", "yes", "yes"),
    ("KEN", "A6", "yes", "yes", "no", "no", "yes"),  # once more, and not the same
    ("KEN", None, "yes", "yes", "no", "no", "no"),
    ("TZA", "A1", "yes", "no", "no", "no", "no"),
)
EXPECTED = OfficeCounts(
    rows=9, offices=6, repeated=2, contradicted=1, unnamed=1,
    least={"open": 4, "electricity": 3, "alternative_power": 0, "internet": 3, "networked": 3},
    most={"open": 6, "electricity": 6, "alternative_power": 1, "internet": 4, "networked": 5},
    values={
        "open": {"yes": 4, "no": 1, "unknown": 1}, "electricity": {"yes": 3, "unreadable": 1, "unknown": 1},
        "alternative_power": {"no": 4, "unknown": 1}, "internet": {"yes": 3, "no": 1, "unknown": 1},
        "networked": {"yes": 3, "unknown": 2},
    },
)  # fmt: skip


def of_pandas(rows):
    return pd.DataFrame(rows, columns=["member", "office", *COLUMNS])


def of_arrow(rows):
    return arrow.Table.from_pylist([dict(zip(("member", "office", *COLUMNS), row, strict=True)) for row in rows])


def of_duckdb(rows):
    given = of_arrow(rows)  # noqa: F841, named in the SQL
    return duckdb.connect().sql("SELECT *, hash(member, office) AS mark FROM given")


def of_spark(rows):
    sql = pytest.importorskip("pyspark.sql", reason="PySpark is not installed: uv pip install pyspark, with Java")
    if not shutil.which("java"):
        pytest.skip("there is no Java, in which Spark runs")
    session = sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    return session.createDataFrame(rows, ", ".join(f"{name} string" for name in ("member", "office", *COLUMNS)))


ENGINES = {"pandas": of_pandas, "pyarrow": of_arrow, "duckdb": of_duckdb, "spark": of_spark}


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_counts_alike(engine):
    found = offices.count_offices(ENGINES[engine](ROWS), COLUMNS)
    assert found["KEN"] == EXPECTED
    assert found["TZA"].least == found["TZA"].most == {"open": 1} | dict.fromkeys(COLUMNS[1:], 0)


def test_a_mark_that_two_offices_share_makes_no_office_of_them():
    rows = of_pandas(ROWS).assign(same=1)
    assert offices.count_offices(rows, COLUMNS, ("same",))["KEN"] == EXPECTED


def test_yes_and_no_of_other_types_are_read():
    table = pd.DataFrame(
        {"member": "KEN", "office": [1, 2, 3], "open": [True, True, False], "electricity": [1.0, 0.0, 1]}
    )
    found = offices.count_offices(table, ("open", "electricity"))["KEN"]
    assert (found.least, found.most) == ({"open": 2, "electricity": 1}, {"open": 2, "electricity": 1})


def put(raw, text: str | bytes, name: str = "ken.csv", day: date = DAY) -> str:
    """Add a list of offices as `papu add` does; return its name in the quarter's folder."""
    path = raw.root / "outside" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return add.add_file(path, Q, day)[0]


def text_of(*rows: str) -> str:
    return HEAD + "".join(f"{row}\n" for row in rows)


def parquet_of(tmp_path: Path, table: pd.DataFrame) -> bytes:
    parquet.write_table(arrow.Table.from_pandas(table, preserve_index=False), tmp_path / "made.parquet")
    return (tmp_path / "made.parquet").read_bytes()


def checked(as_of: date = AS_OF):
    return pipeline.check_as_of(pipeline.read_raw_data(Q), as_of)


def issues_of(found, rule: str) -> list[tuple[str, str, str]]:
    return [(issue.key, issue.question, issue.observed) for issue in found.issues if issue.rule.startswith(rule)]


LIST = text_of(*(f"KEN,A{n},yes,{'yes' if n < 8 else 'no'},no,yes," for n in range(300)))
KEN = {"member": "KEN", "quarter": Q, "staff_total": 2000, "submitted_on": "2024-10-10"}


def test_the_engine_reads_the_file_and_no_other(tmp_path):
    for name in ("list*.csv", "list.csv"):
        (tmp_path / name).write_text(text_of("KEN,A1,yes,,,,"), encoding="utf-8")
    with offices.open_list(tmp_path / "list*.csv", "150MB") as (connection, _):
        assert connection.sql("SELECT count(*) FROM offices").fetchall() == [(1,)]
        for other in (tmp_path / "list.csv", "/etc/hostname", "https://example.org/list.csv"):
            with pytest.raises(duckdb.Error):
                connection.sql(f"SELECT * FROM read_csv('{other}')").fetchall()


@pytest.mark.parametrize("name", ["ken.csv", "a [b]*?.csv"])
def test_totals_that_the_return_leaves_blank_are_taken_from_the_list(raw, name):
    listed = put(raw, LIST, name)
    assert listed == f"offices/{name}" and (raw.folder(Q) / listed).stat().st_mode & 0o777 == 0o440
    raw.write_plain(Q, [KEN | {"offices_connected": 300}], received_on="2024-10-10")
    found = checked()
    (one,) = found.returns
    assert [one.number(q) for q in ("offices_total", "offices_electrified", "offices_connected")] == [300, 8, 300]
    assert one.number("offices_networked") is None  # not 0: the list does not say
    assert (
        one.place.of("offices_total").source_file == listed and one.place.of("staff_total").source_file == "mail.xlsx"
    )
    assert issues_of(found, "V24") == [("V24.unknown", "offices_networked", "0-300")]
    taken = {question for key, question, _ in issues_of(found, "OFFICES") if key == "OFFICES_TAKEN"}
    assert taken == {"offices_total", "offices_electrified", "offices_alternative_power"}


def test_a_total_taken_from_a_list_is_checked_like_any(raw):
    put(raw, text_of("KEN,A1,yes,yes,no,yes,yes"))
    raw.write_plain(Q, [KEN], received_on="2024-10-10")
    assert ("V05", "offices_total", "1") in issues_of(checked(), "V05")


def test_where_both_have_a_total_the_return_stands_and_a_difference_is_asked_about(raw):
    put(raw, LIST)
    raw.write_plain(Q, [KEN | {"offices_total": 300, "offices_connected": 299}], received_on="2024-10-10")
    found = checked()
    assert issues_of(found, "V24")[-1] == ("V24.differs", "offices_connected", "299")
    (one,) = found.returns
    answer = one.answers["offices_connected"]
    assert (answer.value, answer.state) == ("299", "U")
    assert "ken.csv counts 300 (open = yes AND internet = yes)" in found.issues[-1].message_en
    raw.write_register("confirmations", f"{Q},KEN,offices_connected,299,2024-10-20,,2024-10-20")
    assert [issue.is_confirmed for issue in checked().issues if issue.key == "V24.differs"] == [True]


def test_a_list_is_known_from_the_day_that_it_came(raw):
    put(raw, LIST, day=date(2024, 11, 20))
    raw.write_plain(Q, [KEN], received_on="2024-10-10")
    assert checked().returns[0].number("offices_total") is None
    assert checked(date(2024, 11, 20)).returns[0].number("offices_total") == 300


def test_a_list_is_no_return(raw):
    put(raw, LIST)
    found = checked()
    assert found.returns == () and ("V24.no_return", "", "") in issues_of(found, "V24")


def test_the_last_list_counts_and_two_of_one_day_that_differ_do_not(raw):
    put(raw, LIST, "a.csv", date(2024, 10, 5))
    put(raw, text_of(*(f"KEN,A{n},yes,no,no,no,no" for n in range(310))), "b.csv")
    raw.write_plain(Q, [KEN], received_on="2024-10-10")
    found = checked()
    assert found.returns[0].number("offices_total") == 310
    assert [issue.source_file for issue in found.issues if issue.key == "OFFICES_SUPERSEDED"] == ["offices/a.csv"]
    put(raw, text_of(*(f"KEN,A{n},yes,no,no,no,no" for n in range(320))), "c.csv")
    found = checked()
    assert found.returns[0].number("offices_total") is None
    conflict = [issue.source_file for issue in found.issues if issue.key == "V24.conflict"]
    assert conflict == ["offices/b.csv", "offices/c.csv"]
    raw.write_register("withdrawals", f"{Q},offices/c.csv,,2024-10-20,")
    assert checked().returns[0].number("offices_total") == 310


def test_what_a_list_does_not_count_is_told(raw):
    rows = [f"KEN,A{n},yes,no,no,no,no" for n in range(300)]
    put(
        raw,
        text_of(
            *rows,
            rows[0],
            "KEN,A1,yes,yes,no,no,no",
            "KEN,,yes,no,no,no,no",
            "KEN,B,yes,so,no,no,no",
            "TZA,A1,1,1,1,1,1",
        ),
    )
    raw.write_plain(Q, [KEN], received_on="2024-10-10")
    found = issues_of(checked(), "V24")
    assert [(key, seen) for key, _, seen in found if seen and key != "V24.unknown"] == [
        ("V24.repeated", "2"), ("V24.contradicted", "1"), ("V24.unnamed", "1"), ("V24.unreadable", "1"),
        ("V24.others", "TZA: 1"),
    ]  # fmt: skip
    assert ("V24.unknown", "offices_total", "300-302") in found  # 299 that agree, B; A1 and the one without a name


def test_a_column_that_the_list_does_not_have_is_no_total(raw):
    put(raw, "office;member;open\n" + "".join(f"{n};KEN;oui\n" for n in range(300)))
    raw.write_plain(Q, [KEN], received_on="2024-10-10")
    found = checked()
    assert found.returns[0].number("offices_total") == 300 and found.returns[0].number("offices_connected") is None
    assert [key for key, *_ in issues_of(found, "V24")] == ["V24.columns"]


@pytest.mark.parametrize(
    "text",
    [
        "Member;Office;OPEN\nKEN;A1;yes\nKEN;A2;no\n", "member\toffice\topen\nKEN\tA1\tyes\nKEN\tA2\tno\n",
        "\ufeffmember,office,open\r\nKEN,A1,yes\r\n\r\nKEN,A2,no\r\n",
        "sep=;\r\nopen;office;member;town\r\nyes;A1;KEN;x\r\nno;A2;KEN;y\r\n",
        "member,office,open\nKEN,A1 ,yes\nken, A1,yes\n KEN,A2\u00a0,no\nKEN,A2,no\n",
    ],
)  # fmt: skip
def test_a_list_is_read_however_a_spreadsheet_wrote_it(raw, text):
    assert put(raw, text) == "offices/ken.csv"
    (found,) = pipeline.read_raw_data(Q).received.offices
    assert (found.member, found.counts.offices, found.counts.least["open"]) == ("KEN", 2, 1)


@pytest.mark.parametrize(
    "rows",
    [
        [("KEN", "A1 "), ("KEN", "A1")],
        [("KEN", "A1"), ("KEN", "\tA1")],
        [("KEN", "A1\u00a0"), ("KEN", "A1")],
        [("KEN", "A1"), (" ken", "A1")],
        [("KEN", "A1")] * 2,
    ],
)
def test_codes_of_parquet_are_tidied_too(raw, tmp_path, rows):
    table = pd.DataFrame([(*row, True) for row in rows], columns=["member", "office", "open"])
    put(raw, parquet_of(tmp_path, table), "ken.parquet")
    (found,) = pipeline.read_raw_data(Q).received.offices
    assert (found.member, found.counts.offices, found.counts.repeated) == ("KEN", 1, 1)


def test_a_list_copied_beside_the_returns_is_read_too(raw):
    raw.add(Q, "our offices.csv", LIST.encode(), "2024-10-12")
    raw.write_plain(Q, [KEN], received_on="2024-10-10")
    assert checked().returns[0].number("offices_total") == 300


@pytest.mark.parametrize("line", ["KEN,A2,yes\n", "KEN,Bureau \xe0 F,yes,,,,\n"])
def test_a_list_that_is_refused_is_told_to_the_member_that_it_names(raw, line):
    put(raw, (HEAD + "KEN,A1,yes,,,,\n" + line).encode("cp1252"))
    (refused,) = [issue for issue in checked().issues if issue.rule == "V20"]
    assert (refused.member, refused.severity, refused.source_file) == ("KEN", "refused", "offices/ken.csv")


HOSTILE = {
    "offices_encoding": (HEAD + "KEN,A1,yes,é,,,\n").encode("cp1252"),
    "offices_row": (HEAD + "KEN,A1,yes\n").encode(),
    "offices_row ": (HEAD + 'KEN,"A1,yes,,,,\n').encode(),
    "offices_columns": b"member,office,opened\nKEN,A1,yes\n",
    "offices_twice": b"member,office,open,Open\nKEN,A1,yes,no\n",
    "offices_member": text_of("KEN,A1,1,,,,", "TZA,A1,1,,,,").encode(),
    "offices_empty": HEAD.encode(),
    "damaged": b"PAR1" + bytes(range(256)) * 9 + b"PAR1",
    "empty": b"",
}


def read_refused(raw, name: str, content: bytes) -> list[str]:
    path = raw.folder(Q) / "offices" / name
    path.parent.mkdir()
    path.write_bytes(content)
    (raw.folder(Q) / "MANIFEST.csv").write_text(
        f"file,sha256,received_on,channel,note\noffices/{name},,2024-10-12,mail,\n", encoding="utf-8"
    )
    found = checked()
    assert [one.key for one in found.returns] == [(Q, "KEN")]  # the others are read
    return [issue.key for issue in found.issues if issue.rule == "V20"]


@pytest.mark.parametrize("reason", HOSTILE)
def test_a_file_that_is_no_list_is_refused_and_stops_none(raw, reason):
    raw.write_plain(Q, [KEN], received_on="2024-10-10", name="mail.xlsx")
    (raw.folder(Q) / "MANIFEST.csv").unlink()
    assert read_refused(raw, "list.csv", HOSTILE[reason]) == [f"V20.{reason.strip()}"]


def test_parquet_is_read_by_its_content_and_refused_for_what_is_no_text_or_number(raw, tmp_path):
    good = pd.DataFrame({"member": "KEN", "office": range(300), "open": True, "internet": 1})
    assert put(raw, parquet_of(tmp_path, good), "ken") == "offices/ken"
    raw.write_plain(Q, [KEN], received_on="2024-10-10")
    assert checked().returns[0].number("offices_connected") == 300
    bad = parquet_of(tmp_path, good.assign(open=[["yes"]] * 300))
    with pytest.raises(Unreadable, match="offices_type"):
        (tmp_path / "bad").write_bytes(bad)
        offices.read_list(tmp_path / "bad", ReceivedFile(Q, "offices/bad", "", 1, "mail", DAY), read_plan())


@pytest.mark.parametrize(
    ("limit", "reason"), [("MAX_LIST_ROWS", "offices_large"), ("_MOST_PATTERNS", "offices_values")]
)
def test_a_list_beyond_a_limit_is_refused(raw, tmp_path, monkeypatch, limit, reason):
    path = tmp_path / "list.csv"
    path.write_text(text_of("KEN,A1,yes,,,,", "KEN,A2,no,,,,", "KEN,A2,no,,,,"), encoding="utf-8")
    monkeypatch.setattr(offices, limit, 1)
    with pytest.raises(Unreadable, match=reason):
        offices.read_list(path, ReceivedFile(Q, "offices/list.csv", "", 1, "mail", DAY), read_plan())


def test_a_list_that_does_not_fit_into_the_memory_is_tried_with_more_then_refused(tmp_path, monkeypatch):
    path = tmp_path / "list.csv"
    path.write_text(text_of(*(f"KEN,{'x' * 90}{n},yes,no,no,no,no" for n in range(60_000))), encoding="utf-8")
    file = ReceivedFile(Q, "offices/list.csv", "", 1, "mail", DAY)
    monkeypatch.setattr(offices, "MEMORY", ("1MB", "200MB"))
    assert offices.read_list(path, file, read_plan()).counts.offices == 60_000
    monkeypatch.setattr(offices, "MEMORY", ("1MB",))
    with pytest.raises(Unreadable, match="offices_memory"):
        offices.read_list(path, file, read_plan())


def test_a_list_that_changes_while_it_is_copied_is_not_added(raw, monkeypatch):
    path = raw.root / "ken.csv"
    path.write_text(LIST, encoding="utf-8")
    real = add._parts

    def changed(*given):
        path.write_text(LIST + "KEN,Z,yes,,,,\n", encoding="utf-8")
        yield from real(*given)

    monkeypatch.setattr(add, "_parts", changed)
    with pytest.raises(add.NotAdded, match="changed"):
        add.add_file(path, Q, DAY)
    assert list((raw.folder(Q) / "offices").iterdir()) == []


def own_plan(raw, source: Path, old: str = "", new: str = "") -> None:
    shutil.copytree(source, raw.root / "data" / "raw" / "plan")
    path = raw.root / "data" / "raw" / "plan" / "plan.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new) if old else text + new, encoding="utf-8")


def without_lists(text: str) -> str:
    return text[text.index("[offices]") : text.index("[repeat]")]


def test_a_plan_without_the_section_takes_no_list(raw, tmp_path):
    own_plan(raw, PLAN, without_lists((PLAN / "plan.toml").read_text(encoding="utf-8")))
    assert put(raw, LIST) == "ken.csv"
    assert [issue.key for issue in checked().issues if issue.rule == "V20"] == ["V20.header"]
    (raw.folder(Q) / "offices").mkdir()
    assert "FOLDER" in {issue.key for issue in checked().issues}
    put(raw, parquet_of(tmp_path, of_pandas(ROWS)), "ken.parquet")
    assert "V20.type" in {issue.key for issue in checked().issues}


@pytest.mark.parametrize(("old", "new", "said"), [
    ('open = "offices_total"', 'shut = "offices_total"', "[offices] has no open"),
    ('internet = "offices_connected"', 'internet = "offices_total"', "counts two columns for one question"),
    ('internet = "offices_connected"', 'office = "offices_connected"', "office cannot be a column"),
    ('internet = "offices_connected"', 'internet = "offices_online"', "offices_online is no question of the form"),
    ('internet = "offices_connected"', 'internet = "cloud_use"', "cloud_use is of type select_one"),
])  # fmt: skip
def test_a_section_that_cannot_be_meant_is_told(raw, old, new, said):
    own_plan(raw, PLAN, old, new)
    with pytest.raises(checks.PlanError) as refused:
        checks.check_plan()
    assert said in str(refused.value)


def test_another_plan_counts_what_it_names(raw):
    own_plan(
        raw,
        Path(__file__).parents[1] / "second" / "plan",
        "[repeat]\n",
        '[offices]\nopen = "berths_all"\nlamp = "berths_lit"\n\n[repeat]\n',
    )
    path = raw.root / "berths.csv"
    path.write_text("member,office,open,lamp\nXAA,1,yes,yes\nXAA,2,yes,no\n", encoding="utf-8")
    found = offices.read_list(path, ReceivedFile("2025Q1", "offices/a", "", 1, "mail", DAY), read_plan())
    assert (found.member, found.counts.least) == ("XAA", {"open": 2, "lamp": 1})


def test_papu_add_says_what_a_list_holds(raw):
    path = raw.root / "ken.csv"
    path.write_text(LIST, encoding="utf-8")
    result = CliRunner().invoke(
        main, ["add", str(path), "--quarter", Q, "--received-on", "2024-10-12", "--language", "en"]
    )
    assert result.exit_code == 0, result.output
    assert "data/raw/2024Q3/offices/ken.csv: added" in result.output
    assert "a list of offices: 300 rows, 300 offices; open: 300 yes" in result.output
    again = CliRunner().invoke(main, ["add", str(path), "--quarter", Q, "--language", "en"])
    assert "these bytes are there already" in again.output


def test_papu_add_says_of_a_list_what_it_makes_of_a_return_that_is_there(raw):
    raw.write_plain(Q, [KEN | {"offices_total": 301}], name="mail.xlsx", received_on="2024-10-10")
    (raw.root / "ken.csv").write_text(LIST, encoding="utf-8")
    words = ["add", str(raw.root / "ken.csv"), "--quarter", Q, "--received-on", "2024-10-12", "--language", "en"]
    said = CliRunner().invoke(main, words).output
    assert "Kenya (KEN) - mail.xlsx: received on time; offices/ken.csv: list of offices read" in said
    assert "offices_total is 301, the list of offices offices/ken.csv counts 300" in said
    assert "No return" not in said and "Returns read" not in said


def test_the_rows_of_an_explanation_are_those_that_count_as_a_spreadsheet_numbers_them(raw, tmp_path):
    rows = [
        "KEN,A1,yes,,,yes,", "", "KEN,A1,oui,,,1,", 'KEN,"A\n2",yes,,,yes,', "KEN,A3,yes,,,yes,", "KEN,A3,yes,,,no,",
        "TZA,A4,yes,,,yes,", "ken, A5 ,yes,,,yes,", "KEN,A6,,,,yes,", "KEN,A7,,,,no,", "KEN,,yes,,,yes,",
    ]  # fmt: skip
    path = tmp_path / "ken.csv"
    path.write_text(text_of(*rows), encoding="utf-8")
    found = offices.list_rows(path, "KEN", "internet", False, 9)
    assert found == [(2, "A1"), (5, "A\n2"), (9, "A5")]
    assert offices.list_rows(path, "KEN", "internet", False, 2) == found[:2]
    # Its rows differ; whether it is open is not known; which one it is is not known.
    assert offices.list_rows(path, "KEN", "internet", True, 9) == [(6, "A3"), (10, "A6"), (12, "")]
    assert offices.list_rows(path, "TZA", "internet", True, 9) == []
    counts = offices.read_list(path, ReceivedFile(Q, "ken.csv", "0" * 64, 1, "mail", DAY), read_plan()).counts
    assert (counts.least["internet"], counts.most["internet"]) == (3, 6)  # as many rows as are listed
    table = pd.DataFrame([row.split(",") for row in rows if row], columns=["member", "office", *COLUMNS])
    (tmp_path / "ken.parquet").write_bytes(parquet_of(tmp_path, table))
    numbered = offices.list_rows(tmp_path / "ken.parquet", "KEN", "internet", False, 9)
    assert [number for number, _ in numbered] == [1, 3, 7]


def test_what_keeps_a_total_from_being_taken_is_in_its_explanation(raw):
    put(raw, text_of("KEN,A1,yes,,,yes,", "KEN,A2,,,,yes,", "KEN,A3,yes,,,yes,", "KEN,A3,no,,,yes,"))
    raw.write_plain(Q, [KEN], received_on="2024-10-10")
    told = "\n".join(format_explanation(narrow_to_member(explain("2.1.a", Q), "KEN"), Translator("en")))
    plain = " ".join(told.split())
    assert "offices_total is between 1 and 3, so that no total is taken; offices of which it is not known: 2" in plain
    assert "offices listed several times, differently: 1" in plain


def test_a_list_that_disagrees_is_explained_to_its_rows(raw):
    put(raw, LIST + "KEN,B1,yes,yes,no,,yes\n")
    raw.write_plain(Q, [KEN | {"offices_total": 301, "offices_connected": 250}], received_on="2024-10-10")
    told = "\n".join(format_explanation(narrow_to_member(explain("2.1.a", Q), "KEN"), Translator("en")))
    plain = " ".join(told.split())
    assert "offices_connected is 250, the list of offices offices/ken.csv counts 300-301" in plain
    assert "a list of offices: 301 rows, 301 offices; open: 301 yes; electricity: 9 yes, 292 no;" in plain
    assert (
        "offices/ken.csv, rows with open = yes AND internet = yes: 2 (A0), 3 (A1), 4 (A2), 5 (A3), 6 (A4), …" in plain
    )
    assert "rows in which internet is not known: 302 (B1)" in plain


def test_an_edition_rests_on_its_lists(raw, tmp_path):
    put(raw, LIST)
    raw.write_plain(Q, [KEN], received_on="2024-10-10")
    inputs = pipeline.list_current_files(Q, AS_OF.isoformat())
    listed = inputs[f"{Q}/offices/ken.csv"]
    assert f"{Q}/MANIFEST.csv" in inputs
    with snapshot.take_snapshot(Q, tmp_path) as folders:
        assert (paths.returns(Q) / "offices" / "ken.csv").read_text(encoding="utf-8") == LIST
        table = pd.DataFrame({"file": [f"{Q}/offices/ken.csv"]})
        snapshot.check_unchanged(table, folders)
        verify._unlist(Q, "offices/ken.csv")
        assert "ken.csv" not in (paths.returns(Q) / "MANIFEST.csv").read_text(encoding="utf-8")
        (raw.folder(Q) / "offices" / "ken.csv").unlink()
        with pytest.raises(Exception, match=r"offices/ken\.csv changed during the run"):
            snapshot.check_unchanged(table, folders)
    assert f"{Q}/offices/ken.csv" not in pipeline.list_current_files(Q, AS_OF.isoformat())
    assert [issue.key for issue in checked().issues if issue.source_file == "offices/ken.csv"] == ["V20.missing"]
    assert listed.sha256 == hashlib.sha256(LIST.encode()).hexdigest()


@pytest.mark.parametrize("command", [["--help"], ["status"]])
def test_no_engine_is_loaded_where_there_is_no_list(raw, command):
    engines = "print([name for name in ('duckdb', 'narwhals') if name in sys.modules])"
    code = f"import sys; from helpers.cli import main; main({command!r}, standalone_mode=False); {engines}"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.stdout.splitlines()[-1] == "[]", result.stderr
