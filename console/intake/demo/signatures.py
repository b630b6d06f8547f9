"""Signatures: a stable shape per signer, natural variation per check, and two kinds of forgery that can be seen."""

import random
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from PIL import Image

from console.intake.demo.chance import array_stream, stream
from console.intake.demo.fonts import stroke_glyph
from console.intake.demo.paper import Box, Forgery, Signature
from console.intake.demo.pen import DPI, Points, bounds, lay, px, smooth, stroke_mask

_DESCENT_IN = 0.08
"""So far below its line may a signature reach without touching the MICR characters."""


@dataclass(frozen=True, slots=True)
class SigningHand:
    """What does not change in a signer's signature. Factors and fractions of the signature's height."""

    face: str
    slant: float
    stretch: float
    decay: float
    initial: float
    rise: float
    flourish: str
    flourish_phase: float
    abbreviates: bool
    pen_in: float
    roundness: float


@lru_cache(maxsize=512)
def signing_hand(signer: str) -> SigningHand:
    """The signing hand of the signer of that key."""
    rng = stream("signature", signer)
    return SigningHand(
        face=rng.choice(("scripts", "scripts", "cursive")),
        slant=rng.uniform(-0.15, 0.75),
        stretch=rng.uniform(0.75, 1.5),
        decay=rng.uniform(0.0, 0.85),
        initial=rng.uniform(1.1, 1.9),
        rise=rng.uniform(-0.03, 0.16),
        flourish=rng.choice(("none", "underline", "loop", "tail", "strike", "underline")),
        flourish_phase=rng.uniform(0, 6.28),
        abbreviates=rng.random() < 0.3,
        pen_in=rng.uniform(0.012, 0.019),
        roundness=rng.uniform(0.0, 0.45),
    )


def _letters(name: str, hand: SigningHand) -> list[Points]:
    """The name in the signer's letters, units of the Hershey grid, letters flattening towards the end of a word."""
    words = name.split()
    if hand.abbreviates and len(words) > 1:
        words = [words[0][0], *words[1:]]
    strokes: list[Points] = []
    x = 0.0
    for word in words:
        for place, character in enumerate(word):
            glyph = stroke_glyph(hand.face, character)
            shrink = hand.initial if place == 0 else 1 - hand.decay * (place / max(3, len(word))) ** 0.8
            tall = shrink if place == 0 else max(0.22, shrink)
            for stroke in glyph.strokes:
                points = np.array(stroke) * np.array([hand.stretch * (0.8 + 0.2 * tall), tall])
                strokes.append(points + np.array([x, 0.0]))
            x += glyph.advance * hand.stretch * (0.8 + 0.2 * tall)
        x += 4.0
    return strokes


def _join(strokes: list[Points]) -> list[Points]:
    """Strokes whose ends nearly meet become one: a signature is written without lifting the pen."""
    joined: list[Points] = [strokes[0]]
    for stroke in strokes[1:]:
        if np.hypot(*(stroke[0] - joined[-1][-1])) < 5.0:
            joined[-1] = np.vstack([joined[-1], stroke])
        else:
            joined.append(stroke)
    return joined


def _flourish(hand: SigningHand, width: float) -> list[Points]:
    """The paraph under or after the name."""
    t = np.linspace(0, 1, 26)
    wave = np.sin(t * 5 + hand.flourish_phase)
    if hand.flourish == "underline":
        return [np.column_stack([width * (1.02 - 0.9 * t), 7 + 3.0 * wave - 3 * t])]
    if hand.flourish == "loop":
        sweep = np.column_stack([width * (1 - 0.75 * t), 6 + 7 * np.sin(t * np.pi) * (0.6 + 0.4 * wave)])
        back = np.column_stack([width * (0.25 + 0.95 * t), 6 - 5 * np.sin(t * np.pi)])
        return [np.vstack([sweep, back])]
    if hand.flourish == "tail":
        return [np.column_stack([width * (1 + 0.3 * t), -2 - 9 * np.sin(t * 3.0) * (1 - 0.4 * t)])]
    if hand.flourish == "strike":
        return [np.column_stack([width * (0.3 + 0.8 * t), -9 + 2.0 * wave])]
    return []


@lru_cache(maxsize=512)
def _master(name: str, hand: SigningHand) -> tuple[Points, ...]:
    """The signature as the signer means it: sheared, joined, smoothed; baseline 0, capitals about 21 high."""
    strokes = _join(_letters(name, hand))
    if hand.roundness:
        strokes = [_rounded(stroke, hand.roundness) for stroke in strokes]
    width = bounds(strokes)[2]
    strokes += _flourish(hand, width)
    shear = np.array([[1.0, -hand.rise], [-hand.slant, 1.0]])
    return tuple(smooth(stroke @ shear) for stroke in strokes)


def _rounded(points: Points, amount: float) -> Points:
    """Neighbouring points drawn together: fast writing cuts corners."""
    if len(points) < 4:
        return points
    out = points.copy()
    out[1:-1] = (1 - amount) * points[1:-1] + amount * 0.5 * (points[:-2] + points[2:])
    return out


def _vary(strokes: tuple[Points, ...], noise: np.random.Generator, amount: float) -> list[Points]:
    """The same signature on another day: size, proportion, angle, and slow drifts along the line."""
    angle = noise.normal(0, 0.022 * amount)
    size = np.array([1 + noise.normal(0, 0.045 * amount), 1 + noise.normal(0, 0.06 * amount)])
    phases, waves = noise.uniform(0, 6.28, 4), noise.uniform(0.03, 0.1, 4)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    out = []
    for stroke in strokes:
        x, y = stroke[:, 0], stroke[:, 1]
        drift = np.column_stack(
            [
                np.sin(x * waves[0] + phases[0]) + np.sin(y * waves[1] * 2 + phases[1]),
                np.sin(x * waves[2] + phases[2]) + 0.6 * np.sin(x * waves[3] * 3 + phases[3]),
            ]
        )
        out.append((stroke * size + drift * 0.75 * amount) @ turn)
    return out


def _trembling(strokes: list[Points], noise: np.random.Generator) -> list[Points]:
    """A slow, drawn copy: tremor along every line, pen lifts where the forger looked up, proportions a little off."""
    out = []
    squeeze = np.array([noise.uniform(0.8, 0.88), noise.uniform(1.08, 1.16)])
    for stroke in strokes:
        steps = len(stroke)
        tremor = np.repeat(noise.normal(0, 0.55, (steps // 2 + 1, 2)), 2, axis=0)[:steps]
        shaken = stroke * squeeze + tremor
        cut = 0
        while steps - cut > 30:
            length = int(noise.integers(16, 46))
            out.append(shaken[cut : cut + length])
            cut += length + 3
        if steps - cut > 3:
            out.append(shaken[cut:])
    return out


def signature_strokes(signature: Signature, rng: random.Random) -> tuple[list[Points], float]:
    """Strokes in grid units (baseline 0, capitals about 21 high, y downwards) and the pen's width in inches."""
    noise = array_stream(rng)
    if signature.forgery is Forgery.UNSKILLED:
        hand = _stranger(signature, rng)
        return _vary(_master(signature.name, hand), noise, 1.2), hand.pen_in
    hand = signing_hand(signature.signer)
    strokes = _vary(_master(signature.name, hand), noise, 1.0)
    if signature.forgery is Forgery.SKILLED:
        return _trembling(strokes, noise), hand.pen_in * 1.15
    return strokes, hand.pen_in


def _stranger(signature: Signature, rng: random.Random) -> SigningHand:
    """A hand unlike the genuine one in slant, letters and flourish."""
    genuine = signing_hand(signature.signer)
    other = signing_hand(f"stranger/{signature.signer}/{rng.random()}")
    return replace(
        other,
        slant=0.6 if genuine.slant < 0.25 else -0.1,
        decay=0.1 if genuine.decay > 0.4 else 0.8,
        stretch=1.35 if genuine.stretch < 1.1 else 0.8,
        abbreviates=not genuine.abbreviates,
        flourish="none" if genuine.flourish != "none" else "underline",
    )


def sign(page: Image.Image, box: Box, signature: Signature, rng: random.Random, *, tone: int = 25) -> None:
    """Put the signature on the lower edge of `box`, at most its width, free to reach above and below as pens do."""
    strokes, pen_in = signature_strokes(signature, rng)
    left, top, right, bottom = bounds(strokes)
    room_width, room_height = px(box.width) * 0.96, px(box.height) * 1.25
    scale = min(px(0.4 * box.height) / 21.0, room_width / (right - left), room_height / (bottom - top))
    margin = 6
    placed = [(stroke - np.array([left, top])) * scale + margin for stroke in strokes]
    size = (round((right - left) * scale) + 2 * margin, round((bottom - top) * scale) + 2 * margin)
    mask = stroke_mask(placed, pen_in * DPI, size)
    slack = max(0, px(box.width) - mask.width)
    x = px(box.left) + round(slack * rng.uniform(0.05, 0.35))
    foot = px(box.bottom - rng.uniform(0.0, 0.03)) - round(max(0.0, -top) * scale) - margin
    lowest = px(box.bottom + _DESCENT_IN) - mask.height
    lay(page, mask, x, max(0, min(foot, lowest)), tone)
