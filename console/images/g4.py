"""Decodes the CCITT G4 codes of a check image to the last row, only to see that they can be.

Pillow's decoder turns every pixel into a byte, which takes as long as the decoding itself, and here nobody looks at
them. So the codes go to it as a tile of a picture 16 pixels wide: the decoder reads a tile's every code and row, and of
each row 16 pixels are turned into bytes.

Of a tile Pillow is not told that its codes ended early or were given up as hopeless. Therefore a black tile is decoded
before it, into the same memory: rows that were not reached are still black.
"""

from __future__ import annotations

import io
import struct
from functools import lru_cache

from PIL import Image

_SEEN = 16
_BLACK = b"\xff\xff"
_SHORT, _LONG = 3, 4
_ENTRIES = 10
_OFFSETS = 8 + 2 + 12 * _ENTRIES + 4
_CODES = _OFFSETS + 4 * 4
_STRIP_AT, _STRIP_BYTES = 273, 279


def decodes_whole(codes: bytes, width: int, height: int) -> bool:
    """Whether the decoder gets to the last row. False also where that cannot be told: of a black bottom left corner."""
    if width < _SEEN or height < 2:
        return False
    try:
        seen = Image.frombytes(
            "1", (_SEEN, 2 * height), _two_tiles(codes, width, height), "libtiff", "1", False, 8
        ).tobytes()
    except (ValueError, OSError, MemoryError):
        return False
    return not seen.endswith(_BLACK)


def _two_tiles(codes: bytes, width: int, height: int) -> bytes:
    """A TIFF, 16 pixels wide, of a black tile and below it one of these codes."""
    black = _black(width, height)
    directory = struct.pack(
        "<" + "HHII" * _ENTRIES,
        *(256, _LONG, 1, _SEEN),
        *(257, _LONG, 1, 2 * height),
        *(258, _SHORT, 1, 1),  # bits per sample
        *(259, _SHORT, 1, 4),  # compression: CCITT T.6
        *(262, _SHORT, 1, 0),  # white is zero
        *(277, _SHORT, 1, 1),  # samples per pixel
        *(322, _LONG, 1, width),  # of a tile
        *(323, _LONG, 1, height),
        *(324, _LONG, 2, _OFFSETS),
        *(325, _LONG, 2, _OFFSETS + 8),
    )
    tiles = struct.pack("<IIII", _CODES, _CODES + len(black), len(black), len(codes))
    return b"".join((b"II*\0", struct.pack("<IH", 8, _ENTRIES), directory, bytes(4), tiles, black, codes))


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
