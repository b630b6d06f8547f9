"""Looks into image bytes and turns them into what a browser shows. Runs in threads, never on the event loop."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import anyio
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import TiffImageFile

# Pillow warns of odd tags in real files; the picture is what matters. Set once, for all: `catch_warnings` is not safe
# in threads.
warnings.filterwarnings("ignore", module=r"PIL\.")

# A 600 dpi letter page is 34 million pixels; a check is under two. More is an attack or a mistake.
MAX_PIXELS = 40_000_000
_FORMATS = ("TIFF", "JPEG", "PNG")
_TIFF_MAGIC = (b"II*\0", b"MM\0*")


@dataclass(frozen=True)
class ImageFacts:
    """What an image is. `problem` says why it cannot be displayed; None where it can."""

    format: str
    width: int | None
    height: int | None
    dpi: int | None
    problem: str | None


class NotDisplayable(Exception):
    """The bytes are no image that can be shown."""


def inspect(data: bytes) -> ImageFacts:
    """Decode the image and say what it is; never raises for bad bytes."""
    try:
        image = _decode(data, open_tiff=_UprightTiff)
    except NotDisplayable as error:
        return ImageFacts("unknown", None, None, None, str(error))
    return ImageFacts((image.format or "").lower(), image.width, image.height, _dpi(image), None)


def to_png(data: bytes) -> bytes:
    """The image as PNG, bitonal where it was bitonal. Raises NotDisplayable."""
    image = _decode(data)
    if image.mode not in {"1", "L", "RGB"}:
        image = image.convert("RGB")
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=3)
    return out.getvalue()


async def png(data: bytes) -> bytes:
    """`to_png` in a thread."""
    return await anyio.to_thread.run_sync(partial(to_png, data))


class _UprightTiff(TiffImageFile):
    """Decodes like its parent, and leaves out what follows where no tag says that the picture lies on its side.

    What follows is reading all tags two times again, nearly half of the time that a check's image takes.
    """

    def load_end(self) -> None:
        if self.tag_v2.get(ExifTags.Base.Orientation, 1) != 1:
            super().load_end()


def _dpi(image: Image.Image) -> int | None:
    """Dots per inch as the image says, where what it says can be."""
    dpi = float(image.info.get("dpi", (0, 0))[0])
    # A resolution of 0/0 in a damaged tag is not a number; none that is true needs five digits.
    return round(dpi) if 1 <= dpi < 10_000 else None


def _open(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=_FORMATS)


def _decode(data: bytes, open_tiff: Callable[[io.BytesIO], Image.Image] | None = None) -> Image.Image:
    if not data:
        raise NotDisplayable("the view is empty")
    try:
        image = open_tiff(io.BytesIO(data)) if open_tiff and data.startswith(_TIFF_MAGIC) else _open(data)
        if image.width * image.height > MAX_PIXELS:
            raise NotDisplayable(f"the image has {image.width} × {image.height} pixels, more than can be shown")
        image.load()
    except NotDisplayable:
        raise
    except Exception as error:
        # Decoders raise whatever their libraries do: OSError, SyntaxError, struct.error, ZeroDivisionError, …
        raise NotDisplayable(f"the bytes are not a TIFF, JPEG or PNG image ({type(error).__name__})") from error
    return image
