"""Splits a table at the rows that are headers again: each row is read under the header above it (methodology, 2c)."""

from collections.abc import Iterator, Sequence

from helpers.ingest.cells import raw_text
from helpers.ingest.headers import Header, HeaderColumn, match_headers
from helpers.ingest.labels import decode
from helpers.ingest.sheets import NumberedRow, cell_at
from helpers.plan import Plan, quarters, questionnaire

_MIN_HEADERS = 3  # in a row that is a header without its key columns


class Heading:
    """A header in a table: tells a row of data from another header."""

    def __init__(self, headers: Sequence[Header], form: questionnaire.Form, plan: Plan) -> None:
        self.headers, self.form, self.plan = headers, form, plan
        self.names = [header.name for header in headers if header.name]
        columns = [(header.column, n) for n, header in enumerate(headers) if header.column]
        self.index = {column.question: n for column, n in columns if not column.choice}
        self.questions = {question.name: question for question in (*form.questions, *form.fields)}

    def again(self, row: Sequence[object], has_rows: bool) -> Sequence[Header] | None:
        """Return the headers in a row, None for a row of data; `has_rows`: there are rows of data above it."""
        keys = {name: raw_text(cell_at(row, self.index.get(name))) for name in ("quarter", "member", "kind")}
        asked = [self.questions[name] for name in ("member", "kind") if name in self.index]
        if quarters.is_quarter(keys["quarter"]) or any(decode(q, keys[q.name]) in q.choices for q in asked):
            return None
        texts = [raw_text(cell) for cell in row]
        cells = {name: texts[n] for name, n in self.index.items() if n < len(texts)}
        headers = match_headers(tuple(texts), self.form, tuple(self.questions))
        # The codes of "not available" are names of questions.
        answers = {n for name, n in self.index.items() if name.startswith("nd_")}
        written = [header for n, header in enumerate(headers) if header.name and n not in answers]
        named = {header.column.question for header in written if header.column}
        is_header = ("member" in named and named & {"quarter", "kind"}) or (
            len(named) >= max(_MIN_HEADERS, len(written) / 2)
            or ("member" in cells and headers[self.index["member"]].column == HeaderColumn("member"))
        )
        return headers if is_header or (has_rows and self._is_unknown_header(written, cells)) else None

    def _is_unknown_header(self, written: Sequence[Header], cells: dict[str, str]) -> bool:
        """Tell whether a row holds words alone, none of which is an answer or a member, where others have figures."""
        words = [header.name for header in written]
        if "quarter" not in self.index or len(words) < max(_MIN_HEADERS, len(self.index) / 2):
            return False
        if len(set(words)) < len(words) or any(character.isdigit() for word in words for character in word):
            return False
        is_answer = any(text in self.questions[name].choices for name, text in cells.items())
        return not is_answer and not self.plan.resolve(cells.get("member", "")).iso3


def split_sections(
    rows: Sequence[NumberedRow], headers: Sequence[Header], form: questionnaire.Form, plan: Plan
) -> Iterator[tuple[list[NumberedRow], list[int]]]:
    """Yield each of the tables below one another, its header row first, and the rows that repeat that header."""
    section, repeated, heading = [rows[0]], [], Heading(headers, form, plan)
    for number, row in rows[1:]:
        again = heading.again(row, len(section) > 1)
        if again and [header.name for header in again if header.name] == heading.names:
            repeated.append(number)
        elif again:
            yield section, repeated
            section, repeated, heading = [(number, row)], [], Heading(again, form, plan)
        else:
            section.append((number, row))
    yield section, repeated
