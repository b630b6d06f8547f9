"""The check viewer in a real browser."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import expect

from console.ui.check_viewer import USUAL_ZONES
from tests.ui.screen import Screen, rests_in

OpenPage = Callable[..., Screen]
VIEWER = "getElement(document.querySelector('.crc-viewer').id.slice(1))"


@pytest.fixture
def review(open_page: OpenPage) -> Screen:
    screen = open_page("review")
    screen.readable()
    return screen


def under(screen: Screen, x: float, y: float) -> tuple[float, float]:
    """The image point, in pixels from the middle of the image, under a point of the window."""
    point = screen.page.evaluate(f"([x, y]) => {VIEWER}.imagePointAt(x, y)", [x, y])
    return point["x"], point["y"]


def view(screen: Screen, side: str = "front") -> dict[str, Any]:
    found: dict[str, Any] = screen.page.evaluate(f"side => {VIEWER}.viewOf(side)", side)
    return found


@pytest.mark.parametrize(("turns", "mirror"), [(0, False), (1, True), (3, False)])
def test_the_point_under_the_cursor_stays_there_while_zooming(review: Screen, turns: int, mirror: bool) -> None:
    for _ in range(turns):
        review.page.keyboard.press("]")
    if mirror:
        review.page.keyboard.press("m")
    review.page.mouse.move(600, 330)
    before = under(review, 600, 330)
    for delta in (-300, -240, 180):
        review.page.mouse.wheel(0, delta)
        review.painted()
        assert under(review, 600, 330) == pytest.approx(before, abs=0.05)
    assert view(review)["mode"] == "free"


def test_the_geometry_is_what_is_on_screen(review: Screen) -> None:
    """The frame of the amount, drawn at known pixels, lies where the browser paints the box over it."""
    review.page.keyboard.press("]")
    review.painted()
    painted = review.page.locator(".crc-stage img").bounding_box()
    box = review.page.locator("[data-region=flag_amount]").bounding_box()
    assert painted and box
    # The image is 1200 × 540, turned clockwise: fraction x of the image runs down, fraction y runs leftwards.
    assert box["y"] == pytest.approx(painted["y"] + 0.74 * painted["height"], abs=1.5)
    assert box["x"] == pytest.approx(painted["x"] + (1 - 0.44) * painted["width"], abs=1.5)
    assert box["height"] == pytest.approx(0.23 * painted["height"], abs=1.5)


def test_dragging_moves_the_image_with_the_hand_and_tells_the_server_nothing(review: Screen) -> None:
    page = review.page
    page.wait_for_timeout(300)
    grabbed = under(review, 500, 300)
    messages = len(review.user_messages())
    page.mouse.move(500, 300)
    page.mouse.down()
    moves = [partial(page.mouse.move, 500 + 3 * step, 300 + step) for step in range(1, 41)]
    wheels = [partial(page.mouse.wheel, 0, delta) for delta in (*[-60] * 8, 480)]
    under_hand: list[tuple[float, float]] = []
    rests = rests_in([*moves, *wheels, lambda: under_hand.append(under(review, 620, 340))])
    assert under_hand == [pytest.approx(grabbed, abs=0.1)]
    assert len(review.user_messages()) <= messages + rests
    page.mouse.up()
    # At rest the state is sent once, for saving.
    lies = view(review)
    states = review.wait_until("state", lambda told: bool(told) and told[-1][1]["front"]["x"] == round(lies["x"], 3))
    assert len(states) <= 1 + rests
    assert states[-1][0] == "check-1"
    assert states[-1][1]["front"]["mode"] == "free"


def test_two_fingers_zoom_by_their_distance_and_move_with_their_middle(review: Screen) -> None:
    review.page.evaluate("document.querySelector('.crc-pane').setPointerCapture = () => {}")  # no real fingers
    before, scale = under(review, 550, 330), view(review)["scale"]
    review.page.evaluate(
        """() => {
            const pane = document.querySelector(".crc-pane");
            const touch = (type, pointerId, clientX, clientY) => pane.dispatchEvent(new PointerEvent(type,
                { bubbles: true, pointerId, pointerType: "touch", button: 0, clientX, clientY }));
            touch("pointerdown", 1, 500, 330);
            touch("pointerdown", 2, 600, 330);
            for (let i = 1; i <= 10; i++) { // apart, from 100 to 200 pixels, and all of it 30 pixels down
                touch("pointermove", 1, 500 - 5 * i, 330 + 3 * i);
                touch("pointermove", 2, 600 + 5 * i, 330 + 3 * i);
            }
            touch("pointerup", 1, 450, 360);
            touch("pointerup", 2, 650, 360);
        }"""
    )
    assert view(review)["scale"] == pytest.approx(2 * scale, rel=0.01)
    assert under(review, 550, 360) == pytest.approx(before, abs=1.5)


def test_each_side_keeps_its_own_view(review: Screen) -> None:
    keys = review.page.keyboard
    keys.press("+")
    keys.press("v")
    front = view(review)
    keys.press("Space")
    expect(review.page.locator("[data-side=back] img")).to_be_visible()
    assert view(review, "back")["mode"] == "fit"
    assert not view(review, "back")["invert"]
    keys.press("]")
    keys.press("Space")
    expect(review.page.locator("[data-side=front] .crc-stage > *")).to_be_visible()
    assert view(review) == front
    assert front["invert"]
    assert (front["turn"], view(review, "back")["turn"]) == (0, 1)


def test_both_sides_at_once(review: Screen) -> None:
    review.page.keyboard.press("b")
    expect(review.page.locator(".crc-stage img:visible")).to_have_count(2)
    expect(review.page.get_by_role("button", name="Both")).to_have_attribute("aria-pressed", "true")


def test_fit_width_and_one_to_one(review: Screen) -> None:
    page = review.page
    pane = page.locator(".crc-pane").bounding_box()
    image = page.locator(".crc-stage img")
    assert pane
    page.keyboard.press("w")
    review.painted()
    assert image.bounding_box()["width"] == pytest.approx(pane["width"] - 32, abs=1)  # type: ignore[index]
    page.keyboard.press("z")
    review.painted()
    assert image.bounding_box()["width"] == pytest.approx(1200, abs=1)  # type: ignore[index]
    expect(page.locator(".crc-percent")).to_have_text("100 %")
    assert image.evaluate("e => e.style.imageRendering") == "pixelated"
    page.keyboard.press("f")
    review.painted()
    fitted = image.bounding_box()
    assert fitted and fitted["width"] <= pane["width"] and fitted["height"] <= pane["height"]
    assert image.evaluate("e => e.style.imageRendering") == "auto"


def test_double_click_shows_one_to_one_at_the_cursor_and_back(review: Screen) -> None:
    before = under(review, 600, 330)
    review.page.mouse.dblclick(600, 330)
    review.painted()
    assert view(review)["mode"] == "actual"
    assert under(review, 600, 330) == pytest.approx(before, abs=0.1)
    review.page.mouse.dblclick(600, 330)
    assert view(review)["mode"] == "fit"


def test_the_image_cannot_be_lost_out_of_the_frame(review: Screen) -> None:
    page = review.page
    for start, end in (((500, 300), (2400, 1900)), ((500, 300), (-2000, -1500))):
        page.mouse.move(*start)
        page.mouse.down()
        page.mouse.move(*end)
        page.mouse.up()
        review.painted()
        pane, image = page.locator(".crc-pane").bounding_box(), page.locator(".crc-stage img").bounding_box()
        assert pane and image
        assert image["x"] < pane["x"] + pane["width"] - 40
        assert image["x"] + image["width"] > pane["x"] + 40


@pytest.mark.parametrize("number", range(7))
def test_shift_and_a_digit_bring_each_region_to_the_middle(review: Screen, number: int) -> None:
    zone = USUAL_ZONES[number]
    review.page.keyboard.press(f"Shift+Digit{number + 1}")
    expect(review.page.locator(f"[data-side={zone.side}] img")).to_be_visible()
    review.painted()
    pane = review.page.locator(".crc-pane").bounding_box()
    assert pane
    middle = under(review, pane["x"] + pane["width"] / 2, pane["y"] + pane["height"] / 2)
    expected = ((zone.x + zone.w / 2 - 0.5) * 1200, (zone.y + zone.h / 2 - 0.5) * 540)
    assert middle == pytest.approx(expected, abs=2)
    scale = view(review, zone.side)["scale"]
    assert zone.w * 1200 * scale <= pane["width"]
    assert zone.h * 540 * scale <= pane["height"]


def test_a_flag_leads_to_its_box_and_the_box_to_its_flag(review: Screen) -> None:
    page = review.page
    card = page.locator("article[data-shows-region=flag_amount]")
    page.keyboard.press("Space")
    expect(page.locator("[data-side=back] img")).to_be_visible()
    card.get_by_role("button", name="Confirm").click()
    review.wait_for("confirmed")
    expect(page.locator("[data-side=back] img")).to_be_visible()  # an answer is no wish to look
    card.click(position={"x": 5, "y": 5})
    expect(page.locator("[data-side=front] img")).to_be_visible()
    review.painted()
    pane = page.locator(".crc-pane").bounding_box()
    assert pane
    middle = under(review, pane["x"] + pane["width"] / 2, pane["y"] + pane["height"] / 2)
    assert middle == pytest.approx(((0.74 + 0.115 - 0.5) * 1200, (0.28 + 0.08 - 0.5) * 540), abs=2)
    page.keyboard.press("f")
    review.painted()
    box = page.locator("[data-region=flag_amount]")
    place = box.bounding_box()
    assert place
    page.mouse.move(place["x"] + 20, place["y"] + 20)
    expect(card).to_have_attribute("data-lit", "")
    expect(box).to_have_attribute("data-lit", "")
    page.mouse.move(place["x"] - 200, place["y"] + 20)
    expect(card).not_to_have_attribute("data-lit", "")
    box.get_by_role("button").focus()
    expect(card).to_have_attribute("data-lit", "")
    page.keyboard.press("Tab")
    expect(card).not_to_have_attribute("data-lit", "")
    card.hover(position={"x": 5, "y": 5})
    expect(box).to_have_attribute("data-lit", "")


def test_flipping_and_mirroring_twice_is_as_it_was_and_both_are_half_a_turn(review: Screen) -> None:
    keys = review.page.keyboard
    before = view(review)
    corner = "document.querySelector('.crc-stage > *').style.transform"
    for key in ("m", "m", "Shift+M", "Shift+M"):
        keys.press(key)
    assert view(review) == before
    keys.press("Shift+M")
    review.painted()
    # What was at the top is at the bottom, and left stays left: the image's own top left corner, in the frame.
    assert "rotate(180deg) scaleX(-1)" in review.page.evaluate(corner)
    keys.press("m")
    keys.press("]")
    keys.press("]")
    assert view(review) == before


def test_two_viewers_on_a_page_of_their_own_hear_the_one_that_is_used(open_page: OpenPage) -> None:
    """The Python face alone: no shell, no hotkeys, no key caps."""
    screen = open_page("alone")
    page = screen.page
    first, second = (page.locator(".crc-viewer").nth(n) for n in (0, 1))
    expect(first.locator("canvas[role=img]")).to_be_visible()  # inverted, by the state it was given
    expect(page.locator(".crc-viewer kbd")).to_have_count(0)
    expect(first.get_by_role("button", name="Compare")).to_be_disabled()
    second.get_by_role("button", name="Back").click()
    expect(second.locator("[data-side=back] img")).to_be_visible()
    expect(first.locator("[data-side=front]")).to_be_visible()
    command = "detail => window.dispatchEvent(new CustomEvent('crc:command', { detail }))"
    page.evaluate(command, {"target": "viewer", "action": "both"})
    expect(second.locator(".crc-pane")).to_have_count(2)
    expect(first.locator(".crc-pane")).to_have_count(1)
    first.locator(".crc-pane").click()
    page.evaluate(command, {"target": "viewer", "action": "both"})
    expect(first.locator(".crc-pane")).to_have_count(2)


# The mean of the red bytes of a rectangle of the picture in the frame, as it is developed: x, y, w, h in image pixels.
MEAN = """([x, y, w, h]) => {
    const shown = document.querySelector(".crc-stage > :not([hidden])");
    const copy = new OffscreenCanvas(w, h).getContext("2d", { willReadFrequently: true });
    copy.drawImage(shown, -x, -y);
    const bytes = copy.getImageData(0, 0, w, h).data.filter((_, i) => i % 4 === 0);
    return bytes.reduce((sum, byte) => sum + byte, 0) / bytes.length;
}"""
GREY = [420, 80, 100, 60]  # of the value 150
EDGE = [400, 100, 1, 1]  # grey, beside white


def test_the_look_is_worked_out_on_the_images_own_pixels_and_so_is_the_same_at_every_zoom(review: Screen) -> None:
    page = review.page

    def shows(where: list[int], value: float, why: object = "") -> None:
        def look() -> None:
            assert page.evaluate(MEAN, where) == pytest.approx(value, abs=1), why

        review.settles(look)

    page.get_by_role("button", name="Grey").click()
    page.wait_for_function("document.querySelector('.crc-stage img')?.src.includes('gray')")
    review.readable()
    page.keyboard.press("d")
    for name, value, expected in (
        ("Brightness", "60", 90),
        ("Brightness", "100", 150),
        ("Contrast", "200", 172.5),
        ("Contrast", "100", 150),
        ("Threshold", "151", 0),
        ("Threshold", "150", 255),
    ):
        page.get_by_label(name).fill(value)
        review.painted()
        shows(GREY, expected, (name, value))
    page.keyboard.press("v")
    review.painted()
    shows(GREY, 0)
    for zoom in ("+", "+", "z", "-"):
        page.keyboard.press(zoom)
        review.painted()
        assert page.evaluate(MEAN, GREY) == 0
    page.get_by_role("button", name="Reset").click()
    expect(page.locator(".crc-stage img"), "the image itself again").to_have_count(1)
    page.get_by_label("Sharpen").fill("400")  # an edge gets steeper: 150 − 4 × (mean of nine − 150)
    review.painted()
    shows(EDGE, 10)
    shows(GREY, 150)
    page.keyboard.press("Space")
    review.painted()
    expect(page.get_by_label("Sharpen")).to_have_value("0")  # per side
    expect(page.get_by_text("This image is black and white")).to_be_visible()


def test_the_loupe_shows_the_point_under_the_cursor_larger(review: Screen) -> None:
    page = review.page
    page.keyboard.press("l")
    box = page.locator("[data-region=flag_amount]").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    review.painted()

    def ink() -> None:
        assert 0.02 < dark_share(review) < 0.6

    review.settles(ink)
    page.mouse.move(box["x"] - 120, box["y"] - 20)  # blank paper
    review.painted()

    def none() -> None:
        assert dark_share(review) == 0

    review.settles(none)


def dark_share(screen: Screen) -> float:
    """How much of the loupe is ink, read from a copy so that the loupe's own canvas stays as it is."""
    share: float = screen.page.locator(".crc-loupe").evaluate(
        """e => {
            const copy = new OffscreenCanvas(e.width, e.height).getContext("2d", { willReadFrequently: true });
            copy.drawImage(e, 0, 0);
            const bytes = copy.getImageData(0, 0, e.width, e.height).data;
            let ink = 0;
            for (let i = 0; i < bytes.length; i += 4) if (bytes[i + 3] && bytes[i] < 90) ink++;
            return ink / (bytes.length / 4);
        }"""
    )
    return share


def test_the_next_check_is_on_screen_from_memory(review: Screen) -> None:
    page = review.page
    assert sorted(review.wait_for("image", 4)) == [[1, "back"], [1, "front"], [2, "back"], [2, "front"]]
    page.keyboard.press("n")
    page.wait_for_function("document.querySelector('.crc-stage img')?.src.endsWith('/image/2/front')")
    review.wait_for("image", 6)
    again = [seen for seen in review.events("image") if seen[0] == 2]
    assert sorted(again) == [[2, "back"], [2, "front"]], "the images were served with no-store, yet fetched once"
    review.readable()
    assert page.locator(".crc-stage img").evaluate("e => e.complete && e.naturalWidth") == 1200
    assert view(review)["mode"] == "fit"


def test_time_on_each_side_is_told_for_the_check_it_belongs_to(review: Screen) -> None:
    page = review.page
    page.wait_for_timeout(400)
    page.keyboard.press("Space")
    expect(page.locator("[data-side=back] img")).to_be_visible()
    page.wait_for_timeout(250)
    page.keyboard.press("n")
    first, second = review.wait_for("sides", 2)
    open_for = page.evaluate("performance.now()")  # milliseconds
    assert (first[0], second[0]) == ("check-1", "check-1")
    assert first[1]["back"] == 0
    assert 350 <= first[1]["front"] < open_for
    assert second[1]["front"] == pytest.approx(first[1]["front"], abs=60)
    assert 200 <= second[1]["back"] < open_for - second[1]["front"]
    page.wait_for_function("document.querySelector('.crc-stage img')?.src.endsWith('/image/2/front')")
    review.readable()
    page.wait_for_timeout(200)
    page.get_by_role("button", name="Spent").click()
    spent = review.wait_for("spent")[0]
    assert spent["back"] == 0
    assert 150 <= spent["front"] < page.evaluate("performance.now()") - second[1]["front"] - second[1]["back"]


def test_a_view_that_cannot_be_shown_says_so(review: Screen) -> None:
    page = review.page
    page.get_by_role("button", name="Broken").click()
    expect(page.get_by_text("The front image cannot be displayed")).to_be_visible()
    page.keyboard.press("Space")
    expect(page.get_by_text("No back image")).to_be_visible()
    page.keyboard.press("+")
    page.keyboard.press("Shift+Digit1")
    page.keyboard.press("p")  # and the viewer goes on working
    page.wait_for_function("document.querySelector('.crc-stage img')?.src.includes('/image/98/')")
    # What is known to be gone is not asked for again.
    page.keyboard.press("Space")
    gone = page.get_by_role("alert").filter(has_text="The back image cannot be displayed")
    expect(gone).to_contain_text("Destroyed on 2033-01-02, when its retention time was over.")
    expect(gone.get_by_role("button")).to_have_count(0)


def test_the_watermark_and_the_words_of_the_flags_are_there(review: Screen) -> None:
    expect(review.page.locator(".crc-watermark")).to_have_text("m.reyes · 2026-11-22 14:03 ET")
    expect(review.page.locator(".crc-box-name")).to_have_text(
        [re.compile("reads 100.04"), re.compile("signature 0.62")]
    )
    review.page.keyboard.press("o")
    expect(review.page.locator(".crc-box").first).to_be_hidden()
