"""Typefaces and single-stroke faces, from the packages of the `embedded` extra."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import font_amatic_sc
import font_caladea
import font_intuitive
import font_roboto
import font_source_serif_pro
from HersheyFonts import HersheyFonts
from PIL import ImageFont

TYPEFACES: dict[str, str] = {
    "amatic": font_amatic_sc.AmaticSCBold,
    "intuitive": font_intuitive.Intuitive,
    "serif": font_caladea.Caladea,
    "serif-bold": font_caladea.CaladeaBold,
    "serif-italic": font_caladea.CaladeaItalic,
    "sans": font_roboto.Roboto,
    "sans-bold": font_roboto.RobotoBold,
    "sans-light": font_roboto.RobotoLight,
    "book": font_source_serif_pro.SourceSerifPro,
    "book-bold": font_source_serif_pro.SourceSerifProBold,
    "book-italic": font_source_serif_pro.SourceSerifProIt,
}

HERSHEY_CAP_HEIGHT = 21.0
"""Units from the baseline (y = 0, downwards positive) to the top of capitals."""


@dataclass(frozen=True, slots=True)
class StrokeGlyph:
    """One Hershey character: pen strokes as points, baseline at y = 0, y downwards, and the advance to the next."""

    strokes: tuple[tuple[tuple[float, float], ...], ...]
    advance: float


@lru_cache(maxsize=256)
def typeface(name: str, size: int) -> ImageFont.FreeTypeFont:
    """The typeface of that name (a key of `TYPEFACES`) at `size` pixels."""
    return ImageFont.truetype(TYPEFACES[name], size)


@lru_cache(maxsize=8)
def _hershey(face: str) -> HersheyFonts:
    font = HersheyFonts()
    font.load_default_font(face)
    return font


@lru_cache(maxsize=2048)
def stroke_glyph(face: str, character: str) -> StrokeGlyph:
    """One character of the Hershey face (`scripts`, `cursive`, `futural`, …); a blank for what the face lacks."""
    glyphs: Sequence[object] = list(_hershey(face).glyphs_for_text(character))
    if not glyphs or character == " ":
        return StrokeGlyph((), 12.0)
    glyph = glyphs[0]
    left, base = glyph.left_offset, glyph.base_line  # type: ignore[attr-defined]
    strokes = tuple(
        tuple((float(x - left), float(y - base)) for x, y in stroke)
        for stroke in glyph.strokes  # type: ignore[attr-defined]
        if len(stroke) > 1
    )
    return StrokeGlyph(strokes, float(glyph.char_width))  # type: ignore[attr-defined]
