"""Writes the pages of the site: the index, the indicators, the way to the latest edition; and the data behind them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from helpers import editions
from helpers.editions import DATA, INDICATORS, LATEST, PublishedEdition, name_index
from helpers.i18n import Translator, catalogue, is_blank
from helpers.kpis import Reference
from helpers.plan import Kpi, read_plan, read_settings
from helpers.report import figures, headlines, phrases, tables
from helpers.report.cells import as_data
from helpers.report.document import Report
from helpers.report.fit import make_fit
from helpers.report.html import markup, page
from helpers.report.site import listing
from helpers.tables import EditionTables, KpiFigure, manifest, queries

HERE = Path(__file__).parent


def name_indicator(kpi: str, language: str) -> str:
    """Return the file of an indicator's page in a language."""
    return f"{kpi}_{language}.html"


def write_pages(folder: Path, language: str, with_indicators: bool = True) -> None:
    """Write the pages in one language into a site that is begun; the index, which is written last, is there if all is.

    The pages of its indicators are left as they are unless asked for.
    """
    published = listing.list_newest_first()
    found = manifest.read_published_tables(published[0].quarter, published[0].as_of)
    with tempfile.TemporaryDirectory() as drawings:
        pages = _Pages(folder, language, editions.list_site_languages(), found, Path(drawings))
        if with_indicators:
            pages.write_indicators()
        pages.write_index(published)


class _Pages:
    """The pages in one language."""

    def __init__(
        self, folder: Path, language: str, languages: Sequence[str], found: EditionTables, drawings: Path
    ) -> None:
        self.folder, self.language, self.found, self.drawings = folder, language, found, drawings
        self.languages = languages  # those of the site, to lead from each page to its like
        self.t = Translator(language)
        self.document = self._start().document()

    def _start(self) -> Report:
        return Report(self.found.quarter, self.found.as_of, self.language, tables=self.found, out=self.drawings)

    @cached_property
    def words(self) -> Mapping[str, str]:
        """The words of the pages that are the same whatever they show."""
        t, settings = self.t, read_settings()
        words = {
            "union": t.localised(settings.union), "plan": " ".join(t.localised(settings.title).split()),
            "unofficial": "" if catalogue.is_official(self.language) else t("unofficial translation"),
            "skip": t("Skip to the content"), "languages": t("Languages"), "invented": t("channel sample"),
            "subtitle": t("Quarterly reports, indicators and data"), "newest": t("Latest edition"),
            "stable": t("Stable address of the latest report:"), "earlier": t("Earlier editions"), "data": t("Data"),
            "about_data": t(
                "All indicators, every quarter, the Union and its regions, as in the latest edition: a CSV file, and "
                "its description for Frictionless tools. The page of each indicator has its own rows."
            ),
            "trend": t("Over time"), "rows": t("These rows and those of the regions, as CSV"),
            "columns": t("Description of the columns"), "definition": t("Definition"), "reference": t("Reference"),
            "others": t("Other indicators"), "prev": t("Previous"), "next": t("Next"), "all": t("All editions"),
            "day": t("Data as of: "), "target": t("Proposed target: "),
        }  # fmt: skip
        return make_fit(words, self.language) | {"sample": self.document["sample_words"]}

    @cached_property
    def style(self) -> str:
        """The stylesheet, with the colours of the plan."""
        stylesheet = Markup((HERE / "site.css").read_text(encoding="utf-8"))
        return _render("style.css.jinja", self.language, {"document": self.document, "stylesheet": stylesheet})

    def write_indicators(self) -> None:
        """Write a page for each indicator."""
        kpis = read_plan().kpis
        for before, kpi, after in zip((None, *kpis), kpis, (*kpis[1:], None), strict=False):
            self._write_indicator(kpi, before, after)

    def _write(self, template: str, path: str, others: Mapping[str, str], is_sample: bool, **names: object) -> None:
        """Write a page at a path within the site; `others` is its address in each language, from where it lies."""
        frame = {
            "language": self.language, "rtl": self.t.is_rtl, "is_sample": is_sample, "style": Markup(self.style),
            "home": f"{'../' * path.count('/')}{name_index(self.language)}", "words": self.words,
            "others": [(each, listing.name_language(each), href) for each, href in others.items()],
        }  # fmt: skip
        text = _render(template, self.language, {**frame, **names})
        (self.folder / path).write_text(text, encoding="utf-8", newline="\n")

    def write_index(self, published: Sequence[PublishedEdition]) -> None:
        """Write the index, and the stable address of the latest report."""
        told = [listing.describe_edition(each, published[n + 1 :], self.t) for n, each in enumerate(published)]
        newest, latest = published[0], f"{LATEST}/{name_index(self.language)}"
        others = {each: name_index(each) for each in self.languages}
        shown = self.language if self.language in newest.languages else newest.languages[0]
        target = f"../{newest.quarter}/{newest.as_of}/report_{shown}.html"
        self._write(
            "latest.html.jinja", latest, others, newest.is_sample, edition=told[0], target=target, shown=shown
        )  # fmt: skip
        themes, data = read_plan().themes, self.folder / DATA
        groups = [
            (headlines.name_theme(each.theme, self.t), list(self._list_indicators(each.theme))) for each in themes
        ]
        files = [
            {"href": f"{DATA}/{name}", "text": name, "size": listing.format_size((data / name).stat().st_size, self.t)}
            for name in ("kpis.csv", "datapackage.json")
        ]
        names = {"editions": told, "groups": groups, "files": files, "latest": latest}
        names["at_quarter"] = self.t("Indicators in {quarter}", quarter=self.t.quarter(self.found.quarter))
        is_sample = all(each.is_sample for each in published)
        self._write("index.html.jinja", name_index(self.language), others, is_sample, **names)

    def _list_indicators(self, theme: int) -> Iterator[dict[str, object]]:
        for kpi in (kpi for kpi in read_plan().kpis if kpi.theme == theme):
            figure = queries.select_figure(self.found, kpi.kpi)
            yield {
                "href": f"{INDICATORS}/{name_indicator(kpi.kpi, self.language)}", "code": kpi.kpi,
                "name": self.t.localised(kpi.title), "value": self._format_level(figure),
                "badge": self._show(vars(phrases.badge(figure, self.t))),
            }  # fmt: skip

    def _format_level(self, figure: KpiFigure) -> str:
        """Return the figure that the target is about; a number with its unit."""
        if is_blank(figure.assessed) or figure.unit in ("percent", "stage"):
            return phrases.format_level(self._start(), figure)
        return self.t.counted(figure.assessed, figure.unit)

    @cached_property
    def view(self) -> page.PageView:
        """How cells and figures are shown: as in the report's page."""
        return page.PageView(self.document, (), self.drawings)

    def _show(self, cell: object) -> Markup:
        return Markup(markup.render_cell(make_fit(cell, self.language), self.view))

    def _write_indicator(self, kpi: Kpi, before: Kpi | None, after: Kpi | None) -> None:
        report, t, plan = self._start(), self.t, read_plan()
        drawn, by_quarter = report.add(figures.trend(report, kpi.kpi)), report.add(tables.history(report, kpi.kpi))
        step = next(step for step in plan.steps if step.step == kpi.step)
        figure, method = queries.select_figure(self.found, kpi.kpi), tables.methods(report)
        facts = [(column.head, self._show(as_data(column.value(kpi), t))) for column in method.columns[1:]]
        rows = [
            [Markup(markup.render_cell(cell, self.view)) for cell in row["cells"]] for row in by_quarter.data["rows"]
        ]
        path = self.folder / DATA / f"{kpi.kpi}.csv"
        names = {
            "kpi": kpi.kpi, "title": t.localised(kpi.title), "theme": headlines.name_theme(kpi.theme, t),
            "step": f"{step.step}  {t.localised(step.title)}", "reference": str(Reference(kpi.kpi, report.quarter)),
            "badge": self._show(vars(phrases.badge(figure, t))), "value": self._format_level(figure),
            "edition": self.document["foot"],
            "drawn": Markup(markup.render_block(drawn.data, self.view)), "by_quarter": by_quarter.data, "rows": rows,
            "facts": facts, "csv": f"../{DATA}/{path.name}", "size": listing.format_size(path.stat().st_size, t),
            "target": phrases.format_target(figure, t),
            "near": [(way, name_indicator(each.kpi, self.language), f"{each.kpi}  {t.localised(each.title)}")
                     for way, each in (("prev", before), ("next", after)) if each],
        }  # fmt: skip
        others = {each: name_indicator(kpi.kpi, each) for each in self.languages}
        path = f"{INDICATORS}/{name_indicator(kpi.kpi, self.language)}"
        self._write("indicator.html.jinja", path, others, self.found.sample, **names)


@cache
def _load_templates(language: str) -> Environment:
    """Return the templates; `text | fit` keeps in order what is read from left to right in Arabic."""
    templates = markup.load_templates().overlay(loader=FileSystemLoader(HERE))
    templates.filters = {**templates.filters, "fit": lambda text: make_fit(text, language)}
    return templates


def _render(template: str, language: str, names: Mapping[str, object]) -> str:
    return _load_templates(language).get_template(template).render(names)
