"""Shows blocks as HTML, in JupyterLab and in the page; no text of the data becomes markup."""

from helpers.report.html.markup import NotebookView, as_attribute, as_html, render_block, render_cell
from helpers.report.html.page import write_page
from helpers.report.look import PALETTE

__all__ = ["PALETTE", "NotebookView", "as_attribute", "as_html", "render_block", "render_cell", "write_page"]
