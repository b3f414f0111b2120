"""A figure's SVG: its letters are text in every script, and nothing in it acts outside it."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import matplotlib
import matplotlib.figure
import pytest

from helpers.report import svg
from helpers.report.drawing import STYLE, draw_svg
from helpers.report.pdf.typeset import draw_picture

ARABIC, ISOLATED = "عدد الدول", "\u20662.1.a\u2069 عدد"


def draw(*texts: str, **look: object) -> str:
    """Return the SVG of a figure with a line, a clipped point, hatching and some texts."""
    with matplotlib.rc_context(STYLE):
        figure = matplotlib.figure.Figure(figsize=(2, 1))
        axes = figure.subplots()
        axes.plot([0, 1 / 3, 1], [0, 2 / 3, 1], "o-")
        axes.bar([0.5], [0.5], hatch="////")
        for n, text in enumerate(texts):
            axes.text(0.1, 0.1 + n / 10, text, **look)
        return draw_svg(figure)


def texts_of(drawn: str) -> list[ElementTree.Element]:
    """Return the elements of the group of letters."""
    root = ElementTree.fromstring(drawn)
    last = list(root)[-1]
    assert last.get("class") == svg.LETTERS
    return list(last)


def test_letters_are_text_and_come_last():
    drawn = draw("Bureaux", "deux\nlignes")
    assert {"Bureaux", "deux", "lignes"} <= {text.text for text in texts_of(drawn)}
    assert drawn.count("<text") == len(texts_of(drawn))


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"&amp;', "]]>", f'</svg><g class="{svg.LETTERS}">'])
def test_a_text_is_data(text):
    assert text in {found.text for found in texts_of(draw(text))}


def test_nothing_acts_outside_the_drawing():
    drawn = draw("x")
    assert not re.search(r"style=|<style|<metadata|xlink|<!DOCTYPE|<\?xml", drawn)
    used = set(re.findall(r'(?:href="|url\()#([\w-]+)', drawn))
    assert used and used == set(re.findall(r'\bid="([^"]+)"', drawn))


def test_places_have_at_most_two_decimals_and_figures_all_of_theirs():
    drawn = draw("13.677", "0.12345")
    assert not re.search(r"\d\.\d{3}", "".join(re.findall("<[^>]+>", drawn)))
    assert {"13.677", "0.12345"} <= {text.text for text in texts_of(drawn)}


def test_a_text_keeps_its_slant_and_its_opacity():
    (found,) = [one for one in texts_of(draw("pale", style="italic", alpha=0.5)) if one.text == "pale"]
    assert (found.get("font-style"), found.get("opacity")) == ("italic", "0.5")
    assert draw_picture(draw("pale", alpha=0.2, size=30)) != draw_picture(draw("pale", size=30))
    assert draw_picture(draw("pale", style="italic", size=30)) != draw_picture(draw("pale", size=30))


@pytest.mark.parametrize(
    ("text", "from_right"), [(ARABIC, True), (ISOLATED, True), ("Nord", False), ("12 %", False), ("UPAP عدد", False)]
)
def test_a_text_is_read_from_the_side_of_its_first_letter(text, from_right):
    (found,) = [one.text for one in texts_of(draw(text)) if text in one.text]
    assert found == (f"\u2067{text}\u2069" if from_right else text)


@pytest.mark.parametrize(("side", "anchor"), [("left", None), ("center", "middle"), ("right", "end")])
def test_a_text_keeps_its_side(side, anchor):
    (found,) = [one for one in texts_of(draw("here", ha=side)) if one.text == "here"]
    assert found.get("text-anchor") == anchor


def test_a_turned_text_is_turned_about_its_place():
    (found,) = [one for one in texts_of(draw("up", rotation=90)) if one.text == "up"]
    assert found.get("transform") == f"rotate(-90 {found.get('x')} {found.get('y')})"


def test_names_are_set_apart_with_what_refers_to_them():
    text = 'id="x" url(#y)'
    drawn = svg.name_apart(draw(text), "d7-")
    assert text in {one.text for one in texts_of(drawn)}
    drawn = re.sub(">[^<]*<", "><", drawn)
    used = set(re.findall(r'(?:href="|url\()#([\w-]+)', drawn))
    assert used == set(re.findall(r'\bid="([^"]+)"', drawn))
    assert all(name.startswith("d7-") for name in used)


@pytest.mark.parametrize(("text", "n_fonts"), [("Nord", 3), (ARABIC, 6)])
def test_a_drawing_that_stands_alone_has_the_fonts_of_its_letters(text, n_fonts):
    whole = svg.stand_alone(draw(text))
    assert whole.count("@font-face") == n_fonts
    ElementTree.fromstring(whole)
