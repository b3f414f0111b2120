"""The questionnaire of a quarter as an XLSForm: the plan's form, with what makes it quick and safe to fill in.

Its rows are those of survey.csv and choices.csv. What is added has names that no question of a plan may have
(`questionnaire.ADDED`) and labels that begin with an arrow, so that the reader of returns knows it in every export.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from helpers import paths
from helpers.desk import form_warnings
from helpers.desk.previous import Previous
from helpers.desk.texts import desk_text
from helpers.i18n import Translator
from helpers.ingest import confirmed
from helpers.plan import Plan, quarters, questionnaire
from helpers.strings import fold

FormRow = dict[str, str]  # the cells of a row of a sheet by column
PREVIOUS = "previous"  # the attached file: a row a member
_LANGUAGES, _ITEM_DETAILS, _BEFORE, _CONFIRM = "list_language", "list_detail", "list_before", "list_confirm"
_LAST = f"instance('{PREVIOUS}')/root/item[member = ${{member}}]/"
_FEW = 8  # choices that are shown all at once


@dataclass(frozen=True)
class XlsForm:
    """The sheets of a form, each a list of rows, and the rows of the file that goes with it."""

    survey: Sequence[FormRow]
    choices: Sequence[FormRow]
    settings: FormRow
    previous: Sequence[FormRow]


def make_xlsform(plan: Plan, form: questionnaire.Form, quarter: str, previous: Mapping[str, Previous]) -> XlsForm:
    """Make the form of a quarter, for members with their last answers; its version is still that of settings.csv."""
    return _Maker(plan, form, quarter, previous).make()


class _Maker:
    """Makes the rows of one form."""

    def __init__(
        self, plan: Plan, form: questionnaire.Form, quarter: str, previous: Mapping[str, Previous]
    ) -> None:  # fmt: skip
        self.plan, self.form, self.quarter, self.previous = plan, form, quarter, previous
        self.tables = questionnaire.read_form_files(paths.questionnaire())
        self.languages = plan.settings.languages
        self.translators = {language: Translator(language) for language in self.languages}
        known = form_warnings.list_form_warnings(plan, form)
        self.warnings = [each for each in known if previous or not each.needs_last]
        self.has_file = bool(previous or self.warnings)  # a row a member: last answers, references

    @cached_property
    def members(self) -> list[str]:
        """The members who are asked in the quarter."""
        return [member.member for member in self.plan.members_in(self.quarter)]

    def make(self) -> XlsForm:
        """Return the sheets."""
        settings = dict(self.tables["settings"].rows[0])
        settings |= {"style": "pages", "allow_choice_duplicates": "yes"}
        return XlsForm(list(self._survey()), list(self._choices()), settings, list(self._previous()))

    # --- texts ----------------------------------------------------------------------------------------------------

    def _texts(self, column: str, key: str, **values: object) -> FormRow:
        """Return a text in every language, by column; a value may be a function of the language."""
        row = {}
        for language in self.languages:
            known = {name: value(language) if callable(value) else value for name, value in values.items()}
            row[f"{column}::{questionnaire.LABEL_LANGUAGES[language]}"] = desk_text(f"form_{key}", language, **known)
        return row

    def _part(self, question: str, key: str) -> FormRow:
        """Return the label of something that belongs to a question."""
        label = self.form.label_of(question)
        return self._texts("label", "part", label=label.get, text=lambda language: desk_text(f"form_{key}", language))

    def _days(self, *days: object) -> dict[str, object]:
        names = zip(("start", "end"), days, strict=True)
        return {name: lambda language, day=day: self.translators[language].day(day) for name, day in names}

    # --- survey ---------------------------------------------------------------------------------------------------

    def _survey(self) -> Iterator[FormRow]:
        if self.has_file:
            yield {"type": "csv-external", "name": PREVIOUS}
        asked = {question for names in self._unavailable.values() for question in names}
        for row in self._order(self.tables["survey"].every_row):
            name, kind = row["name"], row["type"].split(" ")[0]
            row = {column: text for column, text in row.items() if text and column != "formerly"}
            if kind in ("begin_group", "begin_repeat") and not self._holds_repeat(name):
                row["appearance"] = "field-list"
            if name in asked:
                row |= self._shown_unless_unavailable(name, row)
            yield from self._question(row, name, kind)

    @cached_property
    def _unavailable(self) -> Mapping[str, tuple[str, ...]]:
        """The questions that each question on what is not available can tick."""
        ticks = (question for question in self.form.questions if question.name.startswith("nd_"))
        return {tick.name: tuple(c for c in tick.choices if c != questionnaire.NONE_CODE) for tick in ticks}

    def _order(self, rows: Iterable[FormRow]) -> list[FormRow]:
        """Return the rows with what is not available asked first in its group: it hides what it ticks."""
        ordered: list[FormRow] = []
        opened: list[int] = []  # where the group began, of those that are open
        for row in rows:
            if row["name"] in self._unavailable and opened:
                ordered.insert(opened[-1], row)
                continue
            ordered.append(row)
            if row["type"].startswith("begin"):
                opened.append(len(ordered))
            elif row["type"].startswith("end"):
                opened.pop()
        return ordered

    def _holds_repeat(self, group: str) -> bool:
        return any(group in field.path[:-1] for field in self.form.fields)

    def _shown_unless_unavailable(self, name: str, row: FormRow) -> FormRow:
        ticks = [tick for tick, names in self._unavailable.items() if name in names]
        return {"relevant": _join(row.get("relevant"), *(f"not(selected(${{{tick}}}, '{name}'))" for tick in ticks))}

    def _question(self, row: FormRow, name: str, kind: str) -> Iterator[FormRow]:
        """Yield a row of the form as it is asked, and what is added to it."""
        if row.get("required") == "yes":
            row |= self._texts("required_message", "required")
        if kind == "date":
            row |= self._limit_date(row, name)
        if kind.startswith("select"):
            row |= self._limit_choices(row, name, kind)
        if name == self.form.identity.remarks:
            row["appearance"] = "multiline"
        if name == questionnaire.MEMBER_ASKED:
            yield from self._member(row)
        elif name == questionnaire.QUARTER_ASKED:
            yield row | {"default": self.quarter, "readonly": "yes"}
        elif name and name == self.form.identity.language:
            yield self._calculate(name, f"${{pick_{name}}}")  # asked before the member
        elif name and name == self.form.repeat.detail and self.form.repeat.details:
            yield from self._detail(row, name)
        elif name in self.form.numbers:
            yield from self._number(row, name)
        else:
            yield row
            yield from self._warnings_after(name)

    def _limit_choices(self, row: FormRow, name: str, kind: str) -> FormRow:
        """Return how the choices of a question are shown: a long list folded, without those that are retired."""
        question = next(each for each in (*self.form.questions, *self.form.fields) if each.name == name)
        hidden = [f"not(until < {_as_number(self.quarter)})"] if question.listed in self.form.retired else []
        shown = {"appearance": "minimal"} if kind == "select_one" and len(question.choices) > _FEW else {}
        offered = _join(row.get("choice_filter"), *hidden)
        return shown | ({"choice_filter": offered} if offered else {})

    def _limit_date(self, row: FormRow, name: str) -> FormRow:
        """Return the limits of a date: of an item within the quarter, else no later than its end."""
        start, end = quarters.quarter_start(self.quarter), quarters.quarter_end(self.quarter)
        limits, key = [f". <= date('{end}')"], "by_quarter"
        if name == self.form.repeat.date:
            limits, key = [f". >= date('{start}')", *limits], "in_quarter"
        texts = self._texts("constraint_message", key, **self._days(start, end))
        return {"constraint": _join(row.get("constraint"), *limits)} | texts

    def _member(self, row: FormRow) -> Iterator[FormRow]:
        """Yield the question on the member after the language its list is sorted in, then what it was asked before."""
        if language := self.form.identity.language:
            yield {
                "type": f"select_one {_LANGUAGES}", "name": f"pick_{language}", "required": "yes",
                "default": self.plan.settings.master_language, "appearance": "columns-pack",
                **self._part(language, "pick"), **self._texts("required_message", "required"),
            }  # fmt: skip
            row["choice_filter"] = f"language = ${{pick_{language}}}"
        yield row | {"appearance": "minimal autocomplete"}
        if asked := [each for own in self.previous.values() for each in own.asked]:
            members = " or ".join(f"${{member}} = '{code}'" for code, own in sorted(self.previous.items()) if own.asked)
            named = {
                "quarter": lambda language: self.translators[language].quarter(max(each.quarter for each in asked))
            }
            yield {
                "type": f"select_multiple {_BEFORE}", "name": "confirm_before",
                "relevant": members, "choice_filter": "of_member = ${member}",
                **self._texts("label", "before", **named), **self._texts("hint", "before_hint", **named),
            }  # fmt: skip

    def _detail(self, row: FormRow, name: str) -> Iterator[FormRow]:
        """Yield the detail of an item as a choice from its kind's list, where it has one; else as a text."""
        kind = self.form.repeat.kind
        listed = " or ".join(f"selected(${{{kind}}}, '{code}')" for code in self.form.repeat.details)
        yield {
            "type": f"select_one {_ITEM_DETAILS}", "name": f"pick_{name}", "relevant": listed,
            "choice_filter": f"item_kind = ${{{kind}}}", **self._part(f"{self.form.repeat.name}.{name}", "pick"),
        }  # fmt: skip
        other = f"${{{kind}}} != '' and not({listed})"
        part = self._part(f"{self.form.repeat.name}.{name}", "write")
        yield row | {"name": f"write_{name}", "relevant": other} | part
        yield self._calculate(name, f"coalesce(${{pick_{name}}}, ${{write_{name}}})")

    def _number(self, row: FormRow, name: str) -> Iterator[FormRow]:
        """Yield a number with its last value as a hint, the warnings on it, and the box to confirm it despite them."""
        texts = {}
        if self.previous:
            yield self._last(f"last_{name}", name)
            texts = self._texts("hint", "last", last=f"${{last_{name}}}")
        yield row | {column: " ".join(filter(None, (row.get(column), text))) for column, text in texts.items()}
        yield from self._warnings_after(name)
        if doubted := [each.expression for each in self.warnings if each.question == name]:
            yield {
                "type": f"select_one {_CONFIRM}", "name": f"confirm_{name}",
                "relevant": " or ".join(f"({each})" for each in doubted),
                **self._part(name, "confirm"), **self._texts("hint", "confirm_hint"),
            }  # fmt: skip

    def _warnings_after(self, name: str) -> Iterator[FormRow]:
        own = [each for each in self.warnings if each.after == name]
        for last, column in {item for each in own for item in each.reads.items()}:
            yield self._last(last, column)
        yield from map(self._warn, own)

    def _warn(self, warning: form_warnings.FormWarning) -> FormRow:
        values = {key: f"${{{text}}}" if text.startswith("last_") else text for key, text in warning.values.items()}
        if other := values.get("other"):
            values["other"] = self.form.label_of(other).get
        return {
            "type": "note", "name": f"warn_{warning.rule.lower()}_{warning.question}", "relevant": warning.expression,
            **self._texts("label", warning.key, **values),
        }  # fmt: skip

    def _last(self, name: str, column: str) -> FormRow:
        """Return what a member's row of the attached file has; a dash, which no number equals, if nothing."""
        return self._calculate(name, f"coalesce({_LAST}{column}, '–')")

    def _calculate(self, name: str, expression: str) -> FormRow:
        return {"type": "calculate", "name": name, "calculation": expression}

    # --- choices --------------------------------------------------------------------------------------------------

    def _choices(self) -> Iterator[FormRow]:
        """Yield the choices: the form's own, the members, the languages, and what is to be confirmed."""
        yield from self._own_choices()
        yield from self._member_choices()
        if self.form.identity.language:
            for code in self.languages:
                yield {"list_name": _LANGUAGES, "name": code} | self._labels(dict.fromkeys(self.languages, _own(code)))
        for code, own in sorted(self.previous.items()):
            for each in own.asked:
                name = confirmed.choice_name(each.quarter, each.question, each.value)
                label, count = self.form.label_of(each.question), {"quarter": each.quarter, "value": each.value}
                words = self._texts("label", "before_choice", label=label.get, **count)
                yield {"list_name": _BEFORE, "name": name, "of_member": code} | words
        if any(each.question in self.form.numbers for each in self.warnings):
            yield {"list_name": _CONFIRM, "name": "yes"} | self._texts("label", "confirm_yes")

    def _own_choices(self) -> Iterator[FormRow]:
        """Yield the form's own. Those that are retired stay, never offered: earlier submissions keep their words."""
        for row in self.tables["choices"].every_row:
            kept = {column: text for column, text in row.items() if text and column not in ("score", "until")}
            if last := row.get("until"):
                kept["until"] = _as_number(quarters.parse_quarter(last))
            if row["list_name"] != questionnaire.MEMBER_ASKED:
                yield kept
            for kind, listed in self.form.repeat.details.items():
                if row["list_name"] == listed and not last:
                    yield kept | {"list_name": _ITEM_DETAILS, "item_kind": kind}

    def _member_choices(self) -> Iterator[FormRow]:
        """Yield the members in the alphabet, once a language where the form asks for it: no tool sorts them."""
        named = {code: self.form.by_name[questionnaire.MEMBER_ASKED].choice_labels[code] for code in self.members}
        for language in self.languages if self.form.identity.language else [self.plan.settings.master_language]:
            for code, label in sorted(named.items(), key=lambda item: fold(item[1][language])):
                member = {"list_name": questionnaire.MEMBER_ASKED, "name": code, "language": language}
                yield member | self._labels(label)

    def _labels(self, label: questionnaire.Label) -> FormRow:
        return {f"label::{questionnaire.LABEL_LANGUAGES[language]}": label[language] for language in self.languages}

    # --- what was answered before -----------------------------------------------------------------------------------

    def _previous(self) -> Iterator[FormRow]:
        """Yield what each member answered before: its counts, its references; nobody's words."""
        for code in self.members if self.has_file else ():
            own, member = self.previous.get(code, Previous()), self.plan.by_iso3[code]
            known = {name: answer.value for name, answer in own.answers.items()}
            yield {
                "member": code, **{name: known.get(name, "") for name in self.form.numbers},
                **{column: str(member.references[column]) for column in self.form.totals.values()},
                **{
                    f"codes_{rule.subject}": form_warnings.count_codes(rule.questions(self.form), known)
                    for rule in self.plan.rules if rule.counts_codes
                },
            }  # fmt: skip


def _join(given: str | None, *further: str) -> str:
    """Return conditions that must all hold: one that a row has, in brackets, and further ones; blank without any."""
    return " and ".join([*([f"({given})"] if given else []), *further])


def _as_number(quarter: str) -> str:
    """Return a quarter as a number, by which forms compare it: 2024Q3 is 20243."""
    return quarter.replace("Q", "")


def _own(language: str) -> str:
    """Return a language's name in itself."""
    return questionnaire.LABEL_LANGUAGES[language].partition(" (")[0]
