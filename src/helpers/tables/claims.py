"""What the sentences of an edition say, as data, and what its published tables say to the same.

A sentence is rendered from its claims; this module knows no sentence. It reads the published CSV files anew and works
each claim out for itself, so that a slip in what the report queries is found and not repeated.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from helpers.plan import quarters
from helpers.speech import say, say_of, to_say
from helpers.tables.facts import Claim, Facts
from helpers.tables.recorded import read_whole_registers

CLAIMS_JSON = "claims.json"
_TOLERANCE = 1e-6
_REACHED = ("achieved", "achieved_late")

# The values that the tables have, which KPIs or members those are, where a claim names them.
_Found = tuple[Mapping[str, float], Sequence[str] | None]


def _level(facts: Facts, claim: Claim) -> _Found:
    """A figure, what it is the share of, and how many of the members expected are known."""
    row, level = facts.row(claim), facts.level(claim)
    known = {
        "n": row["n_reported"] + (0 if math.isnan(row["n_carried"]) else row["n_carried"]),
        "of": row["n_expected"],
    }
    if facts.kpi(claim).assessed == "share":
        rows = facts.known(claim).dropna(subset=["denominator"])
        return {"level": level, "part": rows["value"].sum(), "whole": rows["denominator"].sum(), **known}, None
    return {"level": level, **known, **_check_parts(claim, level)}, None


def _check_parts(claim: Claim, level: float) -> Mapping[str, float]:
    """Return the part and the whole that a claim names where they give the published figure, else nothing."""
    part, whole = (claim.values.get(name, math.nan) for name in ("part", "whole"))
    agrees = whole > 0 and math.isclose(100 * part / whole, level, abs_tol=_TOLERANCE)
    return {"part": part, "whole": whole} if agrees else {}


def _bounds(facts: Facts, claim: Claim) -> _Found:
    return {column: facts.level(claim, column=column) for column in ("lower", "upper")}, None


def _status(facts: Facts, claim: Claim) -> _Found:
    row = facts.row(claim)
    return {"certain": {"true": True, "false": False}.get(row["robust"].lower())}, (row["status"],)


def _statuses(facts: Facts, claim: Claim) -> _Found:
    statuses = facts.statuses(claim.quarter)
    which = [kpi for kpi, status in statuses.items() if status in claim.about]
    return {"n": len(which), "of": len(statuses)}, which


def _uncertain(facts: Facts, claim: Claim) -> _Found:
    """The indicators whose status non-response could change."""
    rows = facts.kpis.loc[(slice(None), facts.plan.code, claim.quarter), "robust"]
    which = [kpi for kpi in facts.plan.by_kpi if rows.get((kpi, facts.plan.code, claim.quarter), "").lower() == "false"]
    return {"n": len(which)}, which


def _missed(facts: Facts, claim: Claim) -> _Found:
    """The indicators whose target was due and is not reached: overdue, due this quarter, or a rate."""
    return {}, [kpi for kpi, is_missed in _unreached(facts, claim).items() if is_missed]


def _open(facts: Facts, claim: Claim) -> _Found:
    """The indicators whose target is not due yet and not reached."""
    return {}, [kpi for kpi, is_missed in _unreached(facts, claim).items() if not is_missed]


def _unreached(facts: Facts, claim: Claim) -> Mapping[str, bool]:
    """Return the indicators that do not reach their target, each with whether it was due."""
    statuses, due = facts.statuses(claim.quarter), {kpi.kpi: kpi.due for kpi in facts.plan.kpis}
    below = {kpi: status for kpi, status in statuses.items() if status not in (*_REACHED, "not_assessable", "")}
    return {kpi: status == "overdue" or due[kpi] <= claim.quarter for kpi, status in below.items()}


def _farthest(facts: Facts, claim: Claim) -> _Found:
    """The indicators whose due target is missed that are least far on the way to it from the baseline, in percent."""
    ways = {}
    for kpi in _missed(facts, claim)[1]:
        here, record = Claim(claim.says, claim.quarter, kpi), facts.plan.by_kpi[kpi]
        base = record.baseline * (100 if record.assessed == "share" else 1)
        ways[kpi] = 100 * (facts.level(here) - base) / (facts.target(here) - base)
    least = min((way for way in ways.values() if not math.isnan(way)), default=math.nan)
    return {"way": least}, [kpi for kpi, way in ways.items() if way - least < _TOLERANCE]


def _newly_reached(facts: Facts, claim: Claim) -> _Found:
    now, before = (facts.statuses(quarter) for quarter in (claim.quarter, claim.since))
    return {}, [kpi for kpi in now if now[kpi] in _REACHED and before[kpi] not in _REACHED]


def _lost(facts: Facts, claim: Claim) -> _Found:
    """The indicators that reached their target in the quarter before and, by a figure that is known, no longer do."""
    now, before = (facts.statuses(quarter) for quarter in (claim.quarter, claim.since))
    unknown = ("", "not_assessable")
    return {}, [kpi for kpi in now if before[kpi] in _REACHED and now[kpi] not in (*_REACHED, *unknown)]


def _unassessable(facts: Facts, claim: Claim) -> _Found:
    """The indicators that had a status in the quarter before and cannot be assessed now; how many were reached then."""
    now, before = (facts.statuses(quarter) for quarter in (claim.quarter, claim.since))
    found = [kpi for kpi in now if now[kpi] == "not_assessable" and before[kpi] not in ("", "not_assessable")]
    return {"n": len(found), "reached": sum(before[kpi] in _REACHED for kpi in found)}, found


def _returns(facts: Facts, claim: Claim) -> _Found:
    """The members whose return is in one of these states: accepted on time, late, only refused, or missing."""
    state = facts.states(claim.quarter, facts.as_of)
    members = [member.member for member in facts.plan.members_in(claim.quarter, claim.scope)]
    which = [name for name in members if state[name] in claim.about]
    return {"n": len(which), "of": len(members)}, which


def _returns_by_cutoff(facts: Facts, claim: Claim) -> _Found:
    """The same as of the quarter's own first cut-off, so that quarters compare."""
    limit = min(facts.plan.settings.first_cutoff(claim.quarter).isoformat(), facts.as_of)
    state = facts.states(claim.quarter, limit)
    return {"n": sum(each in claim.about for each in state.values()), "of": len(state)}, None


def _calendar(facts: Facts, claim: Claim) -> _Found:
    """The members of today with an accepted return by each quarter's first cut-off: in every quarter, in none."""
    today = {member.member for member in facts.plan.members_in(claim.quarter)}
    answered: dict[str, list[bool]] = {}
    for quarter in quarters.quarters_between(claim.since, claim.quarter):
        limit = min(facts.plan.settings.first_cutoff(quarter).isoformat(), facts.as_of)
        for name, state in facts.states(quarter, limit).items():
            answered.setdefault(name, []).append(state in ("on_time", "late"))
    rows = [answered[name] for name in today if name in answered]
    return {"every": sum(map(all, rows)), "never": sum(not any(row) for row in rows), "of": len(rows)}, None


def _half(facts: Facts, claim: Claim) -> _Found:
    """The regions where at least half of the members meet a yes-or-no indicator."""
    met = facts.known(claim)["value"]
    regions: dict[str, list[bool]] = {}
    for member in facts.plan.members_in(claim.quarter):
        regions.setdefault(member.region, []).append(met.get(member.member, 0) == 1)
    return {"of": len(regions)}, [name for name, rows in regions.items() if sum(rows) >= len(rows) / 2]


def _members(facts: Facts, claim: Claim) -> _Found:
    """How many members' own figure is known, and the median of these figures."""
    levels = facts.levels(facts.kpi(claim), facts.known(claim))
    return {"n": len(levels), "median": levels.median()}, None


def _regions_up(facts: Facts, claim: Claim) -> _Found:
    """The regions whose figure is printed higher than in an earlier quarter; of a stock, that of the same members."""
    found = {}
    for region in facts.plan.regions:
        here = Claim(claim.says, claim.quarter, claim.kpi, region, claim.since)
        figures = [facts.level(here, quarter) for quarter in (claim.since, claim.quarter)]
        if not any(map(math.isnan, figures)):
            panel = _panel(facts, here)[0] if facts.kpi(claim).is_stock else {"n": 0}
            found[region] = (panel["before"], panel["now"]) if panel["n"] else figures
    decimals = int(claim.values["decimals"])
    rose = [name for name, (then, now) in found.items() if round(now, decimals) > round(then, decimals)]
    return {"n": len(found), "decimals": decimals}, rose


def _matched(facts: Facts, claim: Claim) -> _Found:
    """The change of the members that reported the indicator in both quarters."""
    before, now = (facts.known(claim, quarter, reported=True)["value"] for quarter in (claim.since, claim.quarter))
    both = now.index.intersection(before.index)
    return {"change": (now[both] - before[both]).sum(), "n": len(both)}, None


def _change(facts: Facts, claim: Claim) -> _Found:
    """The change of the total, or of the rate in points, from the quarter before as it is known now."""
    now, before = (facts.row(claim, quarter)["value"] for quarter in (claim.quarter, claim.since))
    return {"change": now - before}, None


def _panel(facts: Facts, claim: Claim) -> _Found:
    """The figure of the members that are known in both quarters, then and now."""
    kpi = facts.kpi(claim)
    before, now = (facts.known(claim, quarter) for quarter in (claim.since, claim.quarter))
    if kpi.assessed == "share":
        before, now = (rows[rows["denominator"].notna()] for rows in (before, now))
    both = now.index.intersection(before.index)
    then, there = (facts.together(kpi, rows.loc[both]) for rows in (before, now))
    return {"before": then, "now": there, "n": len(both)}, None


def _reaching(facts: Facts, claim: Claim) -> _Found:
    """The members that reach the Union's target themselves, of those whose own figure is known."""
    levels = facts.levels(facts.kpi(claim), facts.known(claim))
    return {"n": int((levels >= facts.target(claim) - _TOLERANCE).sum()), "of": len(levels)}, None


def _without(facts: Facts, claim: Claim) -> _Found:
    """The figure of all members but those of a region."""
    rows = facts.known(claim)
    regions = {member.member: member.region for member in facts.plan.members}
    outside = [name for name in rows.index if regions[name] not in claim.about]
    return {"level": facts.together(facts.kpi(claim), rows.loc[outside])}, None


def _moved(facts: Facts, claim: Claim) -> _Found:
    """The members that reported it in both quarters: of how many it rose, fell, or neither.

    A share rises only where what is counted rises too, and by more than a figure shows.
    """
    kpi = facts.kpi(claim)
    before, now = (facts.known(claim, quarter, reported=True) for quarter in (claim.since, claim.quarter))
    levels = pd.DataFrame({"before": facts.levels(kpi, before), "now": facts.levels(kpi, now)}).dropna()
    change, counted = levels["now"] - levels["before"], (now["value"] - before["value"]).reindex(levels.index)
    least = 0.05 if kpi.assessed_unit == "percent" else 0.0
    up = (change > least + 1e-9) & (counted > 0)
    down = (change < -least - 1e-9) & (counted < 0)
    return {"up": int(up.sum()), "down": int(down.sum()), "n": len(levels)}, None


def _component(facts: Facts, claim: Claim) -> _Found:
    """A figure beside an indicator, as a value and in percent."""
    row = facts.components.loc[(claim.kpi, claim.about[0], claim.scope or facts.plan.code, claim.quarter)]
    percent = row["value"] if math.isnan(row["share"]) else 100 * row["share"]
    return {"value": row["value"], "percent": percent}, None


def _flow(facts: Facts, claim: Claim) -> _Found:
    """The numbers of a quarter alone that are parts of an indicator, of the members that gave all in both quarters."""
    before, now = (_sum_given(facts, quarter, _list_flow(facts, claim)) for quarter in (claim.since, claim.quarter))
    both = before.index.intersection(now.index)
    return {"before": before[both].sum(), "now": now[both].sum(), "n": len(both)}, None


def _flow_part(facts: Facts, claim: Claim) -> _Found:
    """The same numbers in one quarter, and which part of them another is, of the members that gave it too."""
    (asked,) = (part.source for part in facts.plan.parts_of(claim.kpi) if part.component in claim.about)
    whole, part = (_sum_given(facts, claim.quarter, each) for each in (_list_flow(facts, claim), [asked]))
    both = whole.index.intersection(part.index)
    share = 100 * part[both].sum() / whole[both].sum() if whole[both].sum() else math.nan
    return {"total": whole.sum(), "percent": share, "n": len(whole)}, None


def _list_flow(facts: Facts, claim: Claim) -> list[str]:
    """Return the questions on the quarter alone that the plan has as parts of an indicator's step."""
    codes = {part.code for part in facts.plan.components if part.step == facts.kpi(claim).step}
    parts = [part for part in facts.plan.parts_of(claim.kpi) if part.measure == "sum_reported"]
    return [part.source for part in parts if part.component in codes]


def _sum_given(facts: Facts, quarter: str, asked: Sequence[str]) -> pd.Series:
    """Return the sum of the answers to some questions by member, of those whose counted return has them all."""
    rows = facts.answers[facts.answers["question"].isin(asked) & (facts.answers["quarter"] == quarter)]
    wide = rows.pivot(index="member", columns="question", values="value").dropna().astype(float)
    return wide.sum(axis=1) if len(wide.columns) == len(asked) else wide.sum(axis=1)[:0]


def _between(facts: Facts, claim: Claim) -> _Found:
    """The members whose answer counts for a figure beside a yes-or-no indicator, and not for the indicator."""
    (source,) = (part.source for part in facts.plan.parts_of(claim.kpi) if part.component in claim.about)
    question, _, codes = source.partition(" in ")
    rows = facts.answers[facts.answers["question"] == question]
    given = {(row.member, row.quarter): row.value for row in rows.itertuples()}
    known = facts.known(claim)
    below = known[known["value"] == 0]
    which = [row.Index for row in below.itertuples() if given.get((row.Index, row.source_quarter)) in codes.split("|")]
    return {"n": len(which)}, which


def _parts_of_rate(facts: Facts, claim: Claim) -> _Found:
    """What a rate or share is made of: a part and a whole that give the published figure; the part that is needed."""
    parts = _check_parts(claim, facts.level(claim))
    needed = math.ceil(facts.target(claim) * parts["whole"] / 100 - 1e-9) if parts else math.nan
    return {**parts, "needed": needed}, None


def _gap(facts: Facts, claim: Claim) -> _Found:
    """What is missing of a target, in its unit."""
    return {"gap": facts.target(claim) - facts.level(claim)}, None


def _missing_parts(facts: Facts, claim: Claim) -> _Found:
    """The parts of a milestone that its product does not cover yet, as the register has it."""
    kpi, register = facts.kpi(claim), read_whole_registers().at(date.fromisoformat(facts.as_of))["milestones"]
    product = kpi.source.rpartition(" ")[2]
    rows = [row for row in register if row["product"] == product and row["quarter"] <= claim.quarter]
    latest = max((row["quarter"] for row in rows), default="")
    covered = next((row["parts"] for row in reversed(rows) if row["quarter"] == latest), ())
    codes = [part.code for part in facts.plan.components if part.step == kpi.step]
    return {"of": len(codes)}, [code for code in codes if code not in covered]


def _actions(facts: Facts, claim: Claim) -> _Found:
    """The actions agreed on by the quarter that are open, or were closed since the last edition, by how they stand."""
    rows = read_whole_registers().at(date.fromisoformat(facts.as_of)).get("actions", ())
    last = facts.plan.settings.first_cutoff(quarters.shift(claim.quarter, -1)).isoformat()
    agreed = [row for row in rows if row["due"] and row["quarter"] <= claim.quarter]
    shown = [row for row in agreed if row["status"] == "open" or row["closed_on"].isoformat() > last]
    found = {name: sum(row["status"] == name for row in shown) for name in ("open", "done", "dropped")}
    late = sum(row["status"] == "open" and row["due"].isoformat() < facts.as_of for row in shown)
    return {"n": len(shown), "late": late, **found}, None


def _issues(facts: Facts, claim: Claim) -> _Found:
    """What the checks found in a quarter, by severity, with the registers that cannot be read at all."""
    rows = facts.issues
    unread = (rows["rule"] == "V22") & (rows["severity"] == "refused")
    rows = rows[(rows["quarter"] == claim.quarter) | unread]
    return {name: int((rows["severity"] == name).sum()) for name in ("refused", "withdrawn", "warning")}, None


def _revised(facts: Facts, claim: Claim) -> _Found:
    """The Union's figures that are printed otherwise than when first published; none of class C is printed."""
    n = 0
    for row in facts.revisions[facts.revisions["scope"] == facts.plan.code].itertuples():
        times = 100 if row.figure == "share" else 1
        decimals = 1 if row.figure == "share" or facts.plan.by_kpi[row.kpi].unit == "percent" else 0
        first, now = (text and round(times * float(text), decimals) for text in (row.first, row.now))
        n += first != now and facts.kpis.loc[(row.kpi, row.scope, row.quarter), "coverage_class"] != "C"
    return {"n": n}, None


# Each kind of claim by its name: what the tables have in its place.
_TRUTHS: Mapping[str, Callable[[Facts, Claim], _Found]] = {
    "level": _level, "bounds": _bounds, "status": _status, "statuses": _statuses,
    "uncertain": _uncertain, "missed": _missed, "open": _open, "newly reached": _newly_reached, "lost": _lost,
    "unassessable": _unassessable,
    "returns": _returns, "matched": _matched, "change": _change, "panel": _panel, "reaching": _reaching,
    "without": _without, "moved": _moved, "component": _component, "flow": _flow, "parts": _parts_of_rate, "gap": _gap,
    "missing parts": _missing_parts, "returns by cutoff": _returns_by_cutoff, "calendar": _calendar, "half": _half,
    "members": _members, "regions up": _regions_up, "actions": _actions, "issues": _issues, "revised": _revised,
    "farthest": _farthest,
    "flow part": _flow_part, "between": _between,
}  # fmt: skip


def find_false(claims: Sequence[Claim], facts: Facts) -> Iterator[str]:
    """Yield a sentence for each claim that the tables do not bear out."""
    for claim in claims:
        try:
            values, which = _TRUTHS[claim.says](facts, claim)
        except KeyError as reason:
            yield say("{claim}: the tables have no {reason}", claim=claim, reason=reason)
            continue
        for name, said in claim.values.items():
            if name not in values or not math.isclose(said, values[name], rel_tol=1e-9, abs_tol=_TOLERANCE):
                yield say("{claim}: {name} is said to be {said:g}; the tables have {found:g}", claim=claim,
                          name=name, said=said, found=values.get(name, math.nan))  # fmt: skip
        if claim.which is not None and sorted(claim.which) != sorted(which or ()):
            said, found = (", ".join(names or ()) or say("none") for names in (claim.which, which))
            yield say("{claim}: {said} said; the tables have {found}", claim=claim, said=said, found=found)
        if claim.certain is not None and claim.certain != values.get("certain"):
            certain = to_say("{claim}: said to be certain; the tables have the contrary")
            is_open = to_say("{claim}: said to be open; the tables have the contrary")
            yield say(certain if claim.certain else is_open, claim=claim)
        if not claim.values and claim.which is None and claim.certain is None:
            yield say("{claim}: says nothing that can be held against the tables", claim=claim)


def merge(folder: Path, target: Path, languages: Sequence[str]) -> None:
    """Write the claims of a report, which are the same in each language, with the sentence of each.

    Raises ValueError where two languages do not claim the same.
    """
    found = {language: json.loads((folder / f"claims_{language}.json").read_text("utf-8")) for language in languages}
    merged = []
    for sentences in zip(*found.values(), strict=True):
        first, *others = sentences
        if any((other["place"], other["claims"]) != (first["place"], first["claims"]) for other in others):
            texts = " | ".join(one["text"] for one in sentences)
            raise ValueError(say("the languages claim different things: {texts}", texts=texts))
        text = {language: sentence["text"] for language, sentence in zip(languages, sentences, strict=True)}
        merged.append({"place": first["place"], "text": text, "claims": first["claims"]})
    target.write_text(json.dumps(merged, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")


def check(path: Path, folder: Path, as_of: str) -> list[str]:
    """Hold a published claims.json against the published tables in a folder; return what is not so, in sentences."""
    facts, found = Facts(folder, as_of), []
    for sentence in json.loads(path.read_text(encoding="utf-8")):
        said = next(iter(sentence["text"].values()))
        found += [say_of(f"“{said}”", false) for false in find_false(list(map(Claim.of, sentence["claims"])), facts)]
    return found
