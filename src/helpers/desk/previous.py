"""What each member answered last: shown beside the questions of a quarter, and what a new answer is compared with."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from helpers import paths
from helpers.ingest import issues, rules
from helpers.plan import questionnaire, read_settings
from helpers.tables import pipeline


@dataclass(frozen=True)
class LastAnswer:
    """The last answer to a question: as a number, a date or the codes joined by blanks, and the quarter it is of."""

    value: str
    quarter: str


@dataclass(frozen=True)
class Asked:
    """A count that a member was asked to confirm, and has not: of which quarter, to which question, by which rule."""

    quarter: str
    question: str
    value: int
    rule: str


@dataclass(frozen=True)
class Previous:
    """The last answers of one member by question; the counts that it is asked to confirm."""

    answers: Mapping[str, LastAnswer] = field(default_factory=dict)
    asked: tuple[Asked, ...] = ()


def read_previous(quarter: str, as_of: date) -> dict[str, Previous]:
    """Return, by member, what it last answered before a quarter, as known on a day; nothing where nothing was received.

    The last answer to a question is that of the newest return that counts and has one, as the soft rules take it
    (methodology, section 4). Raises DataRefused as `pipeline.read_raw_data` does.
    """
    before = [each for each in read_settings().quarters if each < quarter and paths.returns(each).is_dir()]
    if not before:
        return {}
    source = pipeline.read_raw_data(before[-1])
    checked = pipeline.check_as_of(source, as_of)
    counting = sorted((each for each in checked.returns if each.entry.counts), key=lambda each: each.entry.quarter)
    answers: dict[str, dict[str, LastAnswer]] = defaultdict(dict)
    for each in counting:
        known = {name: answer.value for name, answer in each.answers.items() if answer.is_reported}
        answers[each.entry.member] |= {name: LastAnswer(value, each.entry.quarter) for name, value in known.items()}
    last = {each.entry.member: each for each in counting if each.entry.quarter == before[-1]}
    return {
        member: Previous(own, tuple(_list_asked(last[member], checked, source.form)) if member in last else ())
        for member, own in answers.items()
    }


def _list_asked(last: rules.CheckedReturn, checked: rules.Checked, form: questionnaire.Form) -> Iterator[Asked]:
    """Yield the counts of a return that a rule asks its member to confirm: withdrawn for their size, or questioned."""
    for issue in dict.fromkeys(checked.issues):
        is_own = (issue.quarter, issue.member) == last.key and issue.question in form.numbers
        value = last.entry.received.answers[issue.question].number if is_own else None
        if value is not None and not issue.is_confirmed and (issue.severity == issues.WARNING or issue.rule == "V05"):
            yield Asked(issue.quarter, issue.question, value, issue.rule)
