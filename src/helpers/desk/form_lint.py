"""What pyxform and ODK Validate do not see in a form: texts that are missing, labels twice, what earlier forms had."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from helpers.desk.xlsform import FormRow, XlsForm
from helpers.plan import Plan, questionnaire
from helpers.speech import say
from helpers.start import proofread

MOST_PAGES = 9
_Sheets = Mapping[str, Sequence[FormRow]]


def lint_form(made: XlsForm, plan: Plan, form: questionnaire.Form, earlier: _Sheets | None = None) -> list[str]:
    """Return what to mend in a form, as sentences; `earlier` is the form that it takes the place of."""
    return [
        *_lint_texts(made, plan.settings.languages), *_lint_labels(made.survey), *_lint_readers(made, plan, form),
        *_lint_pages(made.survey), *(_lint_changes(made, form, earlier) if earlier else ()),
    ]  # fmt: skip


def _lint_texts(made: XlsForm, spoken: Iterable[str]) -> Iterator[str]:
    """Yield the texts that a language lacks, and the conditions that say nothing when they are not met."""
    for row in (*made.survey, *made.choices):
        for text in {column.partition("::")[0] for column in row if "::" in column}:
            if lacking := [each for each in spoken if not row.get(f"{text}::{questionnaire.LABEL_LANGUAGES[each]}")]:
                languages = ", ".join(lacking)
                yield say("{name}: {text} is missing in {languages}", name=row["name"], text=text, languages=languages)
        for condition in ("required", "constraint"):
            has_message = any(column.startswith(f"{condition}_message::") for column in row)
            if row.get(condition, "no") != "no" and not has_message:
                yield say("{name}: {condition} has no message", name=row["name"], condition=condition)


def _lint_labels(survey: Sequence[FormRow]) -> Iterator[str]:
    """Yield the labels that two rows share: an export by labels could not tell them apart."""
    columns = {column for row in survey for column in row if column.startswith("label::")}
    for column in sorted(columns):
        found = Counter(row[column] for row in survey if column in row and row["type"] != "note")
        for label in (label for label, times in found.items() if times > 1):
            names = ", ".join(row["name"] for row in survey if row.get(column) == label)
            yield say("{names} have one label, {label}", names=names, label=label)


def _lint_readers(made: XlsForm, plan: Plan, form: questionnaire.Form) -> Iterator[str]:
    """Yield the questions that no KPI, rule or role reads, and those of a KPI that the form does not ask."""
    readers, asked = proofread.list_readers(plan, form), {row.get("name") for row in made.survey}
    for name in form.by_name:
        if not readers.get(name) and name != form.identity.language:
            yield say("{name} is read by no indicator, rule or role of plan.toml", name=name)
    for name, found in readers.items():
        if name and name not in asked:
            yield say("{readers} read {name}, which the form does not ask", name=name, readers=", ".join(found))


def _lint_pages(survey: Sequence[FormRow]) -> Iterator[str]:
    """Yield that a form has more pages than a person will turn: groups shown at once, and questions alone."""
    pages, depth = 0, 0
    for row in survey:
        is_page = row.get("appearance") == "field-list"
        kind = row["type"].partition(" ")[0]
        if kind.startswith("begin"):
            pages += is_page and not depth
            depth += is_page or depth > 0
        elif kind.startswith("end"):
            depth -= depth > 0
        elif not depth and kind not in ("calculate", "csv-external"):
            pages += 1
    if pages > MOST_PAGES:
        yield say("{pages} pages, where {most} are enough; put questions together", pages=pages, most=MOST_PAGES)


def _lint_changes(made: XlsForm, form: questionnaire.Form, earlier: _Sheets) -> Iterator[str]:
    """Yield the questions and choices of an earlier form that are gone without a word of where they went."""
    names = {row.get("name") for row in made.survey} | {name for q in form.questions for name in q.formerly}
    for row in earlier["survey"]:
        if (name := row.get("name", "")) and name not in names and not name.startswith(questionnaire.ADDED):
            yield say("{name} is gone; write it in formerly of the question that it is now (survey.csv)", name=name)
    listed = {(row["list_name"], row["name"]) for row in made.choices}
    kept = {*form.lists} - {questionnaire.MEMBER_ASKED}  # who is a member changes with the quarter
    for row in earlier["choices"]:
        choice = row["list_name"], row["name"]
        if row["list_name"] in kept and choice not in listed:
            yield say("choice {name} of {listed} is gone; write until beside it (choices.csv)",
                      name=row["name"], listed=row["list_name"])  # fmt: skip
