"""All checks in order: versions, hard rules, soft rules (methodology, sections 3 and 4)."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date

from helpers.ingest.hard_rules import CheckedReturn, check_values
from helpers.ingest.issues import Issue, Place, issues_known_by
from helpers.ingest.reconcile import KnownLists, choose_lists, fill_totals, list_lists_alone
from helpers.ingest.records import Received
from helpers.ingest.registers import Registers
from helpers.ingest.soft_rules import list_warnings, mark_unusual
from helpers.ingest.versions import RETURN_REFUSED, LedgerEntry, build_ledger, read_histories
from helpers.plan import Plan, questionnaire


@dataclass(frozen=True)
class Checked:
    """Everything known at a date: the ledger of all returns, the accepted ones as checked, the issues, the lists."""

    ledger: tuple[LedgerEntry, ...]
    returns: tuple[CheckedReturn, ...]
    issues: tuple[Issue, ...]
    lists: KnownLists = field(default_factory=dict)


def resolve(received: Received, registers: Registers, plan: Plan, form: questionnaire.Form, as_of: date) -> Checked:
    """Decide which returns count at a date and which values remain: versions, then the hard rules."""
    withdrawn, confirmed = registers.withdrawn(as_of), registers.confirmed(as_of)
    histories, repeated = read_histories(received.returns, as_of, withdrawn)
    ledger, issues = build_ledger(histories, plan, form, as_of)
    lists, found = choose_lists(received.offices, as_of, withdrawn)
    issues += [*found, *list_lists_alone(lists, ledger)]
    accepted = [fill_totals(entry, lists) for entry in ledger if entry.state != RETURN_REFUSED]
    issues += [issue for entry, found in accepted if entry.counts for issue in found]
    checked = [check_values(entry, plan, form, confirmed) for entry, _ in accepted]
    issues += [issue for _, found in checked for issue in found]
    files = issues_known_by([*received.issues, *repeated, *registers.issues_at(as_of)], as_of)
    return Checked(tuple(ledger), tuple(each for each, _ in checked), (*files, *issues), lists)


def check_received(
    received: Received, registers: Registers, plan: Plan, form: questionnaire.Form, as_of: date
) -> Checked:
    """Check all returns received by a date: resolve them, then run the soft rules on those that count."""
    resolved = resolve(received, registers, plan, form, as_of)
    counting = [checked for checked in resolved.returns if checked.entry.counts]
    warnings = list_warnings(counting, plan, form, registers.confirmed(as_of), resolved.lists)
    questioned: dict[Place, set[str]] = defaultdict(set)
    for warning in warnings:
        questioned[warning.place].add(warning.question)
    returns = [
        mark_unusual(checked, set().union(*(questioned[place] for place in checked.place.all_rows)), plan, form)
        for checked in resolved.returns
    ]
    return replace(resolved, returns=tuple(returns), issues=(*resolved.issues, *warnings))
