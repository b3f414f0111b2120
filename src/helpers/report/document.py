"""An edition: blocks of text, tables and figures that go to Typst as JSON and SVG, and come back as a PDF."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.i18n import Badge, Translator, catalogue, is_blank, typeset
from helpers.plan import quarters
from helpers.report import look
from helpers.report.blocks import Block, Cell, HeadlineTile, Picture, Shade, Table, TwoLines
from helpers.report.figures import drawing
from helpers.report.fit import LETTER_WIDTH, break_long_words, make_fit, read_edition_text
from helpers.report.html.page import write_page
from helpers.report.pdf.typeset import Rendered, set_pages
from helpers.report.xlsx.tables import write_tables_workbook

REPORT_NAME = "report"
TEXT_WIDTH = 170  # millimetres


class Report:
    """A document of one quarter in one language, block by block; `render` makes the PDF of all of them.

    It is the report, or under another `name` a member's brief.
    """

    def __init__(
        self, quarter: str, as_of: str, language: str, out: Path, *, sample: bool = False, input_id: str = "",
        name: str = REPORT_NAME,
    ) -> None:  # fmt: skip
        self.quarter, self.as_of, self.language, self.out = quarter, as_of, language, Path(out)
        self.name, self.sample, self.input_id, self.t = name, sample, input_id, Translator(language)
        self.authored = read_edition_text(quarter, language)
        self.blocks: list[Block] = []
        self._counts = {"table": 0, "figure": 0}

    @property
    def is_revised(self) -> bool:
        """Whether the edition is a revised one, which follows from its date alone."""
        return quarters.is_revised(self.quarter, date.fromisoformat(self.as_of))

    def _add(self, kind: str, **data: object) -> Block:
        block = Block(kind, {"kind": kind, **make_fit(data, self.language)})
        self.blocks.append(block)
        return block

    def _number(self, kind: str) -> int:
        self._counts[kind] += 1
        return self._counts[kind]

    # front matter

    def cover(self) -> Block:
        """Add the cover, with the Union's document box where `edition.toml` has it."""
        t, texts = self.t, self.authored
        box = [
            [t(name), str(texts[key])]
            for key, name in (("subject", "Subject"), ("reference", "References"), ("decision", "Decision expected"))
            if texts.get(key)
        ]
        facts = [
            [t("Data as of: "), t.day(self.as_of)],
            [t("Input id: "), self.input_id],
            [t("Targets: "), t("the plan sets none; all targets and statuses in this report are proposed")],
        ]
        return self._add(
            "cover",
            union=t("Pan African Postal Union"),
            title=t("Digitalisation action plan 2022-2025"),
            subtitle=t("Quarterly monitoring report"),
            quarter=t.quarter(self.quarter),
            months=t.months(self.quarter),
            label=t.label(self.is_revised),
            unofficial="" if catalogue.is_official(self.language) else t("unofficial translation"),
            box=box,
            facts=facts,
            tiles=_motif(),
        )

    def contents(self) -> Block:
        """Add the table of contents, and how to read the report."""
        t = self.t
        notes = [t("How to read this report"), *(t(note) for note in _READING)]
        return self._add("contents", title=t("Contents"), notes=notes)

    def head(self, title: str, facts: Sequence[str]) -> Block:
        """Add the head of a brief, in place of a cover: whose it is, which quarter, what came in."""
        t = self.t
        subtitle = t(
            "{quarter}, {months} · {label}",
            quarter=t.quarter(self.quarter),
            months=t.months(self.quarter),
            label=t.label(self.is_revised),
        )
        unofficial = "" if catalogue.is_official(self.language) else t("unofficial translation")
        union = t("Pan African Postal Union")
        return self._add("head", union=union, title=title, subtitle=subtitle, facts=list(facts), unofficial=unofficial)

    def actions(self, items: Sequence[str]) -> Block:
        """Add what is asked next, and an empty box for what is agreed."""
        t = self.t
        return self._add(
            "actions", title=t("Next actions"), items=list(items), blank=t("Agreed (action, who, by when)")
        )

    # text

    def heading(
        self, text: str, *, kicker: str = "", level: int = 1, page: bool = False, reference: str = ""
    ) -> Block:  # fmt: skip
        """Add a heading that says the finding; the kicker names the part, the reference its figure.

        `page` starts a new page.
        """
        return self._add("heading", text=text, kicker=kicker, level=level, page=page, reference=reference)

    def text(self, text: str, *, lead: bool = False) -> Block:
        """Add a paragraph; a lead one is set larger."""
        return self._add("text", text=text, lead=lead)

    def points(self, points: Sequence[str]) -> Block:
        """Add main points, one sentence each."""
        return self._add("points", items=list(points))

    def note(self, theme: int) -> Block:
        """Add the Secretariat's note on a theme, as `edition.toml` has it; nothing where it has none."""
        notes = self.authored.get("themes")
        text = str(notes.get(str(theme), "")) if isinstance(notes, dict) else ""
        if not text:
            return Block("nothing", {})
        return self._add("note", label=self.t("Note by the General Secretariat"), text=typeset(text, self.language))

    def tiles(self, tiles: Sequence[HeadlineTile]) -> Block:
        """Add headline tiles."""
        return self._add("tiles", tiles=[{**vars(tile), "badge": vars(tile.badge)} for tile in tiles])

    def legend(self) -> Block:
        """Add what symbols, colours and marks mean."""
        t = self.t
        badges = [vars(t.status(status)) for status in look.STATUS_COLOURS if status != "no_data"]
        marks = [
            [t.number(0), t("a true zero")],
            [t.missing, t("no data")],
            [t.not_applicable, t("not applicable")],
            [t.not_due, t("the due quarter has not come")],
            ["c", t("carried forward")],
            ["p", t("provisional figure")],
            ["r", t("revised figure")],
        ]
        return self._add(
            "legend", badges=badges, hollow=vars(t.status("achieved", False)), marks=marks, hatched=t.missing
        )

    # tables and figures

    def table(
        self,
        rows: Table | pd.DataFrame,
        *,
        title: str,
        subtitle: str = "",
        source: str | None = None,
        note: str = "",
        n: str = "",
        whole: bool = False,
        reserve: float = 24,
    ) -> Block:
        """Add a numbered table: a frame, or a sheet that also says widths and groups.

        `whole` keeps it on one page with the legend that follows; `reserve` millimetres are left to what stands above.
        """
        sheet = rows if isinstance(rows, Table) else Table(rows)
        columns = sheet.columns
        widths = list(sheet.widths) if len(sheet.widths) == len(columns) else [1] * len(columns)
        return self._add(
            "table",
            number=self._number("table"),
            title=title,
            subtitle=subtitle,
            note=note,
            n=n,
            source=self.t("quarterly returns of the members") if source is None else source,
            columns=[str(name) for name in columns] or [""],
            right=[sheet.is_right(name) for name in columns] or [False],
            figures=[sheet.is_figure(name) for name in columns] or [False],
            widths=widths or [1],
            rows=self._rows(sheet, columns, widths) or [{"group": self.t("nothing to report")}],
            size=sheet.size,
            pad=sheet.pad,
            middle=sheet.middle,
            wide=sheet.wide,
            beside=sheet.beside,
            breakable=not whole,
            reserve=reserve,
        )

    def scorecard(self, rows: Table, *, title: str, subtitle: str = "", note: str = "") -> Block:
        """Add the scorecard: a table kept on one page, with its legend."""
        return self.table(rows, title=title, subtitle=subtitle, note=note, whole=True, reserve=18)

    def _rows(self, sheet: Table, columns: Sequence[str], widths: Sequence[float]) -> list[dict[str, object]]:
        across = (TEXT_WIDTH + 2 * sheet.wide) / sheet.beside / (sum(widths) or 1)
        most = [int(across * width / (LETTER_WIDTH * sheet.size)) for width in widths]
        rows: list[dict[str, object]] = []
        group = None
        for record in sheet.frame.to_dict("records"):
            if sheet.group and record[sheet.group] != group:
                group = record[sheet.group]
                rows.append({"group": str(group)})
            cells = [self._cell(record[name]) for name in columns]
            rows.append({"cells": [break_long_words(cell, size) for cell, size in zip(cells, most, strict=True)]})
        return rows

    def _cell(self, value: Cell) -> object:
        if isinstance(value, Badge | TwoLines | Shade):
            return vars(value)
        if isinstance(value, Picture):
            return {"svg": self._keep(value.svg), "alt": value.alt, "width": value.width, "words": value.words}
        if isinstance(value, str):
            return value
        return self.t.number(value, 0 if is_blank(value) or float(value).is_integer() else 1)

    def figure(
        self,
        figure: drawing.Drawing,
        *,
        title: str,
        alt: str,
        subtitle: str = "",
        source: str | None = None,
        note: str = "",
        n: str = "",
    ) -> Block:
        """Add a numbered figure; its alternative text is made from its data."""
        if not alt.strip():
            raise ValueError(f"figure {title!r} has no alternative text; say in words what its data show")
        drawn = drawing.svg(figure)
        block = self._add(
            "figure",
            number=self._number("figure"),
            title=title,
            subtitle=subtitle,
            note=note,
            n=n,
            alt=alt,
            source=self.t("quarterly returns of the members") if source is None else source,
            svg=self._keep(drawn),
            width=min(25.4 * figure.get_figwidth(), 170),
        )
        block.picture = drawn
        return block

    def _keep(self, drawn: str) -> str:
        """Write a drawing under the name of its content: languages share those without words."""
        name = f"figures/{hashlib.sha256(drawn.encode()).hexdigest()[:16]}.svg"
        path = self.out / name
        if not path.is_file():
            # Briefs are made side by side in one folder: none may read a drawing that another has half written.
            path.parent.mkdir(parents=True, exist_ok=True)
            private = path.with_suffix(f".{os.getpid()}")
            private.write_text(drawn, encoding="utf-8", newline="\n")
            private.replace(path)
        return name

    # the report

    def _document(self) -> dict[str, object]:
        t = self.t
        label = t.label(self.is_revised)
        plan, quarter = t("Digitalisation action plan 2022-2025"), t.quarter(self.quarter)
        furniture = {
            "language": self.language,
            "rtl": t.is_rtl,
            "as_of": self.as_of,
            "sample": self.sample,
            "title": t(
                "{plan} – {quarter} ({months}), {label}",
                plan=" – ".join([plan.replace("\n", " "), *self._heads()]),
                quarter=quarter,
                months=t.months(self.quarter),
                label=label,
            ),
            "subtitle": t("Quarterly monitoring report"),
            "author": t("Pan African Postal Union"),
            "keywords": ["UPAP", "PAPU", self.quarter],
            "running": " · ".join([t("PAPU"), quarter, *self._heads()]),
            "foot": t(
                "{quarter}, {label}, data as of {day} · input id {id}",
                quarter=quarter,
                label=label,
                day=t.day(self.as_of),
                id=self.input_id,
            ),
            "sample_words": t("invented sample: no figure here is real"),
            "words": {
                "table": t("Table"),
                "figure": t("Figure"),
                "n": t("Who: "),
                "note": t("Note: "),
                "source": t("Source: "),
                "proposed-target": t("Proposed target: "),
            },
        }
        colours = {"palette": look.PALETTE, "statuses": look.STATUS_COLOURS, "bands": look.BANDS}
        blocks = [block.data for block in self.blocks if block.data]
        return make_fit(furniture, self.language) | colours | {"blocks": blocks}

    def _heads(self) -> list[str]:
        return [str(block.data["title"]) for block in self.blocks if block.kind == "head"]

    def render(self) -> Rendered:
        """Write the blocks as JSON, set them with Typst: PDF/UA-1 and PDF/A-2a; a report as page and workbook too."""
        self.out.mkdir(parents=True, exist_ok=True)
        document, name = self._document(), f"{self.name}_{self.language}"
        written = json.dumps(document, ensure_ascii=False, indent=1)
        (self.out / f"{name}.json").write_text(written + "\n", encoding="utf-8", newline="\n")
        if self.name == REPORT_NAME:  # a brief's few tables are the member's own answers, as it sent them
            write_page(document, self.out / f"{name}.html")
            write_tables_workbook(document, self.out / f"tables_{self.language}.xlsx")
        moment = int(datetime.combine(date.fromisoformat(self.as_of), datetime.min.time(), UTC).timestamp())
        return set_pages(self.out, name, moment)


_READING = (
    "Quarters are calendar quarters. A figure that a member did not report again is carried forward for at most four "
    "quarters (c); nothing is ever counted as zero because it was not answered.",
    "Bounds say between which values the true figure lies, whatever the members that have not answered would report. "
    "Where fewer than half are known (class C) only bounds are shown.",
    "The plan has neither targets nor baselines: those in this report are proposed, and so are all statuses.",
)


def _motif() -> list[list[object]]:
    with (paths.plan() / "tile_grid.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["iso3"])
    return [
        [int(row["row"]), int(row["column"]), sum(map(ord, row["iso3"])) % 3 > 0]
        for row in rows
        if row["papu_member"] == "yes"
    ]
