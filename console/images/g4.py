"""Decodes the CCITT G4 codes of a check image to the last row, only to see that they can be.

Pillow's decoder turns every pixel into a byte, which takes as long as the decoding itself, and here nobody looks at
them. So the codes go to it as a tile of a picture 16 pixels wide: the decoder reads a tile's every code and row, and of
each row 16 pixels are turned into bytes.

Of a tile Pillow is not told that its codes ended early or were given up as hopeless. Therefore a black tile is decoded
before it, into the same memory: rows that were not reached are still black.

Several pictures of a size go to it as one, because to open a TIFF takes a tenth as long as to decode one.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

from PIL import Image

_SEEN = 16
_BLACK = b"\xff\xff"
_SHORT, _LONG = 3, 4
_ENTRIES = 10
_TILES = 8 + 2 + 12 * _ENTRIES + 4
_STRIP_AT, _STRIP_BYTES = 273, 279


def decode_whole(codes: Sequence[bytes], width: int, height: int) -> list[bool]:
    """Of each of these pictures of one size, whether the decoder gets to its last row. False also where that cannot be
    told: of a black bottom left corner.
    """
    if width < _SEEN or height < 2 or not codes:
        return [False] * len(codes)
    try:
        size = _SEEN, 2 * height * len(codes)
        seen = Image.frombytes("1", size, _tiles(codes, width, height), "libtiff", "1", False, 8).tobytes()
    except (ValueError, OSError, MemoryError):
        # Which of them it was is seen by themselves.
        return [False] if len(codes) == 1 else [decode_whole([one], width, height)[0] for one in codes]
    bytes_each = len(seen) // len(codes)
    return [seen[end - 2 : end] != _BLACK for end in range(bytes_each, len(seen) + 1, bytes_each)]


def _tiles(codes: Sequence[bytes], width: int, height: int) -> bytes:
    """A TIFF, 16 pixels wide, of tiles: a black one before each of these codes."""
    black, count = _black(width, height), 2 * len(codes)
    begin = _TILES + 2 * 4 * count
    directory = struct.pack(
        "<" + "HHII" * _ENTRIES,
        *(256, _LONG, 1, _SEEN),
        *(257, _LONG, 1, height * count),
        *(258, _SHORT, 1, 1),  # bits per sample
        *(259, _SHORT, 1, 4),  # compression: CCITT T.6
        *(262, _SHORT, 1, 0),  # white is zero
        *(277, _SHORT, 1, 1),  # samples per pixel
        *(322, _LONG, 1, width),  # of a tile
        *(323, _LONG, 1, height),
        *(324, _LONG, count, _TILES),
        *(325, _LONG, count, _TILES + 4 * count),
    )
    ends = accumulate(map(len, codes), initial=begin + len(black))
    places = [place for end, _ in zip(ends, codes, strict=False) for place in (begin, end)]
    sizes = [size for one in codes for size in (len(black), len(one))]
    tiles = struct.pack(f"<{2 * count}I", *places, *sizes)
    return b"".join((b"II*\0", struct.pack("<IH", 8, _ENTRIES), directory, bytes(4), tiles, black, *codes))


@lru_cache(maxsize=32)
def _black(width: int, height: int) -> bytes:
    """The codes of a black picture; the checks of one file are of a few sizes."""
    out = io.BytesIO()
    # Black is one in G4, and Pillow writes a white pixel as one.
    Image.new("1", (width, height), 1).save(out, "TIFF", compression="group4", tiffinfo={278: height})
    with Image.open(out) as image:
        tags = image.tag_v2  # type: ignore[attr-defined]  # a TIFF has them
        (at,), (length,) = tags[_STRIP_AT], tags[_STRIP_BYTES]
    return out.getvalue()[at : at + length]
