"""Every row of a check's picture is decoded, and what ends early or is given up is told from what is whole."""

from __future__ import annotations

import random

import pytest
from PIL import Image, ImageDraw

from console.images.g4 import decode_whole
from console.images.plain_tiff import PlainTiff, read_plain_tiff
from console.images.render import inspect, inspect_all
from console.intake.x9.tiff import write_tiff
from tests.images.test_plain_tiff import build, by_pillow, plain_entries

WIDTH, HEIGHT = 1200, 550


def picture() -> Image.Image:
    """Lines and specks on every row."""
    image = Image.new("1", (WIDTH, HEIGHT), 255)
    draw = ImageDraw.Draw(image)
    dice = random.Random(7)
    for _ in range(6_000):
        draw.point((dice.randrange(20, WIDTH), dice.randrange(HEIGHT)), 0)
    for y in range(20, HEIGHT, 40):
        draw.line((30, y, WIDTH - 30, y + 11), 0, 3)
    return image


def decodes_whole(codes: bytes, width: int, height: int) -> bool:
    return decode_whole([codes], width, height) == [True]


def plain(tiff: bytes) -> PlainTiff:
    found = read_plain_tiff(tiff)
    assert found is not None
    return found


def with_codes(codes: bytes) -> bytes:
    """A plain TIFF of `picture`'s size with other codes."""
    sizes = {256: WIDTH, 257: HEIGHT, 278: HEIGHT, 279: len(codes)}
    return build([(tag, 4, 1, sizes[tag]) if tag in sizes else (tag, *rest) for tag, *rest in plain_entries()], codes)


@pytest.fixture(scope="module")
def tiff() -> bytes:
    return write_tiff(picture())


def test_sees_that_a_sound_picture_decodes_whole(tiff: bytes) -> None:
    assert decodes_whole(plain(tiff).codes, WIDTH, HEIGHT)


@pytest.mark.parametrize("rows", [0, 1, 2, HEIGHT // 2, HEIGHT - 2])
def test_a_picture_of_fewer_rows_is_not_whole_even_after_a_whole_one(tiff: bytes, rows: int) -> None:
    """The memory of the picture before must not pass for this one's."""
    codes = plain(write_tiff(picture().crop((0, 0, WIDTH, rows)))).codes if rows else b"\x00\x10\x01"
    for _ in range(3):
        assert decodes_whole(plain(tiff).codes, WIDTH, HEIGHT)
        assert not decodes_whole(codes, WIDTH, HEIGHT)


def test_codes_cut_off_anywhere_are_not_whole(tiff: bytes) -> None:
    codes = plain(tiff).codes
    for kept in range(0, len(codes) - 40, len(codes) // 50):
        assert not decodes_whole(codes[:kept], WIDTH, HEIGHT)


def test_what_the_decoder_refuses_is_never_whole(tiff: bytes) -> None:
    """It forgives much: where it stops, and whether it does, is its own affair. What Pillow refuses, we refuse."""
    dice = random.Random(11)
    refused = 0
    for turn in range(300):
        if turn % 3:
            letters = dice.choice((bytes(range(256)), b"\xff\x80\x08\x02\x01\x81\x18"))
            codes = bytes(dice.choices(letters, k=dice.choice((50, 500, 5_000)))) * dice.choice((1, 1, 20))
        else:
            damaged = bytearray(plain(tiff).codes)
            for _ in range(1 << (turn % 11)):
                damaged[dice.randrange(len(damaged))] = dice.randrange(256)
            codes = bytes(damaged)
        data = with_codes(codes)
        said, by_them = inspect(data), by_pillow(data)
        assert (said.problem is None) == (by_them.problem is None)
        if by_them.problem is not None:
            assert not decodes_whole(codes, WIDTH, HEIGHT)
            refused += 1
    assert refused > 20


def test_a_black_corner_and_a_picture_of_no_check_is_looked_at_the_long_way() -> None:
    black = picture()
    ImageDraw.Draw(black).rectangle((0, HEIGHT - 30, 60, HEIGHT), 0)
    narrow, low = picture().crop((0, 0, 9, 40)), picture().crop((0, 0, 40, 1))
    for image in (black, narrow, low):
        tiff = write_tiff(image)
        assert not decodes_whole(plain(tiff).codes, *image.size)
        facts = inspect(tiff)
        assert (facts.width, facts.height, facts.dpi, facts.problem) == (*image.size, 200, None)


@pytest.mark.parametrize(("width", "height"), [(16, 2), (17, 3), (1_201, 551), (2_550, 3_300)])
def test_any_size_will_do(width: int, height: int) -> None:
    image = Image.new("1", (width, height), 255)
    ImageDraw.Draw(image).line((width, 0, 3, height), 0)
    image.putpixel((0, height - 1), 255)
    assert decodes_whole(plain(write_tiff(image)).codes, width, height)


def test_pictures_looked_at_together_are_found_as_each_by_itself(tiff: bytes) -> None:
    """Damaged ones among sound ones of the same size and of others, and some that are no plain check image."""
    dice = random.Random(3)
    sound = plain(tiff).codes
    damaged = []
    for turn in range(40):
        codes = bytearray(sound)
        for _ in range(1 << (turn % 11)):
            codes[dice.randrange(len(codes))] = dice.randrange(256)
        damaged.append(with_codes(bytes(codes)))
    low = write_tiff(picture().crop((0, 0, WIDTH, 300)))
    others = [tiff, with_codes(sound[:900]), with_codes(b"\x00\x10\x01"), low, b"", b"no picture", tiff[:40]]
    images = dice.sample(damaged + others * 4, 40 + 28)
    together = inspect_all(images)
    assert together == [inspect(one) for one in images]
    assert {one.problem is None for one in together} == {True, False}
    assert [facts.height for one, facts in zip(images, together, strict=True) if one == low] == [300] * 4
    assert inspect_all([]) == []
