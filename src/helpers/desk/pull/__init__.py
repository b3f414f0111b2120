"""Fetches the returns that were sent to KoboToolbox or ODK Central, and adds what is new of them."""

from helpers.desk.pull.fetch import FetchLimits, NotFetched
from helpers.desk.pull.news import format_news
from helpers.desk.pull.pull import list_open, pull
from helpers.desk.pull.sources import Source, read_sources

__all__ = ["FetchLimits", "NotFetched", "Source", "format_news", "list_open", "pull", "read_sources"]
