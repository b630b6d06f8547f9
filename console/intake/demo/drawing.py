"""All the pictures of a demo bank, drawn over the processors there are."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing import get_context

from PIL import ImageDraw

from console.intake.demo.chance import stream
from console.intake.demo.endorsement import draw_back
from console.intake.demo.face import draw_front
from console.intake.demo.fonts import typeface
from console.intake.demo.paper import Box, CheckSpec, Signature
from console.intake.demo.pen import px
from console.intake.demo.scan import page_of, scan
from console.intake.demo.signatures import sign
from console.intake.x9.tiff import write_tiff

_CHUNK = 24
_CARD = Box(0, 0, 4.0, 2.2)


class View(StrEnum):
    """What to draw."""

    FRONT = "front"
    BACK = "back"
    CARD = "card"


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture to draw: a side of a check, or the card with a customer's signatures."""

    view: View
    subject: CheckSpec | Signature


def draw(picture: Picture) -> bytes:
    """The picture as TIFF G4 of 200 dpi."""
    if isinstance(picture.subject, Signature):
        return _signature_card(picture.subject)
    paper = picture.subject
    if picture.view is View.BACK:
        return write_tiff(scan(draw_back(paper), f"{paper.scan_seed}/back"))
    return write_tiff(scan(draw_front(paper), paper.scan_seed))


def _signature_card(signature: Signature) -> bytes:
    """A signature card: the name in print and three specimens."""
    page = page_of(_CARD)
    pen = ImageDraw.Draw(page)
    pen.rectangle((8, 8, page.width - 9, page.height - 9), outline=10, width=2)
    pen.text((30, 22), "SIGNATURE CARD", font=typeface("sans-bold", 24), fill=10)
    pen.text((page.width - 30, 22), signature.name, font=typeface("sans", 24), fill=10, anchor="ra")
    rng = stream("card", signature.signer)
    for row in range(3):
        foot = 0.88 + row * 0.56
        pen.line((30, px(foot), page.width - 30, px(foot)), fill=90, width=1)
        sign(page, Box(0.25, foot - 0.42, 3.4, 0.42), signature, rng)
    return write_tiff(scan(page, f"card/{signature.signer}"))


def _draw_many(pictures: Sequence[Picture]) -> list[bytes]:
    return [draw(picture) for picture in pictures]


def _chunks(pictures: Sequence[Picture]) -> Iterator[Sequence[Picture]]:
    for start in range(0, len(pictures), _CHUNK):
        yield pictures[start : start + _CHUNK]


def draw_all(pictures: Sequence[Picture], processes: int | None = None) -> list[bytes]:
    """Every picture, in the order given. The result does not depend on the number of processes.

    Neighbours should share their stock, which is drawn once per process. Draws in this process when `processes` is 1
    or where no others can be started. Python starts them afresh, so a script that calls this guards its entry with
    `if __name__ == "__main__"`.
    """
    workers = processes if processes is not None else min(8, os.cpu_count() or 1)
    if workers > 1 and len(pictures) > _CHUNK:
        try:
            # Not forked: the caller may have threads and an event loop.
            with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
                return [tiff for chunk in pool.map(_draw_many, _chunks(pictures)) for tiff in chunk]
        except (OSError, PermissionError, BrokenProcessPool):
            pass
    return _draw_many(pictures)
