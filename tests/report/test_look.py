"""The look: the colours of a plan, and their tints, take the place of ours."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from helpers.plan.settings import LOOK
from helpers.report import drawing, look
from helpers.report.figures import heat
from invented import invent
from reports import report_of


@pytest.fixture
def choose(monkeypatch):
    """Return what has a plan name its colours."""
    return lambda **own: monkeypatch.setattr(look, "read_settings", lambda: SimpleNamespace(look=own))


def test_a_plan_without_colours_has_ours(choose):
    choose(logo="logo.svg")
    assert look.in_plan_colours("#0072B2 #8abde0") == "#0072B2 #8abde0"


def test_tints_follow_the_colour_that_they_are_of(choose):
    choose(blue="#1F6F6B", cover="#14403E")
    assert look.in_plan_colours("#0072B2 #8ABDE0 #E4EEF6") == "#1f6f6b #98bcc0 #e7eeee"
    assert look.in_plan_colours("#12355B #20507C #D8DFE5") == "#14403e #225a63 #D8DFE5"


def test_a_plan_with_our_colours_has_our_tints(choose):
    choose(**{name: look.PALETTE[name] for name in LOOK})
    colours = " ".join((*look.BANDS, *look.HEAT, look.BAND, look.MOTIF, look.LIT, look.BLUE))
    assert look.in_plan_colours(colours) == colours.lower()


def test_the_heat_table_is_in_the_tints_of_the_plan(choose):
    choose(blue="#1F6F6B")
    svg = drawing.draw_svg(heat.plot_heat(report_of(invent(), "fr"))).lower()
    ours, own = heat.HEAT[0].lower(), look.in_plan_colours(heat.HEAT[0])
    assert own in svg and ours not in svg
