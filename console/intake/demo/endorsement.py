"""The back of a check: the payee's endorsement, deposit stamps and the stamp of the bank of first deposit."""

import random
from functools import lru_cache

from PIL import Image, ImageDraw

from console.intake.demo.chance import array_stream, stream
from console.intake.demo.fonts import typeface
from console.intake.demo.handwriting import hand_of, write
from console.intake.demo.layouts import BACK_ENDORSEMENT_WIDTH, LAYOUTS
from console.intake.demo.paper import Box, CheckSpec, Endorsement, EndorsementStyle, LayoutName
from console.intake.demo.pen import DPI, faded, lay, px
from console.intake.demo.scan import page_of
from console.intake.demo.signatures import sign

_LABEL = "ENDORSE HERE"
_RULE = "DO NOT WRITE, STAMP OR SIGN BELOW THIS LINE"


def endorsement_box(spec: CheckSpec) -> Box:
    """Where the payee endorses, in inches from the top left corner of the back."""
    height = LAYOUTS[spec.stock.layout].height
    return Box(0.08, 0.12, BACK_ENDORSEMENT_WIDTH + 0.1, height - 0.24)


def _sideways_label(page: Image.Image, text: str, size: int, left: int) -> None:
    """Print that runs up the back, as it does on real stock."""
    font = typeface("sans", size)
    label = Image.new("L", (round(font.getlength(text)) + 4, size + 6), 0)
    ImageDraw.Draw(label).text((2, 2), text, font=font, fill=255)
    turned = label.rotate(90, expand=True)
    lay(page, turned, left, max(0, (page.height - turned.height) // 2), 60)


@lru_cache(maxsize=8)
def _printed_back(layout: LayoutName) -> Image.Image:
    page = page_of(LAYOUTS[layout].whole)
    draw = ImageDraw.Draw(page)
    edge = px(BACK_ENDORSEMENT_WIDTH + 0.25)
    for line in range(3):
        x = px(0.62 + line * 0.42)
        draw.line((x, px(0.25), x, page.height - px(0.25)), fill=90, width=1)
    draw.line((edge, px(0.1), edge, page.height - px(0.1)), fill=60, width=2)
    _sideways_label(page, _LABEL, 18, px(0.1))
    _sideways_label(page, _RULE, 13, edge - 20)
    return page


def _stamp_mask(lines: list[str], size: int, framed: bool) -> Image.Image:
    font = typeface("sans-bold", size)
    width = round(max(font.getlength(line) for line in lines)) + 24
    mask = Image.new("L", (width, len(lines) * (size + 5) + 20), 0)
    draw = ImageDraw.Draw(mask)
    for row, line in enumerate(lines):
        draw.text((width // 2, 10 + row * (size + 5)), line, font=font, fill=255, anchor="mt" if framed else "ma")
    if framed:
        draw.rounded_rectangle((1, 1, width - 2, mask.height - 2), radius=10, outline=255, width=3)
    return mask


def _press(page: Image.Image, mask: Image.Image, left: float, top: float, angle: float, rng: random.Random) -> None:
    """A rubber stamp: turned a little, unevenly inked, never off the page."""
    inked = faded(mask.rotate(angle, Image.Resampling.BILINEAR, expand=True), array_stream(rng), 1.35)
    x = min(max(2, px(left)), page.width - inked.width - 2)
    y = min(max(2, px(top)), page.height - inked.height - 2)
    lay(page, inked, max(0, x), max(0, y), 60)


def _bank_stamp(page: Image.Image, endorsement: Endorsement, rng: random.Random) -> None:
    bank = endorsement.bank_of_first_deposit
    lines = [
        f">{bank.routing}<",
        bank.name.upper(),
        f"{endorsement.deposited_on:%m/%d/%Y}",
        f"SEQ {endorsement.sequence}",
    ]
    mask = _stamp_mask(lines, 25, framed=rng.random() < 0.35)
    left = (page.width - mask.width) / DPI - rng.uniform(0.35, 0.9)
    _press(page, mask, left, rng.uniform(0.6, 1.2), rng.gauss(0, 2.2) + rng.choice((0, 0, 0, 90)), rng)


def _by_hand(page: Image.Image, spec: CheckSpec, rng: random.Random) -> None:
    """Signed across the end of the check, as the payee turns it: drawn level, then turned."""
    endorsement = spec.endorsement
    level = Image.new("L", (page.height - px(0.3), px(BACK_ENDORSEMENT_WIDTH - 0.1)), 255)
    room = level.width / DPI
    foot = 0.55
    if endorsement.signature is not None:
        sign(level, Box(0.1, 0.12, room - 0.25, foot - 0.12), endorsement.signature, rng, tone=30)
    if endorsement.deposit_only:
        hand = hand_of(endorsement.signature.signer if endorsement.signature else spec.paper_seed)
        write(level, Box(0.1, 0.66, room - 0.2, 0.22), "For deposit only", hand, rng)
        write(level, Box(0.1, 0.95, room - 0.2, 0.22), endorsement.account, hand, rng)
    turned = level.rotate(90, expand=True)
    page.paste(
        Image.composite(turned, page.crop(_slot(turned)), turned.point(lambda tone: 255 if tone < 250 else 0)),
        _slot(turned)[:2],
    )


def _slot(turned: Image.Image) -> tuple[int, int, int, int]:
    left, top = px(0.24), px(0.15)
    return left, top, left + turned.width, top + turned.height


def _by_stamp(page: Image.Image, spec: CheckSpec, rng: random.Random) -> None:
    endorsement = spec.endorsement
    lines = [
        "PAY TO THE ORDER OF",
        endorsement.bank_of_first_deposit.name.upper(),
        "FOR DEPOSIT ONLY",
        endorsement.name.upper(),
        endorsement.account,
    ]
    mask = _stamp_mask(lines, 21, framed=False)
    _press(page, mask, rng.uniform(0.2, 0.35), rng.uniform(0.25, 0.5), 90 + rng.gauss(0, 2.5), rng)


def draw_back(spec: CheckSpec) -> Image.Image:
    """The back as a greyscale page of 200 dpi."""
    rng = stream("back", spec.paper_seed)
    page = _printed_back(spec.stock.layout).copy()
    if spec.endorsement.style is EndorsementStyle.SIGNATURE:
        _by_hand(page, spec, rng)
    elif spec.endorsement.style is EndorsementStyle.STAMP:
        _by_stamp(page, spec, rng)
    _bank_stamp(page, spec.endorsement, rng)
    return page
