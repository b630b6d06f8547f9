"""The front of a check: stock, MICR line and everything written on it, alterations included."""

import random

import numpy as np
from PIL import Image, ImageDraw

from console.intake.demo.chance import stream
from console.intake.demo.fonts import typeface
from console.intake.demo.handwriting import Hand, hand_of, write
from console.intake.demo.layouts import LAYOUTS, Layout
from console.intake.demo.micr_line import MicrLine, draw_micr
from console.intake.demo.paper import Alteration, Box, CheckSpec, Ink, Tampering
from console.intake.demo.pen import DPI, box_pixels, px
from console.intake.demo.signatures import sign
from console.intake.demo.stationery import blank_check
from console.intake.demo.words import courtesy_amount


def micr_line(spec: CheckSpec) -> MicrLine:
    """The MICR line printed on this check."""
    business = LAYOUTS[spec.stock.layout].business
    return MicrLine(
        routing=spec.micr_routing,
        account=spec.account_number,
        serial="" if business else spec.serial,
        auxiliary=spec.serial if business else "",
        amount=spec.encoded_amount,
    )


def fields(spec: CheckSpec) -> dict[str, str]:
    """What is written in each field."""
    written = f"{spec.written_on:%m/%d/%Y}" if spec.ink is Ink.PRINTED else _by_hand_date(spec)
    return {
        "date": written,
        "payee": spec.payee,
        "figures": f"**{courtesy_amount(spec.figures)}" if spec.ink is Ink.PRINTED else _by_hand_figures(spec),
        "words": spec.words,
        "memo": spec.memo,
    }


def _by_hand_date(spec: CheckSpec) -> str:
    """Each writer has one way of writing dates."""
    day = spec.written_on
    style = stream("date style", spec.writer).randrange(3)
    return (f"{day.month}/{day.day}/{day:%y}", f"{day:%b} {day.day}, {day.year}", f"{day.month}-{day.day}-{day.year}")[
        style
    ]


def _by_hand_figures(spec: CheckSpec) -> str:
    return courtesy_amount(spec.figures) if stream("figures style", spec.writer).random() < 0.5 else f"{spec.figures}"


def draw_front(spec: CheckSpec) -> Image.Image:
    """The front as a greyscale page of 200 dpi."""
    layout = LAYOUTS[spec.stock.layout]
    page = blank_check(spec.stock, counterfeit=spec.counterfeit)
    rng = stream("front", spec.paper_seed)
    number = spec.serial.lstrip("0") or spec.serial
    _, top, right, _ = box_pixels(layout.number)
    face = "serif-bold" if not spec.counterfeit else "sans"
    ImageDraw.Draw(page).text((right, top), number, font=typeface(face, 36), fill=10, anchor="rt")
    draw_micr(page, micr_line(spec))
    texts = fields(spec)
    for alteration in spec.alterations:
        _leave_traces(page, layout, spec, alteration, rng)
    altered = {alteration.field for alteration in spec.alterations}
    for name, text in texts.items():
        if spec.ink is Ink.PRINTED and name not in altered:
            _print(page, _box(layout, name), text)
        elif name not in altered or not _is_raised(spec, name):
            hand = hand_of(_writer(spec, name in altered))
            write(page, _box(layout, name), text, hand, stream("field", spec.paper_seed, name), tone=22)
    if spec.ink is not Ink.PRINTED:
        _fill_line(page, layout, rng)
    if spec.signature is not None:
        sign(page, layout.signature, spec.signature, stream("maker", spec.paper_seed))
    return page


def _writer(spec: CheckSpec, altered: bool) -> str:
    """Whoever washed a check wrote the new words."""
    return f"altering/{spec.writer}" if altered else spec.writer


def _is_raised(spec: CheckSpec, name: str) -> bool:
    return any(change.field == name and change.tampering is Tampering.RAISED for change in spec.alterations)


def _box(layout: Layout, name: str) -> Box:
    box: Box = getattr(layout, name)
    if name == "figures":
        return Box(box.left + 0.04, box.top + 0.03, box.width - 0.07, box.height - 0.06)
    return box


def _print(page: Image.Image, box: Box, text: str) -> None:
    """Filled in by a computer."""
    size = 30
    while size > 17 and typeface("sans", size).getlength(text) > px(box.width) - 12:
        size -= 1
    left, _, _, bottom = box_pixels(box)
    ImageDraw.Draw(page).text((left + 8, bottom - 8), text, font=typeface("sans", size), fill=15, anchor="ls")


def _fill_line(page: Image.Image, layout: Layout, rng: random.Random) -> None:
    """The stroke careful people draw after the words so that nobody can add any."""
    if rng.random() < 0.5:
        return
    left, top, right, bottom = box_pixels(layout.words)
    inked = np.flatnonzero((np.asarray(page.crop((left, top + 8, right, bottom - 5))) < 60).any(axis=0))
    start = left + (int(inked[-1]) if inked.size else 0) + 14
    if right - start > px(0.4):
        middle = (top + bottom) // 2 + 4
        points = [(x, middle + rng.gauss(0, 1.2)) for x in range(start, right - 6, DPI // 6)]
        ImageDraw.Draw(page).line(points, fill=28, width=3)


def _leave_traces(
    page: Image.Image, layout: Layout, spec: CheckSpec, alteration: Alteration, rng: random.Random
) -> None:
    """What an alteration leaves of the genuine writing."""
    box = _box(layout, alteration.field)
    hand: Hand = hand_of(spec.writer)
    if alteration.tampering is Tampering.WASHED:
        _bleach(page, box, rng)
        write(page, box, alteration.original, hand, rng, tone=60, residue=1.0)
        return
    _raise(page, box, hand, spec, alteration, rng)


def _raise(
    page: Image.Image, box: Box, hand: Hand, spec: CheckSpec, alteration: Alteration, rng: random.Random
) -> None:
    """The genuine writing left room before it; the rest was squeezed in there, darker and in another hand."""
    altered = fields(spec)[alteration.field]
    added = altered[: len(altered) - len(alteration.original)].strip()
    room = min(box.width * 0.45, 0.09 * len(added) + 0.06)
    genuine = Box(box.left + room, box.top, box.width - room, box.height)
    write(page, genuine, alteration.original, hand, stream("field", spec.paper_seed, alteration.field), tone=45)
    squeezed = Box(box.left, box.top, room, box.height)
    write(page, squeezed, added, hand_of(_writer(spec, True)), rng, tone=5)


def _bleach(page: Image.Image, box: Box, rng: random.Random) -> None:
    """Solvent takes the background pattern with it, in a cloud wider than the writing; printed lines stay."""
    left, top, right, bottom = box_pixels(box)
    cloud = Image.new("L", page.size, 0)
    draw = ImageDraw.Draw(cloud)
    for _ in range(24):
        x, y = rng.randint(left, right), rng.randint(top, bottom)
        draw.ellipse((x - 45, y - 24, x + 45, y + 24), fill=255)
    bleached = page.point(lambda tone: 255 if tone > 90 else tone)
    page.paste(bleached, mask=cloud)
