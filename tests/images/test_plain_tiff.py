"""The short way through a plain TIFF says what Pillow says by the long one, of sound and of damaged images alike."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from functools import lru_cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from console.images.plain_tiff import read_plain_tiff
from console.images.render import MAX_PIXELS, ImageFacts, inspect
from console.intake.x9.tiff import write_tiff

pytestmark = pytest.mark.filterwarnings("ignore:.*:UserWarning:PIL")

_FIXED_PART = 8
_ENTRY = 12
# What a plain TIFF's tags are and what else scanners and attackers write.
_TAGS = (254, 256, 257, 258, 259, 262, 266, 270, 273, 274, 277, 278, 279, 282, 283, 284, 293, 296, 297, 305, 322, 700)

Entry = tuple[int, int, int, int]


@lru_cache(maxsize=1)
def strip() -> tuple[int, int, bytes]:
    """Width, height and G4 codes of a picture with something on every row."""
    picture = Image.new("1", (400, 90), 1)
    picture.putdata([(x * y) % 7 > 1 for y in range(90) for x in range(400)])
    tiff = write_tiff(picture)
    with Image.open(io.BytesIO(tiff)) as image:
        at, length = image.tag_v2[273][0], image.tag_v2[279][0]  # type: ignore[attr-defined]
    return image.width, image.height, tiff[at : at + length]


def plain_entries() -> list[Entry]:
    """A directory as it should be, for `build`: 273, 282 and 283 are offsets into what follows the directory."""
    width, height, codes = strip()
    return [
        (254, 4, 1, 0),
        (256, 4, 1, width),
        (257, 3, 1, height),
        (258, 3, 1, 1),
        (259, 3, 1, 4),
        (262, 3, 1, 0),
        (273, 4, 1, 16),
        (277, 3, 1, 1),
        (278, 4, 1, height),
        (279, 4, 1, len(codes)),
        (282, 5, 1, 0),
        (283, 5, 1, 8),
        (296, 3, 1, 2),
    ]


def build(entries: list[Entry], codes: bytes, order: str = "<") -> bytes:
    """A TIFF of these tags, in either byte order, with two resolutions and the codes behind its directory."""
    behind = _FIXED_PART + 2 + _ENTRY * len(entries) + 4
    directory = b"".join(_entry(order, entry, behind) for entry in entries)
    magic = b"II*\0" if order == "<" else b"MM\0*"
    resolutions = struct.pack(f"{order}IIII", 200, 1, 400, 2)
    head = struct.pack(f"{order}IH", _FIXED_PART, len(entries))
    return magic + head + directory + bytes(4) + resolutions + codes


def _entry(order: str, entry: Entry, behind: int) -> bytes:
    tag, kind, count, value = entry
    if tag in (273, 282, 283):
        value += behind
    short = kind == 3 and count == 1
    return struct.pack(f"{order}HHI", tag, kind, count) + (
        struct.pack(f"{order}HH", value & 0xFFFF, 0) if short else struct.pack(f"{order}I", value & 0xFFFFFFFF)
    )


def by_pillow(data: bytes) -> ImageFacts:
    """What Pillow alone says, opening the image as any other."""
    try:
        with Image.open(io.BytesIO(data), formats=("TIFF",)) as image:
            if image.width * image.height > MAX_PIXELS:
                return ImageFacts("unknown", None, None, None, "too large")
            image.load()
    except Exception as error:
        return ImageFacts("unknown", None, None, None, type(error).__name__)
    said = image.info.get("dpi", (0, 0))[0]
    try:
        dpi = round(float(said)) if 1 <= float(said) < 10_000 else None
    except (TypeError, ValueError):
        dpi = None
    return ImageFacts("tiff", image.width, image.height, dpi, None)


def assert_same(data: bytes) -> None:
    long, short = by_pillow(data), inspect(data)
    assert (short.problem is None) == (long.problem is None)
    if long.problem is None:
        assert short == long


@pytest.mark.parametrize("order", ["<", ">"])
def test_reads_a_plain_image_of_either_byte_order(order: str) -> None:
    width, height, codes = strip()
    data = build(plain_entries(), codes, order)
    plain = read_plain_tiff(data)
    assert plain is not None
    assert (plain.width, plain.height, plain.dpi, plain.codes) == (width, height, 200, codes)
    assert_same(data)


def test_a_resolution_that_is_no_number_is_left_out_and_the_image_kept() -> None:
    entries = [(282, 1, 1, 0) if entry[0] == 282 else entry for entry in plain_entries()]
    facts = inspect(build(entries, strip()[2]))
    assert (facts.width, facts.dpi, facts.problem) == (400, None, None)


def test_what_is_said_by_default_need_not_be_said() -> None:
    codes = strip()[2]
    data = build([entry for entry in plain_entries() if entry[0] not in (254, 258, 277, 278, 296)], codes)
    assert read_plain_tiff(data) is not None
    assert_same(data)


def odd_entries() -> Iterator[tuple[str, list[Entry]]]:
    """Directories that are not plain, each for one reason."""
    plain = plain_entries()
    _, height, codes = strip()
    for tag, entry in {
        "two bits a sample": (258, 3, 1, 2),
        "another compression": (259, 3, 1, 3),
        "upside down": (274, 3, 1, 3),
        "two samples": (277, 3, 1, 2),
        "two strips": (278, 4, 1, height - 1),
        "a strip beyond the end": (279, 4, 1, len(codes) + 1),
        "an empty strip": (279, 4, 1, 0),
        "no rows": (257, 3, 1, 0),
        "two offsets": (273, 4, 2, 16),
        "resolution per centimetre": (296, 3, 1, 3),
        "a tag of its own": (40_000, 3, 1, 1),
        "text beyond the end": (305, 2, 90_000, 8),
    }.items():
        yield tag, [entry, *(one for one in plain if one[0] != entry[0])]
    yield "width twice", [*plain, (256, 4, 1, 300)]
    yield "no compression said", [one for one in plain if one[0] != 259]


@pytest.mark.parametrize(("why", "entries"), list(odd_entries()), ids=[why for why, _ in odd_entries()])
def test_leaves_whatever_is_odd_to_pillow(why: str, entries: list[Entry]) -> None:
    data = build(sorted(entries), strip()[2])
    assert read_plain_tiff(data) is None
    assert_same(data)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(_TAGS),
            st.integers(0, 13),
            st.integers(0, 3),
            st.integers(0, 700) | st.integers(0, 0xFFFFFFFF),
        ),
        max_size=3,
    ),
    st.sampled_from("<>"),
)
def test_odd_tags_are_judged_as_pillow_judges_them(changed: list[Entry], order: str) -> None:
    entries = {entry[0]: entry for entry in plain_entries()} | {entry[0]: entry for entry in changed}
    if entries[256][3] * entries[257][3] > 10_000_000:
        return  # Pillow would fill the memory of the machine first.
    assert_same(build(sorted(entries.values()), strip()[2], order))


@example([], [], 1.0)
@example([(0.0, 0)], [], 1.0)
@example([], [], 0.0)
@example(in_codes=[], in_front=[(117, 128)], kept=1.0)  # two thousand million rows in the strip
@given(
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=60),
    st.lists(st.tuples(st.integers(0, 180), st.integers(0, 255)), max_size=2),
    st.floats(0, 1),
)
def test_damaged_codes_are_refused_as_pillow_refuses_them(
    in_codes: list[tuple[float, int]], in_front: list[tuple[int, int]], kept: float
) -> None:
    codes = bytearray(strip()[2])
    for where, value in in_codes:
        codes[int(where * len(codes))] = value
    codes = codes[: int(len(codes) * kept) + 1]
    # What is cut off is missing in the bytes, or in what the directory says as well.
    entries = [(279, 4, 1, len(codes)) if entry[0] == 279 and in_front else entry for entry in plain_entries()]
    data = bytearray(build(entries, bytes(codes)))
    for at, value in in_front:
        data[at] = value
    assert_same(bytes(data))


@pytest.mark.parametrize("first", [bytes(3), b"\x00\x10\x01\x00\x10\x01"])
def test_codes_that_end_before_the_first_row_are_refused(first: bytes) -> None:
    """The decoder forgives what ends too early, but not what never began."""
    entries = [(279, 4, 1, len(first)) if entry[0] == 279 else entry for entry in plain_entries()]
    data = build(entries, first)
    assert read_plain_tiff(data) is not None
    assert inspect(data).problem is not None
    assert_same(data)
