"""A pen on paper: strokes and masks of ink laid on a greyscale page of 200 pixels per inch."""

from collections.abc import Iterable, Sequence

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


def smooth(points: Points, per_segment: int = 4) -> Points:
    """A Catmull-Rom spline through `points`, `per_segment` points for each piece."""
    if len(points) < 3:
        return points
    padded = np.vstack([points[0], points, points[-1]])
    before, start, end, after = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = np.linspace(0.0, 1.0, per_segment, endpoint=False)[None, :, None]
    before, start, end, after = (part[:, None, :] for part in (before, start, end, after))
    curve = 0.5 * (
        2 * start
        + (end - before) * t
        + (2 * before - 5 * start + 4 * end - after) * t**2
        + (3 * start - before - 3 * end + after) * t**3
    )
    return np.vstack([curve.reshape(-1, 2), points[-1:]])


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
