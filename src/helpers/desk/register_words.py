"""What may stand in the cells of a register, in words: members, quarters, questions… and the codes that they mean."""

from collections.abc import Mapping, Sequence
from functools import cached_property

from helpers.desk.register_rows import list_product_parts, list_received_files
from helpers.desk.texts import desk_text
from helpers.i18n import Translator
from helpers.ingest import register_files, registers
from helpers.plan import quarters, questionnaire, read_plan, read_settings, sources
from helpers.strings import fold

DAYS = ("held_on", "confirmed_on", "sent_on", "due_on", "returned_on", "due", "closed_on")
COUNTS = ("stage", "women", "men", "value", "of_row")
SEVERAL = ("parts",)  # codes separated by ; in one cell
SUGGESTED = ("topic",)  # a list from which another word may be told

EVERYBODY = "*"  # instead of a member: a row for each of them
Labels = Mapping[str, Mapping[str, str]]  # by code, then by language


def name_column(column: str, language: str) -> str:
    """Return what a column of a register is called."""
    return desk_text(f"register_{'text_title' if column == 'title' else column}", language)


def _split(column: str, text: str) -> list[str]:
    """Return the texts in one cell of a column."""
    return [part.strip() for part in text.split(";") if part.strip()] if column in SEVERAL else [text]


class RegisterWords:
    """The lists of the registers' columns, by the name of the column: shown in one language, read in all of them."""

    def __init__(self, language: str) -> None:
        self.language, self._plan = language, read_plan()
        self._languages = read_settings().languages

    @cached_property
    def labels(self) -> Mapping[str, Labels]:
        """The codes of each list with their labels; a column that is not here has no list."""
        plan, form = self._plan, questionnaire.read_form()
        milestones = {sources.product_of(each.source): each for each in plan.kpis if each.measure == "milestone"}
        steps = {step.step: step.title for step in plan.steps}
        parts = {part.code: part.title for part in plan.components}
        translators = {language: Translator(language) for language in self._languages}
        own = sorted(plan.members, key=lambda member: fold(member.name[self.language]))
        named = [code for product in plan.stages for code in list_product_parts(product)]
        taught = [part.code for part in plan.components if part.step in sources.workshop_steps(plan)]
        files = [name for quarter in reversed(read_settings().quarters) for name in list_received_files(quarter)]
        return {
            "quarter": {q: {key: t.quarter(q) for key, t in translators.items()} for q in read_settings().quarters},
            "product": {code: milestones[code].title if code in milestones else {} for code in plan.stages},
            "parts": {code: parts[code] for code in named},
            "step": {step: steps[step] for step in sources.workshop_steps(plan)},
            "topic": {code: parts[code] for code in taught},
            "member": {member.member: member.name for member in own},
            "question": {name: form.label_of(name) for name in form.numbers},
            "kpi": {kpi.kpi: kpi.title for kpi in plan.kpis},
            "status": {
                code: {key: desk_text(f"register_{code}", key) for key in self._languages}
                for code in registers.ACTION_STATUSES
            },
            "source_file": {name: {} for name in files},
        }

    def show(self, column: str, text: str) -> str:
        """Return a cell's text with the label of its code, which follows in brackets; any other text as it is."""
        return "; ".join(self._show_one(column, part) for part in _split(column, text))

    def _show_one(self, column: str, text: str) -> str:
        code = self._read_one(column, text)
        label = self.labels.get(column, {}).get(code, {}).get(self.language, "")
        return f"{' '.join(label.split())} ({code})" if label else text

    def read(self, column: str, text: str) -> str:
        """Return the code of what is written in a cell, in whatever language of the plan; any other text as it is."""
        return ";".join(self._read_one(column, part) for part in _split(column, text))

    def _read_one(self, column: str, text: str) -> str:
        codes = self.labels.get(column, {})
        if not text or text in codes or not codes:
            return text
        if found := self._codes[column].get(fold(text)):
            return found
        if column == "member":
            said = {fold(desk_text("register_everybody", language)) for language in self._languages}
            return EVERYBODY if fold(text) in said else self._plan.resolve(text).iso3 or text
        return quarters.parse_quarter(text) if column == "quarter" and quarters.is_quarter(text) else text

    @cached_property
    def _codes(self) -> Mapping[str, Mapping[str, str]]:
        """The code that each text means, by list: a code, a label, or both; blank where it means two."""
        found: dict[str, dict[str, str]] = {}
        for column, codes in self.labels.items():
            texts = found[column] = {}
            for code, labels in codes.items():
                told = {fold(text) for label in labels.values() for text in (label, f"{label} ({code})")}
                for text in (told | {fold(code)}) - {""}:
                    texts[text] = code if texts.get(text, code) == code else ""
        return found

    def read_heading(self, text: str, columns: Sequence[str]) -> str:
        """Return which of some columns a heading names, in whatever language of the plan; blank for none."""
        return next((column for column in columns if fold(text) in self._headings[column]), "") if text else ""

    def count_headings(self, cells: Sequence[str]) -> int:
        """Count the cells of a row that are headings of registers."""
        return sum(any(fold(cell) in names for names in self._headings.values()) for cell in cells if cell)

    @cached_property
    def _headings(self) -> Mapping[str, set[str]]:
        """What each column of the registers may be called: its name, its label, and what else people call it."""
        own = questionnaire.read_form().label_of(questionnaire.MEMBER_ASKED)
        found = {}
        for column in {register_files.key_of_column(each) for row in registers.COLUMNS.values() for each in row}:
            labels = [name_column(column, language) for language in self._languages]
            if column == "member":
                labels += own.values()
                labels += "|".join(desk_text("register_member_also", each) for each in self._languages).split("|")
            found[column] = {fold(label) for label in (column, column.replace("_", " "), *labels)}
        return found

    def list_shown(self, column: str) -> list[str]:
        """Return what the drop-down list of a column offers, in order; nothing for a column without one."""
        everybody = [desk_text("register_everybody", self.language)] if column == "member" else []
        return [*everybody, *(self._show_one(column, code) for code in self.labels.get(column, ()))]

    def list_stages(self) -> list[str]:
        """Return what the stages of each product are called, with their numbers."""
        stages = ((self.show("product", code), titles) for code, titles in self._plan.stages.items())
        return [f"{name}: {n} {t[self.language]}" for name, titles in stages for n, t in enumerate(titles, start=1)]
