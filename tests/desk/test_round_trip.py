"""The questionnaire sent out, filled in by every member and read back: the same answers, cell for cell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache

import pytest
from pyxform.xls2xform import convert

from commands import papu
from filled import Filled, answer_as_before, as_submitted
from helpers import desk, paths
from helpers.ingest import confirmed, read_returns
from helpers.ingest.issues import NOTE
from helpers.plan import checks, read_plan
from helpers.tables import pipeline
from instances import WrittenForm, export_central, export_kobo
from mailed import fill

Q, BEFORE, DAY = "2024Q4", "2024Q3", date(2025, 1, 10)


@pytest.fixture(scope="module")
def filled() -> Mapping[str, Filled]:
    """Return what each member answers."""
    return answer_as_before(Q)


@pytest.fixture(scope="module")
def few(filled) -> Mapping[str, Filled]:
    """Return what four members answer: one for each language, with the most items."""
    by_language = defaultdict(list)
    for code, own in filled.items():
        by_language[own.answers["form_language"]].append(code)
    found = [max(codes, key=lambda code: len(filled[code].items)) for codes in by_language.values()]
    assert len(found) == 4
    return {code: filled[code] for code in found}


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Callable[[bool], WrittenForm]:
    """Return what gives the form that is sent, with the last answers or without."""

    @cache
    def write(again: bool) -> str:
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("PAPU_ROOT", raising=False)
            plan, form = checks.check_plan()
            previous = desk.read_previous(Q, DAY) if again else {}
            made = desk.write_xlsform(tmp_path_factory.mktemp("form"), plan, form, Q, previous, DAY)
            return convert(str(made.files[0]), validate=False).xform

    return lambda again: WrittenForm(write(again))


@pytest.mark.parametrize("export, suffix", [(export_kobo, "xlsx"), (export_central, "csv.zip")])
@pytest.mark.parametrize("again", [False, True], ids=["first", "with last answers"])
def test_what_is_sent_is_what_is_read(filled, written, raw, export, suffix, again):
    client = written(again)
    sent = [client.submit(*as_submitted(own)) for own in filled.values()]
    raw.add(Q, f"export.{suffix}", export(client, sent), "2025-01-13", channel="kobo")
    assert_read(filled, read_returns([Q]))


@pytest.mark.parametrize("members", ["few", pytest.param("filled", marks=pytest.mark.slow)])
@pytest.mark.parametrize("separator", ["/", "-", "__", "_", "x", " > "])
@pytest.mark.parametrize("language", ["", "fr", "ar"])
def test_however_groups_are_joined_the_same_is_read(request, written, raw, language, separator, members):
    client, answered = written(True), request.getfixturevalue(members)
    last = {f"last_{name}": "7" for name in raw.form.numbers}
    sent = []
    for own in answered.values():
        answers, items = as_submitted(own)
        sent.append(client.submit(answers | last, items))
    raw.add(Q, "export.xlsx", export_kobo(client, sent, language, separator=separator), "2025-01-13", channel="kobo")
    assert_read(answered, read_returns([Q]))


@pytest.mark.parametrize("language", ["", "fr", "en", "pt", "ar"])
def test_what_is_ticked_as_right_is_confirmed(written, raw, language):
    client = written(True)
    said = {"member": "TUN", "quarter": Q, "pick_form_language": "fr", "form_language": "fr", "offices_total": "1200"}
    ticked = {"confirm_offices_total": "yes", "confirm_before": "2024Q3.trained_cumulative.3226"}
    sent = [client.submit(said | ticked), client.submit(said | {"member": "KEN"})]
    raw.add(Q, "export.xlsx", export_kobo(client, sent, language), "2025-01-13", channel="kobo")
    received = read_returns([Q])
    assert [issue.message_en for issue in received.issues if issue.severity != NOTE] == []
    assert [tuple(vars(each).values()) for each in confirmed.list_confirmed(received)] == [
        ("2024Q3", "TUN", "trained_cumulative", 3226), (Q, "TUN", "offices_total", 1200),
    ]  # fmt: skip


@pytest.mark.slow
def test_the_whole_round_by_both_channels_ends_in_an_edition(filled, raw, tmp_path):
    """Generate, fill in for 45 members in four languages, read, the same answers cell for cell, an edition."""
    done = papu("questionnaire", Q, "--out", str(tmp_path), "--today", "2024-12-20")
    assert done.returncode == 0, done.stderr
    _, form = checks.check_plan()
    client = WrittenForm(convert(str(tmp_path / "questionnaire.xlsx"), validate=False).xform)
    online, by_mail = list(filled)[::2], list(filled)[1::2]
    export = tmp_path / "KoboToolbox - all versions - False - 2025-01-20-09-00-00.xlsx"
    export.write_bytes(export_kobo(client, [client.submit(*as_submitted(filled[code])) for code in online]))
    for code in by_mail:
        own = filled[code]
        said = {name: text for name, text in own.answers.items() if name not in ("member", "quarter", "form_language")}
        language = next(member.language for member in read_plan().members_in(Q) if member.member == code)
        items = [dict.fromkeys((each.name for each in form.fields), "") | item for item in own.items]
        fill(tmp_path / "mail" / f"{code}.xlsx", form, language, said, items)
    files = [str(tmp_path / "mail" / f"{code}.xlsx") for code in by_mail]
    how = ("--quarter", Q, "--received-on", "2025-01-21", "--language", "en")
    added = [papu("add", str(export), *how, "--channel", "kobo"), papu("add", *files, *how)]
    assert [each.returncode for each in added] == [0, 0], [each.stdout for each in added]
    assert_read(filled, read_returns([Q]))
    made = papu("run", Q, "--language", "fr", "--only")
    assert made.returncode == 0, made.stderr
    tables = pipeline.load_tables(Q, "2025-02-14")
    assert set(tables.returns.loc[tables.returns["counts"], "member"]) == filled.keys()
    assert (paths.reports(Q, "2025-02-14") / "report_fr.pdf").stat().st_size > 100_000


def assert_read(filled, received) -> None:
    """Hold what was read against what was said, without a warning."""
    assert [issue.message_en for issue in received.issues if issue.severity != NOTE] == []
    read = {each.member: each for each in received.returns}
    assert read.keys() == filled.keys()
    for code, own in filled.items():
        answers = {name: answer.value for name, answer in read[code].answers.items() if answer.value}
        assert answers == {name: value for name, value in own.answers.items() if name not in ("member", "quarter")}
        items = [
            {name: answer.value for name, answer in item.answers.items() if answer.value}
            for item in read[code].items or ()
        ]  # fmt: skip
        assert items == own.items
