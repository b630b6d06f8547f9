"""The TIFF that check images are: bitonal, G4, one strip, upright. Its few tags read and checked without Pillow's care
for every other kind, which takes a third as long as decoding the picture.

ANSI X9.100-181 is the profile; TIFF 6.0 says what the tags mean.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_DIRECTORY_AT = 4
_HEADER = 8
_ENTRY = 12
_ASCII, _SHORT, _LONG, _RATIONAL = 2, 3, 4, 5

_WIDTH, _HEIGHT, _PHOTOMETRIC = 256, 257, 262
_STRIP_AT, _ROWS_PER_STRIP, _STRIP_BYTES = 273, 278, 279
_X_RESOLUTION, _Y_RESOLUTION = 282, 283
_NUMBERS = {_WIDTH, _HEIGHT, _PHOTOMETRIC, _STRIP_AT, _STRIP_BYTES, _ROWS_PER_STRIP}
_RATIONALS = {_X_RESOLUTION, _Y_RESOLUTION}
# Description, maker, model, software, date, artist: said by some scanners, and nothing to do with the picture.
_TEXTS = {270, 271, 272, 305, 306, 315}
_COMPRESSION = 259
# Tags that may be there with this value alone, which is also what their absence means; but for the compression.
_FIXED = {
    _COMPRESSION: 4,  # CCITT T.6
    254: 0,  # no reduced copy, no mask
    258: 1,  # bits per sample
    266: 1,  # fill order
    274: 1,  # orientation
    277: 1,  # samples per pixel
    284: 1,  # planar configuration
    293: 0,  # no uncompressed mode
    296: 2,  # resolution per inch
}
_REQUIRED = {*_NUMBERS, *_RATIONALS, _COMPRESSION} - {_ROWS_PER_STRIP}


@dataclass(frozen=True)
class PlainTiff:
    """What the tags say: pixels and dots per inch (any positive number); and the picture's G4 codes."""

    width: int
    height: int
    dpi: float
    codes: bytes


def read_plain_tiff(data: bytes) -> PlainTiff | None:
    """What a plain TIFF says of itself; None for any other bytes, damaged ones included."""
    order = _BYTE_ORDERS.get(data[:4])
    if order is None:
        return None
    try:
        (directory,) = struct.unpack_from(f"{order}I", data, _DIRECTORY_AT)
        tags = _tags(data, order, directory)
    except struct.error:
        return None
    if tags is None or not _whole(tags, len(data)):
        return None
    begin = int(tags[_STRIP_AT])
    codes = data[begin : begin + int(tags[_STRIP_BYTES])]
    return PlainTiff(int(tags[_WIDTH]), int(tags[_HEIGHT]), tags[_X_RESOLUTION], codes)


def _tags(data: bytes, order: str, directory: int) -> dict[int, float] | None:
    """The numbers of a directory of known tags alone, each once and of its usual type; else None."""
    (entries,) = struct.unpack_from(f"{order}H", data, directory)
    tags: dict[int, float] = {}
    begin = directory + 2
    end = begin + _ENTRY * entries
    # Behind the last entry lies where the next directory begins: nowhere.
    if directory < _HEADER or data[end : end + 4] != bytes(4):
        return None
    for tag, kind, count, value in struct.iter_unpack(f"{order}HHII", data[begin:end]):
        if tag in tags:
            return None
        if tag in _TEXTS and kind == _ASCII and (count <= 4 or value + count <= len(data)):
            tags[tag] = count
        elif tag in _RATIONALS and kind == _RATIONAL and count == 1:
            above, below = struct.unpack_from(f"{order}II", data, value)
            if not above or not below:
                return None
            tags[tag] = above / below
        elif kind in (_SHORT, _LONG) and count == 1 and (tag in _NUMBERS or tag in _FIXED):
            # A short lies in the first two of the four bytes.
            number = value if kind == _LONG else (value & 0xFFFF if order == "<" else value >> 16)
            if _FIXED.get(tag, number) != number:
                return None
            tags[tag] = number
        else:
            return None
    return tags


def _whole(tags: dict[int, float], size: int) -> bool:
    """Whether all is said that must be, and the one strip is there to its end and holds every row."""
    return (
        tags.keys() >= _REQUIRED
        and tags[_WIDTH] > 0
        and tags[_HEIGHT] > 0
        and tags[_PHOTOMETRIC] in (0, 1)
        and tags[_STRIP_BYTES] > 0
        and tags[_STRIP_AT] + tags[_STRIP_BYTES] <= size
        # More rows than there are may be said as well; what Pillow makes of that it may decide itself.
        and tags.get(_ROWS_PER_STRIP, tags[_HEIGHT]) == tags[_HEIGHT]
    )
