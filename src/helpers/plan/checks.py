"""Holds the files of the plan against one another, the form and the rules, and refuses what cannot be meant."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from helpers import paths
from helpers.plan import files, quarters, questionnaire, sources
from helpers.plan.files import CsvRow, PlanError, PlanTable
from helpers.plan.plan import UNION, Plan, make_plan, read_plan_files
from helpers.plan.questionnaire import LABEL_COLUMNS, LABEL_LANGUAGES, Form, Question
from helpers.strings import fold

__all__ = ["Known", "Need", "PlanError", "check_plan"]
_UNION_NAMES = {fold(name) for name in (UNION, "UPAP", "Union")}
_TILE_ROWS, _TILE_COLUMNS = range(1, 11), range(3, 13)  # of the map of tiles, where members may lie
_HIGHEST_STAGE = 5
_QUARTERS = tuple(quarters.quarters_between(quarters.FIRST_QUARTER, quarters.LAST_QUARTER))
_DUE_QUARTERS = _QUARTERS[_QUARTERS.index(quarters.FIRST_STATUS_QUARTER) :]


@dataclass(frozen=True)
class Need:
    """A question that a rule or a figure needs, with its type and the codes it must offer; `who` needs it."""

    who: str
    type: str
    question: str
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Known:
    """What the upper rooms know: units and regions with words in every language, and what their rules need.

    `counted` are units that have only their plurals, which companions may have too.
    """

    units: Iterable[str]
    counted: Iterable[str]
    regions: Iterable[str]
    needs: Iterable[Need] = ()


@dataclass(frozen=True)
class _Files:
    """The files of the plan and the form, and what was made of their right rows."""

    tables: Mapping[str, PlanTable]
    plan: Plan
    form: Form
    known: Known

    def rows(self, name: str) -> Sequence[CsvRow]:
        """Return the right rows of a file."""
        return self.tables[name].rows

    @cached_property
    def members(self) -> tuple[str, ...]:
        """The members' codes."""
        return self.tables["members"].codes("member")

    def question(self, name: str) -> Question | None:
        """Return a question, or a field of the repeat (`innovations.date`); None where the form lacks it."""
        inside = {f"{questionnaire.REPEAT}.{field.name}": field for field in self.form.fields}
        return inside.get(name) or self.form.by_name.get(name)


def _check_steps(f: _Files) -> Iterator[str]:
    measures, parts = defaultdict(set), set(f.tables["components"].codes("step"))
    for row in f.tables["kpis"].every_row:
        measures[row["step"]].add(row["measure"])
    for row in f.rows("themes"):
        if row["theme"] not in f.tables["steps"].codes("theme"):
            yield row.say(f"theme {row['theme']} has no step in steps.csv; add one, or restore the file")
        leading = f.plan.by_kpi.get(row["leads"])
        if f.tables["kpis"].every_row and (leading is None or str(leading.theme) != row["theme"]):
            yield row.say(f"leads {row['leads']} is no KPI of theme {row['theme']}; name one of them")
    for row in f.rows("steps"):
        step, due = row["step"], row["due"] and quarters.parse_quarter(row["due"])
        if step[0] != row["theme"]:
            yield row.say(f"step {step} is of theme {step[0]}, not {row['theme']}; correct one of them")
        if due and due not in _DUE_QUARTERS:
            yield row.say(f"due {due} is not within {_DUE_QUARTERS[0]}-{_DUE_QUARTERS[-1]}; correct it")
        if not due and measures[step] - {"rate"}:
            yield row.say("due is blank; only a rate has no due quarter: write one, such as 2023Q4")
        for name, missing in (("kpis", not measures[step]), ("components", step not in parts)):
            if missing and f.tables[name].every_row:
                yield row.say(f"step {step} has no row in {name}.csv; add one, or restore the file")


def _check_amount(row: CsvRow, column: str, members: int) -> str:
    """Return what is wrong with the size of a baseline or target, blank where nothing is."""
    text, value, unit = row[column], float(row[column] or 0), row["unit"]
    if row["assessed"] == "share":
        return f"{column} {text} is a share, 1 at most; write 0.80 for 80 %" if value > 1 else ""
    if unit == "percent":
        return f"{column} {text} is a percentage, 1 to 100; write 80 for 80 %" if 0 < value < 1 or value > 100 else ""
    if value % 1:
        return f"{column} {text} counts {unit}: write a whole number"
    if row["measure"] == "milestone" and value > _HIGHEST_STAGE:
        return f"{column} {text} is no stage; write 1 to {_HIGHEST_STAGE}"
    return f"{column} {text} is more than the {members} members" if unit == "members" and value > members else ""


def _check_targets(f: _Files) -> Iterator[str]:
    for row in f.rows("kpis"):
        for column in ("baseline", "target"):
            if problem := _check_amount(row, column, len(f.members)):
                yield row.say(problem)
        if row["target"] and float(row["target"]) <= float(row["baseline"] or 0):
            yield row.say(f"target {row['target']} is not above the baseline {row['baseline'] or 0}")
        if row["target_status"] == "adopted" and not row.get("target_reference"):
            yield row.say("target_status is adopted: name the decision in a column target_reference")


def _check_shown(f: _Files) -> Iterator[str]:
    taken: dict[str, str] = {}
    for row in f.rows("kpis"):
        kpi = f.plan.by_kpi.get(row["kpi"])
        for place in kpi.shown if kpi else ():
            owner = kpi.kpi if place == "brief" else taken.setdefault(place, kpi.kpi)
            if owner != kpi.kpi:
                yield row.say(f"shown: {place} is that of {owner}; give it another number")
            if place == "brief" and not kpi.has_member_values:
                yield row.say("shown: brief is for what is known member by member; leave it out")
            if place.startswith("call") and not kpi.is_bounded:
                yield row.say("shown: call is for count_known, sum_known and mean_index; leave it out")


def _check_companions(f: _Files) -> Iterator[str]:
    for companion, row in zip(f.plan.companions, f.tables["companions"].rows, strict=True):
        kpi = f.plan.by_kpi.get(companion.kpi)
        if kpi and companion.measure == "rate" != kpi.measure:
            yield row.say(f"measure rate is for a companion of a rate; {companion.kpi} is none")
        parts = f.plan.part_codes(kpi.step) if kpi else ()
        blank = [language for language, title in companion.title.items() if not title]
        if len(blank) < len(companion.title) and blank:
            yield row.say(f"title is blank in {', '.join(blank)}; write it in every language")
        elif blank and parts and companion.component not in parts:
            yield row.say(f"{companion.component} has no title; write title_fr…, or name a code of components.csv")
        if problem := sources.check_unit(companion.unit, companion.measure, {*f.known.units, *f.known.counted}):
            yield row.say(problem)
    yield from _check_breakdowns(f)


def _check_breakdowns(f: _Files) -> Iterator[str]:
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
                yield f"companions.csv: {kpi.kpi} lacks {lacking} of list {listed}; add the row, or restore the file"


def _check_components(f: _Files) -> Iterator[str]:
    table = f.tables["components"]
    lists = dict(key for key, _ in reversed(Counter((row["step"], row["list"]) for row in table.rows).most_common()))
    for row in table.rows:
        listed = lists[row["step"]]
        if row["list"] != listed:
            yield row.say(f"list {row['list']} is not {listed}, as in the other rows of step {row['step']}")


def _check_members(f: _Files) -> Iterator[str]:
    for row in f.rows("members"):
        first, last = row["member_from"], row["member_to"]
        if fold(row["region"]) in _UNION_NAMES:
            yield row.say(f"region {row['region']} is called like the Union; give it a name of its own")
        elif row["region"] not in f.known.regions:
            yield row.say(f"region {row['region']!r} is not one of {', '.join(f.known.regions)}")
        if first and last and first > last:
            yield row.say(f"member_from {first} is after member_to {last}; correct one of them")
        elif not any(map(f.plan.by_iso3[row["member"]].valid_in, _QUARTERS)):
            yield row.say(f"{row['member']} is a member in no quarter of the plan; correct its dates")


def _check_names(f: _Files) -> Iterator[str]:
    """Check that a name, folded as in returns, means one state, and that states are said to be members rightly."""
    owners: dict[str, tuple[str, str]] = {}
    named: list[tuple[CsvRow, str, str]] = []
    for row in f.rows("members"):
        names = [row["member"], *(text for column, text in row.items() if column.startswith("name_"))]
        named += [(row, name, row["member"]) for name in names]
    named += [(row, row["alias"], row["iso3"]) for row in f.rows("aliases")]
    for row, name, code in named:
        other, place = owners.setdefault(fold(name), (code, row.place))
        if other != code:
            yield row.say(f"{name!r} names {code}, but also {other} ({place}); keep it for one of them")
    for name in ("aliases", "tile_grid"):
        for row in f.rows(name) if f.members else ():
            if (row["papu_member"] == "yes") != (row["iso3"] in f.members):
                is_member = "a" if row["iso3"] in f.members else "no"
                yield row.say(f"papu_member is {row['papu_member']}, but {row['iso3']} is {is_member} member")
        missing = [code for code in f.members if code not in f.tables[name].codes("iso3")]
        if missing and f.tables[name].every_row:
            yield f"{name}.csv: has no row of {', '.join(missing)}; add it, or restore the file"


def _check_tiles(f: _Files) -> Iterator[str]:
    taken: dict[tuple[str, str], str] = {}
    for row in f.rows("tile_grid"):
        place, code = (row["row"], row["column"]), row["iso3"]
        if code in f.members and not (int(place[0]) in _TILE_ROWS and int(place[1]) in _TILE_COLUMNS):
            yield row.say(f"{code} lies outside the map; write a row from 1 to 10 and a column from 3 to 12")
        if taken.setdefault(place, code) != code:
            yield row.say(f"{code} lies on the tile of {taken[place]}; choose a free row and column")


def _same_labels(rows: Iterable[CsvRow]) -> Iterator[str]:
    """Yield the labels that stand for two questions or codes, in whatever languages: answers are read by them."""
    owners: dict[str, str] = {}
    for row in rows:
        for text in (row[column] for column in LABEL_COLUMNS):
            owner = owners.setdefault(" ".join(text.casefold().split()), row["name"]) if text else row["name"]
            if owner != row["name"]:
                yield row.say(f"label {text!r} is also that of {owner}; each needs one of its own")


def _check_choices(f: _Files) -> Iterator[str]:
    table, used, live = f.tables["choices"], set(questionnaire.DETAIL_LISTS.values()), defaultdict(list)
    used |= {question.listed for question in (*f.form.questions, *f.form.fields)}
    for row in table.rows:
        if last := row.get("until"):
            if quarters.parse_quarter(last) not in _QUARTERS:
                yield row.say(f"until {last} is not within {_QUARTERS[0]}-{_QUARTERS[-1]}; correct it")
        else:
            live[row["list_name"]].append(row)
            for column in (column for column in LABEL_COLUMNS if not row[column]):
                yield row.say(f"{column} is blank; write it in every language")
        if row["list_name"] not in used:
            yield row.say(f"list {row['list_name']} is that of no question; correct its name")
        if row["list_name"] == "member":
            labels = [row[column] for column in LABEL_COLUMNS]
            if row["name"] not in f.members:
                yield row.say(f"{row['name']} is no member in members.csv; leave it out, or add the member")
            elif wrong := [label for label in labels if f.plan.resolve(label).iso3 != row["name"]]:
                yield row.say(f"label {wrong[0]!r} is no name of {row['name']}; write that of members.csv")
    for rows in live.values():
        yield from _same_labels(rows)
    missing = [code for code in f.members if code not in {row["name"] for row in live["member"]}]
    if missing and table.every_row:
        yield f"choices.csv: list member lacks {', '.join(missing)}, a member in members.csv; add the row"
    yield from (f"choices.csv: has no list {name}" for name in questionnaire.DETAIL_LISTS.values() if not live[name])


def _check_texts(row: CsvRow, names: Iterable[str]) -> Iterator[str]:
    """Check the texts of a row of the survey: each in all languages, and expressions about questions that are there."""
    blank = {
        prefix: [name for name in LABEL_LANGUAGES.values() if not row.get(f"{prefix}::{name}")]
        for prefix in ("label", "hint", "constraint_message")
    }
    is_asked = not row["type"].startswith(("end", "calculate"))
    needs = {"label": is_asked, "constraint_message": bool(row.get("constraint"))}
    for prefix, languages in blank.items():
        if languages and (needs.get(prefix) or len(languages) < len(LABEL_LANGUAGES)):
            yield row.say(f"{prefix} is blank in {', '.join(languages)}; write it in every language")
    if not row["name"] and not row["type"].startswith("end"):
        yield row.say("name is blank; write one")
    for column in ("constraint", "relevant", "calculation"):
        for name in dict.fromkeys(re.findall(r"\$\{([^}]*)\}", row.get(column, ""))):
            if name not in names:
                yield row.say(f"{column} names {name}, which is no question of the form")


def _check_survey(f: _Files) -> Iterator[str]:
    table = f.tables["survey"]
    names, former = table.codes("name"), {}
    row_of = {row["name"]: row for row in table.every_row}
    for row in table.rows:
        yield from _check_texts(row, names)
    for row in f.rows("settings")[1:]:
        yield row.say("a second row; keep one")
    yield from _same_labels([row for row in table.rows if row["name"]])
    if table.every_row and ("begin_repeat", questionnaire.REPEAT) not in zip(table.codes("type"), names, strict=True):
        yield f"{table.file}: has no begin_repeat {questionnaire.REPEAT}; restore it"
    for question in (*f.form.questions, *f.form.fields):
        row, name = row_of[question.name], question.name
        if questionnaire.IDENTITY in question.path and name not in (*questionnaire.PERSONAL, *questionnaire.PUBLIC):
            problem = f"{name} is neither personal nor public: ask the maintainer to list it, or leave it out"
            yield row.say(problem)
        if question.type == "select_multiple" and question.choices and questionnaire.NONE_CODE not in question.choices:
            yield row.say(f"{name} cannot be answered by none: add `none` to list {question.listed}")
        unknown = set(question.choices) - {*f.form.substantive, questionnaire.NONE_CODE}
        if unknown and name.startswith("nd_"):
            yield row.say(f"list {question.listed} has {', '.join(sorted(unknown))}, no question of the form")
        for other, code in question.asked_if:
            asked = f.form.by_name.get(other)
            if asked and asked.choices and code not in asked.choices:
                yield row.say(f"relevant names {code}, which is no answer to {other}")
        for earlier in question.formerly:
            owner = earlier if earlier in names else former.setdefault(earlier, name)
            if owner != name:
                yield row.say(f"formerly names {earlier}, which is {owner}'s name; leave it to one question")


def _check_needs(f: _Files) -> Iterator[str]:
    """Check that the form has what the rules read, each question of the right type."""
    lacking: dict[str, list[str]] = defaultdict(list)
    row_of = {row["name"]: row.number for row in f.tables["survey"].every_row}
    for need in f.known.needs:
        question, row = f.question(need.question), row_of.get(need.question.rpartition(".")[2])
        codes = [code for code in need.codes if question and question.choices and code not in question.choices]
        if question is None:
            problem = f"survey.csv: lacks {need.question}, of type {need.type}"
        elif question.type != need.type:
            problem = f"survey.csv, row {row}: {need.question} is of type {question.type}, not {need.type}"
        elif codes:
            problem = f"choices.csv: list {question.listed} lacks {', '.join(codes)}"
        else:
            continue
        lacking[problem].append(need.who)
    for problem, who in lacking.items():
        yield f"{problem}, which {', '.join(dict.fromkeys(who))} needs; restore it"


_CHECKS = (
    _check_steps, _check_targets, _check_shown, _check_companions, _check_components, _check_members, _check_names,
    _check_tiles, _check_choices, _check_survey,
)  # fmt: skip


def check_plan(known: Known) -> tuple[Plan, Form]:
    """Read plan and form, held against one another. Raises PlanError with every problem, its place and remedy."""
    folder, inner = paths.plan(), paths.questionnaire()
    form, grouping = questionnaire.make_form(inner)
    tables = {**read_plan_files(folder), **questionnaire.read_form_files(inner)}
    f = _Files(tables, make_plan(folder), form, known)
    problems = [problem for table in tables.values() for problem in table.problems]
    problems += [problem for check in _CHECKS for problem in check(f)]
    if tables["survey"].every_row:  # otherwise all that it asks would be told as missing
        problems += [*grouping, *_check_needs(f), *sources.list_problems(f.plan, form, known.units)]
    files.refuse(problems)
    return f.plan, form
