"""Keeps left-to-right runs in order within right-to-left text (Unicode annex 9)."""

import re

RIGHT_TO_LEFT = ("ar",)
_ISOLATE, _END = "\u2066", "\u2069"
_PIECES = re.compile("[\u0590-\u08ff]+|\\s+|[^\\s\u0590-\u08ff]+")
_ARABIC, _LATIN = re.compile("[\u0590-\u08ff]"), re.compile("[A-Za-z\u00c0-\u024f]")
_SIGNED = re.compile(r"[+−-]\d[\d.,]*%?|\d[\d.,]*%|\d+(?:[-–]\d+)+")
_EDGES = re.compile(r"^([^\w+−-]*)(.*?)([^\w%+#/]*)$", re.DOTALL)
_NUMBER = re.compile(r"\d[\d.,:/-]*")


def _isolated(run: str) -> str:
    """Isolate a run of Latin letters and numbers, without its outer punctuation, which belongs to the line."""
    before, inner, after = _EDGES.match(run).groups()
    for opening, closing in ("()", "[]"):
        while inner.count(opening) > inner.count(closing) and closing in after:
            cut = after.index(closing) + 1
            inner, after = inner + after[:cut], after[cut:]
    return f"{before}{_ISOLATE}{inner}{_END}{after}" if inner else run


def _goes_on(pieces: list[str], last: int) -> bool:
    """Tell whether a number follows a Latin word that it belongs to: `SMSI 2024`, `ISO 27001`."""
    follows = pieces[last + 1 : last + 3]
    is_word = len(re.sub(r"\W", "", pieces[last])) > 1 and pieces[last][-1].isalnum()
    return is_word and len(follows) == 2 and follows[0] == " " and bool(_NUMBER.fullmatch(follows[1].rstrip(".,:;")))


def isolate(text: str, language: str) -> str:
    """Keep what is read from left to right in order within a right-to-left line: codes, names, signed numbers.

    Numbers alone need no help (Unicode annex 9); the code of a KPI or a sign would land on the wrong side.
    """
    if language not in RIGHT_TO_LEFT or _ISOLATE in text:
        return text
    if not _ARABIC.search(text):
        return f"{_ISOLATE}{text}{_END}" if _LATIN.search(text) or _SIGNED.search(text) else text
    pieces = _PIECES.findall(text)
    latin = [n for n, piece in enumerate(pieces) if _LATIN.search(piece)]
    made, place = [], 0
    while place < len(pieces):
        last = place
        if place in latin:
            for n in latin:
                if n > last and not any("\n" in piece or _ARABIC.search(piece) for piece in pieces[last:n]):
                    last = n
            while _goes_on(pieces, last):
                last += 2
            made.append(_isolated("".join(pieces[place : last + 1])))
        else:
            made.append(_SIGNED.sub(lambda found: f"{_ISOLATE}{found[0]}{_END}", pieces[place]))
        place = last + 1
    return "".join(made)
