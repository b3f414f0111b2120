"""A report: an edition's tables, a language, and the blocks of the document that is made of them."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from helpers import paths
from helpers.i18n import Translator, catalogue, typeset
from helpers.plan import read_plan, read_settings
from helpers.report import look
from helpers.report.blocks import Block, HeadlineTile, ReportFigure, Sentence, Table
from helpers.report.cells import Cell, Picture, as_data
from helpers.report.fit import LETTER_WIDTH, break_long_words, make_fit, read_edition_text
from helpers.speech import say
from helpers.tables import EditionTables, pipeline

if TYPE_CHECKING:
    from helpers.report.pdf.typeset import Rendered

REPORT_NAME = "report"
TEXT_WIDTH = 170  # millimetres


class Report:
    """A document of one quarter in one language, block by block; `render` makes the PDF of all of them.

    It is the report, or under another `name` a member's brief. `tables` and `out` default to the edition's own.
    `as_of` is the date from which the quarter is seen; a blank language is the first.
    """

    def __init__(
        self, quarter: str, as_of: str = "", language: str = "", *, name: str = REPORT_NAME,
        tables: EditionTables | None = None, out: Path | None = None,
    ) -> None:  # fmt: skip
        self.t = Translator(language or read_settings().master_language)
        self.tables = tables or pipeline.load_tables(quarter, as_of)
        self.quarter, self.as_of = self.tables.quarter, self.tables.as_of
        self.name, self.out = name, out or paths.out(self.quarter, self.as_of)
        self.authored = read_edition_text(self.quarter, self.t.language)
        self.blocks: list[Block] = []
        self.sentences: list[dict[str, object]] = []  # that make claims, in the order in which they are printed

    def _add(self, kind: str, **data: object) -> Block:
        place = f"{kind} {data.get('number') or 1 + sum(block.kind == kind for block in self.blocks)}"
        for sentence in _find_sentences(data):
            claims = [claim.as_data() for claim in sentence.claims]
            self.sentences.append({"place": place, "text": str(sentence), "claims": claims})
        block = Block(kind, {"kind": kind, **make_fit(data, self.t.language)})
        self.blocks.append(block)
        return block

    def add(self, content: ReportFigure | Table | None, *, in_workbook: bool = False) -> Block:
        """Add a figure or a table with its words, numbered; JupyterLab shows what the PDF will print.

        None, where there is nothing to show, adds nothing. A long list is kept `in_workbook` alone, as W1, W2….
        """
        if content is None:
            return Block("nothing", {})
        if isinstance(content, ReportFigure):
            width = min(content.width, TEXT_WIDTH)
            kind, data = "figure", {"alt": content.summary, "svg": self._keep(content.svg), "width": width}
            data["description"] = content.alt
        else:
            kind, data = "table", self._table_data(content)
        words = {name: getattr(content, name) for name in ("title", "subtitle", "n", "note")}
        words["source"] = self.t("quarterly returns of the members") if content.source is None else content.source
        number = 1 + sum((block.kind, block.in_workbook) == (kind, in_workbook) for block in self.blocks)
        block = self._add(kind, number=f"W{number}" if in_workbook else number, **words, **data)
        block.in_workbook = in_workbook
        setattr(block, kind, content)
        return block

    def cover(self) -> Block:
        """Add the cover, with the Union's document box where `edition.toml` has it."""
        t, texts, settings = self.t, self.authored, read_settings()
        if self.quarter < (first := settings.first_status_quarter) and len(self.tables.kpis):
            raise paths.DataRefused(say(
                "{quarter} has no statuses, which begin with {first} (first_status_quarter of plan.toml); make the "
                "report of that quarter or a later one", quarter=self.quarter, first=first,
            ))  # fmt: skip
        names = {"subject": "Subject", "reference": "References", "decision": "Decision expected"}
        box = [[t(name), str(texts[key])] for key, name in names.items() if texts.get(key)]
        facts = [
            [t("Data as of: "), t.day(self.as_of)],
            [t("Input id: "), self.tables.input_id],
            [t("Targets: "), t(f"targets {read_plan().targets}")],
        ]
        name = settings.look.get("logo")
        logo = self._keep((paths.plan() / name).read_text(encoding="utf-8")) if name else ""
        return self._add(
            "cover",
            union=t.localised(settings.union),
            title=t.localised(settings.title),
            subtitle=t("Quarterly monitoring report"),
            **self._period(),
            unofficial=self._unofficial(),
            box=box,
            facts=facts,
            tiles=_motif(),
            logo=logo,
        )

    def _period(self) -> dict[str, str]:
        t, quarter = self.t, self.quarter
        return {"quarter": t.quarter(quarter), "months": t.months(quarter), "label": t.label(self.tables.is_revised)}

    def _unofficial(self) -> str:
        return "" if catalogue.is_official(self.t.language) else self.t("unofficial translation")

    def contents(self) -> Block:
        """Add the table of contents, and how to read the report."""
        reading = _READING if read_plan().targets != "proposed" else (*_READING, _PROPOSED)
        notes = [self.t("How to read this report"), *map(self.t, reading)]
        return self._add("contents", title=self.t("Contents"), notes=notes)

    def head(self, title: str, facts: Sequence[str]) -> Block:
        """Add the head of a brief, in place of a cover: its member, its quarter, what was received."""
        union = self.t.localised(read_settings().union)
        subtitle = self.t("{quarter}, {months} · {label}", **self._period())
        words = {"union": union, "title": title, "subtitle": subtitle, "facts": list(facts)}
        return self._add("head", **words, unofficial=self._unofficial())

    def actions(self, items: Sequence[str]) -> Block:
        """Add the next actions, and an empty box for what is agreed."""
        blank = self.t("Agreed (action, who, by when)")
        return self._add("actions", title=self.t("Next actions"), items=list(items), blank=blank)

    def heading(self, text: str, *, kicker: str = "", level: int = 1, page: bool = False, reference: str = "") -> Block:
        """Add a heading; `kicker` names the part, `reference` its figure, `page` starts a new page."""
        return self._add("heading", text=text, kicker=kicker, level=level, page=page, reference=reference)

    def text(self, text: str, *, lead: bool = False) -> Block:
        """Add a paragraph; a lead one is set larger."""
        return self._add("text", text=text, lead=lead)

    def points(self, points: Sequence[str]) -> Block:
        """Add main points, one sentence each."""
        return self._add("points", items=list(points))

    def note(self, theme: int) -> Block:
        """Add the Secretariat's note on a theme, from `edition.toml`; nothing where it has none."""
        notes = self.authored.get("themes")
        text = str(notes.get(str(theme), "")) if isinstance(notes, dict) else ""
        if not text:
            return Block("nothing", {})
        return self._add("note", label=self.t("Note by the secretariat"), text=typeset(text, self.t.language))

    def tiles(self, tiles: Sequence[HeadlineTile]) -> Block:
        """Add headline tiles."""
        return self._add("tiles", tiles=[{**vars(tile), "badge": vars(tile.badge)} for tile in tiles])

    def legend(self) -> Block:
        """Add what symbols, colours and marks mean."""
        t = self.t
        badges = [vars(t.status(status)) for status in look.STATUS_COLOURS if status != "no_data"]
        marks = [
            [t.number(0), t("a true zero")], [t.missing, t("no data")], [t.not_applicable, t("not applicable")],
            [t.not_due, t("the due quarter has not come")], ["c", t("carried forward")],
            ["p", t("provisional figure")], ["r", t("revised figure")],
        ]  # fmt: skip
        hollow = vars(t.status("achieved", False))
        return self._add("legend", badges=badges, hollow=hollow, marks=marks, hatched=t.missing)

    def _table_data(self, table: Table) -> dict[str, object]:
        widths = [column.width for column in table.columns]
        across = (TEXT_WIDTH + 2 * table.wide) / table.beside / sum(widths)
        letters = [int(across * width / (LETTER_WIDTH * table.size)) for width in widths]  # that a column has room for

        def row_data(row: str | tuple[Cell, ...]) -> dict[str, object]:
            if isinstance(row, str):
                return {"group": row}
            return {"cells": [break_long_words(self._cell(cell), n) for cell, n in zip(row, letters, strict=True)]}

        data = {
            "columns": [column.head for column in table.columns],
            "right": [column.align == "end" for column in table.columns],
            "widths": widths,
            "rows": [row_data(row) for row in table.body] or [{"group": self.t("nothing to report")}],
        }
        layout = {name: getattr(table, name) for name in ("named_by", "size", "pad", "middle", "wide", "beside")}
        return data | layout | {"breakable": not table.whole, "reserve": table.reserve}

    def _cell(self, cell: Cell) -> object:
        if isinstance(cell, Picture):
            return {"svg": self._keep(cell.svg), "alt": cell.alt, "width": cell.width, "words": cell.words}
        return as_data(cell, self.t)

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

    def document(self) -> dict[str, object]:
        """Return the document as plain data for Typst: what every page shows, the colours, the blocks."""
        t, period = self.t, self._period()
        heads = [str(block.data["title"]) for block in self.blocks if block.kind == "head"]
        settings = read_settings()
        unions = dict.fromkeys((settings.code, *settings.short("union").values()))
        plan = " – ".join([t.localised(settings.title).replace("\n", " "), *heads])
        words = {
            "table": t("Table"), "figure": t("Figure"), "n": t("Who: "), "note": t("Note: "), "source": t("Source: "),
            "proposed-target": t("Proposed target: "),
        }  # fmt: skip
        foot = "{quarter}, {label}, data as of {day} · input id {id}"
        on_every_page = {
            "language": t.language,
            "rtl": t.is_rtl,
            "as_of": self.as_of,
            "sample": self.tables.sample,
            "title": t("{plan} – {quarter} ({months}), {label}", plan=plan, **period),
            "subtitle": t("Quarterly monitoring report"),
            "author": t.localised(settings.union),
            "keywords": [*unions, self.quarter],
            "running": " · ".join([t.localised(settings.short("union")), period["quarter"], *heads]),
            "foot": t(foot, day=t.day(self.as_of), id=self.tables.input_id, **period),
            "sample_words": t("invented sample: no figure here is real"),
            "words": words,
        }
        ours = {"palette": look.PALETTE, "statuses": look.STATUS_COLOURS, "bands": look.BANDS}
        colours = json.loads(look.in_plan_colours(json.dumps(ours)))
        blocks = [block.data for block in self.blocks if block.data and not block.in_workbook]
        return make_fit(on_every_page, t.language) | colours | {"blocks": blocks}

    def render(self) -> "Rendered":
        """Write the blocks as JSON, set them with Typst: PDF/UA-1 and PDF/A-2a; a report as page and workbook too."""
        # What writes takes long to load: `papu check` and `explain` print a few words of a report's.
        from helpers.report.html.page import write_page
        from helpers.report.pdf.typeset import set_pages
        from helpers.report.xlsx.tables import write_tables_workbook

        self.out.mkdir(parents=True, exist_ok=True)
        document, name = self.document(), f"{self.name}_{self.t.language}"
        self._write_json(self.name, document)
        self._write_words()
        if self.name == REPORT_NAME:  # a brief's few tables are the member's own answers, as it sent them
            self._write_json("claims", self.sentences)
            write_page(document, self.blocks, self.out / f"{name}.html")
            write_tables_workbook(document, self.blocks, self.out / f"tables_{self.t.language}.xlsx")
        moment = datetime.fromisoformat(self.as_of).replace(tzinfo=UTC)
        return set_pages(self.out, name, int(moment.timestamp()))

    def _write_words(self) -> None:
        """Write the first text of each sentence as examples for translators, `papu words`; no run publishes them.

        A brief and the findings in returns may hold a member's own words: they are examples of the sample alone.
        """
        words, is_report = dict(self.t.said), self.name == REPORT_NAME
        if not is_report and not self.tables.sample:
            return
        if is_report and self.tables.sample:
            findings = self.tables.issues.drop_duplicates("key")
            words |= zip(findings["key"], findings[f"said_{self.t.language}"], strict=True)
        self._write_json("words" if is_report else f"words_{self.name}", dict(sorted(words.items())))

    def _write_json(self, name: str, content: object) -> None:
        text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
        (self.out / f"{name}_{self.t.language}.json").write_text(text, encoding="utf-8", newline="\n")


_READING = (
    "Quarters are calendar quarters. A figure that a member did not report again is carried forward for at most four "
    "quarters (c); nothing is ever counted as zero because it was not answered.",
    "Bounds say between which values the true figure lies, whatever the members that have not answered would report. "
    "Where fewer than half are known (class C) only bounds are shown.",
)
_PROPOSED = "The plan has neither targets nor baselines: those in this report are proposed, and so are all statuses."


def _find_sentences(data: object) -> Iterator[Sentence]:
    """Yield the sentences with claims within the data of a block."""
    if isinstance(data, Sentence):
        yield data
    elif isinstance(data, Mapping | list | tuple):
        for value in data.values() if isinstance(data, Mapping) else data:
            yield from _find_sentences(value)


def _motif() -> list[list[object]]:
    rows = [row for row in catalogue.read_csv(paths.plan() / "tile_grid.csv") if row["member"] == "yes"]
    rows.sort(key=lambda row: row["iso3"])
    return [[int(row["row"]), int(row["column"]), sum(map(ord, row["iso3"])) % 3 > 0] for row in rows]
