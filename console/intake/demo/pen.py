"""A pen on paper: strokes and masks of ink laid on a greyscale page of 200 pixels per inch."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from console.intake.demo.paper import Box

DPI = 200
OVERSAMPLE = 2
Points = NDArray[np.float64]
"""An (n, 2) array of x, y."""


def px(inches: float) -> int:
    """Inches as whole pixels."""
    return round(inches * DPI)


@lru_cache(maxsize=8)
def _catmull_rom(per_segment: int) -> NDArray[np.float64]:
    """Weights of the four neighbouring points at each of `per_segment` steps between the middle two."""
    t = np.linspace(0.0, 1.0, per_segment, endpoint=False)[:, None]
    powers = np.hstack([t**0, t, t**2, t**3])
    weights: NDArray[np.float64] = powers @ np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]]) / 2
    return weights


def smooth(points: Points, per_segment: int = 4) -> Points:
    """A Catmull-Rom spline through `points`, `per_segment` points for each piece."""
    count = len(points)
    if count < 3:
        return points
    neighbours = np.clip(np.arange(count - 1)[:, None] + np.arange(-1, 3), 0, count - 1)
    curve = np.empty(((count - 1) * per_segment + 1, 2))
    curve[:-1] = (_catmull_rom(per_segment) @ points[neighbours]).reshape(-1, 2)
    curve[-1] = points[-1]
    return curve


def stroke_mask(strokes: Iterable[Points], width: float, size: tuple[int, int]) -> Image.Image:
    """Coverage (mode L, 255 = full ink) of `strokes` in pixels, drawn `width` pixels wide with round ends."""
    mask = Image.new("L", (size[0] * OVERSAMPLE, size[1] * OVERSAMPLE), 0)
    draw = ImageDraw.Draw(mask)
    pen = max(2, round(width * OVERSAMPLE))
    radius = pen / 2
    for stroke in strokes:
        points = stroke * OVERSAMPLE
        draw.line(points.ravel().tolist(), fill=255, width=pen)
        # Dots at every third point close the outer corners that a plain polyline leaves open.
        for x, y in np.vstack([points[::3], points[-1:]]).tolist():
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return mask.reduce(OVERSAMPLE)


def lay(page: Image.Image, mask: Image.Image, left: int, top: int, tone: int = 20) -> None:
    """Put ink of grey `tone` on the page through `mask`, its corner at (left, top) in pixels; never lightens."""
    box = (left, top, left + mask.width, top + mask.height)
    under = page.crop(box)
    inked = Image.composite(Image.new("L", mask.size, tone), under, mask)
    page.paste(Image.fromarray(np.minimum(np.asarray(under), np.asarray(inked))), box[:2])


def faded(mask: Image.Image, noise: np.random.Generator, strength: float) -> Image.Image:
    """`mask` as ink that is partly gone: blotchy and grainy, about `strength` of it left (above 1: hardly any gone)."""
    rows, columns = max(2, mask.height // 5), max(2, mask.width // 5)
    blotches = Image.fromarray((noise.random((rows, columns)) * 255).astype(np.uint8)).resize(
        mask.size, Image.Resampling.BILINEAR
    )
    left = np.asarray(mask, dtype=np.float32) * (np.asarray(blotches, dtype=np.float32) / 255 + 0.15)
    return Image.fromarray(np.clip(left * strength, 0, 255).astype(np.uint8))


def box_pixels(box: Box) -> tuple[int, int, int, int]:
    """left, top, right, bottom of a box in pixels."""
    return px(box.left), px(box.top), px(box.right), px(box.bottom)


def bounds(strokes: Sequence[Points]) -> tuple[float, float, float, float]:
    """left, top, right, bottom of all points."""
    points = np.vstack(list(strokes))
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return float(left), float(top), float(right), float(bottom)
