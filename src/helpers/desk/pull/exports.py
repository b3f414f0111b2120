"""What each tool's server is asked for: the form that is deployed, and every submission to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from helpers.desk.pull.fetch import Client, FetchLimits, NotFetched
from helpers.desk.pull.sources import FROM_KOBO, Source
from helpers.speech import say


@dataclass(frozen=True)
class Deployed:
    """The form as the server has it; blank what it does not say."""

    form_id: str
    version: str


@dataclass(frozen=True)
class Export:
    """What was fetched: the form, the bytes, and how such files end."""

    form: Deployed
    content: bytes = field(repr=False)
    suffix: str


def fetch_export(source: Source, limits: FetchLimits) -> Export:
    """Fetch the deployed form's id and version, and its submissions. Raises NotFetched."""
    return (_fetch_kobo if source.tool == FROM_KOBO else _fetch_odk)(source, limits)


def _fetch_kobo(source: Source, limits: FetchLimits) -> Export:
    """Fetch KoboToolbox's synchronous XLSX export, as a person would: its CSV has no repeats."""
    client = Client(source.url, f"Token {source.secret}", limits)
    path = f"/api/v2/assets/{quote(source.form, safe='')}/"
    asset = client.get_json(path, {"format": "json"})
    content = asset.get("content")
    settings = content.get("settings") if isinstance(content, dict) else None
    # KoboToolbox deploys a form under an id and a version of its own; those of the XLSForm stay in its settings.
    form = Deployed(*(_text(settings, *names) for names in (("id_string", "form_id"), ("version",))))
    listed = list(client.get_pages(f"{path}export-settings/", {"format": "json"}))
    chosen = quote(_choose_export(source, listed), safe="")
    return Export(form, client.get_archive(f"{path}export-settings/{chosen}/data.xlsx"), ".xlsx")


def _fetch_odk(source: Source, limits: FetchLimits) -> Export:
    """Fetch ODK Central's zip of tables: its repeats, reviews and edits, and answers to questions since removed."""
    client = Client(source.url, limits=limits)
    session = client.post_json("/v1/sessions", {"email": source.user, "password": source.secret})
    token = _text(session, "token")
    if not token or not token.isascii() or not token.isprintable():
        raise NotFetched(say("{host} opens no session; correct the address of the server", host=client.host))
    client.authorize(f"Bearer {token}")
    path = f"/v1/projects/{quote(source.project_id, safe='')}/forms/{quote(source.form, safe='')}"
    try:
        found = client.get_json(path)
        form = Deployed(_text(found, "xmlFormId"), _text(found, "version"))
        query = {"attachments": "false", "deletedFields": "true"}
        return Export(form, client.get_archive(f"{path}/submissions.csv.zip", query), ".csv.zip")
    finally:
        client.delete(f"/v1/sessions/{quote(token, safe='')}")


def _text(values: object, *names: str) -> str:
    """Return the first of some texts of a JSON object, blank without one."""
    given = values if isinstance(values, dict) else {}
    return next((str(given[name]).strip() for name in names if given.get(name)), "")


def _choose_export(source: Source, listed: list[dict[str, object]]) -> str:
    """Return the id of the saved export that is named, else of the first one that leaves nothing out."""
    named = {_text(each, "name"): each for each in sorted(listed, key=lambda each: _text(each, "name"), reverse=True)}
    usable = [each for name, each in sorted(named.items()) if not _list_omissions(each.get("export_settings"))]
    remedy = say('save one under Data, Downloads: XLS, "XML values and headers", all versions, all questions, '
                 "no filter")  # fmt: skip
    if source.export:
        if source.export not in named:
            raise NotFetched(say("{source} has no saved export “{name}”; {remedy}",
                                 source=source, name=source.export, remedy=remedy))  # fmt: skip
        if omitted := _list_omissions(named[source.export].get("export_settings")):
            message = say("{source}: the saved export “{name}” leaves something out ({what}); {remedy}",
                          source=source, name=source.export, what=", ".join(omitted), remedy=remedy)  # fmt: skip
            raise NotFetched(message)
        usable = [named[source.export]]
    if not usable:
        raise NotFetched(say("{source} has no saved export of everything; {remedy}", source=source, remedy=remedy))
    return _text(usable[0], "uid")


def _list_omissions(settings: object) -> list[str]:
    """Return the settings by which an export leaves answers or submissions out, or cannot be told apart."""
    s: Mapping[str, object] = settings if isinstance(settings, dict) else {}
    wrong = {
        "lang": s.get("lang") != "_xml",
        "fields_from_all_versions": str(s.get("fields_from_all_versions", "true")).casefold() != "true",
        "multiple_select": s.get("multiple_select", "both") not in ("both", "summary", "details"),
        **{name: bool(s.get(name)) for name in ("fields", "query", "submission_ids")},
    }
    return [name for name, is_wrong in wrong.items() if is_wrong]
