"""The pages of an edition: Typst sets them from the blocks and drawings that lie in a folder."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import typst
from PIL import Image

from helpers.report import look

TEMPLATE = Path(__file__).with_name("report.typ")
STANDARDS = ["ua-1", "a-2a"]
PREVIEW_PAGES, PREVIEW_PPI, PREVIEW_COLOURS = 4, 40, 48


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


def _compiler(out: Path, name: str) -> typst.Compiler:
    """Return Typst, ready to set the document whose blocks are in a folder under a name."""
    options = {"font_paths": [look.FONTS], "ignore_system_fonts": True, "sys_inputs": {"name": name}}
    return typst.Compiler(TEMPLATE.read_bytes(), root=out, **options)


def _as_list(pages: bytes | list[bytes]) -> list[bytes]:
    return pages if isinstance(pages, list) else [pages]


def draw_pages(out: Path, name: str, ppi: int) -> list[bytes]:
    """Return the pages of a document that was rendered in a folder, as PNG pictures."""
    return _as_list(_compiler(out, name).compile(TEMPLATE.read_bytes(), format="png", ppi=ppi))


def set_pages(out: Path, name: str, moment: int) -> Rendered:
    """Set a document and write its PDF beside its blocks; `moment` (seconds) is the date it bears."""
    design, compiler, path = TEMPLATE.read_bytes(), _compiler(out, name), out / f"{name}.pdf"
    path.write_bytes(compiler.compile(design, format="pdf", pdf_standards=STANDARDS, timestamp=moment))
    pages = _as_list(compiler.compile(design, format="png", ppi=PREVIEW_PPI))
    return Rendered(path, len(pages), _strip(pages[:PREVIEW_PAGES]))


def _strip(pages: Sequence[bytes]) -> bytes:
    """Put pages side by side into one small picture."""
    pictures = [Image.open(io.BytesIO(page)).convert("RGB") for page in pages]
    strip = Image.new("RGB", (sum(p.width + 8 for p in pictures), max(p.height for p in pictures)), "#C8CFD5")
    left = 4
    for picture in pictures:
        strip.paste(picture, (left, 0))
        left += picture.width + 8
    buffer = io.BytesIO()
    strip.quantize(PREVIEW_COLOURS, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
