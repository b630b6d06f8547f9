"""What is said of image bytes is true, and bad bytes raise nothing."""

from __future__ import annotations

import struct
from functools import lru_cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from console.images.render import NotDisplayable, inspect, to_png
from console.intake.x9.tiff import write_tiff

_ENTRY = 12
_X_RESOLUTION = 282


@lru_cache(maxsize=1)
def check() -> bytes:
    """A picture with something on every row, as a check's image."""
    picture = Image.new("1", (400, 180), 1)
    picture.putdata([(x * y) % 7 > 1 for y in range(180) for x in range(400)])
    return write_tiff(picture)


def with_resolution(tiff: bytes, numerator: int, denominator: int) -> bytes:
    changed = bytearray(tiff)
    (directory,) = struct.unpack_from("<I", tiff, 4)
    (entries,) = struct.unpack_from("<H", tiff, directory)
    for entry in range(directory + 2, directory + 2 + _ENTRY * entries, _ENTRY):
        if struct.unpack_from("<H", tiff, entry) == (_X_RESOLUTION,):
            (where,) = struct.unpack_from("<I", tiff, entry + 8)
            struct.pack_into("<II", changed, where, numerator, denominator)
            return bytes(changed)
    raise AssertionError("the image has no resolution")


def test_says_what_the_image_is() -> None:
    facts = inspect(check())
    assert (facts.format, facts.width, facts.height, facts.dpi, facts.problem) == ("tiff", 400, 180, 200, None)


@pytest.mark.parametrize(("numerator", "denominator"), [(0, 0), (200, 0), (0, 200), (4_000_000_000, 1)])
def test_an_impossible_resolution_is_left_out_and_the_image_kept(numerator: int, denominator: int) -> None:
    facts = inspect(with_resolution(check(), numerator, denominator))
    assert (facts.width, facts.dpi, facts.problem) == (400, None, None)


@pytest.mark.filterwarnings("ignore:.*:UserWarning:PIL")
@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=40), st.floats(0, 1))
def test_damaged_bytes_raise_nothing_and_what_is_displayable_can_be_shown(
    changes: list[tuple[float, int]], kept: float
) -> None:
    damaged = bytearray(check())
    for where, value in changes:
        damaged[int(where * len(damaged))] = value
    data = bytes(damaged[: int(len(damaged) * kept) + 1])
    if inspect(data).problem is None:
        assert to_png(data).startswith(b"\x89PNG")
    else:
        with pytest.raises(NotDisplayable):
            to_png(data)
