"""Put all pages of an edition on one picture per language: `contact_sheet.py 2024Q3 fr en pt ar`, under build/."""

from __future__ import annotations

import io
import math
import os
import sys
import tempfile
from pathlib import Path

from PIL import Image

from helpers import paths
from helpers.i18n.formats import Translator
from helpers.report.pdf.typeset import draw_pages
from helpers.runs import edition
from helpers.runs.notebook import run_notebook

PPI, COLUMNS, GAP, GROUND = 64, 7, 10, "#C8CFD5"


def lay_out(pages: list[Image.Image], rtl: bool) -> Image.Image:
    """Lay pages out in rows, in the direction they are read."""
    width, height = max(page.width for page in pages) + GAP, max(page.height for page in pages) + GAP
    columns = min(COLUMNS, len(pages))
    sheet = Image.new("RGB", (columns * width + GAP, math.ceil(len(pages) / columns) * height + GAP), GROUND)
    for number, page in enumerate(pages):
        row, column = divmod(number, columns)
        place = columns - 1 - column if rtl else column
        sheet.paste(page, (GAP + place * width, GAP + row * height))
    return sheet


def main(quarter: str, *languages: str) -> None:
    """Make the edition in a folder of its own, and the picture of each language's pages from it."""
    order = edition.make_request(quarter, languages)
    target = paths.build() / "contact_sheets"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PAPU_OUT"] = folder
        for notebook, name, parameters in order.steps:
            run_notebook(paths.notebooks() / f"{notebook}.ipynb", Path(folder) / f"{name}.ipynb", parameters)
        for language in order.languages:
            drawn = draw_pages(Path(folder), f"report_{language}", PPI)
            pages = [Image.open(io.BytesIO(page)).convert("RGB") for page in drawn]
            path = target / f"{order.quarter}_{language}.png"
            lay_out(pages, Translator(language).is_rtl).save(path)
            print(f"{path.relative_to(paths.root())}: {len(pages)} pages")


if __name__ == "__main__":
    main(*sys.argv[1:])
