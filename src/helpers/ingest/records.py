"""Records of what was received, before any rule: files, returns and the items of their repeat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from helpers.ingest.issues import Issue, Place, make_issue
from helpers.plan import questionnaire, read_settings

SAMPLE_CHANNEL = "sample"


@dataclass(frozen=True)
class ReceivedFile:
    """One file in a quarter's folder."""

    quarter: str
    name: str
    sha256: str
    size: int
    channel: str
    received_on: date | None
    rows: int | None = None  # of a register or MANIFEST.csv

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(self.quarter, self.name)


@dataclass(frozen=True)
class OfficeCounts:
    """What a list of offices says of one member; figures by column of plan.toml, [offices].

    `least` are the offices of which it says that they are open and, of another column than that, have it; `most` those
    that may be and have. Where both are equal the total is known. `values` counts what the offices have in a column:
    yes, no, blank, unreadable; of other columns than `open` only in offices that may be open.
    """

    rows: int
    offices: int
    least: Mapping[str, int]
    most: Mapping[str, int]
    values: Mapping[str, Mapping[str, int]]
    repeated: int = 0  # rows beyond the first of an office
    contradicted: int = 0  # offices whose rows differ: all that they say is taken as unknown
    unnamed: int = 0  # rows without an office: each may be one more, or none


@dataclass(frozen=True)
class OfficeList:
    """A member's list of its offices for a quarter: its counts, and the rows of others that are not counted.

    `absent` are the columns of plan.toml that the file does not have.
    """

    file: ReceivedFile
    member: str
    counts: OfficeCounts
    others: Mapping[str, int] = field(default_factory=dict)
    absent: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        """Where it is."""
        return replace(self.file.place, member=self.member)


@dataclass(frozen=True)
class ReceivedItem:
    """One entry of the repeat, as read: an answer for each of its roles (`kind`, `date`…) and other fields."""

    answers: Mapping[str, questionnaire.Answer]
    place: Place

    @property
    def content(self) -> tuple[str, ...]:
        """The answers by which two items are compared."""
        return tuple(answer.content for answer in self.answers.values())

    @property
    def orphan_issue(self) -> Issue:
        """The issue of an item that names no return."""
        return make_issue("ITEM_ORPHAN", self.place, observed=" ".join(self.content).strip())

    def of(self, member: str) -> ReceivedItem:
        """Return it with the member of its return."""
        return replace(self, place=replace(self.place, member=member))


@dataclass(frozen=True)
class ConfirmedCount:
    """A count of a quarter that its member says is right: as a row of the register of confirmations has it."""

    quarter: str
    member: str
    question: str
    value: int


@dataclass(frozen=True)
class ReceivedReturn:
    """One member's return for one quarter: a row of a received file.

    `items` is None without the part of the repeat. `identity` is the tool's id of the submission, or the file and row;
    `other_ids` are ids in other exports. `problems` are the issues that refuse it at once. `confirmed` are the earlier
    counts that it confirms.
    """

    place: Place
    file: ReceivedFile
    member: str
    member_text: str
    quarter_text: str
    received_on: date | None
    received_at: datetime | None
    identity: str
    answers: Mapping[str, questionnaire.Answer]
    personal: Mapping[str, str] = field(repr=False)
    items: tuple[ReceivedItem, ...] | None = None
    problems: tuple[Issue, ...] = ()
    notes: tuple[Issue, ...] = ()
    on_hold: bool = False
    other_ids: tuple[str, ...] = ()
    confirmed: tuple[ConfirmedCount, ...] = ()

    @property
    def content(self) -> dict[str, tuple[str, str]]:
        """The answers by which two returns are compared, personal ones included (section 3)."""
        # Whether there are items is compared by the part of the repeat; exports of older forms lack the question.
        asked = read_settings().repeat.asked
        given = ((name, answer) for name, answer in self.answers.items() if name != asked)
        answers = {name: (answer.content, answer.state) for name, answer in given}
        return answers | {name: (text, "") for name, text in self.personal.items()}

    def with_stated_part(self) -> ReceivedReturn:
        """Return it with the part that is stated: *no* item is an empty part, *yes* without items is none."""
        stated = self.answers.get(read_settings().repeat.asked, questionnaire.UNANSWERED).value
        if self.items or not stated:
            return self
        return replace(self, items=() if stated == "no" else None)

    @property
    def items_content(self) -> list[tuple[str, ...]] | None:
        """The items by which two parts are compared; None without a part."""
        return None if self.items is None else sorted(item.content for item in self.items)


@dataclass(frozen=True)
class DetachedItems:
    """Items in a file without returns: each with the id of its submission, and its own id."""

    file: ReceivedFile
    items: tuple[tuple[str, str, ReceivedItem], ...]


@dataclass(frozen=True)
class Received:
    """Everything received: the files, their returns, the issues of reading them, and the lists of offices."""

    files: tuple[ReceivedFile, ...]
    returns: tuple[ReceivedReturn, ...]
    issues: tuple[Issue, ...]
    offices: tuple[OfficeList, ...] = ()

    @property
    def is_sample(self) -> bool:
        """Whether any file is of the invented sample (methodology, section 6)."""
        return any(file.channel == SAMPLE_CHANNEL for file in self.files)

    @property
    def is_mixed(self) -> bool:
        """Whether sample and real returns are mixed, which no edition may be made of."""
        return len({file.channel == SAMPLE_CHANNEL for file in self.files}) > 1


def in_utc(instant: datetime) -> datetime:
    """Return an instant in UTC; one without a zone is read as UTC (methodology, section 3)."""
    try:
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except OverflowError:  # the first or last day of the calendar
        return instant.replace(tzinfo=UTC)
