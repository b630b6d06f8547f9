"""Security backgrounds: tones light enough that a bitonal scan keeps only broken lines and dots of them."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from console.intake.demo.chance import array_stream, stream
from console.intake.demo.paper import Pattern
from console.intake.demo.pen import DPI

Tones = NDArray[np.floating[Any]]


def _grid(width: int, height: int) -> tuple[Tones, Tones]:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / DPI
    return x, y


def _lines(phase: Tones, period: float, thickness: float, tone: float) -> Tones:
    """White with lines of `tone` where `phase` (inches) is a multiple of `period`, `thickness` wide."""
    distance = np.abs((phase / period) % 1.0 - 0.5) * period
    inside = distance > period / 2 - thickness / 2
    return np.where(inside, np.float32(tone), np.float32(255))


def _waves(width: int, height: int) -> Tones:
    x, y = _grid(width, height)
    return _lines(y + 0.035 * np.sin(x * 9) + 0.015 * np.sin(x * 23), 0.095, 0.0065, 136)


def _guilloche(width: int, height: int) -> Tones:
    x, y = _grid(width, height)
    first = _lines(y + 0.12 * np.sin(x * 5.2), 0.18, 0.006, 134)
    second = _lines(y - 0.12 * np.sin(x * 5.2 + 0.9), 0.18, 0.006, 134)
    return np.minimum(first, second)


def _linen(width: int, height: int) -> Tones:
    noise = array_stream(stream("linen", width, height))
    threads = noise.normal(0, 6, (height, 1)) + noise.normal(0, 6, (1, width))
    return np.clip(176 + threads, 148, 230).astype(np.float32)


def _dots(width: int, height: int) -> Tones:
    """A screen of dots that fades from the top to nothing above the signature line."""
    x, y = _grid(width, height)
    pitch = 0.06
    row = np.floor(y / pitch)
    dx = ((x + (row % 2) * pitch / 2) / pitch) % 1.0 - 0.5
    dy = (y / pitch) % 1.0 - 0.5
    fade = np.clip(1 - y / (height / DPI * 0.8), 0, 1)
    radius = 0.04 + 0.13 * fade
    dot = (dx * dx + dy * dy) < radius * radius
    return np.where(dot, np.float32(120), np.float32(255))


def _hills(width: int, height: int) -> Tones:
    """A landscape: two ridges as broken contours, a sun of rays, light tint below."""
    x, y = _grid(width, height)
    tall = height / DPI
    page = np.full((height, width), 255, dtype=np.float32)
    for level, swing, beat, tint in ((0.44, 0.16, 1.5, 190.0), (0.6, 0.1, 2.6, 176.0)):
        ridge = tall * level + swing * np.sin(x * beat + level * 9) + 0.05 * np.sin(x * 7.3)
        below = y > ridge
        page = np.where(below, np.minimum(page, np.float32(tint)), page)
        hatch = below & (((y - ridge) % 0.11) < 0.006) & (np.sin(x * 40 + y * 31) > 0.2)
        page = np.where(hatch | (np.abs(y - ridge) < 0.005), np.float32(115), page)
    sun_x, sun_y = width / DPI * 0.575, tall * 0.27
    angle = np.arctan2(y - sun_y, x - sun_x)
    far = np.hypot(x - sun_x, y - sun_y)
    rays = (far > 0.15) & (far < 0.27) & (np.cos(angle * 16) > 0.86)
    return np.where(rays | (np.abs(far - 0.12) < 0.005), np.float32(115), page)


_DRAWN: dict[Pattern, Callable[[int, int], Tones]] = {
    Pattern.WAVES: _waves,
    Pattern.GUILLOCHE: _guilloche,
    Pattern.LINEN: _linen,
    Pattern.DOTS: _dots,
    Pattern.HILLS: _hills,
}


@lru_cache(maxsize=12)
def background(pattern: Pattern, width: int, height: int) -> Image.Image:
    """The pattern as a greyscale page of that many pixels. Shared: copy it before drawing on it."""
    if pattern is Pattern.PLAIN:
        return Image.new("L", (width, height), 255)
    return Image.fromarray(np.clip(_DRAWN[pattern](width, height), 0, 255).astype(np.uint8))
