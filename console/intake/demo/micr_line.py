"""The E-13B line along the bottom of a check, from the glyph grid, positions counted from the right."""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw

from console.images.e13b import (
    AMOUNT,
    BASELINE_IN,
    FIRST_RIGHT_EDGE_IN,
    GLYPHS,
    HEIGHT_MODULES,
    MODULE_IN,
    ON_US,
    PITCH_IN,
    TRANSIT,
)
from console.intake.demo.pen import DPI

_FINE = 5
"""Drawn at 1,000 dpi, where a module is 13 and the pitch 125 whole pixels, then averaged down to 200."""


@dataclass(frozen=True, slots=True)
class MicrLine:
    """The fields of the line. `auxiliary` is a business check's serial; a personal check's is `serial`."""

    routing: str
    account: str
    serial: str = ""
    auxiliary: str = ""
    amount: Decimal | None = None


def positions(line: MicrLine) -> dict[int, str]:
    """Position (1 = rightmost) to character, symbols as in `e13b.GLYPHS`.

    Amount 1–12, on-us 14–32 written from its left end, transit 33–43, auxiliary on-us from 45 on.
    """
    placed: dict[int, str] = {}

    def put(leftmost: int, text: str) -> None:
        placed.update({leftmost - offset: character for offset, character in enumerate(text) if character != " "})

    if line.amount is not None:
        put(12, f"{AMOUNT}{int(line.amount.scaleb(2)):010d}{AMOUNT}")
    put(31, f"{line.account}{ON_US}{line.serial}")
    put(43, f"{TRANSIT}{line.routing}{TRANSIT}")
    if line.auxiliary:
        put(45 + len(line.auxiliary) + 1, f"{ON_US}{line.auxiliary}{ON_US}")
    return placed


def text(line: MicrLine) -> str:
    """The line from left to right, one blank for each run of empty positions."""
    placed = positions(line)
    spread = "".join(placed.get(position, " ") for position in range(max(placed), 0, -1))
    return " ".join(spread.split())


@lru_cache(maxsize=32)
def _fine_glyph(character: str) -> Image.Image:
    """The character at 1,000 dpi, black on white."""
    rows = GLYPHS[character]
    module = round(MODULE_IN * DPI * _FINE)
    image = Image.new("L", (len(rows[0]) * module, HEIGHT_MODULES * module), 255)
    draw = ImageDraw.Draw(image)
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            if cell == "#":
                draw.rectangle((x * module, y * module, (x + 1) * module - 1, (y + 1) * module - 1), fill=0)
    return image


def draw_micr(page: Image.Image, line: MicrLine) -> None:
    """Print the line on a page of 200 dpi whose size is the check's."""
    height = round(0.2 * DPI)
    strip = Image.new("L", (page.width * _FINE, height * _FINE), 255)
    foot = strip.height - 30
    for position, character in positions(line).items():
        glyph = _fine_glyph(character)
        right = strip.width - round((FIRST_RIGHT_EDGE_IN + (position - 1) * PITCH_IN) * DPI * _FINE)
        strip.paste(glyph, (right - glyph.width, foot - glyph.height))
    small = strip.reduce(_FINE)
    top = page.height - round(BASELINE_IN * DPI) - (height - 30 // _FINE)
    box = (0, top, page.width, top + height)
    page.paste(ImageChops.darker(page.crop(box), small), box[:2])
