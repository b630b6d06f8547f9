"""Handwriting: each writer has a hand that stays the same, and no two words of it come out quite alike."""

import random
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor, sin

import numpy as np
from PIL import Image, ImageDraw

from console.intake.demo.chance import array_stream, pick_weighted, stream
from console.intake.demo.fonts import HERSHEY_CAP_HEIGHT, StrokeGlyph, stroke_glyph, typeface
from console.intake.demo.paper import Box
from console.intake.demo.pen import DPI, Points, faded, lay, px, smooth, stroke_mask

_STROKE_FACES = ("scripts", "cursive", "futural")
_TYPE_SIZE = {"intuitive": 1.42, "amatic": 1.36}
"""Type size over capital height."""
_EXTRA_WEIGHT = {"amatic": 0.45}
"""Pixels by which a thin typeface is thickened to look like a pen."""


@dataclass(frozen=True, slots=True)
class Hand:
    """How one person writes. Lengths are fractions of the capital height unless named otherwise."""

    face: str
    cap_height_in: float
    slant: float
    pen_in: float
    wander: float
    jitter: float
    spacing: float
    stretch: float

    @property
    def joined(self) -> bool:
        """Whether the hand is drawn as pen strokes rather than from a typeface."""
        return self.face in _STROKE_FACES


@lru_cache(maxsize=512)
def hand_of(writer: str) -> Hand:
    """The hand of the writer of that key; the same key always has the same hand."""
    rng = stream("hand", writer)
    face = pick_weighted(rng, (("intuitive", 3), ("amatic", 1.5), ("scripts", 3), ("cursive", 1.5), ("futural", 2)))
    return Hand(
        face=face,
        cap_height_in=rng.uniform(0.125, 0.155),
        slant=rng.uniform(-0.08, 0.34) if face != "scripts" else rng.uniform(-0.1, 0.2),
        pen_in=rng.uniform(0.0125, 0.02),
        wander=rng.uniform(0.02, 0.1),
        jitter=rng.uniform(0.012, 0.035),
        spacing=rng.uniform(-0.02, 0.07) if face != "scripts" else 0.0,
        stretch=rng.uniform(0.88, 1.12),
    )


def ink_mask(text: str, hand: Hand, rng: random.Random, scale: float = 1.0) -> tuple[Image.Image, int]:
    """`text` in that hand as coverage (mode L) and the row of its baseline, in pixels."""
    cap = px(hand.cap_height_in) * scale
    return _stroked(text, hand, rng, cap) if hand.joined else _typed(text, hand, rng, cap)


def _glyph_strokes(glyph: StrokeGlyph, hand: Hand, noise: np.random.Generator, unit: float) -> list[Points]:
    """One character, its points moved about as far as the hand is unsteady."""
    shake = hand.jitter * HERSHEY_CAP_HEIGHT
    size = 1 + noise.normal(0, hand.jitter)
    out = []
    for stroke in glyph.strokes:
        points = np.array(stroke) * size
        points += noise.normal(0, shake * 0.55, points.shape)
        points[:, 0] = points[:, 0] * hand.stretch - points[:, 1] * hand.slant
        out.append(points * unit)
    return out


def _stroked(text: str, hand: Hand, rng: random.Random, cap: float) -> tuple[Image.Image, int]:
    noise = array_stream(rng)
    unit = cap / HERSHEY_CAP_HEIGHT
    strokes: list[Points] = []
    x, phase = cap * 0.4, rng.uniform(0, 6.28)
    for character in text:
        glyph = stroke_glyph(hand.face, character)
        drift = hand.wander * cap * sin(phase + x / (cap * 6))
        strokes.extend(smooth(stroke + np.array([x, drift])) for stroke in _glyph_strokes(glyph, hand, noise, unit))
        x += (glyph.advance * hand.stretch + hand.spacing * HERSHEY_CAP_HEIGHT) * unit
    base = round(cap * 1.35)
    size = (round(x + cap * 0.8), round(cap * 2.1))
    return stroke_mask([stroke + np.array([0, base]) for stroke in strokes], hand.pen_in * DPI, size), base


@lru_cache(maxsize=4096)
def _typed_glyph(face: str, size: int, character: str, bold: float) -> tuple[Image.Image, tuple[int, int], float]:
    """A character as coverage, where its corner lies from the pen's place on the baseline, and its advance."""
    font = typeface(face, size)
    left, top, right, bottom = font.getbbox(character, anchor="ls", stroke_width=bold)
    corner = (floor(left), floor(top))
    mask = Image.new("L", (max(1, ceil(right) - corner[0]), max(1, ceil(bottom) - corner[1])), 0)
    origin = (-corner[0], -corner[1])
    ImageDraw.Draw(mask).text(origin, character, font=font, fill=255, anchor="ls", stroke_width=bold)
    return mask, corner, font.getlength(character)


def _typed(text: str, hand: Hand, rng: random.Random, cap: float) -> tuple[Image.Image, int]:
    size = max(8, round(cap * _TYPE_SIZE[hand.face]))
    sizes = [max(8, round(size * factor)) for factor in (0.96, 1.0, 1.04)]
    height, base = round(cap * 2.3), round(cap * 1.5)
    bold = round(max(0.0, (hand.pen_in - 0.012) * 60) + _EXTRA_WEIGHT.get(hand.face, 0.0), 2)
    widest = typeface(hand.face, sizes[2]).getlength(text) * hand.stretch
    mask = Image.new("L", (round(widest * 1.1 + hand.spacing * cap * len(text) + cap * 2), height), 0)
    x, phase = cap * 0.5, rng.uniform(0, 6.28)
    for character in text:
        glyph, corner, advance = _typed_glyph(hand.face, rng.choice(sizes), character, bold)
        y = base + hand.wander * cap * sin(phase + x / (cap * 6)) + rng.gauss(0, hand.jitter) * cap
        mask.paste(255, (round(x) + corner[0], round(y) + corner[1]), glyph)
        x += advance * hand.stretch + hand.spacing * cap
    sheared = mask.transform(
        mask.size, Image.Transform.AFFINE, (1, hand.slant, -hand.slant * base, 0, 1, 0), Image.Resampling.BILINEAR
    )
    return sheared.crop((0, 0, min(mask.width, round(x + cap * 0.8)), height)), base


def write(
    page: Image.Image, box: Box, text: str, hand: Hand, rng: random.Random, *, tone: int = 25, residue: float = 0.0
) -> None:
    """Write one line into `box`: on its lower edge, from the left, narrower letters when it would not fit.

    `residue` above 0 writes it as what is left of washed ink, that part of it.
    """
    if not text:
        return
    fitted = min(1.0, box.height / (hand.cap_height_in * 1.15))
    mask, base = ink_mask(text, hand, rng, fitted)
    room = px(box.width)
    if mask.width > room:
        if mask.width > room * 1.25:
            mask, base = ink_mask(text, hand, rng, max(0.55, fitted * room / mask.width * 1.18))
        if mask.width > room:
            mask = mask.resize((room, mask.height), Image.Resampling.BILINEAR)
    if residue:
        mask = faded(mask, array_stream(rng), residue)
    lift = rng.uniform(0.005, 0.025)
    lay(page, mask, px(box.left) + rng.randint(0, 6), px(box.bottom - lift) - base, tone)
