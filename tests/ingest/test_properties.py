"""What must hold for any returns and any bytes: nothing legal is lost in any variant, nothing hostile falls over."""

from __future__ import annotations

import os
import shutil
from datetime import date

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from conftest import PLAN
from exports import VARIANTS, Said
from helpers.ingest import rules
from helpers.ingest.cells import read_answer
from helpers.ingest.quarter import read_quarter
from helpers.ingest.registers import read_registers
from helpers.plan.plan import read_plan
from helpers.plan.questionnaire import NONE_CODE, NOT_AVAILABLE, UNANSWERED, Question, read_form
from helpers.tables import schema
from present import HAS_ITEMS, PERSONAL, REPEAT

pytestmark = pytest.mark.slow

Q = "2024Q3"
FORM, MEMBERS = read_form(PLAN / "questionnaire"), [member.member for member in read_plan(PLAN).members]
QUICK = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
# Any writing, with what tools and spreadsheets stumble over; no control characters, which no workbook can hold.
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cn", "Co"]) | st.sampled_from(list("\n;,\"'=|\t-+@")),
    min_size=1, max_size=40,
)  # fmt: skip


def answers_to(question: Question) -> st.SearchStrategy:
    """Return legal answers to a question, blank ones included."""
    if question.type == "integer":
        said = st.integers(0, 10**9) | st.sampled_from(["NA", "ND", "0"])
    elif question.type == "date":
        said = st.dates(date(1990, 1, 1), date(2030, 12, 31)).map(str)
    elif question.type == "text":
        said = TEXTS
    elif question.type == "select_one":
        said = st.sampled_from(question.choices)
    else:
        codes = [code for code in question.choices if code != NONE_CODE]
        some = st.lists(st.sampled_from(codes), min_size=1, unique=True)
        said = st.just(NONE_CODE) | some.map(lambda chosen: " ".join(c for c in question.choices if c in chosen))
    return st.none() | said


@st.composite
def returns(draw: st.DrawFn) -> list[Said]:
    """Draw what some members say for a quarter, each once."""
    members = draw(st.lists(st.sampled_from(MEMBERS), min_size=1, max_size=3, unique=True))
    asked = [q for q in FORM.questions if q.name not in ("member", "quarter", HAS_ITEMS, *PERSONAL)]
    said = []
    for member in members:
        some = draw(st.lists(st.sampled_from(asked), min_size=1, max_size=25, unique=True))
        fields = st.fixed_dictionaries({field.name: answers_to(field) for field in FORM.fields if field.name != "kind"})
        items = draw(st.lists(fields, max_size=2))
        kinds = draw(st.lists(st.sampled_from(FORM.fields[0].choices), min_size=2, max_size=2))
        answers = {question.name: draw(answers_to(question)) for question in some}
        sent = draw(st.dates(date(2024, 7, 2), date(2024, 11, 1))).isoformat()
        key = {"member": member, "quarter": Q, "submitted_on": sent, "offices_total": draw(st.integers(1, 10**6))}
        rows = [item | {"kind": kind} for item, kind in zip(items, kinds, strict=False)]
        said.append({**answers, **key, REPEAT: rows})
    return said


def expected(said: Said) -> dict[str, tuple[str, str]]:
    """Return the value and state of each answer, by the reading of single cells alone."""
    read = {q.name: read_answer(q, said.get(q.name)) for q in FORM.questions if q.name not in ("member", "quarter")}
    found = {name: (answer.value, answer.state) for name, answer in read.items() if name not in PERSONAL}
    for ticks in [name for name in found if name.startswith("nd_")]:
        for name in read[ticks].value.split():
            if name != NONE_CODE and not read[name].raw:
                found[name] = ("", NOT_AVAILABLE)
    return found


@QUICK
@given(said=returns(), name=st.sampled_from(sorted(VARIANTS)))
@example(  # its second page is left blank but for the figures of the quarter before
    said=[{"member": "DZA", "quarter": Q, "submitted_on": "2024-07-02", "offices_total": 1, REPEAT: []}],
    name="mailed-on-two-pages",
)
def test_any_legal_answers_read_back_the_same_from_any_variant(raw, said, name):
    shutil.rmtree(raw.folder(Q))
    raw.add(Q, f"returns{VARIANTS[name].suffix}", VARIANTS[name].write(FORM, said))
    received = read_quarter(Q)
    assert [found.message_en for found in received.issues if found.severity != "note"] == []
    found = {one.member: one for one in received.returns}
    assert set(found) == {each["member"] for each in said} and len(received.returns) == len(said)
    for each in said:
        one = found[each["member"]]
        # Whether there are innovations is not said, and a variant without its column or row has no answer to it.
        stated = one.answers.get(HAS_ITEMS, UNANSWERED)
        read = {HAS_ITEMS: stated, **one.answers}
        assert {n: (answer.value, answer.state) for n, answer in read.items()} == expected(each)
        assert one.received_on == date.fromisoformat(str(each["submitted_on"]))
        if VARIANTS[name].has_items:
            wanted = [{f.name: read_answer(f, item.get(f.name)).value for f in FORM.fields} for item in each[REPEAT]]
            assert [{n: a.value for n, a in item.answers.items()} for item in one.items] == wanted
        else:
            assert one.items is None


STARTS = [
    b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{", b"[{", b'{"value": [', b"<", b"\xff\xfe", b"sep=;\n",
    b"member,quarter\n", b"member;quarter\nSEN;2024Q3\n", b'member,quarter\n"SEN', b"\xef\xbb\xbfmember\tquarter\r",
]  # fmt: skip


@QUICK
@given(files=st.lists(st.tuples(st.sampled_from(STARTS), st.binary(max_size=400)), min_size=1, max_size=4))
@example(files=[(b'{"value": ', b"[" * 100_000)])
@example(files=[(b"member,quarter\n", b"SEN,2024Q3," * 5_000)])
def test_any_bytes_whatever_give_issues_and_no_exception(raw, plan, form, files):
    shutil.rmtree(raw.folder(Q))
    names = ["a.xlsx", "b.csv", "c.zip", "d.json"]
    for name, (start, rest) in zip(names, files, strict=False):
        raw.add(Q, name, start + rest, "2024-10-10")
    checked = rules.check_received(read_quarter(Q), read_registers(), plan, form, date(2024, 11, 14))
    written = schema.tabulate_ingested(checked, form)
    listed = set(written["issues"]["source_file"]) | set(written["returns"].get("source_file", []))
    assert listed >= set(names[: len(files)])


@QUICK
@given(data=st.data(), name=st.sampled_from(sorted(VARIANTS)))
def test_a_damaged_file_of_any_variant_gives_issues_and_no_exception(raw, plan, form, data, name):
    shutil.rmtree(raw.folder(Q))
    said = [{"member": "SEN", "quarter": Q, "submitted_on": "2024-10-10", "offices_total": 130, REPEAT: []}]
    content = bytearray(VARIANTS[name].write(FORM, said))
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=6)):
        content[place] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(1, len(content)) | st.just(len(content)))]
    raw.add(Q, f"returns{VARIANTS[name].suffix}", bytes(content), "2024-10-10")
    received = read_quarter(Q)
    rules.check_received(received, read_registers(), plan, form, date(2024, 11, 14))
    assert received.returns or received.issues


@pytest.mark.parametrize("name", [b"caf\xe9.csv", "été\n2.csv".encode(), b"a'b\".csv", "ردود.csv".encode()])
def test_a_file_of_any_name_is_read(raw, name):
    path = raw.folder(Q) / os.fsdecode(name)
    path.write_bytes(b"member,quarter,offices_total,submitted_on\nSEN,2024Q3,130,2024-10-10\n")
    os.utime(path, (1.7e9, 1.7e9))
    (one,) = read_quarter(Q).returns
    one.file.name.encode("utf-8")
    assert one.answers["offices_total"].value == "130"
