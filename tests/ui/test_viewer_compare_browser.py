"""Comparing in a real browser: beside, blinking, the difference, the card; and what the time on it counts for."""

import math
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.accessibility import violations
from tests.ui.screen import Screen, rests_in
from tests.ui.test_viewer_browser import VIEWER, view

OpenPage = Callable[..., Screen]


@pytest.fixture
def review(open_page: OpenPage) -> Screen:
    screen = open_page("review")
    screen.readable()
    return screen


def pane(screen: Screen, slot: str) -> Locator:
    return screen.page.locator(f".crc-pane[data-side={slot}]")


def inches_under(screen: Screen, slot: str, at: tuple[float, float], dpi: int) -> tuple[float, float]:
    """The point of an image, in inches from its middle, under a point measured from its frame's middle."""
    box = pane(screen, slot).bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2 + at[0], box["y"] + box["height"] / 2 + at[1]
    point = screen.page.evaluate(f"([x, y, slot]) => {VIEWER}.imagePointAt(x, y, slot)", [x, y, slot])
    return point["x"] / dpi, point["y"] / dpi


def together(screen: Screen) -> None:
    def look() -> None:
        for at in ((0.0, 0.0), (120.0, -40.0)):
            here, there = inches_under(screen, "front", at, 200), inches_under(screen, "other", at, 240)
            assert here == pytest.approx(there, abs=0.003)

    screen.settles(look)


def test_an_earlier_check_is_zoomed_and_moved_with_this_one_inch_for_inch(review: Screen) -> None:
    page = review.page
    page.keyboard.press("c")
    expect(pane(review, "other").locator("img")).to_be_visible()
    expect(page.locator(".crc-compared")).to_contain_text("#112 100.00 · 3 Nov 1 of 5")
    expect(page.get_by_role("button", name="#112")).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(300)
    together(review)
    before = len(review.user_messages())
    box = pane(review, "other").bounding_box()
    assert box
    x, y = box["x"] + 300, box["y"] + 80
    page.mouse.move(x, y)
    wheels = [partial(page.mouse.wheel, 0, -120)] * 6
    moves = [partial(page.mouse.move, x + 4 * step, y - step) for step in range(1, 21)]
    rests = rests_in([*wheels, page.mouse.down, *moves, page.mouse.up])
    review.painted()
    together(review)
    assert view(review)["scale"] > 0.5
    for key in ("]", "m", "Shift+M"):  # turned and mirrored alike
        page.keyboard.press(key)
        review.painted()
        together(review)
    # Thirty movements are no message; what was seen is told where looking came to rest, as it may on a slow machine.
    said = review.user_messages()[before:]
    assert len(said) <= 5 + rests
    assert all("threshold" in message for message in said), said

    page.keyboard.press(".")
    expect(page.locator(".crc-compared")).to_contain_text("#111")
    page.keyboard.press(",")
    page.keyboard.press(",")
    expect(page.locator(".crc-compared")).to_contain_text("Signature card")
    page.get_by_role("button", name="#110").click()  # a thumbnail, somewhere on the page
    expect(page.get_by_text("The image of #110 cannot be displayed")).to_be_visible()
    page.get_by_role("button", name="Renew").click()  # new addresses: what is shown stays, what failed is asked again
    page.wait_for_function(f"{VIEWER}.current.front.url.endsWith('?new')")
    page.get_by_role("button", name="Try again").click()
    expect(pane(review, "other").locator("img[src$='/image/110/front?new']")).to_be_visible()
    assert page.locator("[data-side=front] img").get_attribute("src") == "/image/1/front"
    page.get_by_label("Note").click()
    page.keyboard.press("Escape")  # leaves the field
    expect(pane(review, "other")).to_be_visible()
    page.keyboard.press("Escape")
    expect(pane(review, "other")).to_have_count(0)
    expect(page.get_by_role("button", name="#110")).to_have_attribute("aria-pressed", "false")


# The colours of the picture in the frame at points of its own pixels.
COLOURS = """(points) => {
    const shown = document.querySelector(".crc-stage > :not([hidden])");
    const copy = new OffscreenCanvas(shown.width, shown.height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(shown, 0, 0);
    return points.map(([x, y]) => [...copy.getImageData(x, y, 1, 1).data].slice(0, 3));
}"""
HERE, THERE, BOTH, PAPER = [0xB3, 0x4A, 0x17], [0x0B, 0x5C, 0xAD], [0xB8, 0xC2, 0xCC], [255, 255, 255]


def test_the_difference_shows_what_only_one_of_them_has_after_bringing_them_together(review: Screen) -> None:
    page = review.page
    page.keyboard.press("Shift+D")
    legend = page.get_by_role("list", name="Legend")
    expect(legend).to_contain_text("only on this check")
    expect(legend).to_contain_text("only on #112")
    page.wait_for_function(f"{VIEWER}.shares")  # both images are there
    lies = {"x": -8, "y": 0, "tilt": 0}
    assert page.evaluate(f"{VIEWER}.lies") == lies, "the finer scan lies eight pixels to the right"
    amount = [(x, 200) for x in range(920, 1100)]
    blot = [(x, 350) for x in range(305, 355)]
    frame = [(x, 13) for x in range(200, 1000)]
    seen = page.evaluate(COLOURS, amount)
    assert HERE in seen
    assert THERE not in seen
    assert BOTH not in seen
    seen = page.evaluate(COLOURS, blot)
    assert 24 <= seen.count(THERE) <= 26, "hatched: every other two pixels"
    assert HERE not in seen
    seen = page.evaluate(COLOURS, frame)
    assert seen.count(BOTH) > 780
    assert page.evaluate(COLOURS, [(600, 330)]) == [PAPER]


def test_a_scan_that_is_askew_is_laid_straight_before_it_is_compared(review: Screen) -> None:
    page = review.page
    page.keyboard.press("Shift+D")
    page.wait_for_function(f"{VIEWER}.shares")
    page.get_by_role("button", name="Askew").click()
    expect(page.locator(".crc-compared")).to_contain_text("Askew")
    page.wait_for_function(f"{VIEWER}.shares")
    assert page.evaluate(f"{VIEWER}.lies.tilt") == pytest.approx(math.radians(0.8), abs=math.radians(0.15))
    shares = page.evaluate(f"{VIEWER}.shares")
    assert shares["here"] < 0.12
    assert shares["there"] < 0.12
    page.keyboard.press("Shift+B")  # and the two scans that alternate lie on one another as well
    middle, corner = (600, 270), (60, 60)
    for point in (middle, corner):
        here = page.evaluate(f"{VIEWER}.frameOf('front', {point[0] - 600}, {point[1] - 270})")
        lies = page.evaluate(f"{VIEWER}.lies")
        angle = -lies["tilt"]
        x, y = point[0] - 600 - lies["x"], point[1] - 270 - lies["y"]
        x, y = x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)
        there = page.evaluate(f"{VIEWER}.frameOf('other', {x}, {y})")
        assert here["x"] == pytest.approx(there["x"], abs=0.01)
        assert here["y"] == pytest.approx(there["y"], abs=0.01)


def test_blinking_alternates_at_its_pace_and_by_hand_for_who_wants_no_motion(review: Screen) -> None:
    page = review.page
    page.keyboard.press("Shift+B")
    shown = page.locator(".crc-stage > :not([hidden])")
    expect(shown).to_have_count(1)
    gaps = """() => new Promise(done => {
        const turns = [];
        let last = null;
        const look = () => {
            const now = document.querySelector(".crc-stage > :not([hidden])").src;
            if (now !== last) turns.push(performance.now());
            last = now;
            if (turns.length < 8) requestAnimationFrame(look);
            else done(turns.slice(2).map((turn, i) => turn - turns[i + 1]));
        };
        look();
    })"""
    page.get_by_label("Every").fill("400")
    # A busy machine may hold up one of them.
    assert 340 < median(page.evaluate(gaps)) < 600, "and not the usual pace"
    page.get_by_role("button", name="By itself").click()
    review.painted()
    before = shown.get_attribute("src")
    page.wait_for_timeout(900)
    assert shown.get_attribute("src") == before
    page.keyboard.press("Shift+S")
    expect(shown).not_to_have_attribute("src", before or "")
    page.keyboard.press("Escape")
    page.emulate_media(reduced_motion="reduce")
    page.keyboard.press("Shift+B")
    expect(page.get_by_role("button", name="Swap")).to_be_visible()
    expect(page.get_by_label("Every")).to_have_count(0)
    before = shown.get_attribute("src")
    page.wait_for_timeout(1000)
    assert shown.get_attribute("src") == before
    page.keyboard.press("Shift+S")
    expect(shown).not_to_have_attribute("src", before or "")


def test_the_signature_card_lies_beside_the_signature(review: Screen) -> None:
    page = review.page
    page.keyboard.press("b")
    review.painted()
    before = view(review)
    page.keyboard.press("Shift+C")
    expect(pane(review, "other").locator("img")).to_be_visible()
    review.painted()
    # The usual place of a signature: 0.74, 0.68 of 6 × 2.7 inches.
    middle = ((0.74 - 0.5) * 6, (0.68 - 0.5) * 2.7)

    def look() -> None:
        assert inches_under(review, "front", (0, 0), 200) == pytest.approx(middle, abs=0.01)
        assert inches_under(review, "other", (0, 0), 200) == pytest.approx((0, 0), abs=0.01)
        card, frame = pane(review, "other").locator("img").bounding_box(), pane(review, "other").bounding_box()
        assert card and frame
        assert card["width"] <= frame["width"] and card["height"] <= frame["height"], "the whole card is to be seen"

    review.settles(look)
    for way in ("Blink", "Difference"):
        expect(page.get_by_role("button", name=way)).to_be_disabled()
    # Afterwards the check lies as it did, on both sides.
    page.keyboard.press("Escape")
    expect(page.locator("[data-side=back] img")).to_be_visible()
    review.painted()
    assert view(review) == before
    page.keyboard.press("Shift+C")
    expect(pane(review, "other").locator("img")).to_be_visible()
    page.keyboard.press("Space")
    expect(page.locator("[data-side=back] img")).to_be_visible()
    expect(page.locator(".crc-compared")).to_have_count(0)


def spent(screen: Screen) -> dict[str, int]:
    count = len(screen.events("spent"))
    screen.page.get_by_role("button", name="Spent").click()
    found: dict[str, int] = screen.wait_for("spent", count + 1)[-1]
    return found


def test_time_on_a_comparison_counts_for_a_side_only_while_that_side_is_on_screen(review: Screen) -> None:
    page = review.page
    page.keyboard.press("Shift+D")
    expect(page.get_by_role("list", name="Legend")).to_be_visible()
    before = spent(review)
    page.wait_for_timeout(700)
    assert spent(review)["front"] - before["front"] == 0, "a drawn difference is no side"
    page.get_by_role("button", name="Beside").click()
    before = spent(review)
    page.wait_for_timeout(700)
    assert spent(review)["front"] - before["front"] >= 700
    page.keyboard.press("Shift+B")
    page.get_by_role("button", name="By itself").click()
    review.painted()
    swapped = f"{VIEWER}.comparing.swapped"
    if not page.evaluate(swapped):
        page.keyboard.press("Shift+S")
    before = spent(review)
    page.wait_for_timeout(700)
    assert spent(review)["front"] - before["front"] == 0, "the earlier check is on screen"
    assert spent(review)["back"] == 0


def test_a_comparison_is_part_of_the_state_and_comes_back_with_it(review: Screen) -> None:
    page = review.page
    page.keyboard.press("]")
    page.keyboard.press("v")
    page.keyboard.press("l")
    page.keyboard.press("Shift+B")
    page.get_by_label("Every").fill("1200")
    # All of it at once, and the beginning of it before where the machine is slow.
    wanted = {"key": "earlier-1", "way": "blink", "pace": 1200}
    review.wait_until("state", lambda states: bool(states) and states[-1][1].get("compare") == wanted)
    page.keyboard.press("Escape")
    for key in ("[", "v", "l"):
        page.keyboard.press(key)
    # Told in its turn, the loupe at last.
    review.wait_until("state", lambda states: not states[-1][1].get("compare") and not states[-1][1].get("loupe"))
    count = len(review.events("state"))
    page.get_by_role("button", name="Restore").click()
    expect(page.locator(".crc-compared")).to_contain_text("#112")
    expect(page.get_by_label("Every")).to_have_value("1200")
    expect(page.locator(".crc-loupe")).to_be_visible()
    assert (view(review)["turn"], view(review)["invert"]) == (1, True)
    assert len(review.events("state")) <= count + 1  # of what was done before


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_while_looking_closely(open_page: OpenPage, theme: str) -> None:
    screen = open_page("review", theme=theme)
    screen.page.wait_for_selector(".crc-stage img")
    found: dict[str, Any] = {}
    for keys in (("d",), ("Shift+G",), ("c",), ("Shift+B", "Shift+S"), ("Shift+D",), ("Shift+C",)):
        for key in keys:
            screen.page.keyboard.press(key)
        screen.page.wait_for_timeout(300)

        def look() -> None:
            sizes = screen.page.locator("html").evaluate(
                "e => [e.scrollHeight - e.clientHeight, e.scrollWidth - e.clientWidth]"
            )
            assert sizes == [0, 0]

        screen.settles(look)
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        for violation in violations(screen.page, {"runOnly": {"type": "tag", "values": tags}}):
            found[f"{keys} {violation['id']}"] = [node["html"][:160] for node in violation["nodes"]]
    assert found == {}
