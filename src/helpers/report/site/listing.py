"""What the index tells of each published edition: its languages, files and briefs, its date, what changed."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from helpers import editions, paths
from helpers.editions import PublishedEdition
from helpers.i18n import Translator
from helpers.plan import questionnaire, read_settings
from helpers.strings import fold
from helpers.tables import claims

_KINDS = {"report_{}.pdf": "Report (PDF)", "report_{}.html": "Web page", "tables_{}.xlsx": "Tables (Excel)"}


def list_newest_first() -> list[PublishedEdition]:
    """Return the published editions, that of the latest quarter and date first."""
    return editions.list_published_editions()[::-1]


def name_language(language: str) -> str:
    """Return a language's own name for itself."""
    return questionnaire.LABEL_LANGUAGES[language].rpartition(" (")[0]


def format_size(size: object, t: Translator) -> str:
    """Return the size of a file in words: `1,5 Mo`, `68 ko`."""
    kilobytes = max(round(float(str(size)) / 1000), 1)
    if kilobytes < 1000:
        return t("{size} kB", size=kilobytes)
    return t("{size} MB", size=t.number(kilobytes / 1000, 1))


def describe_edition(
    edition: PublishedEdition, earlier: Sequence[PublishedEdition], t: Translator
) -> dict[str, object]:
    """Return what is said of an edition, with the links to its files; `earlier` are those before it."""
    outputs = editions.read_outputs(edition.find("report/"))
    sizes = {name.partition("/")[2]: facts["size"] for name, facts in outputs.items()}

    def link(kind: str, language: str) -> dict[str, object]:
        name = kind.format(language)
        address = f"{edition.quarter}/{edition.as_of}/{name}"
        return {"href": address, "text": t(_KINDS[kind]), "size": format_size(sizes.get(name, 0), t)}

    files = [
        {"language": each, "name": name_language(each), "links": [link(kind, each) for kind in _KINDS]}
        for each in read_settings().languages if each in edition.languages
    ]  # fmt: skip
    briefs = list(_list_briefs(edition, t))
    return {
        "name": t.quarter(edition.quarter), "months": t.months(edition.quarter), "is_sample": edition.is_sample,
        "label": t.label(read_settings().is_revised(edition.quarter, date.fromisoformat(edition.as_of))),
        "day": t.day(edition.as_of), "said": [*_describe_changes(edition, earlier, t)], "files": files,
        "id": f"{edition.quarter}-{edition.as_of}", "briefs": briefs,
        "n_briefs": t("Members' briefs: {n}", n=len(briefs)),
    }  # fmt: skip


def _describe_changes(edition: PublishedEdition, earlier: Sequence[PublishedEdition], t: Translator) -> Iterator[str]:
    """Yield how many answered, and what changed since the edition before, from what the editions themselves claim."""
    told = _read_claims(edition)
    if returns := told.get("returns"):
        revised = (each for each in earlier if (each.quarter, each.as_of) == (edition.quarter, edition.revises))
        before = next((found for each in revised if (found := _read_claims(each).get("returns"))), None)
        if before:
            day = t.day(edition.revises)
            yield t("Accepted returns: {n} of {of}; as of {day}: {before}", **returns, day=day, before=before["n"])
        else:
            yield t("Accepted returns: {n} of {of}", **returns)
    if revisions := told.get("revised"):
        changed = t.plural("{n} published figure has changed since first published", revisions["n"])
        yield changed if revisions["n"] else t("No published figure has changed since the last edition")


def _read_claims(edition: PublishedEdition) -> dict[str, Mapping[str, int]]:
    """Return the numbers of an edition's claims on returns accepted and on figures revised, those that it makes."""
    told: dict[str, Mapping[str, int]] = {}
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        sentences = json.loads(edition.find(f"report/{claims.CLAIMS_JSON}").read_bytes())
        for claim in (claim for sentence in sentences for claim in sentence["claims"]):
            if claim["says"] == "revised" or (claim["says"], claim.get("about")) == ("returns", ["on_time", "late"]):
                told.setdefault(claim["says"], claim["values"])
    return told


def _list_briefs(edition: PublishedEdition, t: Translator) -> Iterator[dict[str, object]]:
    folder = paths.briefs(edition.quarter, edition.as_of)
    names = [name for name in editions.read_outputs(folder) if name.endswith(".pdf")]
    found = [(t.member(member), language, name) for name in names for _, member, language in [name[:-4].split("_")]]
    for member, language, name in sorted(found, key=lambda brief: (fold(brief[0]), *brief)):
        yield {"href": f"{edition.quarter}/{folder.name}/{name}", "text": member, "language": language}
