"""Writing check images the way image cash letters carry them."""

import io
import struct

from PIL import Image, ImageChops

DPI = 200
_PHOTOMETRIC_INTERPRETATION = 262
_ROWS_PER_STRIP = 278
_WHITE_IS_ZERO = 0
# A TIFF directory: a count of two bytes, then entries of twelve: tag, type, count, value.
_ENTRY = 12
_VALUE = 8


def write_tiff(image: Image.Image) -> bytes:
    """The image as a bitonal TIFF: CCITT G4, WhiteIsZero, one strip, little-endian, 200 dpi.

    Any mode is taken; what is not bitonal yet is cut at middle grey, without dithering.

    Pillow inverts an image for WhiteIsZero pixel by pixel in Python, a fifth of a second for each check. So the
    inverse is written as BlackIsZero, which are the same bytes, and the one tag that says so is set afterwards.
    """
    bitonal = image if image.mode == "1" else image.convert("1", dither=Image.Dither.NONE)
    out = io.BytesIO()
    # Not `invert`: some of Pillow's own pixels are 1 where white is 255, and what is left of 255 is still not black.
    inverse = ImageChops.logical_xor(bitonal, Image.new("1", bitonal.size, 255))
    inverse.save(out, "TIFF", compression="group4", dpi=(DPI, DPI), tiffinfo={_ROWS_PER_STRIP: bitonal.height})
    tiff = bytearray(out.getvalue())
    (directory,) = struct.unpack_from("<I", tiff, 4)
    (entries,) = struct.unpack_from("<H", tiff, directory)
    for entry in range(directory + 2, directory + 2 + _ENTRY * entries, _ENTRY):
        if struct.unpack_from("<H", tiff, entry) == (_PHOTOMETRIC_INTERPRETATION,):
            struct.pack_into("<H", tiff, entry + _VALUE, _WHITE_IS_ZERO)
    return bytes(tiff)
