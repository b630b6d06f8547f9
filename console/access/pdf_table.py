"""A table as a PDF, for people who file paper. Pure: text in, bytes out; made in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from importlib.resources import files
from typing import Final

from anyio import CapacityLimiter, to_process
from fpdf import FPDF
from fpdf.enums import TableBordersLayout
from fpdf.fonts import FontFace

_FAMILY: Final = "Roboto"
_GREY: Final = 110
# 1,000 rows took 4 s: what is longer belongs into a spreadsheet.
MAXIMUM_ROWS: Final = 2000
# Each takes a core for a while; requests beyond wait their turn.
_SLOTS: Final = CapacityLimiter(1)


@dataclass(frozen=True)
class Document:
    """What the PDF says. `widths` are relative; `facts` stand under the title, `made_at` at the foot of each page."""

    title: str
    facts: tuple[str, ...]
    heads: tuple[str, ...]
    widths: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]
    made_at: datetime
    foot: str


async def render(document: Document) -> bytes:
    """The document as PDF (A4, landscape), made in another process so that nobody's page waits for it."""
    return await to_process.run_sync(partial(draw, document), limiter=_SLOTS, cancellable=True)


def draw(document: Document) -> bytes:
    """The document as PDF, made here."""
    pdf = _Pages(document)
    pdf.set_title(document.title)
    pdf.set_creation_date(document.made_at)
    pdf.add_page()
    pdf.set_font(_FAMILY, "B", 15)
    pdf.multi_cell(0, 8, document.title, new_x="LMARGIN", new_y="NEXT")
    pdf.set_font(_FAMILY, "", 9)
    for fact in document.facts:
        pdf.multi_cell(0, 5, fact, new_x="LMARGIN", new_y="NEXT")
    pdf.ln(3)
    _draw_rows(pdf, document)
    return bytes(pdf.output())


class _Pages(FPDF):
    """Pages with a foot. Fonts are embedded with the letters that are used: names are not all Latin."""

    def __init__(self, document: Document) -> None:
        super().__init__(orientation="landscape", format="A4")
        self._document = document
        fonts = files("font_roboto") / "files"
        self.add_font(_FAMILY, "", str(fonts / "Roboto-Regular.ttf"))
        self.add_font(_FAMILY, "B", str(fonts / "Roboto-Bold.ttf"))
        self.set_margin(12)
        self.set_auto_page_break(True, margin=16)
        self.alias_nb_pages()

    def footer(self) -> None:
        """The foot of each page: what this is, when it was made, and which of how many pages."""
        self.set_y(-12)
        self.set_font(_FAMILY, "", 8)
        self.set_text_color(_GREY)
        self.cell(0, 5, self._document.foot)
        self.cell(0, 5, f"Page {self.page_no()} of {{nb}}", align="R")
        self.set_text_color(0)


def _draw_rows(pdf: FPDF, document: Document) -> None:
    pdf.set_font(_FAMILY, "", 8)
    with pdf.table(
        col_widths=document.widths,
        text_align="LEFT",
        line_height=4.4,
        padding=1,
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        headings_style=FontFace(emphasis="BOLD", fill_color=236),
    ) as table:
        for values in (document.heads, *document.rows):
            row = table.row()
            for value in values:
                row.cell(_printable(value))


def _printable(value: str) -> str:
    """Names are one line each, whatever control characters somebody gave them."""
    return "".join(sign if sign.isprintable() else " " for sign in value)
