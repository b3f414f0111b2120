"""Draw all pages of an edition on one picture per language, under build/: `contact_sheet.py 2024Q3 fr en pt ar`."""

from __future__ import annotations

import io
import math
import os
import sys
import tempfile
from pathlib import Path

from PIL import Image

from helpers import paths
from helpers.i18n import Translator
from helpers.report.pdf.typeset import draw_pages
from helpers.runs import edition, notebook

PPI, COLUMNS, GAP, BACKGROUND = 64, 7, 10, "#C8CFD5"


def lay_out(pages: list[Image.Image], rtl: bool) -> Image.Image:
    """Lay pages out in rows, in reading direction."""
    width, height = max(page.width for page in pages) + GAP, max(page.height for page in pages) + GAP
    columns = min(COLUMNS, len(pages))
    sheet = Image.new("RGB", (columns * width + GAP, math.ceil(len(pages) / columns) * height + GAP), BACKGROUND)
    for number, page in enumerate(pages):
        row, column = divmod(number, columns)
        column = columns - 1 - column if rtl else column
        sheet.paste(page, (GAP + column * width, GAP + row * height))
    return sheet


def main(quarter: str, *languages: str) -> None:
    """Make the edition in a temporary folder, and draw the pages of each language."""
    request = edition.make_request(quarter, languages)
    target = paths.build() / "contact_sheets"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PAPU_OUT"] = folder
        for source, name, parameters in request.steps:
            executed = Path(folder) / f"{name}.ipynb"
            notebook.run_notebook(paths.notebooks() / f"{source}.ipynb", executed, parameters)
        for language in request.languages:
            pngs = draw_pages(Path(folder), f"report_{language}", PPI)
            pages = [Image.open(io.BytesIO(png)).convert("RGB") for png in pngs]
            path = target / f"{request.quarter}_{language}.png"
            lay_out(pages, Translator(language).is_rtl).save(path)
            print(f"{path.relative_to(paths.root())}: {len(pages)} pages")


if __name__ == "__main__":
    main(*sys.argv[1:])
