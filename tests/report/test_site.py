"""What the index tells of an edition; and that no text becomes markup in a page of the site."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from markupsafe import Markup

from helpers import editions, paths
from helpers.i18n import Translator
from helpers.report.site import listing, pages
from invented import HOSTILE

FR, EN = Translator("fr"), Translator("en")
QUARTER, DAY, LATER = "2024Q2", "2024-08-14", "2024-10-14"


def publish(as_of: str, claims: Sequence[Mapping] = (), revises: str = "", briefs: Sequence[str] = ()) -> None:
    """Publish an edition that is its manifest, and what it claims."""
    folder = paths.reports(QUARTER, as_of)
    folder.mkdir(parents=True)
    files = [f"{kind}_{end}" for end in ("fr.pdf", "fr.html") for kind in ("report",)] + ["tables_fr.xlsx"]
    manifest = {
        "parameters": {"languages": ["fr"]}, "input_id": "0", "inputs": [], "code": {}, "environment": {},
        "outputs": {f"report/{name}": {"sha256": "0", "size": 1_540_000} for name in files}, "sample": True,
        "started_at": "", "ended_at": "", "revises": {"as_of": revises} if revises else None,
    }  # fmt: skip
    (folder / editions.MANIFEST_JSON).write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "claims.json").write_text(json.dumps([{"claims": claims}]), encoding="utf-8")
    if briefs:
        beside = paths.briefs(QUARTER, as_of)
        beside.mkdir()
        outputs = {f"brief_{name}.pdf": {"sha256": "0"} for name in briefs}
        (beside / editions.MANIFEST_JSON).write_text(json.dumps({"outputs": outputs}), encoding="utf-8")


def returns(n: int) -> dict[str, object]:
    return {"says": "returns", "about": ["on_time", "late"], "values": {"n": n, "of": 45}}


def revised(n: int) -> dict[str, object]:
    return {"says": "revised", "values": {"n": n}}


def told(t: Translator) -> list[dict]:
    published = listing.list_newest_first()
    return [listing.describe_edition(each, published[n + 1 :], t) for n, each in enumerate(published)]


def test_what_changed_is_what_the_editions_themselves_claim(raw):
    publish(DAY, [returns(32), revised(0)])
    publish(LATER, [returns(33), revised(48)], revises=DAY)
    assert [edition["said"] for edition in told(EN)] == [
        [
            "Accepted returns: 33 of 45; as of 14 August 2024: 32",
            "48 published figures have changed since first published",
        ],
        ["Accepted returns: 32 of 45", "No published figure has changed since the last edition"],
    ]
    assert [edition["label"] for edition in told(FR)] == ["Rév. 1", "provisoire"]
    assert all(edition["is_sample"] for edition in told(FR))


@pytest.mark.parametrize("content", [None, "{", "[]", '[{"claims": [{}]}]'])
def test_of_an_edition_that_claims_nothing_nothing_is_said(raw, content):
    publish(DAY)
    path = paths.reports(QUARTER, DAY) / "claims.json"
    path.unlink() if content is None else path.write_text(content)
    assert told(EN)[0]["said"] == []


def test_files_have_their_size_and_briefs_their_member(raw):
    publish(DAY, briefs=["SEN_fr", "EGY_ar"])
    edition = told(FR)[0]
    assert [(file["href"], file["size"]) for file in edition["files"][0]["links"]] == [
        ("2024Q2/2024-08-14/report_fr.pdf", "1,5 Mo"), ("2024Q2/2024-08-14/report_fr.html", "1,5 Mo"),
        ("2024Q2/2024-08-14/tables_fr.xlsx", "1,5 Mo"),
    ]  # fmt: skip
    assert [brief["text"] for brief in edition["briefs"]] == ["Égypte", "Sénégal"]
    assert edition["briefs"][1]["href"] == "2024Q2/2024-08-14-briefs/brief_SEN_fr.pdf"


@pytest.mark.parametrize(
    ("size", "shown"), [(0, "1 ko"), (68_414, "68 ko"), (999_600, "1,0 Mo"), (2_728_612, "2,7 Mo")]
)
def test_sizes_are_rounded_and_never_nothing(size, shown):
    assert listing.format_size(size, FR) == shown


@pytest.mark.parametrize("language", ["fr", "ar"])
@pytest.mark.parametrize("template", sorted(path.name for path in pages.HERE.glob("*.html.jinja")))
def test_no_text_becomes_markup(template, language):
    class Hostile(dict):
        def __missing__(self, name: str) -> str:
            return HOSTILE

    class Words(Hostile):
        pass

    edition = {
        "name": HOSTILE, "months": HOSTILE, "label": HOSTILE, "day": HOSTILE, "said": [HOSTILE], "id": "e",
        "is_sample": True, "n_briefs": HOSTILE, "briefs": [{"href": HOSTILE, "text": HOSTILE, "language": "fr"}],
        "files": [{"language": "fr", "name": HOSTILE, "links": [{"href": HOSTILE, "text": HOSTILE, "size": HOSTILE}]}],
    }  # fmt: skip
    indicator = {"href": HOSTILE, "name": HOSTILE, "code": HOSTILE, "value": HOSTILE, "badge": HOSTILE}
    text = dict.fromkeys(
        ("home", "latest", "at_quarter", "target", "shown", "title", "kpi", "theme", "step", "value", "badge",
         "edition", "drawn", "csv", "size", "reference"), HOSTILE,
    )  # fmt: skip
    names = text | {
        "language": language, "rtl": language == "ar", "style": Markup("p { color: red }"),
        "is_sample": True, "words": Words(), "others": [("fr", HOSTILE, HOSTILE)], "groups": [(HOSTILE, [indicator])],
        "editions": [edition, edition], "files": edition["files"][0]["links"], "near": [("prev", HOSTILE, HOSTILE)],
        "by_quarter": {"title": HOSTILE, "columns": [HOSTILE] * 2}, "rows": [[HOSTILE, HOSTILE]],
        "facts": [(HOSTILE, HOSTILE)],
    }  # fmt: skip
    if template == "latest.html.jinja":
        names["edition"] = edition
    page = pages._render(template, language, names)
    assert "<b>" not in page and "&lt;b&gt;b&lt;/b&gt;" in page
    assert not re.search(r"""=["'][^"']*<""", page)


def test_each_page_names_a_style_and_nothing_else_that_may_run():
    frame = (Path(pages.HERE) / "frame.html.jinja").read_text(encoding="utf-8")
    assert "default-src 'none'" in frame and "script" not in frame.split("#}", 1)[1]


def test_the_site_has_the_languages_of_the_editions_and_the_plans_first(raw, monkeypatch):
    publish(DAY)
    assert editions.list_site_languages() == ["fr"]
    published = [replace(each, languages=("ar", "en")) for each in listing.list_newest_first()]
    monkeypatch.setattr(editions, "list_published_editions", lambda: published)
    assert editions.list_site_languages() == ["fr", "en", "ar"]
