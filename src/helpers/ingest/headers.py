"""From a column header to its question: spells the headers that every tool writes, and looks them up."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache

from helpers.plan import questionnaire

BY_NAME = ""  # instead of a language: the form's XML names
_USUAL_MARKS = frozenset("/-")  # KoboToolbox joins by "/" by default, ODK groups by "-" and choices by "/"
_LONGEST_MARK, _LONGEST_HEADER = 8, 500  # characters
_APOSTROPHES = dict.fromkeys(map(ord, "’‘‛ʼʹ`´′＇"), "'")
# A number that a person put before a header ("3. ", "3) ", "Q3. ", "3.1 - "): two digits a part, so never a year.
_NUMBER = re.compile(
    r"\A[(\[]?(?:(?:q\.?|question|n°|#) ?\d{1,2}(?:[.-]\d{1,2})* ?[.):\]/–—-]+"
    r"|\d{1,2}(?:[.-]\d{1,2})*(?: ?[.):\]/°–—-]+| )) ?(?=\D)"
)
_DOUBLE = re.compile(r"_\d{3}$")  # KoboToolbox's suffix for a name that a form has twice


@dataclass(frozen=True)
class Convention:
    """How a tool writes headers: language or BY_NAME, `separator` of groups (None: no groups), `mark` of choices."""

    language: str = BY_NAME
    separator: str | None = None
    mark: str = "/"


@dataclass(frozen=True)
class HeaderColumn:
    """A question, or one choice of it, that a header names in a language (BY_NAME: by the form's own name)."""

    question: str
    choice: str = ""
    language: str = field(default=BY_NAME, compare=False)


_KnownHeaders = dict[str, tuple[str, HeaderColumn]]  # by canonical form: a header as tools write it, and its column


def _as_written(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
        if not text.isprintable():
            text = "".join(character for character in text if unicodedata.category(character) != "Cf")
    return " ".join(text.split()).casefold()


@lru_cache(maxsize=16_384)
def canonical_header(text: str) -> str:
    """Return a header or label to be compared: NFC, no invisible characters, single blanks, no case, one apostrophe."""
    return _as_written(text).translate(_APOSTROPHES)


def header_title(name: str, label: questionnaire.Label, language: str) -> str:
    """Return the label in a language, or the name without one, as tools do."""
    return label.get(language) or name


def _paths(question: questionnaire.Question, form: questionnaire.Form, language: str) -> list[tuple[str, ...]]:
    """Return the titles of a question's groups and its own, with all groups first, then with ever fewer."""
    groups = [header_title(group, form.groups[group], language) for group in question.path]
    titles = [header_title(question.name, question.label, language)]
    if question.name in (form.identity.language, form.repeat.detail):
        titles.append(question.name)  # a written form computes it, without a label: its groups alone are in words
    return [(*groups[start:], title) for title in titles for start in range(len(groups))]


def spell_headers(
    questions: Iterable[questionnaire.Question], form: questionnaire.Form, convention: Convention
) -> Iterator[tuple[str, HeaderColumn]]:
    """Yield the exact headers a tool writes under a convention: one per question, and one per choice when split."""
    language, separator, mark = convention.language, convention.separator, convention.mark
    for question in questions:
        choices = question.choice_labels.items() if question.type == "select_multiple" else ()
        paths = _paths(question, form, language)
        for head in [paths[0][-1]] if separator is None else [separator.join(path) for path in paths]:
            yield head, HeaderColumn(question.name, language=language)
            for code, label in choices:
                yield head + mark + header_title(code, label, language), HeaderColumn(question.name, code, language)


def _under_all_names(questions: Iterable[questionnaire.Question]) -> Iterator[tuple[questionnaire.Question, str]]:
    """Yield each question under its name and under its earlier ones, with its name of today."""
    for question in questions:
        yield question, question.name
        yield from ((replace(question, name=earlier), question.name) for earlier in question.formerly)


def _conventions(marks: Iterable[str]) -> Iterator[Convention]:
    marks = sorted(marks)
    for language in (BY_NAME, *questionnaire.LABEL_LANGUAGES):
        for separator in (None, *marks):
            for mark in marks if separator is None else sorted({"/", separator}):
                yield Convention(language, separator, mark)


@lru_cache(maxsize=32)
def _index(form: questionnaire.Form, questions: tuple[str, ...], marks: frozenset[str]) -> _KnownHeaders:
    chosen = [question for question in (*form.questions, *form.fields) if question.name in questions]
    known: _KnownHeaders = {}
    for convention in _conventions(marks):
        for question, name in _under_all_names(chosen):
            for header, column in spell_headers([question], form, convention):
                today = (header, column) if question.name == name else (name, replace(column, question=name))
                known.setdefault(canonical_header(header), today)
    return known


@cache
def _sequences(form: questionnaire.Form) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Return the parts that tools join into one header, by its first four characters."""
    found: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for language in (BY_NAME, *questionnaire.LABEL_LANGUAGES):
        for question, _ in _under_all_names((*form.questions, *form.fields)):
            sequences = _paths(question, form, language)
            if question.type == "select_multiple":
                labels = question.choice_labels.items()
                sequences += [(sequences[-1][-1], header_title(code, label, language)) for code, label in labels]
            for titles in sequences:
                parts = tuple(map(canonical_header, titles))
                found[parts[0][:4]].add(parts)
    return {opening: tuple(sorted(sequences)) for opening, sequences in found.items()}


@lru_cache(maxsize=16_384)
def _joints_of(header: str, form: questionnaire.Form) -> tuple[str, ...]:
    """Return the texts that join the parts of a header, one for each way to make it of a question's titles."""
    joints = []
    for parts in _sequences(form).get(header[:4], ()):
        width, rest = divmod(len(header) - sum(map(len, parts)), len(parts) - 1)
        joint = header[len(parts[0]) : len(parts[0]) + width]
        if not rest and 0 < width <= _LONGEST_MARK and header == joint.join(parts):
            joints.append(joint)
    return tuple(joints)


def _joints(form: questionnaire.Form, headers: Iterable[str]) -> frozenset[str]:
    """Return the separators of a file: a person may choose any text, but a file uses one or two."""
    own = (header for header in headers if not form.is_added(header))
    joints = Counter(joint for header in own for joint in _joints_of(header, form))
    return frozenset(joint for joint, _ in joints.most_common(3))


def _unlisted(name: str, known: _KnownHeaders, marks: Iterable[str], form: questionnaire.Form) -> HeaderColumn | None:
    """Return the column of a path that is not listed: an unknown choice, or a question under unknown groups."""

    def question_at_end(path: str) -> HeaderColumn | None:
        ends = (path.rpartition(mark)[2] for mark in ordered)
        found = next((known[end][1] for end in (path, *ends) if end in known), None)
        # A field under other groups is of another repeat.
        return found if found and not found.choice and found.question in form.by_name else None

    ordered = sorted(marks, key=lambda mark: (-len(mark), mark))
    for mark in ordered:
        path, joint, leaf = name.rpartition(mark)
        head = question_at_end(path) if joint else None
        if head and leaf and form.by_name[head.question].type == "select_multiple":
            choices = form.by_name[head.question].choice_labels.items()
            code = next((code for code, label in choices if leaf in map(canonical_header, label.values())), leaf)
            return HeaderColumn(head.question, code, head.language)
    return question_at_end(name)


def _undecorated(name: str, marks: Iterable[str]) -> Iterator[str]:
    """Yield a header without the numbers before its parts and without KoboToolbox's suffixes after them."""
    for mark in ("", *sorted(marks)):
        parts = name.split(mark) if mark else [name]
        plain = mark.join(_DOUBLE.sub("", _NUMBER.sub("", part)) for part in parts)
        if plain != name:
            yield plain


def _look_up(
    name: str, text: str, known: _KnownHeaders, marks: Iterable[str], form: questionnaire.Form
) -> tuple[str, HeaderColumn | None]:
    """Return how a tool spells a header, and its column: looked up as it is first, without decoration else."""
    if name in known:
        return known[name]
    column = _unlisted(name, known, marks, form)
    if column and (not column.choice or column.choice in form.by_name[column.question].choices):
        return text, column
    for plain in _undecorated(name, marks):
        if plain in known:
            return known[plain]
        found = _unlisted(plain, known, marks, form)
        if found:
            return plain, found
    return text, column


@dataclass(frozen=True)
class Header:
    """A header with its column (None when it is not a question's); `spelled` is what a tool writes."""

    text: str
    name: str
    column: HeaderColumn | None = None
    spelled: str = ""

    @property
    def is_edited(self) -> bool:
        """Whether a number stands before it, a suffix after it, or another apostrophe in it."""
        return bool(self.column) and _as_written(self.text) != _as_written(self.spelled)


@lru_cache(maxsize=64)
def match_headers(
    headers: tuple[str, ...], form: questionnaire.Form, questions: tuple[str, ...]
) -> tuple[Header, ...]:  # fmt: skip
    """Match each header of a sheet with some of the form's questions or fields.

    Headers are looked up among all those that tools write, in any language, with or without group paths, then without
    a number before or KoboToolbox's suffix after them. Names are unique in the form, so the end of an unknown path is
    enough. An unknown choice is kept, so that an answer that ticks it is reported.
    """
    names = [canonical_header(header) for header in headers]
    joints = _joints(form, names)
    known = _index(form, questions, _USUAL_MARKS | joints)
    matched = []
    for text, name in zip(headers, names, strict=True):
        # What a written form adds may end as a question does, such as a choice of `confirm_before`.
        spelled, column = ("", None) if form.is_added(name) else _look_up(name, text, known, {"/", *joints}, form)
        matched.append(Header(text, name, column, spelled))
    return tuple(matched)


def count_known_headers(cells: Sequence[str], form: questionnaire.Form) -> int:
    """Count the cells of a row that are headers of the form; the header row has the most."""
    names = [canonical_header(cell) for cell in cells if len(cell) <= _LONGEST_HEADER]
    questions = (*form.by_name, *(field.name for field in form.fields))

    def count(joints: frozenset[str]) -> int:
        known = _index(form, questions, _USUAL_MARKS | joints)
        return sum(name in known or any(plain in known for plain in _undecorated(name, joints)) for name in names)

    return count(frozenset()) or count(_joints(form, names))
