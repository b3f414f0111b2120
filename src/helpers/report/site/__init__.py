"""The site: the index of the editions published, a page per indicator over time, and their data."""

from helpers.report.site.pages import write_pages

__all__ = ["write_pages"]
