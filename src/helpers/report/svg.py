"""A figure's SVG as the report keeps it: its shapes, then its letters as text; nothing in it acts outside it.

matplotlib gives each element a style, which the page's Content-Security-Policy refuses, and a name, which clashes with
that of the next figure, and a drawing a stylesheet, which acts on the whole page. Here each becomes attributes, or
nothing. The letters come last, in a group of their own: Typst sets them itself, as its drawings of Arabic have none.
"""

import base64
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from helpers.report.look import ARABIC_FONT, FONT, FONTS

NAMESPACE = "http://www.w3.org/2000/svg"
LETTERS = "letters"  # the class of the group that holds the texts
_SHARED = {"stroke-linejoin": "round", "stroke-linecap": "butt"}  # what matplotlib's stylesheet says of every element
_FAMILIES = f"'{FONT}', '{ARABIC_FONT}', sans-serif"
_DECIMALS = re.compile(r"-?\d+\.\d{3,}")
_MOVE = re.compile(r"translate\(([^ ]+) ([^)]+)\)")
_TURN = re.compile(r"rotate\(([^ )]+)")
_LOOK = ("font-weight", "font-style", "text-anchor", "fill", "opacity")  # of letters, all that is kept
_WEIGHTS = {400: "Regular", 600: "SemiBold", 700: "Bold"}
_TAG = re.compile("<[^>]+>")
_NAMES = re.compile(r'(?<=\bid=")|(?<=\bhref="#)|(?<=url\(#)')
_FROM_RIGHT, _ISOLATES, _END = "\u2067", "\u2066\u2067\u2068", "\u2069"


def simplify(svg: str) -> str:
    """Return a figure that matplotlib wrote as SVG, its letters as text, without styles and names that nothing uses."""
    root = ElementTree.fromstring(svg)
    used = set(re.findall(r"#([\w-]+)", svg))
    texts = [_rewrite_text(text) for text in root.iter(f"{{{NAMESPACE}}}text") if text.text]
    _rewrite(root, used)
    root.attrib |= {"xmlns": NAMESPACE} | _SHARED
    if texts:
        letters = ElementTree.SubElement(root, "g", {"class": LETTERS, "font-family": _FAMILIES, "direction": "ltr"})
        letters.extend(texts)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _round_numbers(text: str) -> str:
    return _DECIMALS.sub(lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), text)


def _rewrite(element: Element, used: set[str]) -> None:
    """Keep an element's shapes, its style as attributes, and a name that another element uses."""
    element.tag = element.tag.removeprefix(f"{{{NAMESPACE}}}")
    element.text = element.tail = None
    element.attrib = {name: text for name, text in _list_attributes(element) if name != "id" or text in used}
    kept: list[Element] = []
    for part in element:
        _rewrite(part, used)
        if part.tag == "g" and not part.attrib:
            kept.extend(part)
        elif part.tag not in ("text", "style", "metadata") and (len(part) or part.tag not in ("g", "defs")):
            kept.append(part)
    element[:] = kept


def _list_attributes(element: Element) -> Iterator[tuple[str, str]]:
    """Yield an element's attributes and the rules of its style, to a hundredth of a point: none prints finer.

    Attributes alone: what looks like such a number in a text is a figure, `13.677` in Portuguese.
    """
    for name, text in element.attrib.items():
        if name == "style":
            rules = (rule.split(":", 1) for rule in text.split(";") if rule.strip())
            yield from ((rule.strip(), _round_numbers(value.strip())) for rule, value in rules)
        elif name != "version":
            yield name.removeprefix("{http://www.w3.org/1999/xlink}"), _round_numbers(text)


def _rewrite_text(text: Element) -> Element:
    """Return a text with its place and side as attributes."""
    given = dict(_list_attributes(text))
    move, turn = _MOVE.match(given.get("transform", "")), _TURN.search(given.get("transform", ""))
    place = dict(zip("xy", move.groups() if move else (given["x"], given["y"]), strict=True))
    look = {name: given[name] for name in _LOOK if name in given}
    if look.get("text-anchor") == "start":
        del look["text-anchor"]
    written = Element("text", place | {"font-size": given["font-size"].removesuffix("px")} | look)
    if turn and float(turn[1]):
        written.set("transform", f"rotate({turn[1]} {place['x']} {place['y']})")
    written.text = _lead_from_right(text.text)
    return written


def _lead_from_right(text: str) -> str:
    """Return a text that is read from the right if its first letter outside isolates is; others as they are."""
    depth = 0
    for letter in text:
        depth += (letter in _ISOLATES) - (letter == _END)
        side = unicodedata.bidirectional(letter)
        if not depth and side in ("L", "R", "AL"):
            return text if side == "L" else f"{_FROM_RIGHT}{text}{_END}"
    return text


def name_apart(svg: str, prefix: str) -> str:
    """Put a prefix before the names in a drawing, and wherever it refers to them."""
    return _TAG.sub(lambda tag: _NAMES.sub(prefix, tag[0]), svg)


@cache
def embed_fonts(has_arabic: bool) -> str:
    """Return the rules of a stylesheet that hold the fonts of drawings, for where they are not installed."""
    families = (FONT, ARABIC_FONT) if has_arabic else (FONT,)
    return "\n".join(_embed_font(family, weight) for family in families for weight in _WEIGHTS)


def _embed_font(family: str, weight: int) -> str:
    file = FONTS / "web" / f"{family.replace(' ', '')}-{_WEIGHTS[weight]}.woff2"
    content = base64.b64encode(file.read_bytes()).decode()
    source = f"url(data:font/woff2;base64,{content}) format('woff2')"
    return f"@font-face {{ font-family: '{family}'; font-weight: {weight}; src: {source} }}"


def stand_alone(svg: str) -> str:
    """Return a drawing with the fonts of its letters, to be shown or kept apart from a page."""
    has_arabic = any("ARABIC" in unicodedata.name(letter, "") for letter in set(svg) if letter > "\u05ff")
    return svg.replace(">", f"><style>{embed_fonts(has_arabic)}</style>", 1)
