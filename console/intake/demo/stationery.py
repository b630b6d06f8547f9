"""The printed part of a check: border, background, names, lines and labels of one customer's stock."""

from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw

from console.images.e13b import CLEAR_BAND_IN
from console.intake.demo.backgrounds import background
from console.intake.demo.fonts import typeface
from console.intake.demo.layouts import LAYOUTS, Layout
from console.intake.demo.logos import logo
from console.intake.demo.paper import Box, LayoutName, Stock
from console.intake.demo.pen import box_pixels, px
from console.intake.demo.routing import fraction

_INK = 10


@lru_cache(maxsize=48)
def _printed(stock: Stock, counterfeit: bool) -> Image.Image:
    layout = LAYOUTS[stock.layout]
    page = background(stock.pattern, px(layout.width), px(layout.height)).copy()
    draw = ImageDraw.Draw(page)
    # Nothing but magnetic ink may print in the clear band.
    draw.rectangle((0, page.height - px(CLEAR_BAND_IN - 0.07), page.width, page.height), fill=255)
    _border(draw, page, stock.layout)
    _names(page, draw, stock, layout, counterfeit)
    _lines(draw, layout, counterfeit)
    return page


def blank_check(stock: Stock, *, counterfeit: bool = False) -> Image.Image:
    """A greyscale page of 200 dpi with everything printed that all checks of this stock share.

    `counterfeit` prints it the way an office printer copies stock: other type, no microprinting, borders off.
    """
    return _printed(stock, counterfeit).copy()


def _border(draw: ImageDraw.ImageDraw, page: Image.Image, layout: LayoutName) -> None:
    bottom = page.height - px(CLEAR_BAND_IN - 0.04)
    right = page.width - px(0.12)
    if layout is LayoutName.PERSONAL_CLASSIC:
        draw.rectangle((px(0.12), px(0.08), right, bottom), outline=_INK, width=3)
        draw.rectangle((px(0.15), px(0.11), right - px(0.03), bottom - px(0.03)), outline=_INK, width=1)
    elif layout is LayoutName.PERSONAL_MODERN:
        draw.rounded_rectangle((px(0.12), px(0.1), right, bottom), radius=px(0.12), outline=_INK, width=2)
    elif layout is LayoutName.BUSINESS_CLASSIC:
        draw.rectangle((px(0.15), px(0.12), page.width - px(0.15), bottom), outline=_INK, width=4)
        for x in range(px(0.22), page.width - px(0.22), 11):
            draw.line((x, px(0.155), x + 5, px(0.185)), fill=_INK, width=1)
            draw.line((x, bottom - 14, x + 5, bottom - 8), fill=_INK, width=1)
    elif layout is LayoutName.BUSINESS_LASER:
        draw.rectangle((px(0.15), px(0.1), page.width - px(0.15), px(0.16)), fill=60)
        draw.rectangle((px(0.15), bottom - px(0.05), page.width - px(0.15), bottom), fill=60)


def _stamped(page: Image.Image, image: Image.Image, box: Box) -> None:
    corner = (px(box.left), px(box.top))
    region = (*corner, corner[0] + image.width, corner[1] + image.height)
    page.paste(ImageChops.darker(page.crop(region), image), corner)


def _names(page: Image.Image, draw: ImageDraw.ImageDraw, stock: Stock, layout: Layout, counterfeit: bool) -> None:
    """Drawer, bank, logo and fraction."""
    step = 1.25 if layout.business else 1.0
    strong = "sans-bold" if counterfeit or layout.business else "serif-bold"
    plain = "sans" if counterfeit or layout.business else "serif"
    left, top, _, _ = box_pixels(layout.drawer)
    size = round(29 * step)
    while size > 18 and typeface(strong, size).getlength(stock.drawer.upper()) > px(layout.drawer.width):
        size -= 1
    draw.text((left, top), stock.drawer.upper(), font=typeface(strong, size), fill=_INK)
    for line, words in enumerate(stock.address):
        draw.text((left, top + (32 + 25 * line) * step), words, font=typeface(plain, round(23 * step)), fill=_INK)
    left, top, _, _ = box_pixels(layout.bank)
    bank_face = "sans-bold" if counterfeit else "book-bold"
    draw.text((left, top), stock.bank.name, font=typeface(bank_face, round(30 * step)), fill=_INK)
    draw.text((left, top + 34 * step), stock.bank.city, font=typeface(plain, round(20 * step)), fill=_INK)
    if not counterfeit:
        _stamped(page, logo(stock.bank.logo, px(layout.logo.width)), layout.logo)
    upper, lower = fraction(stock.bank.routing)
    left, top, right, _ = box_pixels(layout.fraction)
    font = typeface("sans", 20)
    middle = (left + right) // 2
    draw.text((middle, top), upper, font=font, fill=_INK, anchor="mt")
    draw.line((left + 12, top + 20, right - 12, top + 20), fill=_INK, width=1)
    draw.text((middle, top + 24), lower, font=font, fill=_INK, anchor="mt")


def _microprint(draw: ImageDraw.ImageDraw, left: int, y: int, right: int) -> None:
    """A line of type too small for a scanner: a dashed line is all that is left of it."""
    for x in range(left, right, 5):
        draw.line((x, y, min(x + 3, right), y), fill=_INK, width=2)


def _lines(draw: ImageDraw.ImageDraw, layout: Layout, counterfeit: bool) -> None:
    """Labels and the lines to write on."""
    label = typeface("sans", 17 if not layout.business else 19)
    for box in (layout.date, layout.payee, layout.words, layout.memo):
        left, _, right, bottom = box_pixels(box)
        draw.line((left, bottom, right, bottom), fill=_INK, width=2)
    left, _, right, bottom = box_pixels(layout.signature)
    if counterfeit:
        draw.line((left, bottom, right, bottom), fill=_INK, width=3)
    else:
        _microprint(draw, left, bottom, right)
        draw.text((right + 4, bottom), "MP", font=typeface("sans", 11), fill=_INK, anchor="ls")
    left, top, right, bottom = box_pixels(layout.figures)
    draw.rectangle((left, top, right, bottom), outline=_INK, width=2)
    draw.text((left - 8, bottom - 4), "$", font=typeface("serif-bold", 40), fill=_INK, anchor="rs")
    left, _, _, bottom = box_pixels(layout.payee)
    draw.text((left - 8, bottom - 20), "PAY TO THE", font=label, fill=_INK, anchor="rs")
    draw.text((left - 8, bottom), "ORDER OF", font=label, fill=_INK, anchor="rs")
    _, _, right, bottom = box_pixels(layout.words)
    draw.text((right + 8, bottom), "DOLLARS", font=label, fill=_INK, anchor="ls")
    left, _, _, bottom = box_pixels(layout.date)
    draw.text((left - 6, bottom), "DATE", font=label, fill=_INK, anchor="rs")
    left, _, _, bottom = box_pixels(layout.memo)
    draw.text((left - 6, bottom), "MEMO" if layout.business else "FOR", font=label, fill=_INK, anchor="rs")
