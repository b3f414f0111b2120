"""Holds the files of the plan against one another, the form and the rules, and refuses what cannot be meant."""

import contextlib
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from helpers import paths
from helpers.plan import files, quarters, questionnaire, rules, source_checks, sources, theme_figures
from helpers.plan.columns import AMBIGUOUS, ONE, OTHER, THEME_VALUES, UNIT_NAME, read_plan_files
from helpers.plan.files import CsvRow, PlanError
from helpers.plan.form_checks import FORM_CHECKS, CheckedFiles
from helpers.plan.plan import Kpi, Plan, make_plan
from helpers.plan.questionnaire import Form
from helpers.plan.rules import Rule, expand
from helpers.plan.settings import FILE
from helpers.speech import say, to_say
from helpers.strings import fold

__all__ = ["PlanError", "Rule", "check_plan", "expand"]
_TILE_ROWS, _TILE_COLUMNS = range(1, 11), range(3, 13)  # of the map of tiles, where members may lie


def _check_steps(f: CheckedFiles) -> Iterator[str]:
    measures = defaultdict(set)
    theme_of = {row["kpi"]: row["step"][:1] for row in f.tables["kpis"].every_row}
    due_quarters = f.quarters[f.quarters.index(f.plan.settings.first_status_quarter) :]
    for row in f.tables["kpis"].every_row:
        measures[row["step"]].add(row["measure"])
    for row in f.rows("themes"):
        if row["theme"] not in f.tables["steps"].codes("theme"):
            yield row.say("theme {theme} has no step in steps.csv; add one, or restore the file")
        if theme_of and theme_of.get(row["leads"]) != row["theme"]:
            yield row.say("leads {leads} is no KPI of theme {theme}; name one of them")
    for row in f.rows("steps"):
        step, due = row["step"], row["due"] and quarters.parse_quarter(row["due"])
        if step[0] != row["theme"]:
            yield row.say("step {step} is of theme {own}, not {theme}; correct one of them", step=step, own=step[0])
        if due and due not in due_quarters:
            yield row.say("due {due} is not within {first}-{last}; correct it", due=due,
                          first=due_quarters[0], last=due_quarters[-1])  # fmt: skip
        if not due and measures[step] - {"rate"}:
            yield row.say("due is blank; only a rate has no due quarter: write one, such as 2023Q4")
        if not measures[step] and f.tables["kpis"].every_row:
            yield row.say("step {step} has no row in kpis.csv; add one, or restore the file", step=step)


def _find_most(kpi: Kpi, f: CheckedFiles) -> tuple[float, str]:
    """Return the most that a KPI can be in its due quarter, and what that is; infinite where nothing limits it."""
    quarter, wrong = kpi.due or f.quarters[-1], len(f.members) - len(f.rows("members"))
    members = len(f.plan.members_in(quarter)) + wrong if f.members else math.inf  # none: members.csv is told of
    if kpi.unit == "members":
        return members, say("the {members} members of {quarter}", members=members, quarter=quarter)
    is_share = kpi.assessed == "share"
    with contextlib.suppress(ValueError):  # a source that is wrong: it is told of with its own row
        source = sources.parse_source(kpi.measure, kpi.source, f.form)
        if is_share and math.isfinite(source.times):
            return source.times, ""
        if kpi.measure == "distinct_codes" and f.form.lists:
            most = len(source.codes) if source.least <= members else 0
            return most, say("the {most} codes that {least} members can name", most=most, least=source.least)
        if source.kind == "codes" and f.form.lists:
            told = to_say("the {codes} codes of each of the {members} members of {quarter}")
            return members * source.cap, say(told, codes=source.cap, members=members, quarter=quarter)
    return (1 if is_share else math.inf), ""


def _check_amount(row: CsvRow, column: str, f: CheckedFiles) -> Iterator[str]:
    """Check the size of a baseline or target."""
    value, told = float(row[column] or 0), ""
    most, what = _find_most(f.plan.by_kpi[row["kpi"]], f) if row["kpi"] in f.plan.by_kpi else (math.inf, "")
    highest = len(f.plan.stages.get(row["source"].rpartition(" ")[2], ()))  # none: the source is told of
    if row["assessed"] == "share":
        if value > most:
            told = to_say("{column} {text} is a share, {most:g} at most; write 0.80 for 80 %")
    elif row["unit"] == "percent":
        if 0 < value < 1 or value > 100:
            told = to_say("{column} {text} is a percentage, 1 to 100; write 80 for 80 %")
    elif value % 1:
        told = to_say("{column} {text} counts {unit}: write a whole number")
    elif row["measure"] == "milestone" and value > highest > 0:
        told = to_say("{column} {text} is no stage; write 1 to {highest}, as in stages.csv")
    elif value > most:
        told = to_say("{column} {text} is more than {what}; write a number that can be reached")
    if told:
        yield row.say(told, column=column, text=row[column], most=most, what=what, highest=highest)


def _check_targets(f: CheckedFiles) -> Iterator[str]:
    for row in f.rows("kpis"):
        for column in ("baseline", "target"):
            yield from _check_amount(row, column, f)
        if row["target"] and float(row["target"]) <= float(row["baseline"] or 0):
            yield row.say("target {target} is not above the baseline {baseline}", baseline=row["baseline"] or 0)
        if row["target_status"] == "adopted" and not row.get("target_reference"):
            yield row.say("target_status is adopted: name the decision in a column target_reference")


def _check_shown(f: CheckedFiles) -> Iterator[str]:
    taken: dict[str, str] = {}
    for row in f.rows("kpis"):
        kpi = f.plan.by_kpi.get(row["kpi"])
        for place in kpi.shown if kpi else ():
            owner = kpi.kpi if place == "brief" else taken.setdefault(place, kpi.kpi)
            if owner != kpi.kpi:
                yield row.say("shown: {place} is that of {owner}; give it another number", place=place, owner=owner)
            if place == "brief" and not kpi.has_member_values:
                yield row.say("shown: brief is for what is known member by member; leave it out")
            if place.startswith("call") and not kpi.is_bounded:
                yield row.say("shown: call is for count_known, sum_known and mean_index; leave it out")


def _check_companions(f: CheckedFiles) -> Iterator[str]:
    for companion, row in zip(f.plan.companions, f.tables["companions"].rows, strict=True):
        kpi = f.plan.by_kpi.get(companion.kpi)
        if kpi and companion.measure == "rate" != kpi.measure:
            yield row.say("measure rate is for a companion of a rate; {kpi} is none", kpi=companion.kpi)
        parts = f.plan.part_codes(kpi.step) if kpi else ()
        blank = [language for language, title in companion.title.items() if not title]
        if len(blank) < len(companion.title) and blank:
            yield row.say("title is blank in {blank}; write it in every language", blank=", ".join(blank))
        elif blank and parts and companion.component not in parts:
            yield row.say("{component} has no title; write title_fr…, or name a code of components.csv",
                          component=companion.component)  # fmt: skip
        if problem := source_checks.check_unit(companion.unit, companion.measure, f.plan.units):
            yield row.tell(problem)
    yield from _check_breakdowns(f)


def _check_breakdowns(f: CheckedFiles) -> Iterator[str]:
    """Check that a KPI which is shown by the parts of a list is shown by all of them."""
    for kpi in f.plan.kpis:
        shown = {companion.component for companion in f.plan.companions if companion.kpi == kpi.kpi}
        lists: dict[str, set[str]] = defaultdict(set)
        for part in f.plan.components:
            if part.step == kpi.step:
                lists[part.list].add(part.code)
        for listed, codes in lists.items():
            if shown & codes and codes - shown:
                lacking = ", ".join(sorted(codes - shown))
                yield say(
                    "companions.csv: {kpi} lacks {lacking} of list {listed}; add the row, or restore the file",
                    kpi=kpi.kpi, lacking=lacking, listed=listed,
                )  # fmt: skip


def _check_figures(f: CheckedFiles) -> Iterator[str]:
    return theme_figures.list_figure_problems(f.plan, f.tables["figures"], f.tables["kpis"].codes("kpi"))


def _check_components(f: CheckedFiles) -> Iterator[str]:
    table = f.tables["components"]
    lists = dict(key for key, _ in reversed(Counter((row["step"], row["list"]) for row in table.rows).most_common()))
    for row in table.rows:
        listed = lists[row["step"]]
        if row["list"] != listed:
            yield row.say("list {list} is not {listed}, as in the other rows of step {step}", listed=listed)


def _check_members(f: CheckedFiles) -> Iterator[str]:
    for row in f.rows("members"):
        first, last = row["member_from"], row["member_to"]
        if first and last and first > last:
            yield row.say("member_from {first} is after member_to {last}; correct one of them", first=first, last=last)
        elif not any(map(f.plan.by_iso3[row["member"]].valid_in, f.quarters)):
            yield row.say("{member} is a member in no quarter of the plan; correct its dates")


def _check_names(f: CheckedFiles) -> Iterator[str]:
    """Check that a name, folded as in returns, means one state, and that states are said to be members rightly."""
    owners: dict[str, tuple[str, CsvRow]] = {}
    named: list[tuple[CsvRow, str, str]] = []
    for row in f.rows("members"):
        names = [row["member"], *(row[f"name_{language}"] for language in f.languages)]
        named += [(row, name, row["member"]) for name in names]
    named += [(row, row["alias"], row["iso3"]) for row in f.rows("aliases") if row.get("source") != AMBIGUOUS]
    for row, name, code in named:
        other, first = owners.setdefault(fold(name), (code, row))
        if other != code:
            yield row.say("{name!r} names {code}, but also {other} ({place}); keep it for one of them",
                          name=name, code=code, other=other, place=first.place)  # fmt: skip
    for name in ("aliases", "tile_grid"):
        for row in f.rows(name) if f.members else ():
            if (row["member"] == "yes") != (row["iso3"] in f.members):
                is_one = to_say("member is {member}, but {iso3} is a member")
                is_none = to_say("member is {member}, but {iso3} is no member")
                yield row.say(is_one if row["iso3"] in f.members else is_none)
        table = f.tables[name]
        known = table.codes("iso3")
        missing = ", ".join(code for code in f.members if code not in known)
        if missing and table.every_row:
            yield say("{file}: has no row of {missing}; add it, or restore the file", file=table.file, missing=missing)


def _check_tiles(f: CheckedFiles) -> Iterator[str]:
    taken: dict[tuple[str, str], str] = {}
    for row in f.rows("tile_grid"):
        place, code = (row["row"], row["column"]), row["iso3"]
        if code in f.members and not (int(place[0]) in _TILE_ROWS and int(place[1]) in _TILE_COLUMNS):
            yield row.say("{code} lies outside the map; write a row from 1 to 10 and a column from 3 to 12", code=code)
        if taken.setdefault(place, code) != code:
            yield row.say("{code} lies on the tile of {taken}; choose a free row and column",
                          code=code, taken=taken[place])  # fmt: skip


def _check_regions(f: CheckedFiles) -> Iterator[str]:
    settings, used = f.plan.settings, set(f.tables["members"].codes("region"))
    called = {fold(text) for text in (settings.code, "union", *settings.union.values())}
    for row in f.rows("regions"):
        if called & {fold(text) for text in row.values()}:
            yield row.say("region {region} is called like the Union; give it a name of its own")
        if used and row["region"] not in used:
            yield row.say("region {region} has no member in members.csv; correct it, or leave it out")


def _check_units(f: CheckedFiles) -> Iterator[str]:
    """Check that each unit has its name and its plurals in every language, each with the number."""
    named = {row["unit"] for row in f.rows("kpis")}
    for row in f.rows("units"):
        for language in f.languages:
            text = row[f"text_{language}"]
            if not text and row["form"] in (UNIT_NAME, OTHER):
                yield row.say("text_{language} is blank; write it", language=language)
            elif text and row["form"] != UNIT_NAME and "{n}" not in text:
                yield row.say("text_{language} {text!r} lacks {{n}}, which the number takes the place of",
                              language=language, text=text)  # fmt: skip
            elif set("{}") & set(text.replace("{n}", "")):
                yield row.say("text_{language} {text!r} has a brace that is not {{n}}; leave it out",
                              language=language, text=text)  # fmt: skip
    for name, unit in f.plan.units.items():
        for form in (OTHER, ONE):  # the least that each of the languages has
            if form not in unit.forms:
                yield say("units.csv: {name} has no row of form {form}; add it", name=name, form=form)
        if name in named and not unit.name:
            yield say("units.csv: {name} has no row of form {form}; add it", name=name, form=UNIT_NAME)


def _check_titles(f: CheckedFiles) -> Iterator[str]:
    """Check that no two KPIs or regions are called the same, and that no title has a brace, which nothing fills."""
    prefixes = ("title", "name", "short", "text")
    for name in ("regions", "themes", "steps", "kpis", "names", "components", "companions", "members", "stages"):
        for column in [f"{prefix}_{language}" for prefix in prefixes for language in f.languages]:
            first: dict[str, CsvRow] = {}
            for row in f.rows(name):
                text = row.get(column, "")
                if set("{}") & set(text):
                    yield row.say("{column} {text!r} has a brace; leave it out", column=column, text=text)
                other = first.setdefault(text.casefold(), row) if name in ("kpis", "regions") and text else row
                if other is not row:
                    yield row.say("{column} {text!r} is also that of row {number}; give each its own",
                                  column=column, text=text, number=other.number)  # fmt: skip


def _check_stages(f: CheckedFiles) -> Iterator[str]:
    milestones = (row for row in f.tables["kpis"].every_row if row["measure"] == "milestone")
    products = {row["source"].rpartition(" ")[2] for row in milestones}
    for name, stages in f.plan.stages.items():
        rows = [row for row in f.rows("stages") if row["product"] == name]
        if sorted(int(row["stage"]) for row in rows) != list(range(1, len(stages) + 1)):
            yield rows[0].say("the stages of {name} do not run from 1 to {n_stages}; correct them",
                              name=name, n_stages=len(stages))  # fmt: skip
        if products and name not in products:
            told = to_say("{name} is the product of no milestone in kpis.csv; leave it out, or correct its name")
            yield rows[0].say(told, name=name)


def _check_totals(f: CheckedFiles) -> Iterator[str]:
    header = set().union(*f.tables["members"].every_row)
    for row in f.rows("totals"):
        question = f.form.by_name.get(row["question"])
        if f.form.questions and (question is None or question.type != "integer"):
            yield row.say("{question} is no question of the form that asks for a number; correct its name")
    for column in sorted(header):
        is_used = column in f.tables["totals"].codes("reference")
        if column.startswith("reference_") and column != "reference_basis" and not is_used:
            told = to_say("members.csv: column {column} is the reference of no total in totals.csv; name it there")
            yield say(told, column=column)


def _check_themes(f: CheckedFiles) -> Iterator[str]:
    """Check a theme's own sentences: written in every language, with values that there are."""
    for row in f.rows("themes"):
        for prefix in ("reached", "below"):
            texts = {f"{prefix}_{language}": row.get(f"{prefix}_{language}", "") for language in f.languages}
            if any(texts.values()) and not all(texts.values()):
                blank = ", ".join(column for column, text in texts.items() if not text)
                yield row.say("{blank} is blank; write the sentence in every language, or in none", blank=blank)
            for column, text in texts.items():
                named = set(re.findall(r"\{(\w*)\}", text))
                if named - set(THEME_VALUES) or len(re.findall("[{}]", text)) != 2 * len(re.findall(r"\{\w+\}", text)):
                    allowed = ", ".join(f"{{{name}}}" for name in THEME_VALUES)
                    yield row.say("{column} names a value that there is not; the values are {allowed}",
                                  column=column, allowed=allowed)  # fmt: skip


def _check_rules(f: CheckedFiles) -> Iterator[str]:
    """Check each rule, and that none is there twice; held against the form where that can be read."""
    first: dict[tuple[str, ...], int] = {}
    for row in f.rows("rules"):
        named = tuple(row[name] for name in ("rule", "check", "question", "other"))
        if (number := first.setdefault(named, row.number)) != row.number:
            yield row.say("the same rule is in row {number}; keep one", number=number)
        yield from map(row.tell, rules.list_row_problems(row))
    place_of = {row.number: row for row in f.rows("rules")}
    for rule in (rule for rule in f.plan.rules if rule.check in ("part", "share_moves", "outlier")):
        if rule.question in rules.list_wholes(rule.other, f.plan.rules):
            part = to_say("{question} is a part of {other}, which is a part of it; leave one out")
            share = to_say("{question} is held against {other}, which is a part of it; exchange them")
            told = part if rule.check == "part" else share
            yield place_of[rule.row].say(told, question=rule.question, other=rule.other)
    for rule in f.plan.rules if f.form.questions and f.form.lists else ():
        yield from map(place_of[rule.row].tell, rules.list_form_problems(rule, f.form))


_CHECKS = (
    _check_steps, _check_targets, _check_shown, _check_companions, _check_figures, _check_components,
    _check_members, _check_names, _check_tiles, _check_regions, _check_units, _check_titles, _check_stages,
    _check_totals, _check_themes, _check_rules,
)  # fmt: skip


def check_plan(folder: Path | None = None) -> tuple[Plan, Form]:
    """Read plan and form (default: those in force), held against one another.

    Raises PlanError with every problem, its place and remedy.
    """
    inner = folder / "questionnaire" if folder else paths.questionnaire()
    folder = folder or paths.plan()
    form, grouping = questionnaire.make_form(inner)
    tables = {**read_plan_files(folder), **questionnaire.read_form_files(inner)}
    f = CheckedFiles(tables, make_plan(folder), form, folder)
    problems = [problem for check in (*_CHECKS, *FORM_CHECKS) for problem in check(f)]
    if tables["survey"].every_row and form.lists:  # otherwise all that is asked would be told as missing
        problems += [*grouping, *source_checks.list_source_problems(f.plan, form)]
    has_roles = form.identity.personal or form.identity.public
    lost = [table.file for table in tables.values() if table.problems and not table.every_row]
    lost = [file for file in lost if file != FILE or not has_roles]
    # What names a file that cannot be read rests on it: the file is told of, once.
    problems = [problem for problem in problems if not any(file in problem for file in lost)]
    files.refuse([*(problem for table in tables.values() for problem in table.problems), *problems])
    return f.plan, form
