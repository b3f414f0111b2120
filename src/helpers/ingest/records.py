"""What a received file holds, as read: returns, their items, and the file they came in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from helpers.ingest.issues import Issue, Place
from helpers.plan import questionnaire

SAMPLE_CHANNEL = "sample"


@dataclass(frozen=True)
class ReceivedFile:
    """One file of a quarter's folder that was read."""

    quarter: str
    name: str
    sha256: str
    size: int
    channel: str
    received_on: date | None

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(self.quarter, self.name)


@dataclass(frozen=True)
class ReceivedItem:
    """One entry of the repeat `innovations`, as read."""

    answers: Mapping[str, questionnaire.Answer]
    place: Place

    @property
    def content(self) -> tuple[str, ...]:
        """What makes two items the same."""
        return tuple(answer.content for answer in self.answers.values())

    def of(self, member: str) -> ReceivedItem:
        """Return it as an item of a member's return."""
        return replace(self, place=replace(self.place, member=member))


@dataclass(frozen=True)
class ReceivedReturn:
    """One row of a received file: one member's return for one quarter, as read, before any rule.

    `items` is None when it came without an innovations part. `identity` is the tool's own for the submission, or
    the file and row; `other_ids` is what other exports may know it by. `problems` are the findings that refuse it at
    once.
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

    @property
    def content(self) -> dict[str, tuple[str, str]]:
        """What makes two returns the same: every answer as read, the personal ones included (section 3)."""
        answers = {name: (answer.content, answer.state) for name, answer in self.answers.items()}
        return answers | {name: (text, "") for name, text in self.personal.items()}

    @property
    def items_content(self) -> list[tuple[str, ...]] | None:
        """What makes two innovations parts the same; None without a part."""
        return None if self.items is None else sorted(item.content for item in self.items)


@dataclass(frozen=True)
class DetachedItems:
    """Innovations that came in a file of their own: each with its submission's identity, and its own."""

    file: ReceivedFile
    items: tuple[tuple[str, str, ReceivedItem], ...]


@dataclass(frozen=True)
class Received:
    """All that was received: the files, the returns in them, and what could not be read."""

    files: tuple[ReceivedFile, ...]
    returns: tuple[ReceivedReturn, ...]
    issues: tuple[Issue, ...]

    @property
    def is_sample(self) -> bool:
        """Tell whether it is the invented sample (methodology, section 6)."""
        return any(file.channel == SAMPLE_CHANNEL for file in self.files)

    @property
    def is_mixed(self) -> bool:
        """Tell whether invented and received returns lie together: no edition can be made of that."""
        return len({file.channel == SAMPLE_CHANNEL for file in self.files}) > 1


def in_utc(instant: datetime) -> datetime:
    """Return an instant in UTC; one without a zone is read as UTC (methodology, section 3)."""
    try:
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except OverflowError:  # the first or last day of the calendar, in another zone
        return instant.replace(tzinfo=UTC)
