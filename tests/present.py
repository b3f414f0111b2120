"""The names of the present plan that tests of many kinds use, from its plan.toml."""

from __future__ import annotations

from pathlib import Path

from helpers.plan.settings import read_settings

SETTINGS = read_settings(Path(__file__).parents[1] / "data" / "raw" / "plan")
UNION, REPEAT, HAS_ITEMS, PERSONAL = (
    SETTINGS.code, SETTINGS.repeat.name, SETTINGS.repeat.asked, SETTINGS.identity.personal,
)  # fmt: skip
