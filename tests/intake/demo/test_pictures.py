"""What is drawn can be read: the format, the MICR line, signatures, traces of tampering."""

import io
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from console.images.e13b import BASELINE_IN, FIRST_RIGHT_EDGE_IN, GLYPHS, HEIGHT_MODULES, MODULE_IN, PITCH_IN
from console.intake.demo.chance import stream
from console.intake.demo.endorsement import draw_back
from console.intake.demo.face import draw_front, micr_line
from console.intake.demo.layouts import LAYOUTS
from console.intake.demo.micr_line import MicrLine, draw_micr, positions, text
from console.intake.demo.model import Scenario, Side
from console.intake.demo.paper import Box, EndorsementStyle, Forgery, Signature
from console.intake.demo.pen import box_pixels, px
from console.intake.demo.scan import page_of, scan, skew_of, skewed_box
from console.intake.demo.signatures import sign
from console.intake.x9 import write_tiff

DPI = 200


def ink(image: Image.Image) -> np.ndarray:
    """True where the image is dark."""
    return np.asarray(image.convert("L")) < 128


def opened(tiff: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(tiff))
    image.load()
    return image


def template(character: str) -> np.ndarray:
    """The character as grey at 200 dpi, its right edge at the right, from the grid alone."""
    rows = GLYPHS[character]
    scale = 13
    cells = np.kron(np.array([[cell == "#" for cell in row] for row in rows], dtype=float), np.ones((scale, scale)))
    fine = np.zeros((HEIGHT_MODULES * scale + 3, 120))
    fine[: cells.shape[0], 120 - cells.shape[1] :] = cells
    return fine.reshape(24, 5, 24, 5).mean(axis=(1, 3))


def normalised(rows: np.ndarray) -> np.ndarray:
    """Rows of mean 0 and length 1, blank ones staying 0."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    return centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)


CHARACTERS = tuple(GLYPHS)
MODELS = normalised(np.array([template(character).ravel() for character in CHARACTERS]))


def read_micr(page: np.ndarray) -> dict[int, str]:
    """Position to best matching character within three pixels, cells with hardly any ink left out."""
    height, width = page.shape
    padded = np.pad(page, 4)
    found = {}
    for position in range(1, int((width / DPI - FIRST_RIGHT_EDGE_IN) / PITCH_IN)):
        right = width - round((FIRST_RIGHT_EDGE_IN + (position - 1) * PITCH_IN) * DPI)
        top = height - round((BASELINE_IN + HEIGHT_MODULES * MODULE_IN) * DPI)
        if right < 24 or page[top : top + 23, right - 24 : right].sum() < 24:
            continue
        area = padded[top + 1 : top + 31, right - 23 : right + 7]
        cells = np.lib.stride_tricks.sliding_window_view(area, (24, 24)).reshape(-1, 576)
        found[position] = CHARACTERS[(normalised(cells.astype(float)) @ MODELS.T).max(axis=0).argmax()]
    return found


def test_every_character_of_the_grid_is_drawn_and_read_back():
    page = page_of(Box(0, 0, 8.5, 3.5))
    line = MicrLine("729999010", "123456789", auxiliary="0456789012")
    draw_micr(page, line)
    assert read_micr(ink(page)) == positions(line)
    assert text(line) == "U0456789012U T729999010T 123456789U"


def test_micr_positions_are_those_of_the_standard():
    from decimal import Decimal

    placed = positions(MicrLine("729999010", "5551234", serial="1042", amount=Decimal("12.34")))
    assert (placed[1], placed[12]) == ("A", "A")
    assert "".join(placed[position] for position in range(11, 1, -1)) == "0000001234"
    assert 13 not in placed
    assert (placed[33], placed[43]) == ("T", "T")
    assert "".join(placed[position] for position in range(42, 33, -1)) == "729999010"
    on_us = "".join(placed.get(position, " ") for position in range(32, 13, -1)).strip()
    assert on_us == "5551234U1042"
    business = positions(MicrLine("729999010", "5551234", auxiliary="20417"))
    assert "".join(business.get(position, " ") for position in range(65, 44, -1)).strip() == "U20417U"


def test_the_micr_line_of_scanned_checks_reads_back(bank):
    level = [item for item in bank.items if skew_of(item.paper.scan_seed) == 0.0]
    assert len(level) > 60
    for item in level[:20]:
        assert read_micr(ink(opened(item.front))) == positions(micr_line(item.paper)), item.sequence


def test_nothing_but_magnetic_ink_stands_beside_the_micr_characters(bank):
    for item in bank.items[:30]:
        page = draw_front(item.paper)
        only = page_of(LAYOUTS[item.paper.stock.layout].whole)
        draw_micr(only, micr_line(item.paper))
        band = slice(page.height - px(0.4), page.height)
        assert (ink(page)[band] == ink(only)[band]).all(), item.sequence


def test_pictures_are_tiff_g4_white_is_zero_one_strip_200_dpi(bank):
    history = [check.front for account in bank.accounts[:5] for check in account.history if check.front]
    cards = [account.signature_card for account in bank.accounts]
    sides = [side for item in bank.items for side in (item.front, item.back)]
    for tiff in [*history, *cards, *sides]:
        assert tiff[:4] == b"II*\0"
        image = Image.open(io.BytesIO(tiff))
        tags = image.tag_v2
        assert (image.mode, tags[259], tags[262], len(tags[273])) == ("1", 4, 0, 1)
        assert tags[278] == image.height
        assert image.info["dpi"] == (200, 200)
        image.load()
        assert 0.001 < ink(image).mean() < 0.25


def test_tiff_keeps_every_pixel():
    rng = np.random.default_rng(3)
    image = Image.fromarray(rng.integers(0, 256, (61, 83), dtype=np.uint8)).convert("1")
    assert (np.asarray(opened(write_tiff(image))) == np.asarray(image)).all()


def test_sizes_are_those_of_real_stock(bank):
    sizes = {opened(item.front).size for item in bank.items}
    assert sizes == {(1200, 550), (1700, 700)}
    assert all(opened(item.front).size == opened(item.back).size for item in bank.items)
    assert len({item.paper.stock.layout for item in bank.items}) >= 4
    assert len({item.paper.stock.bank for item in bank.items}) >= 5


def test_a_scan_is_turned_as_its_seed_says_and_regions_turn_with_it():
    seed = next(f"seed{number}" for number in range(200) if abs(skew_of(f"seed{number}")) > 0.5)
    whole = Box(0, 0, 6, 2.75)
    mark = Box(5.2, 0.3, 0.1, 0.1)
    page = page_of(whole)
    left, top, right, bottom = box_pixels(mark)
    page.paste(0, (left, top, right, bottom))
    region = skewed_box(mark, whole, seed)
    rows, columns = np.nonzero(ink(scan(page, seed))[5:-5])
    inside = (abs(columns / DPI - (region.left + region.width / 2)) < 0.09) & (
        abs((rows + 5) / DPI - (region.top + region.height / 2)) < 0.09
    )
    assert inside.sum() > 380
    assert abs(region.top - mark.top) > 0.01


def specimen(signature: Signature, number: int) -> np.ndarray:
    """One signing, cut out, brought to one size and blurred."""
    page = page_of(Box(0, 0, 3.5, 0.9))
    sign(page, Box(0.2, 0.1, 3.0, 0.5), signature, stream("specimen", signature.forgery, number))
    rows, columns = np.nonzero(ink(page))
    cut = page.crop((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))
    small = np.asarray(cut.resize((90, 30), Image.Resampling.BOX).resize((45, 15), Image.Resampling.BOX), dtype=float)
    return (small - small.mean()) / small.std()


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    return float((one * other).mean())


def test_signatures_vary_but_stay_their_signers_and_forgeries_differ(bank):
    genuine, foreign, skilled, identical = [], [], [], 0
    for account in bank.accounts[:25]:
        own = Signature(account.signer, account.signer_key)
        specimens = [specimen(own, number) for number in range(4)]
        identical += sum(np.array_equal(*pair) for pair in pairwise(specimens))
        genuine += [likeness(*pair) for pair in pairwise(specimens)]
        foreign += [likeness(specimens[0], specimen(replace(own, forgery=Forgery.UNSKILLED), n)) for n in range(3)]
        skilled += [likeness(specimens[0], specimen(replace(own, forgery=Forgery.SKILLED), n)) for n in range(3)]
    assert identical == 0
    assert np.mean(genuine) > 0.45
    assert np.mean(foreign) < np.mean(genuine) - 0.25
    assert np.mean(foreign) < np.mean(skilled) < np.mean(genuine)


@pytest.mark.parametrize("scenario", [Scenario.WASHED, Scenario.ALTERED_AMOUNT])
def test_tampering_leaves_traces_where_the_truth_says(bank, scenario):
    for item in bank.items:
        if item.truth.scenario is not scenario:
            continue
        paper = item.paper
        honest = replace(paper, alterations=())
        differs = ink(scan(draw_front(paper), paper.scan_seed)) != ink(scan(draw_front(honest), paper.scan_seed))
        region = item.truth.region
        left, top, right, bottom = box_pixels(region)
        assert differs[top:bottom, left:right].sum() > 150, item.sequence
        outside = differs.copy()
        for name in ("payee", "figures", "words"):
            left, top, right, bottom = box_pixels(
                skewed_box(
                    getattr(LAYOUTS[paper.stock.layout], name), LAYOUTS[paper.stock.layout].whole, paper.scan_seed
                )
            )
            outside[max(0, top - 60) : bottom + 60, max(0, left - 60) : right + 60] = False
        assert outside.sum() == 0


def test_a_missing_endorsement_is_a_bare_back(bank):
    for item in bank.items:
        paper = item.paper
        bare = replace(paper, endorsement=replace(paper.endorsement, style=EndorsementStyle.MISSING, signature=None))
        extra = int((ink(draw_back(paper)) & ~ink(draw_back(bare))).sum())
        if paper.endorsement.style is EndorsementStyle.MISSING:
            assert extra == 0
            assert item.truth.side is Side.BACK
        else:
            assert extra > 600, item.sequence
        if item.sequence > 60 and item.truth.scenario is not Scenario.MISSING_ENDORSEMENT:
            break
