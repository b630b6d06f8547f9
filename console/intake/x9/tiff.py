"""Writing check images the way image cash letters carry them."""

import io

from PIL import Image

DPI = 200
_PHOTOMETRIC_INTERPRETATION = 262
_ROWS_PER_STRIP = 278
_WHITE_IS_ZERO = 0


def write_tiff(image: Image.Image) -> bytes:
    """The image as a bitonal TIFF: CCITT G4, WhiteIsZero, one strip, little-endian, 200 dpi.

    Any mode is taken; what is not bitonal yet is cut at middle grey, without dithering.
    """
    bitonal = image if image.mode == "1" else image.convert("1", dither=Image.Dither.NONE)
    out = io.BytesIO()
    bitonal.save(
        out,
        "TIFF",
        compression="group4",
        dpi=(DPI, DPI),
        tiffinfo={_PHOTOMETRIC_INTERPRETATION: _WHITE_IS_ZERO, _ROWS_PER_STRIP: bitonal.height},
    )
    return out.getvalue()
