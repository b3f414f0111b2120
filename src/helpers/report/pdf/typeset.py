"""The PDF of a document: Typst sets its pages from the blocks and drawings in a folder."""

import base64
import io
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import filelock
import typst
from PIL import Image

from helpers.report import look
from helpers.speech import say

SCREEN_PAGE = b"#set page(width: auto, height: auto, margin: 0pt)\n#picture(sys.inputs.svg, auto, none)"
SIZE = re.compile(r'width="([\d.]+)pt" height="([\d.]+)pt"')  # of a drawing
COMPILER, PICTURE, TEMPLATE = (Path(__file__).with_name(name) for name in ("compile.py", "picture.typ", "report.typ"))
TURN = ".typst.lock"  # the documents of a folder are set one at a time: each takes up to 200 MB
STANDARDS = ["ua-1", "a-2a"]
SCREEN_PPI, PREVIEW_PAGES, PREVIEW_PPI = 96, 4, 40
COLOURS = 64  # enough for the few inks of a figure or a page, and their edges; the stored notebook stays small


@dataclass(frozen=True)
class Rendered:
    """A report on disk; in JupyterLab it shows its first pages."""

    path: Path
    pages: int
    preview: bytes = field(repr=False)

    def __repr__(self) -> str:
        return f"{self.path.name}: {self.pages} pages"

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        return {"text/plain": repr(self), "image/png": self.preview}


def _compile(out: Path, name: str, *jobs: dict[str, object]) -> list[list[bytes]]:
    """Return the files that Typst makes, for each job, of the document whose blocks are in a folder under a name.

    Raises RuntimeError with what Typst reports.
    """
    document = {
        "designs": [str(PICTURE), str(TEMPLATE)],
        "folder": str(out),
        "fonts": str(look.FONTS),
        "name": name,
        "jobs": jobs,
    }
    with filelock.FileLock(out / TURN):
        ran = subprocess.run([sys.executable, "-P", COMPILER, json.dumps(document)], capture_output=True)
    if ran.returncode:
        told = ran.stderr.decode(errors="replace").strip()
        raise RuntimeError(say("{name}: Typst could not set the pages:", name=name) + f"\n{told}")
    return [[base64.b64decode(file) for file in files] for files in json.loads(ran.stdout)]


def draw_pages(out: Path, name: str, ppi: int) -> list[bytes]:
    """Return the pages of a document that was rendered in a folder, as PNG pictures."""
    return _compile(out, name, {"format": "png", "ppi": ppi})[0]


def set_pages(out: Path, name: str, moment: int) -> Rendered:
    """Set a document and write its PDF beside its blocks; `moment` is the PDF's date, in seconds since 1970."""
    printed = {"format": "pdf", "pdf_standards": STANDARDS, "timestamp": moment}
    (pdf,), pages = _compile(out, name, printed, {"format": "png", "ppi": PREVIEW_PPI})
    path = out / f"{name}.pdf"
    path.write_bytes(pdf)
    return Rendered(path, len(pages), _strip(pages[:PREVIEW_PAGES]))


def _strip(pages: Sequence[bytes]) -> bytes:
    """Put pages side by side into one small picture."""
    pictures = [Image.open(io.BytesIO(page)).convert("RGB") for page in pages]
    strip = Image.new("RGB", (sum(p.width + 8 for p in pictures), max(p.height for p in pictures)), "#C8CFD5")
    left = 4
    for picture in pictures:
        strip.paste(picture, (left, 0))
        left += picture.width + 8
    return _shrink(strip)


@cache
def _load_compiler() -> typst.Compiler:
    """Return what sets drawings; it has read the fonts, which takes as long as one drawing."""
    return typst.Compiler(b"", font_paths=[look.FONTS], ignore_system_fonts=True)


def draw_picture(svg: str) -> bytes:
    """Return a drawing as a PNG picture for the screen, as the PDF will show it."""
    source, fitted = PICTURE.read_bytes() + SCREEN_PAGE, SIZE.sub(_fill_pixels, svg, count=1)
    picture = _load_compiler().compile(source, format="png", ppi=SCREEN_PPI, sys_inputs={"svg": fitted})
    return _shrink(Image.open(io.BytesIO(picture)).convert("RGB"))


def _fill_pixels(size: re.Match[str]) -> str:
    """Fit a drawing to whole pixels, less a hair; of one a little larger Typst leaves out a row of pixels."""
    width, height = (round(float(points) * SCREEN_PPI / 72) for points in size.groups())
    return f'width="{width - 0.02:g}px" height="{height - 0.1:g}px" preserveAspectRatio="none"'


def _shrink(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(buffer, "PNG")
    return buffer.getvalue()
