"""The collection tools: the columns that each adds to the form, and how to recognise it (formats.md, section 1)."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from helpers.ingest.cells import CellValue, stored_value

REJECTED, ON_HOLD = "rejected", "held"


@dataclass(frozen=True)
class Tool:
    """A tool and the columns it adds (canonical names): receipt and identity of a submission.

    `source` is the key of the note on its files, `is_form` an online form that writes labels only, `system` the columns
    that are not answers, besides those that begin with "_".
    """

    receipt: Sequence[str]
    identity: Sequence[str] = ()
    source: str = ""
    is_form: bool = False
    system: Collection[str] = ()


_MICROSOFT_START = ("start time", "heure de début", "hora de início", "وقت البدء", "وقت البداية")
_MICROSOFT_END = ("completion time", "heure de fin", "hora de conclusão", "hora de fim", "وقت الإكمال", "وقت الانتهاء")
_GOOGLE_TIME = ("timestamp", "horodateur", "carimbo de data/hora", "carimbo de data e hora", "طابع زمني")
_PERSON = (
    "id", "email", "e-mail", "name", "nom", "nome", "email address", "username", "adresse de messagerie",
    "adresse e-mail", "nom d'utilisateur", "endereço de e-mail", "endereço de email", "nome de usuário",
    "nome de utilizador", "last modified time", "heure de la dernière modification", "hora da última modificação",
    "المعرف", "الاسم", "البريد الإلكتروني", "عنوان البريد الإلكتروني", "اسم المستخدم",
    "score", "total points", "language", "langue", "idioma",
)  # fmt: skip

_DEVICE = ("start", "end", "today", "username", "deviceid", "phonenumber")
PLAIN = Tool(("submitted_on",), system=("submitted_on", *_DEVICE))
MAILED = Tool(("submitted_on",), source="LAYOUT_VERTICAL", system=("submitted_on",))
KOBO = Tool(
    ("_submission_time",), ("meta/rootuuid", "_id"), system=(
        "meta/rootuuid", "meta/instanceid", "meta/instancename", "meta/deprecatedid", "formhub/uuid", "meta",
        "$edited", *_DEVICE,
    ),
)  # fmt: skip
ODK = Tool(
    ("submissiondate",), ("key",), system=(
        "submissiondate", "key", "parent_key", "submitterid", "submittername", "attachmentspresent",
        "attachmentsexpected", "status", "reviewstate", "deviceid", "edits", "formversion", "updatedat", "deletedat",
        "meta-instanceid", "meta-instancename", "meta-entity", "instanceid", "instancename", *_DEVICE,
    ),
)  # fmt: skip
GOOGLE = Tool(_GOOGLE_TIME, source="SOURCE_GOOGLE_FORMS", is_form=True, system=(*_GOOGLE_TIME, *_PERSON))
MICROSOFT = Tool(
    _MICROSOFT_END, source="SOURCE_MS_FORMS", is_form=True,
    system=(*_MICROSOFT_START, *_MICROSOFT_END, *_PERSON),
)  # fmt: skip

# The column by which an item names its submission, and the submission's own; the first that is filled counts.
PARENT_KEYS = (
    ("parent_key", "key"), ("_submission__uuid", "_uuid"), ("_submission__id", "_id"), ("_parent_index", "_index"),
)  # fmt: skip

_STATES = {
    **dict.fromkeys(("not approved", "rejected", "non approuvé", "rejeté", "não aprovado", "rejeitado"), REJECTED),
    **dict.fromkeys(("on hold", "hasissues", "has issues", "en attente", "em espera"), ON_HOLD),
}
# The column that tells the review of a submission, whatever tool or export wrote it.
_REVIEW = re.compile(r"_*(?:system)?[^a-z]*(?:review|validation)[ _]?(?:state|status)(?:[^a-z]+(?:uid|label))?")
UNDECRYPTED = ("not decrypted", "missing encrypted form data")


def recognise(names: Sequence[str]) -> Tool:
    """Return the tool that wrote a header, by the columns it adds (canonical names, in order)."""
    found = set(names)
    if found & {"_submission_time", "_uuid"}:
        return KOBO
    if {"key", "submissiondate"} <= found:
        return ODK
    if "submitted_on" in found:
        return PLAIN
    if found & set(_MICROSOFT_START) and found & set(_MICROSOFT_END):
        return MICROSOFT
    first = next((name for name in names if name), "")
    return GOOGLE if first in _GOOGLE_TIME else PLAIN


def is_review(name: str) -> bool:
    """Tell whether a column (its canonical name) tells the review of a submission."""
    return bool(_REVIEW.fullmatch(name))


def review_state(text: str) -> str:
    """Return what a tool's review says: REJECTED, ON_HOLD, or blank for anything else."""
    return _STATES.get(text.strip().casefold().removeprefix("validation_status_").replace("_", " "), "")


_CLOCK = (
    r"(?:[ ,T]+(?P<hour>\d{1,2})[:h](?P<minute>\d{2})(?::(?P<second>\d{2}))?"
    r"(?:\s*(?P<half>[ap])\.?m\.?)?(?:\s+(?P<zone>[\w+:-]{1,10}))?)?"
)
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})[/.](?P<a>\d{1,2})[/.](?P<b>\d{1,2})" + _CLOCK, re.IGNORECASE)
_YEAR_LAST = re.compile(r"(?P<a>\d{1,2})[/.-](?P<b>\d{1,2})[/.-](?P<year>\d{4})" + _CLOCK, re.IGNORECASE)
_ZONE = re.compile(r"(?:GMT|UTC)(?:(?P<hours>[+-]\d{1,2})(?::?(?P<minutes>\d{2}))?)?", re.IGNORECASE)


def _make_time(found: re.Match[str], month: str, day: str) -> datetime | None:
    """Return the instant of a timestamp; only its day where the zone is an abbreviation (EAT)."""
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    if found["half"]:
        hour = hour % 12 + 12 * (found["half"].casefold() == "p")
    zone = _ZONE.fullmatch(found["zone"] or "")
    try:
        moment = datetime(int(found["year"]), int(found[month]), int(found[day]), hour, minute, second)
        if zone and zone["hours"]:
            offset = timedelta(hours=int(zone["hours"]), minutes=int(f"{zone['hours'][0]}{zone['minutes'] or 0}"))
            return moment.replace(tzinfo=timezone(offset))
    except ValueError:
        return None
    return moment.replace(hour=0, minute=0, second=0) if found["zone"] and not zone else moment


def read_times(column: Sequence[CellValue], earliest: date, latest: date) -> tuple[list[CellValue], str]:
    """Return a column of an online form's timestamps as dates, and the order that was guessed: "day", "month" or "".

    The order of day and month depends on the account's country. One timestamp that allows only one order decides for
    all. Else day first is guessed, as in the members' countries, unless only month first puts them all between the
    quarter's start and the day the file was received.
    """
    texts = [cell.strip() if isinstance(cell, str) else "" for cell in map(stored_value, column)]
    matches = [_YEAR_LAST.fullmatch(text) for text in texts]
    ambiguous = [match for match in matches if match]
    day_first = [_make_time(match, "b", "a") for match in ambiguous]
    month_first = [_make_time(match, "a", "b") for match in ambiguous]

    def fits(times: Sequence[datetime | None]) -> bool:
        return all(time and earliest <= time.date() <= latest for time in times)

    is_decided = None in day_first or None in month_first
    by_month = None not in month_first and (is_decided or (not fits(day_first) and fits(month_first)))
    chosen = iter(month_first if by_month else day_first)
    times: list[CellValue] = []
    for cell, text, match in zip(column, texts, matches, strict=True):
        year_first = _YEAR_FIRST.fullmatch(text)
        times.append((next(chosen) if match else _make_time(year_first, "a", "b") if year_first else None) or cell)
    is_mixed = None in day_first and None in month_first and all(map(any, zip(day_first, month_first, strict=True)))
    is_guess = (not is_decided or is_mixed) and any(match["a"] != match["b"] for match in ambiguous)
    return times, ("month" if by_month else "day") if is_guess else ""
