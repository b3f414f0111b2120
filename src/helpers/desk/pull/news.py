"""What an export has that those before it had not: compared by submission, answers and reviews, never by bytes."""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path

from helpers.i18n import Translator, catalogue
from helpers.ingest import Received, versions

_TEXTS = Path(__file__).with_suffix(".csv")


@dataclass(frozen=True)
class News:
    """The returns in an export, and the members of those that changed since the exports before (blank: unknown).

    `gone` are those of an earlier export of the same tool that this one lacks: deleted there, or moved to another
    quarter.
    """

    count: int = 0
    new: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    reviewed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.new or self.edited or self.reviewed)


def compare_export(read: Received, shown: str, channel: str, withdrawn: Set[tuple[str, str, str]]) -> News:
    """Compare the returns of one file, by its published name, with the last copy of each in the other files.

    `withdrawn` returns are not missed.
    """
    found: dict[str, list[str]] = {"new": [], "edited": [], "reviewed": [], "gone": []}
    for copies in versions.group_copies(read.returns):
        own = [each for each in copies if each.file.name == shown]
        before = [each for each in copies if each.file.name != shown]
        if not own:
            places = [(e.place.quarter, e.place.source_file, row) for e in copies for row in (e.place.row, "")]
            if before[-1].file.channel == channel and not withdrawn & set(places):
                found["gone"].append(before[-1].member)
        elif not before:
            found["new"].append(own[-1].member)
        elif own[-1].member != before[-1].member or not versions.repeats(own[-1], before[-1]):
            found["edited"].append(own[-1].member)
        elif _review(own[-1]) != _review(before[-1]):
            found["reviewed"].append(own[-1].member)
    count = sum(each.file.name == shown for each in read.returns)
    return News(count, **{name: tuple(sorted(members)) for name, members in found.items()})


def _review(received: versions.ReceivedReturn) -> tuple[bool, frozenset[str]]:
    return received.on_hold, frozenset(problem.key for problem in received.problems)


def format_news(news: News, source: str, quarter: str, language: str) -> Iterator[str]:
    """Yield what an export has, and what is new of it, as lines of text."""
    texts = {key: row[language] for key, row in catalogue.read_by_key(_TEXTS).items()}
    shown = Translator(language).quarter(quarter)
    yield texts["fetched"].format(source=source, n=news.count, quarter=shown)
    for key in ("new", "edited", "reviewed", "gone"):
        if members := getattr(news, key):
            yield "  " + texts[key].format(members=", ".join(code or texts["nobody"] for code in members))
    if not news:
        yield "  " + texts["nothing" if news.count else "none_yet"].format(quarter=shown)
