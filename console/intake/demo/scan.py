"""What a scanner makes of paper: a slight skew, noise, a threshold, specks."""

import math
import random
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from console.intake.demo.chance import array_stream, stream
from console.intake.demo.paper import Box
from console.intake.demo.pen import px

_THRESHOLD = 132
_GRAIN_SIZE = (1100, 2300)
"""Rows and columns of the noise from which each scan takes another piece: larger than the largest check."""


@lru_cache(maxsize=1)
def _thresholds() -> NDArray[np.uint8]:
    """The grey below which a pixel turns black: a middle tone, moved about by sensor noise and paper fibre."""
    noise = array_stream(stream("grain"))
    rows, columns = _GRAIN_SIZE
    fine = noise.standard_normal(_GRAIN_SIZE, dtype=np.float32) * 10
    coarse = Image.fromarray((noise.random((rows // 24, columns // 24)) * 255).astype(np.uint8))
    cloud = np.asarray(coarse.resize((columns, rows), Image.Resampling.BICUBIC), dtype=np.float32)
    return np.clip(_THRESHOLD - fine - (cloud - 127) * 0.09, 20, 235).astype(np.uint8)


def skew_of(scan_seed: str) -> float:
    """The angle in degrees at which this scan lies, the same whenever it is asked; scanners straighten many."""
    rng = stream("skew", scan_seed)
    return 0.0 if rng.random() < 0.45 else rng.gauss(0, 0.35)


def skewed_box(box: Box, whole: Box, scan_seed: str) -> Box:
    """Where `box` of the straight paper lies in the scan, as the upright rectangle around it."""
    angle = math.radians(-skew_of(scan_seed))
    cx, cy = whole.width / 2, whole.height / 2
    corners = [(x - cx, y - cy) for x in (box.left, box.right) for y in (box.top, box.bottom)]
    turned = [
        (cx + x * math.cos(angle) - y * math.sin(angle), cy + x * math.sin(angle) + y * math.cos(angle))
        for x, y in corners
    ]
    left, top = max(0.0, min(x for x, _ in turned)), max(0.0, min(y for _, y in turned))
    right = min(whole.width, max(x for x, _ in turned))
    bottom = min(whole.height, max(y for _, y in turned))
    return Box(round(left, 3), round(top, 3), round(right - left, 3), round(bottom - top, 3))


def _specks(page: NDArray[np.bool_], rng: random.Random) -> None:
    """Dust: a few black dots of one to three pixels."""
    height, width = page.shape
    for _ in range(rng.randint(3, 22)):
        x, y, size = rng.randrange(width - 3), rng.randrange(height - 3), rng.choice((1, 1, 2, 2, 3))
        page[y : y + rng.randint(1, size), x : x + size] = True


def _edge_shadow(page: NDArray[np.bool_], rng: random.Random) -> None:
    """Now and then the scanner catches the shadow of an edge."""
    if rng.random() < 0.3:
        length = rng.randint(page.shape[1] // 5, page.shape[1] // 2)
        start = rng.randrange(page.shape[1] - length)
        edge = rng.choice((0, page.shape[0] - rng.randint(1, 2)))
        page[edge : edge + rng.randint(1, 2), start : start + length] = True


def _shifts(length: int, slope: float) -> list[tuple[int, int, int]]:
    """Runs (start, end, shift) of neighbouring rows or columns that a slope moves by the same number of pixels."""
    shifts = np.rint((np.arange(length) - length / 2) * slope).astype(int)
    edges = [0, *(np.flatnonzero(np.diff(shifts)) + 1).tolist(), length]
    return [(start, end, int(shifts[start])) for start, end in pairwise(edges)]


def _moved(page: NDArray[np.uint8], slope: float) -> NDArray[np.uint8]:
    """Each column moved down by its distance from the middle times `slope`, white coming in."""
    out = np.full_like(page, 255)
    height, width = page.shape
    for start, end, shift in _shifts(width, slope):
        out[max(0, shift) : height + min(0, shift), start:end] = page[
            max(0, -shift) : height - max(0, shift), start:end
        ]
    return out


def _turned(page: NDArray[np.uint8], degrees: float) -> NDArray[np.uint8]:
    """The page turned counterclockwise by a small angle: sheared down and across, in the whole pixels of a scanner."""
    slope = math.tan(math.radians(degrees))
    return _moved(_moved(page, -slope).T, slope).T


def scan(page: Image.Image, scan_seed: str) -> Image.Image:
    """The bitonal scan (mode 1) of a greyscale page; the same seed gives the same scan."""
    rng = stream("scan", scan_seed)
    skew = skew_of(scan_seed)
    turned = _turned(np.asarray(page), skew) if skew else np.asarray(page)
    rows, columns = _GRAIN_SIZE
    top, left = rng.randrange(rows - page.height), rng.randrange(columns - page.width)
    exposure = np.uint8(rng.randint(0, 16))
    ink = turned < _thresholds()[top : top + page.height, left : left + page.width] - np.uint8(8) + exposure
    _specks(ink, rng)
    _edge_shadow(ink, rng)
    packed = np.packbits(~ink, axis=1)
    return Image.frombytes("1", page.size, packed.tobytes())


def page_of(whole: Box) -> Image.Image:
    """A blank page of that size."""
    return Image.new("L", (px(whole.width), px(whole.height)), 255)
