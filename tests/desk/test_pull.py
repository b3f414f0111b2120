"""papu pull: what the servers are asked, what is new is added once, and no fault of a server gets anything through."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

import served as servers
from exports import Said, kobo, kobo_tables, odk_tables, odk_zip, text, workbook
from helpers import cli, paths
from helpers.desk import pull
from helpers.desk.pull import exports as fetched
from helpers.desk.pull.fetch import FetchLimits, NotFetched
from helpers.ingest import quarter as quarter_files
from helpers.ingest import received, registers, rules
from helpers.plan import quarters
from helpers.runs import schedule
from present import REPEAT
from received import RETURNS
from served import ASSET, FULL, PASSWORD, SESSION, TOKEN, Answer, Served, as_json, as_kobo, as_odk, settings_of

Q = "2024Q3"
NOW = datetime(2024, 10, 20, 22, 30, 5, tzinfo=UTC)
FAST = FetchLimits(answer=5, total=10, first_wait=0.01, longest_wait=0.02)
SECRETS = (TOKEN, PASSWORD, SESSION)
EXPORTS = {"kobo": kobo(as_text=True).write, "odk": odk_zip().write}
SPEAKERS = {"kobo": as_kobo, "odk": as_odk}
PATHS = {"kobo": "/media/export.xlsx", "odk": servers.ZIP_PATH}


@pytest.fixture
def server(monkeypatch) -> Iterator[Served]:
    for name in [name for name in os.environ if name.startswith(("PAPU_KOBO", "PAPU_ODK", "PAPU_COLLECT"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("no_proxy", "*")
    with servers.serve() as one:
        yield one


@pytest.fixture(params=["kobo", "odk"])
def tool(request, server, monkeypatch) -> str:
    """One of the tools, set in the environment."""
    for name, value in settings_of(server, request.param).items():
        monkeypatch.setenv(name, value)
    return request.param


def take(now: datetime = NOW, **how):
    """Fetch from what is set."""
    (source,) = pull.read_sources()
    return pull.pull(source, Q, now, FAST, **how)


def listed() -> dict[str, tuple[str, str]]:
    """Return the day and channel of each file listed in MANIFEST.csv."""
    rows = received.read_manifest(paths.returns(Q), Q).rows
    return {name: (row["received_on"], row["channel"]) for name, row in rows.items()}


def answers_that_count(plan, form) -> dict[str, dict[str, str]]:
    checked = rules.resolve(quarter_files.read_quarter(Q), registers.read_registers(), plan, form.at(Q), date.max)
    return {
        each.entry.member: {name: answer.value for name, answer in each.answers.items() if answer.value}
        | {"items": sorted(item.answers["title"].value for item in each.items or ())}
        for each in checked.returns
        if each.entry.counts
    }


# --- what is asked, and what is added ---------------------------------------------------------------------------


def test_what_was_sent_is_fetched_added_and_read(raw, plan, form, server, tool):
    SPEAKERS[tool](server, EXPORTS[tool](form, RETURNS))
    pulled = take()
    assert (pulled.news.count, pulled.news.new, pulled.warnings) == (3, ("COG", "EGY", "SEN"), ())
    suffix = {"kobo": ".xlsx", "odk": ".csv.zip"}[tool]
    assert listed() == {f"{tool}-2024-10-20-22-30-05{suffix}": ("2024-10-20", tool)}
    said = answers_that_count(plan, form)
    assert {member: row["items"] for member, row in said.items()} == {
        "SEN": ["Hack, poste; et colis", "Suivi"], "COG": [], "EGY": ["معرض"],
    }  # fmt: skip
    assert said["SEN"]["offices_connected"] == "90" and said["COG"]["comment"] == "=1+1"


def test_kobotoolbox_is_asked_for_the_saved_export_of_everything(raw, form, server, monkeypatch):
    for name, value in settings_of(server, "kobo").items():
        monkeypatch.setenv(name, value)
    as_kobo(server, EXPORTS["kobo"](form, RETURNS))
    take()
    assert [(each.method, each.path) for each in server.requests] == [
        ("GET", servers.ASSET_PATH), ("GET", servers.SETTINGS_PATH), ("GET", servers.SETTINGS_PATH),
        ("GET", servers.DATA_PATH), ("GET", "/media/export.xlsx"),
    ]  # fmt: skip
    assert {each.authorization for each in server.requests} == {f"Token {TOKEN}"}
    assert server.requests[2].query == {"format": ["json"], "limit": ["1"], "offset": ["1"]}


def test_odk_central_is_asked_for_all_tables_in_a_session_that_is_ended(raw, form, server, monkeypatch):
    for name, value in settings_of(server, "odk").items():
        monkeypatch.setenv(name, value)
    as_odk(server, EXPORTS["odk"](form, RETURNS))
    take()
    assert [(each.method, each.path) for each in server.requests] == [
        ("POST", "/v1/sessions"), ("GET", servers.FORM_PATH), ("GET", servers.ZIP_PATH),
        ("DELETE", f"/v1/sessions/{SESSION}"),
    ]  # fmt: skip
    assert server.requests[2].query == {"attachments": ["false"], "deletedFields": ["true"]}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"lang": "Français (fr)"}, "lang"), ({"fields": ["member"]}, "fields"), ({"query": {"a": 1}}, "query"),
        ({"submission_ids": [3]}, "submission_ids"), ({"fields_from_all_versions": False}, "fields_from_all_versions"),
    ],
)  # fmt: skip
def test_a_saved_export_that_leaves_something_out_is_not_taken(raw, form, server, monkeypatch, changed, told):
    for name, value in settings_of(server, "kobo").items():
        monkeypatch.setenv(name, value)
    as_kobo(server, EXPORTS["kobo"](form, RETURNS), settings=FULL | changed)
    with pytest.raises(NotFetched, match="no saved export of everything; save one under"):
        take()
    monkeypatch.setenv("PAPU_KOBO_EXPORT", "papu")
    with pytest.raises(NotFetched, match=rf"“papu” leaves something out \({told}\)"):
        take()
    monkeypatch.setenv("PAPU_KOBO_EXPORT", "another")
    with pytest.raises(NotFetched, match="has no saved export “another”"):
        take()
    assert not paths.returns(Q).exists()


# --- what is new ------------------------------------------------------------------------------------------------


def repacked(content: bytes) -> bytes:
    """Return a zip or workbook with other times of its members: other bytes, the same content."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            after.writestr(zipfile.ZipInfo(name, (2024, 10, 21, 1, 2, 4)), before.read(name))
    return target.getvalue()


def test_nothing_new_adds_nothing_whatever_the_bytes(raw, form, server, tool):
    export = EXPORTS[tool](form, RETURNS)
    SPEAKERS[tool](server, export)
    take()
    before = {path.name: path.read_bytes() for path in paths.returns(Q).iterdir()}
    for again in (export, repacked(export)):
        server.on(PATHS[tool], Answer(again))
        pulled = take(NOW + timedelta(days=1))
        assert (pulled.news.count, bool(pulled.news), pulled.outcomes) == (3, False, ())
    assert {path.name: path.read_bytes() for path in paths.returns(Q).iterdir()} == before


def edited(said: Said, **changes: object) -> Said:
    return said | changes


def test_a_later_export_adds_what_was_edited_and_what_is_new_even_on_the_same_day(raw, plan, form, server, tool):
    sen, cog, egy = RETURNS
    steps = ([sen, cog], [edited(sen, offices_connected=91), cog], [edited(sen, offices_connected=92), cog, egy])
    told = []
    for hours, returns in enumerate(steps):
        SPEAKERS[tool](server, EXPORTS[tool](form, returns))
        news = take(NOW - timedelta(hours=9 - hours)).news
        told.append((news.new, news.edited, news.reviewed, news.gone))
    assert told == [(("COG", "SEN"), (), (), ()), ((), ("SEN",), (), ()), (("EGY",), ("SEN",), (), ())]
    assert len(listed()) == 3
    said = answers_that_count(plan, form)
    assert {member: row.get("offices_connected") for member, row in said.items()} == {
        "SEN": "92", "COG": None, "EGY": None,
    }  # fmt: skip
    assert not take(NOW + timedelta(days=2)).news


def reviewed(form, tool: str, review: str) -> bytes:
    """Return an export of the first return with a review of the tool's."""
    if tool == "kobo":
        main, items = kobo_tables(form, RETURNS[:1], as_text=True).values()
        main[1][main[0].index("_validation_status")] = review
        return workbook({"UPAP": main, REPEAT: items})
    root, child = odk_tables(form, RETURNS[:1])
    root[1][root[0].index("ReviewState")] = review
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(zipfile.ZipInfo("upap.csv"), text(root))
        archive.writestr(zipfile.ZipInfo("upap-innovations.csv"), text(child))
    return target.getvalue()


def test_a_review_in_the_tool_is_news_and_counts(raw, plan, form, server, tool):
    words = {"kobo": ("", "validation_status_not_approved", "validation_status_on_hold"),
             "odk": ("", "rejected", "hasIssues")}[tool]  # fmt: skip
    told, counting = [], []
    for days, review in enumerate(words):
        SPEAKERS[tool](server, reviewed(form, tool, review))
        news = take(NOW + timedelta(days=days)).news
        told.append((news.new, news.edited, news.reviewed))
        counting.append(list(answers_that_count(plan, form)))
    assert told == [(("SEN",), (), ()), ((), (), ("SEN",)), ((), (), ("SEN",))]
    assert counting == [["SEN"], [], ["SEN"]]


def test_what_an_export_lacks_is_told_until_it_is_withdrawn(raw, form, server, tool):
    sen, cog, _ = RETURNS
    SPEAKERS[tool](server, EXPORTS[tool](form, [sen, cog]))
    take()
    SPEAKERS[tool](server, EXPORTS[tool](form, [cog]))
    news = take(NOW + timedelta(days=1)).news
    assert (bool(news), news.gone) == (False, ("SEN",))
    lines = list(pull.format_news(news, "kobo", Q, "en"))
    assert "received before, not in this export: SEN; they still count" in lines[1]
    (name,) = listed()
    row = next(each.place.row for each in quarter_files.read_quarter(Q).returns if each.member == "SEN")
    columns = registers.COLUMNS["withdrawals"]
    values = {"quarter": Q, "source_file": name, "row": row, "recorded_on": "2024-10-21", "note": "deleted in the tool"}
    written = [",".join(columns), ",".join(values.get(column, "") for column in columns)]
    (paths.registers() / "withdrawals.csv").write_text("\n".join(written) + "\n", encoding="utf-8")
    assert take(NOW + timedelta(days=2)).news.gone == ()


def test_a_form_that_goes_on_through_the_quarters_adds_to_each_its_own(raw, form, server, tool):
    later = edited(RETURNS[1], quarter="2024Q4", submitted_on="2025-01-10")
    SPEAKERS[tool](server, EXPORTS[tool](form, [later]))
    pulled = take(NOW + timedelta(days=100))
    assert (pulled.news.count, pulled.outcomes, paths.returns(Q).exists()) == (0, (), False)
    assert "no return of Q3 2024 yet" in " ".join(pull.format_news(pulled.news, "kobo", Q, "en"))
    SPEAKERS[tool](server, EXPORTS[tool](form, [RETURNS[0], later]))
    assert take(NOW + timedelta(days=100)).news.new == ("SEN",)
    (source,) = pull.read_sources()
    assert pull.pull(source, "2024Q4", NOW + timedelta(days=100), FAST).news.new == ("COG",)


def test_a_dry_run_writes_nothing(raw, form, server, tool):
    SPEAKERS[tool](server, EXPORTS[tool](form, RETURNS))
    before = sorted(raw.root.rglob("*"))
    pulled = take(dry_run=True)
    assert [outcome.key for outcome in pulled.outcomes] == ["would_add"]
    assert sorted(raw.root.rglob("*")) == before


# --- another form, what cannot be read, the sample ---------------------------------------------------------------


def test_another_form_is_refused_and_an_older_version_is_a_warning(raw, form, server, tool):
    export = EXPORTS[tool](form, RETURNS)
    SPEAKERS[tool](server, export, form_id="household_survey")
    with pytest.raises(paths.DataRefused, match="is the form household_survey, the plan's is upap_digital_quarterly"):
        take()
    assert not paths.returns(Q).exists()
    SPEAKERS[tool](server, export, version="2024010101")
    assert "is deployed in version 2024010101, the plan's is" in take().warnings[0]


@pytest.mark.parametrize(
    ("deployed", "warnings"), [(servers.VERSION, 0), ("2026120103", 0), ("2026112601", 1), ("v3", 1), ("", 1)]
)
def test_a_version_older_than_the_plans_is_a_warning(deployed, warnings):
    source = pull.Source("kobo", "https://kf.example", ASSET, TOKEN)
    form = fetched.Deployed("upap_digital_quarterly", deployed)
    assert len(pull.pull.__globals__["check_form"](form, source)) == warnings


def test_a_form_that_the_server_does_not_name_is_a_warning(raw, form, server, monkeypatch):
    for name, value in settings_of(server, "kobo").items():
        monkeypatch.setenv(name, value)
    as_kobo(server, EXPORTS["kobo"](form, RETURNS), form_id="")
    assert "does not say which form it is" in take().warnings[0]


def test_what_is_no_export_of_the_form_is_refused_whole(raw, server, monkeypatch):
    for name, value in settings_of(server, "kobo").items():
        monkeypatch.setenv(name, value)
    as_kobo(server, workbook({"Sheet": [["name", "age", "_uuid", "_submission_time"], ["x", 3, "a", "2024-10-10"]]}))
    with pytest.raises(paths.DataRefused, match="sent what cannot be read: .*; nothing was added"):
        take()
    assert not paths.returns(Q).exists()


def test_nothing_is_fetched_beside_the_invented_sample(raw, server, tool):
    raw.write_plain("2022Q3", [{"member": "SEN", "quarter": "2022Q3"}], received_on="2022-10-10", channel="sample")
    with pytest.raises(paths.DataRefused, match="holds the invented sample"):
        take()
    assert server.requests == []


# --- a server's faults ------------------------------------------------------------------------------------------


def test_what_passes_is_asked_for_again(raw, form, server, tool):
    export = EXPORTS[tool](form, RETURNS)
    SPEAKERS[tool](server, export)
    faults = [
        Answer(b"slow down", 429, {"Retry-After": "7200"}), Answer(b"oops", 500),
        Answer(b"", 503, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}), Answer(export),
    ]  # fmt: skip
    server.on(PATHS[tool], *faults)
    began = time.monotonic()
    assert take().news.count == 3
    assert len(server.asked(PATHS[tool])) == 4 and time.monotonic() - began < 3


def cut_in_the_middle(export: bytes) -> Answer:
    return Answer(export, cut=len(export) // 2)


def cut_without_a_length(export: bytes) -> Answer:
    return Answer(export[: len(export) // 2], announced=False)


@pytest.mark.parametrize("cut", [cut_in_the_middle, cut_without_a_length])
def test_a_download_that_was_cut_is_never_taken(raw, form, server, tool, cut):
    export = EXPORTS[tool](form, RETURNS)
    SPEAKERS[tool](server, export)
    server.on(PATHS[tool], cut(export))
    with pytest.raises(NotFetched, match="the answer was cut, asked 4 times; try again later"):
        take()
    assert not paths.returns(Q).exists()
    server.on(PATHS[tool], cut(export), Answer(export))
    assert take().news.count == 3


@pytest.mark.parametrize("code", [500, 502, 504, 429])
def test_a_server_that_goes_on_failing_is_given_up(raw, form, server, tool, code):
    SPEAKERS[tool](server, EXPORTS[tool](form, RETURNS))
    server.on(PATHS[tool], Answer(b"<html>trouble</html>", code))
    with pytest.raises(NotFetched, match=f"it answers {code}, asked 4 times; try again later") as found:
        take()
    assert len(server.asked(PATHS[tool])) == 4 and "trouble" not in str(found.value)
    assert not paths.returns(Q).exists()


@pytest.mark.parametrize(
    ("code", "told"),
    [(401, "does not know the token or password"), (403, "give it the right to view"), (404, "correct the address"),
     (400, "answers 400"), (410, "answers 410")],
)  # fmt: skip
def test_what_no_second_try_can_mend_is_asked_once_and_told(raw, form, server, tool, code, told):
    SPEAKERS[tool](server, EXPORTS[tool](form, RETURNS))
    path = {"kobo": servers.ASSET_PATH, "odk": servers.FORM_PATH}[tool]
    server.on(path, Answer(b"no", code))
    with pytest.raises(NotFetched, match=told):
        take()
    assert len(server.asked(path)) == 1 and not paths.returns(Q).exists()


@pytest.mark.parametrize("slowly", [0.5, 0.02])
def test_a_slow_server_is_not_waited_for_without_end(raw, form, server, tool, slowly):
    SPEAKERS[tool](server, EXPORTS[tool](form, RETURNS))
    server.on(PATHS[tool], Answer(b"PK" + bytes(1000), slowly=slowly))
    (source,) = pull.read_sources()
    limits = FetchLimits(answer=0.2, total=0.7, first_wait=0.01)
    began = time.monotonic()
    with pytest.raises(NotFetched, match="try again later"):
        pull.pull(source, Q, NOW, limits)
    assert time.monotonic() - began < 2


def test_a_server_that_is_not_there_is_told(raw, monkeypatch, server):
    for name, value in settings_of(server, "kobo").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PAPU_KOBO_URL", "http://127.0.0.1:9")
    with pytest.raises(NotFetched, match=r"127.0.0.1:9: it cannot be reached \(.+\), asked 4 times"):
        take()


def test_a_body_over_the_limit_is_not_read_to_its_end(raw, form, server, tool):
    SPEAKERS[tool](server, b"PK" + bytes(300_000))
    (source,) = pull.read_sources()
    with pytest.raises(NotFetched, match="sends more than 0.1 MB"):
        pull.pull(source, Q, NOW, FetchLimits(first_wait=0.01, most_bytes=100_000))
    assert len(server.asked(PATHS[tool])) == 1 and not paths.returns(Q).exists()


def test_pages_in_a_circle_or_without_end_stop(raw, form, server, monkeypatch):
    for name, value in settings_of(server, "kobo").items():
        monkeypatch.setenv(name, value)
    as_kobo(server, EXPORTS["kobo"](form, RETURNS))
    page = {"results": [], "next": f"{server.url}{servers.SETTINGS_PATH}?offset=1"}
    server.on(servers.SETTINGS_PATH, as_json(page))
    with pytest.raises(NotFetched, match="page after page without an end"):
        take()
    assert len(server.asked(servers.SETTINGS_PATH)) == 2

    def endless(request: servers.Request) -> Answer:
        n = int(request.query.get("offset", ["0"])[0]) + 1
        return as_json({"results": [], "next": f"{server.url}/?offset={n}"})

    server.on(servers.SETTINGS_PATH, endless)
    with pytest.raises(NotFetched, match="page after page without an end"):
        take()
    assert len(server.asked(servers.SETTINGS_PATH)) == 2 + 100


@pytest.mark.parametrize("body", [b"<html>log in</html>", b"[1]", b"{", b"[" * 100_000, b""])
def test_an_answer_of_another_kind_is_told(raw, form, server, tool, body):
    for path in ({"kobo": servers.SETTINGS_PATH, "odk": servers.FORM_PATH}[tool], PATHS[tool]):
        SPEAKERS[tool](server, EXPORTS[tool](form, RETURNS))
        server.on(path, Answer(body))
        with pytest.raises(NotFetched, match="does not answer as the tool does"):
            take()


# --- the secret -------------------------------------------------------------------------------------------------


def test_a_redirect_to_another_host_does_not_carry_the_token(raw, form, server, tool):
    with servers.serve() as other:
        other.on("/bucket/export", Answer(EXPORTS[tool](form, RETURNS)))
        elsewhere = other.url.replace("127.0.0.1", "localhost")
        SPEAKERS[tool](server, b"")
        server.on(PATHS[tool], Answer(code=302, headers={"Location": f"{elsewhere}/bucket/export?signature=s3cr3t"}))
        assert take().news.count == 3
        assert [request.authorization for request in other.requests] == [""]


def test_a_redirect_to_an_address_without_https_or_to_a_file_is_not_followed(raw, server, tool):
    SPEAKERS[tool](server, b"")
    for location in ("http://storage.example/export", "file:///etc/passwd", "ftp://storage.example/export"):
        server.on(PATHS[tool], Answer(code=302, headers={"Location": location}))
        with pytest.raises(NotFetched, match="leads to an address that is not https|answers 302"):
            take()


def test_the_secret_is_in_no_text_of_a_source(server, tool):
    (source,) = pull.read_sources()
    assert not any(secret in f"{source!r} {source} {source.host}" for secret in SECRETS)


@pytest.mark.parametrize("code", [200, 401, 403, 404])
def test_the_secret_is_in_no_output_no_log_and_no_file(raw, form, server, tool, code):
    SPEAKERS[tool](server, EXPORTS[tool](form, RETURNS))
    if code != 200:
        echo = json.dumps({"detail": f"bad {TOKEN} {PASSWORD} {SESSION}"}).encode()
        server.on({"kobo": servers.ASSET_PATH, "odk": servers.FORM_PATH}[tool], Answer(echo, code))
    result = CliRunner().invoke(cli.main, ["pull", Q, "--language", "en"])
    assert result.exit_code == (0 if code == 200 else 8)
    written = b"".join(path.read_bytes() for path in raw.root.rglob("*") if path.is_file())
    assert not any(secret in result.output or secret.encode() in written for secret in SECRETS)


# --- settings ---------------------------------------------------------------------------------------------------


def write_settings(folder: Path, content: str, mode: int = 0o600) -> Path:
    path = folder / "collect.toml"
    path.write_text(content, encoding="utf-8")
    path.chmod(mode)
    return path


GOOD = f"""
[kobo]
url = "https://kf.example/"
asset = "{ASSET}"
token = "{TOKEN}"
[odk]
url = "https://odk.example/v1"
project_id = 7
form = "f"
user = "a@b.example"
password = "{PASSWORD}"
"""


def test_settings_are_read_from_a_file_outside(raw, server, monkeypatch, tmp_path_factory):
    path = write_settings(tmp_path_factory.mktemp("etc"), GOOD)
    monkeypatch.setenv("PAPU_COLLECT", str(path))
    kobo_source, odk_source = pull.read_sources()
    assert (kobo_source.url, kobo_source.secret) == ("https://kf.example", TOKEN)
    assert (odk_source.url, odk_source.project_id, odk_source.secret) == ("https://odk.example", "7", PASSWORD)


@pytest.mark.parametrize(
    ("content", "mode", "told"),
    [
        (GOOD, 0o644, "can be read by others, and holds a secret: chmod 600"), (GOOD, 0o620, "chmod 600"),
        (f"[kobo]\ntoken = {TOKEN}", 0o600, "is not TOML"), ("[limesurvey]\nurl = 1", 0o600, "[kobo], [odk] or both"),
        ("", 0o600, "[kobo], [odk] or both"), ("kobo = 1", 0o600, "[kobo], [odk] or both"),
        (GOOD.replace("https://kf", "http://kf"), 0o600, "[kobo] url is not https"),
        (GOOD.replace("https://kf", f"https://me:{TOKEN}@kf"), 0o600, "[kobo] url is not the address of a server"),
        (GOOD.replace("asset", "assets"), 0o600, "[kobo] asset is missing"),
        (GOOD.replace("asset", "assets"), 0o600, "[kobo] assets is not known"),
        (GOOD.replace(f'"{ASSET}"', '"a/../b"'), 0o600, "[kobo] asset cannot be 'a/../b'"),
        (GOOD.replace(f'"{TOKEN}"', f'"{TOKEN}\\nX-Other: 1"'), 0o600, "[kobo] token has a character"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_meant_are_told_without_the_secret(
    raw, server, monkeypatch, tmp_path_factory, content, mode, told
):  # fmt: skip
    path = write_settings(tmp_path_factory.mktemp("etc"), content, mode)
    monkeypatch.setenv("PAPU_COLLECT", str(path))
    result = CliRunner().invoke(cli.main, ["pull", Q, "--language", "en"])
    assert result.exit_code == 2 and told in " ".join(result.output.split())
    assert not any(secret in result.output for secret in SECRETS)


def test_settings_within_the_root_or_the_checkout_are_refused(raw, server, monkeypatch):
    monkeypatch.setenv("PAPU_COLLECT", str(write_settings(raw.root, GOOD)))
    with pytest.raises(ValueError, match="which is copied and shared; move it elsewhere"):
        pull.read_sources()
    monkeypatch.setenv("PAPU_COLLECT", str(paths.PACKAGE / "secret.toml"))
    with pytest.raises(ValueError, match="move it elsewhere"):
        pull.read_sources()


def test_without_settings_the_command_says_how_to_set_them(raw, server):
    result = CliRunner().invoke(cli.main, ["pull", Q])
    assert result.exit_code == 2 and "PAPU_KOBO_URL" in result.output


# --- the command, and the schedule ------------------------------------------------------------------------------


def test_the_command_says_what_is_new_in_a_language_of_the_plan(raw, form, server, tool):
    SPEAKERS[tool](server, EXPORTS[tool](form, RETURNS))
    first = CliRunner().invoke(cli.main, ["pull", Q, "--language", "fr"])
    assert first.exit_code == 0 and "3 retours de T3 2024" in first.output
    assert "nouveaux : COG, EGY, SEN" in first.output and "ajouté, reçu le" in first.output
    assert f"→ papu check {Q}" in first.output
    again = CliRunner().invoke(cli.main, ["pull", Q, "--language", "en"])
    assert "nothing new since the last export; nothing is written" in again.output


@pytest.mark.parametrize(
    ("today", "found"),
    [("2024-09-28", ["2024Q2"]), ("2024-09-30", []), ("2024-10-01", [Q]), ("2024-12-29", [Q]), ("2024-12-30", [])],
)
def test_a_quarter_is_open_from_its_end_to_its_revised_edition(today, found):
    assert pull.list_open(date.fromisoformat(today)) == found


def test_the_schedule_fetches_first_and_goes_on_with_what_is_there(raw, form, server, tool):
    first = schedule.list_schedule()[0].quarter  # of which no edition is due yet
    day = (quarters.quarter_end(first) + timedelta(days=20)).isoformat()
    said = [edited(each, quarter=first, submitted_on=day) for each in RETURNS]
    SPEAKERS[tool](server, EXPORTS[tool](form, said))
    asked = ["run", "--due", "--today", day]
    result = CliRunner().invoke(cli.main, [*asked, "--dry-run"])
    assert f"would fetch {first} first" in result.output and server.requests == []
    result = CliRunner().invoke(cli.main, asked)
    assert result.exit_code == 0 and "COG, EGY, SEN" in result.output and "nothing to do" in result.output
    assert len(list(paths.returns(first).iterdir())) == 2
    server.on(PATHS[tool], Answer(b"gone", 404))
    result = CliRunner().invoke(cli.main, asked)
    assert result.exit_code == 8 and "nothing to do" in result.output
    assert "not fetched, so that returns may be missing" in result.output


def test_settings_that_are_wrong_do_not_stop_the_schedule_either(raw, server, monkeypatch):
    first = schedule.list_schedule()[0].quarter
    monkeypatch.setenv("PAPU_KOBO_URL", "http://kf.example")
    day = quarters.quarter_end(first) + timedelta(days=20)
    result = CliRunner().invoke(cli.main, ["run", "--due", "--today", day.isoformat()])
    assert result.exit_code == 2 and "nothing to do" in result.output and "PAPU_KOBO_URL is not https" in result.output


def test_without_settings_the_schedule_loads_nothing_of_it(raw, server):
    raw.write_plain("2022Q3", [{"member": "SEN", "quarter": "2022Q3"}], received_on="2022-10-10")
    code = (
        "import sys\nfrom helpers import cli\n"
        "try: cli.main(['run', '--due', '--today', '2022-10-20'])\n"
        "except SystemExit as end: print(end.code, sorted(m for m in sys.modules if m.startswith('helpers.desk')))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.splitlines()[-1] == "0 []"
