"""What a translator has to do: sentences that a language lacks, or that cannot be right, and the plan's own words."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from helpers import paths
from helpers.i18n import catalogue, glossary, messages
from helpers.speech import say, say_of
from helpers.strings import LANGUAGES, clean, without_invisible

_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>|&#?\w+;")
_VALUE = re.compile(r"{([^{}]*)}")
_OPTIONAL = ("short",)  # a short name is only needed where the name is long
_PLURALS = ("name", "one", "other")  # the forms of a unit that every language has
# What is read by its words, or named so by the Union itself: the form's labels, the Union's names.
_AS_GIVEN = ("survey.csv", "choices.csv", "plan.toml, [union]")
_IN_LANGUAGE = re.compile(rf"(?:(.+?)(?:_|::.* \())?({'|'.join(LANGUAGES)})\)?")  # title_fr, fr, label::Français (fr)


@dataclass(frozen=True)
class ToDo:
    """One thing for a translator to do: where, and what."""

    place: str
    what: str

    def __str__(self) -> str:
        return say_of(self.place, self.what)


def list_to_do(language: str, known: Sequence[messages.Message]) -> list[ToDo]:
    """Return all that is to do in a language: in its sentences, their review, and the words of the plan."""
    return check_sentences(language, known) + check_review(language, known) + check_plan_words(language)


def check_sentences(language: str, known: Sequence[messages.Message]) -> list[ToDo]:
    """Return what is to do in the sentences of a language, in their order."""
    return [ToDo(each.place, fault) for each in known for fault in list_faults(each, language)]


def check_review(language: str, known: Sequence[messages.Message]) -> list[ToDo]:
    """Return the sentences of a signed language that are no longer those its reviewer has read."""
    reviewer, changed = catalogue.read_reviewer(language), messages.list_unreviewed(language, known)
    if len(changed) == len(known):  # signed by hand
        what = say(
            "no sentence is recorded as read by {reviewer}; sign it by papu words --language {language} --sign",
            reviewer=reviewer, language=language,
        )  # fmt: skip
        return [ToDo(f"{language}.po", what)]
    return [
        ToDo(each.place, say("new or changed since signed by {reviewer}; to be read again", reviewer=reviewer))
        for each in changed
    ]


def list_faults(message: messages.Message, language: str) -> Iterator[str]:
    """Yield what is wrong with a sentence, each with its remedy."""
    if not message.english:
        yield say("no sentence of en.po; correct its msgid, or remove it")
        return
    if not any(message.forms):
        yield say("not translated")
        return
    if len(message.forms) > len(message.rules):
        yield say("has {n} forms; give {wanted}", n=len(message.forms), wanted=len(message.rules))
    for form, rule in zip(message.forms, message.rules, strict=False):
        faults = _list_form_faults(form, message.english, language) if form.strip() else [say("missing; write it")]
        told = say("plural form for {numbers}", numbers=rule) if rule else ""
        yield from (say_of(told, fault) if told else fault for fault in faults)


def _list_form_faults(form: str, english: Sequence[str], language: str) -> Iterator[str]:
    """Yield what is wrong with one form of a sentence."""
    if set("{}") & set(_VALUE.sub("", form)):
        yield say("a brace { or } is not one of a pair; copy the names in braces from the English")
        return
    given, wanted = _list_names(form), _list_names(english[-1])
    counted = {"n"} if len(english) > 1 else set()  # "the only one" needs no number
    for name in sorted(wanted - given - counted):
        yield say("{{{name}}} is missing; copy it from the English", name=name)
    for name in sorted(given - wanted - counted):
        yield say("{{{name}}} is not in the English; remove it", name=name)
    if marks := sorted(set(_MARKUP.findall(form)) - set(_MARKUP.findall(" ".join(english)))):
        yield say("has markup, {marks}; write plain words", marks=", ".join(marks))
    if "\n" in form and not any("\n" in each for each in english):
        yield say("has a line break; write it on one line")
    if hidden := sorted(set(form) - set(without_invisible(clean(form)))):
        yield say("has invisible characters, {codes}; write it without them",
                  codes=", ".join(f"U+{ord(each):04X}" for each in hidden))  # fmt: skip
    yield from _list_rejected(form, language)


def _list_names(text: str) -> set[str]:
    """Return what is in braces in a sentence; the forms of `{proposed}`, placed as a language needs, are one name."""
    return {re.sub("(?i)^proposed(_many)?$", "proposed", name) for name in _VALUE.findall(text)}


def _list_rejected(text: str, language: str) -> Iterator[str]:
    for wording, term in glossary.find_rejected(text, language):
        yield say("“{wording}” is rejected by glossary.csv; write “{term}”", wording=wording, term=term)


def check_plan_words(language: str) -> list[ToDo]:
    """Return the words of the plan that a language lacks while another has them, and rejected wordings in them."""
    to_do = []
    for place, name, texts in _list_plan_words():
        text = texts.get(language, "")
        if not text.strip() and any(texts.values()):
            what = say("{name} is blank in {language}; write it, another language has it", name=name, language=language)
            to_do.append(ToDo(place, what))
        if not place.startswith(_AS_GIVEN):
            to_do += [ToDo(f"{place}, {name}", rejected) for rejected in _list_rejected(text, language)]
    return to_do


def _list_plan_words() -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """Yield each text of the plan's files: where it is, what, and its words by language."""
    for path in [*sorted(paths.plan().glob("*.csv")), *sorted(paths.questionnaire().glob("*.csv"))]:
        for number, row in enumerate(catalogue.read_csv(path), start=2):
            if row.get("form", _PLURALS[0]) in _PLURALS:
                named = row.get("name") or next(iter(row.values()))
                place = say("{file}, row {number} ({name})", file=path.name, number=number, name=named)
                yield from _group_words(row, place)
    for section, values in tomllib.loads((paths.plan() / "plan.toml").read_text(encoding="utf-8")).items():
        if isinstance(values, dict):
            yield from _group_words(values, f"plan.toml, [{section}]")


def _group_words(row: Mapping[str, object], place: str) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """Yield the texts of a row: `title_fr`, `title_en`… are one, and so are the labels of a form."""
    texts: dict[str, dict[str, str]] = {}
    for column, value in row.items():
        if (found := _IN_LANGUAGE.fullmatch(column or "")) and isinstance(value, str):
            texts.setdefault(found[1] or say("its text"), {})[found[2]] = value
    yield from ((place, name, words) for name, words in texts.items() if name not in _OPTIONAL)
