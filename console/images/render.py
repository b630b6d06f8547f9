"""Looks into image bytes and turns them into what a browser shows. Runs in threads, never on the event loop."""

from __future__ import annotations

import io
import warnings
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import anyio
from PIL import Image

from console.images.g4 import decode_whole
from console.images.plain_tiff import PlainTiff, read_plain_tiff

# Pillow warns of odd tags in real files; the picture is what matters. Set once, for all: `catch_warnings` is not safe
# in threads.
warnings.filterwarnings("ignore", module=r"PIL\.")

# A 600 dpi letter page is 34 million pixels; a check is under two. More is an attack or a mistake.
MAX_PIXELS = 40_000_000
# Decoded in one call: a dozen checks. Fewer of what is larger, which keeps a file of huge pictures from taking more
# memory than one of them.
_DECODED_PIXELS = 16_000_000
_FORMATS = ("TIFF", "JPEG", "PNG")


class ImageFacts(NamedTuple):
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
    return inspect_all([data])[0]


def inspect_all(images: Sequence[bytes]) -> list[ImageFacts]:
    """`inspect` for several images, those of a size at once."""
    plain = [_plain(data) for data in images]
    whole = _whole(plain)
    return [
        ImageFacts("tiff", one.width, one.height, _dpi(one.dpi), None)
        if one is not None and at in whole
        else _inspect_odd(data)
        for at, (data, one) in enumerate(zip(images, plain, strict=True))
    ]


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


def _plain(data: bytes) -> PlainTiff | None:
    """What a plain check image says of itself. Whatever is odd about others, Pillow is asked, which takes more than
    twice as long.
    """
    plain = read_plain_tiff(data)
    return None if plain is None or plain.width * plain.height > MAX_PIXELS else plain


def _whole(images: Sequence[PlainTiff | None]) -> set[int]:
    """The places of those of which all decodes."""
    sizes: dict[tuple[int, int], list[int]] = defaultdict(list)
    for at, one in enumerate(images):
        if one is not None:
            sizes[one.width, one.height].append(at)
    found = set()
    for (width, height), places in sizes.items():
        together = max(1, _DECODED_PIXELS // (width * height))
        for begin in range(0, len(places), together):
            part = places[begin : begin + together]
            read = decode_whole([one.codes for at in part if (one := images[at])], width, height)
            found |= {at for at, sound in zip(part, read, strict=True) if sound}
    return found


def _inspect_odd(data: bytes) -> ImageFacts:
    try:
        image = _decode(data)
    except NotDisplayable as error:
        return ImageFacts("unknown", None, None, None, str(error))
    said = image.info.get("dpi", (0, 0))[0]
    return ImageFacts((image.format or "").lower(), image.width, image.height, _dpi(said), None)


def _dpi(said: object) -> int | None:
    """Dots per inch, where what an image says of them can be."""
    try:
        dpi = float(said)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        # A damaged tag may hold text as well as a number.
        return None
    # A resolution of 0/0 is not a number; none that is true needs five digits.
    return round(dpi) if 1 <= dpi < 10_000 else None


def _open(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=_FORMATS)


def _decode(data: bytes) -> Image.Image:
    if not data:
        raise NotDisplayable("the view is empty")
    try:
        image = _open(data)
        if image.width * image.height > MAX_PIXELS:
            raise NotDisplayable(f"the image has {image.width} × {image.height} pixels, more than can be shown")
        image.load()
    except NotDisplayable:
        raise
    except Exception as error:
        # Decoders raise whatever their libraries do: OSError, SyntaxError, struct.error, ZeroDivisionError, …
        raise NotDisplayable(f"the bytes are not a TIFF, JPEG or PNG image ({type(error).__name__})") from error
    return image
