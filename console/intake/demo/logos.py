"""Bank logos as plain shapes on a square of one unit."""

from collections.abc import Callable
from math import cos, pi, sin

from PIL import Image, ImageDraw

_FINE = 4
Draw = ImageDraw.ImageDraw


def _columns(draw: Draw, s: float) -> None:
    draw.polygon([(0.05 * s, 0.35 * s), (0.5 * s, 0.05 * s), (0.95 * s, 0.35 * s)], fill=0)
    for left in (0.12, 0.34, 0.56, 0.78):
        draw.rectangle((left * s, 0.42 * s, (left + 0.1) * s, 0.8 * s), fill=0)
    draw.rectangle((0.05 * s, 0.85 * s, 0.95 * s, 0.95 * s), fill=0)


def _shield(draw: Draw, s: float) -> None:
    draw.polygon(
        [(0.1 * s, 0.08 * s), (0.9 * s, 0.08 * s), (0.9 * s, 0.55 * s), (0.5 * s, 0.96 * s), (0.1 * s, 0.55 * s)],
        fill=0,
    )
    draw.polygon([(0.5 * s, 0.2 * s), (0.78 * s, 0.2 * s), (0.78 * s, 0.5 * s), (0.5 * s, 0.8 * s)], fill=255)


def _peaks(draw: Draw, s: float) -> None:
    draw.polygon([(0.02 * s, 0.9 * s), (0.38 * s, 0.15 * s), (0.74 * s, 0.9 * s)], fill=0)
    draw.polygon([(0.5 * s, 0.9 * s), (0.74 * s, 0.4 * s), (0.98 * s, 0.9 * s)], fill=0)
    draw.polygon([(0.29 * s, 0.36 * s), (0.38 * s, 0.15 * s), (0.47 * s, 0.36 * s), (0.38 * s, 0.44 * s)], fill=255)


def _star(draw: Draw, s: float) -> None:
    draw.ellipse((0.02 * s, 0.02 * s, 0.98 * s, 0.98 * s), fill=0)
    points = []
    for step in range(10):
        radius = 0.4 if step % 2 == 0 else 0.16
        points.append((s * (0.5 + radius * sin(step * pi / 5)), s * (0.5 - radius * cos(step * pi / 5))))
    draw.polygon(points, fill=255)


def _tree(draw: Draw, s: float) -> None:
    for top, bottom, half in ((0.04, 0.4, 0.24), (0.24, 0.62, 0.34), (0.44, 0.82, 0.44)):
        draw.polygon([(0.5 * s, top * s), ((0.5 + half) * s, bottom * s), ((0.5 - half) * s, bottom * s)], fill=0)
    draw.rectangle((0.43 * s, 0.82 * s, 0.57 * s, 0.98 * s), fill=0)


def _rings(draw: Draw, s: float) -> None:
    pen = round(0.08 * s)
    for left, top in ((0.04, 0.04), (0.4, 0.04), (0.22, 0.38)):
        draw.ellipse((left * s, top * s, (left + 0.54) * s, (top + 0.54) * s), outline=0, width=pen)


def _waves(draw: Draw, s: float) -> None:
    for level in (0.3, 0.5, 0.7):
        points = [(x / 40 * s, s * (level + 0.09 * sin(x / 40 * 4 * pi))) for x in range(41)]
        draw.line(points, fill=0, width=round(0.1 * s))


LOGOS: dict[str, Callable[[Draw, float], None]] = {
    "columns": _columns,
    "shield": _shield,
    "peaks": _peaks,
    "star": _star,
    "tree": _tree,
    "rings": _rings,
    "waves": _waves,
}


def logo(name: str, size: int) -> Image.Image:
    """The logo of that name as a greyscale square of `size` pixels, black on white."""
    image = Image.new("L", (size * _FINE, size * _FINE), 255)
    LOGOS[name](ImageDraw.Draw(image), float(size * _FINE - 1))
    return image.reduce(_FINE)
