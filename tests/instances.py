"""Submissions of a written form, and the exports that KoboToolbox and ODK Central make of them (formats.md).

A submission is its XML, as Enketo or ODK send it. The exports have every column of the form, also what
`papu questionnaire` adds to the plan's questions, and are made apart from the code that writes and reads forms.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from exports import Table, text, workbook

SENT = datetime(2025, 1, 12, 9, 30, 5)
_X = "{http://www.w3.org/2002/xforms}"


def local(element: Element) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2]


class WrittenForm:
    """A form as pyxform makes it: its nodes in order, its notes, its repeats, and how a submission begins."""

    def __init__(self, xform: str) -> None:
        root = ElementTree.fromstring(xform)
        self.template = next(iter(root.find(f".//{_X}model/{_X}instance")))
        self.notes = {
            bind.get("nodeset").rpartition("/")[2] for bind in root.iter(f"{_X}bind")
            if bind.get("readonly") == "true()" and bind.get("type") == "string" and not bind.get("required")
        }  # fmt: skip
        self.repeats = {each.get("nodeset").rpartition("/")[2] for each in root.iter(f"{_X}repeat")}
        self._texts = {
            each.get("lang").partition("(")[2].strip(")"): {
                text.get("id"): "".join(text.find(f"{_X}value").itertext()) for text in each.iter(f"{_X}text")
            }
            for each in root.iter(f"{_X}translation")
        }  # fmt: skip
        items = {each.get("id"): list(each.iter(f"{_X}item")) for each in root.iter(f"{_X}instance")}
        self._choices = {
            each.get("ref"): {
                item.findtext(f"{_X}name"): item.findtext(f"{_X}itextId")
                for item in items.get(re.search(r"instance\('(\w+)'\)", set_of.get("nodeset"))[1], ())
            }
            for kind in ("select", "select1") for each in root.iter(f"{_X}{kind}")
            for set_of in each.iter(f"{_X}itemset")
        }  # fmt: skip

    def label(self, path: tuple[str, ...], language: str) -> str:
        """Return the label of a node, the name of one without."""
        place = "/".join(("", local(self.template), *path))
        return self._texts[language].get(f"{place}:label", path[-1])

    def answer(self, path: tuple[str, ...], text: str, language: str) -> str:
        """Return an answer in labels, joined by blanks."""
        choices = self._choices.get("/".join(("", local(self.template), *path)))
        known = self._texts[language]
        return " ".join(known[choices[code]] for code in text.split()) if choices and text else text

    def submit(self, answers: Mapping[str, object], items: Sequence[Mapping[str, object]] = ()) -> Element:
        """Return a submission of some answers and items by name; nothing is computed as a client would."""
        sent = ElementTree.fromstring(ElementTree.tostring(self.template))
        named = {local(element): element for element in sent.iter()}
        for name, value in answers.items():
            named[name].text = None if value is None else str(value)
        for repeat in self.repeats:
            parent = next(element for element in sent.iter() if repeat in map(local, element))
            first, *others = [child for child in parent if local(child) == repeat]
            place = list(parent).index(first)
            for each in (first, *others):
                parent.remove(each)
            for n, item in enumerate(items):
                made = ElementTree.fromstring(ElementTree.tostring(first))
                for field in made.iter():
                    field.text = str(item[local(field)]) if item.get(local(field)) is not None else None
                parent.insert(place + n, made)
        return sent


def _leaves(element: Element, repeats: set[str], path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], str]]:
    """Return the paths and texts of what is answered outside the repeats, in order."""
    found = []
    for child in element:
        inner = (*path, local(child))
        if local(child) in repeats or local(child) == "meta":
            continue
        found += _leaves(child, repeats, inner) if len(child) else [(inner, child.text or "")]
    return found


def _fields(form: WrittenForm) -> tuple[tuple[str, ...], list[str]]:
    """Return where the repeat of a form is, and its fields."""
    path: tuple[str, ...] = ()
    place = form.template
    while local(place) not in form.repeats:
        place = next(each for each in place if any(local(inner) in form.repeats for inner in each.iter()))
        path = (*path, local(place))
    return path, [local(field) for field in place]


def _items(element: Element, repeats: set[str]) -> list[dict[str, str]]:
    """Return the items of the repeat of a submission, as a client sent them."""
    found = [each for each in element.iter() if local(each) in repeats]
    return [{local(field): field.text or "" for field in each} for each in found]


def _kobo_sheets(
    form: WrittenForm, sent: Sequence[Element], language: str, at: datetime, separator: str
) -> dict[str, Table]:  # fmt: skip
    columns = [path for path, _ in _leaves(form.template, form.repeats) if path[-1] not in form.notes]

    def head(path: tuple[str, ...]) -> str:
        titles = [form.label(path[: n + 1], language) if language else path[n] for n in range(len(path))]
        return separator.join(titles)

    main: Table = [list(map(head, columns))]
    main[0] += ["_id", "_uuid", "_submission_time", "_validation_status", "__version__", "meta/rootUuid", "_index"]
    repeat, fields = _fields(form)
    items: Table = [[*(head((*repeat, field)) for field in fields), "_index", "_parent_table_name", "_parent_index",
                     "_submission__uuid"]]  # fmt: skip
    for number, element in enumerate(sent, start=1):
        texts = dict(_leaves(element, form.repeats))
        shown = [texts.get(path, "") for path in columns]
        if language:
            shown = [form.answer(path, text, language) for path, text in zip(columns, shown, strict=True)]
        main.append([*shown, number, f"u{number}", at, None, "1", f"u{number}",
                     number])  # fmt: skip
        for item in _items(element, form.repeats):
            cells = [item.get(field, "") for field in fields]
            if language:
                cells = [
                    form.answer((*repeat, field), text, language) for field, text in zip(fields, cells, strict=True)
                ]
            items.append([*cells, len(items), "form", number, f"u{number}"])
    return {"form": main, next(iter(form.repeats)): items}


def export_kobo(
    form: WrittenForm, sent: Sequence[Element], language: str = "", at: datetime = SENT, separator: str = "/"
) -> bytes:  # fmt: skip
    """Return KoboToolbox's XLSX in XML names or in labels, with groups joined by any text that a person may choose."""
    return workbook(_kobo_sheets(form, sent, language, at, separator))


def export_central(form: WrittenForm, sent: Sequence[Element], at: datetime = SENT) -> bytes:
    """Return ODK Central's zip; notes are empty columns there."""
    columns = [path for path, _ in _leaves(form.template, form.repeats)]
    root: Table = [["SubmissionDate", *("-".join(path) for path in columns), "meta-instanceID", "KEY", "SubmitterID",
                    "SubmitterName", "Status", "ReviewState", "DeviceID", "Edits", "FormVersion"]]  # fmt: skip
    fields = [local(each) for each in next(e for e in form.template.iter() if local(e) in form.repeats)]
    child: Table = [[*fields, "PARENT_KEY", "KEY"]]
    for number, element in enumerate(sent, start=1):
        key, texts = f"uuid:{number}", dict(_leaves(element, form.repeats))
        stamp = at.isoformat(timespec="milliseconds") + "Z"
        root.append([stamp, *(texts.get(path, "") for path in columns), key, key, 5, "central", None, None, None, 0,
                     form.template.get("version")])  # fmt: skip
        for n, item in enumerate(_items(element, form.repeats), start=1):
            child.append([*(item.get(field, "") for field in fields), key, f"{key}/{next(iter(form.repeats))}[{n}]"])
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        name = form.template.get("id")
        tables = {f"{name}.csv": text(root), f"{name}-{next(iter(form.repeats))}.csv": text(child)}
        for file, content in tables.items():
            archive.writestr(zipfile.ZipInfo(file), content, zipfile.ZIP_DEFLATED)
    return target.getvalue()
