"""Translations that can be worked on: what is to do in each language, and a sheet for its translator, taken back."""

__all__ = ["check", "examples", "sheet"]
