"""The queue table in a real browser."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.site import PATIENCE_MS
from tests.ui.screen import Screen

OpenPage = Callable[..., Screen]


@pytest.fixture
def queue(open_page: OpenPage) -> Screen:
    screen = open_page("queue")
    screen.page.wait_for_selector("tr[data-row]")
    return screen


def row(screen: Screen, number: int) -> Locator:
    return screen.page.locator(f'tr[data-row="item-{number}"]')


# In one turn of the browser: between presses of the keyboard a slow machine may let a selection rest.
AT_ONCE = """keys => keys.forEach(key =>
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })))"""


def test_arrows_and_enter_work_without_a_click_first(queue: Screen) -> None:
    queue.page.evaluate(AT_ONCE, ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp"])
    expect(row(queue, 1)).to_have_attribute("aria-selected", "true")
    # Only the row on which the selection came to rest was told.
    assert queue.wait_for("select") == ["item-1"]
    queue.page.keyboard.press("ArrowDown")
    queue.page.keyboard.press("Enter")
    assert queue.wait_for("open") == ["item-2"]
    assert queue.wait_for("select", 2) == ["item-1", "item-2"]


def test_inside_the_grid_the_arrows_move_one_row_not_two(queue: Screen) -> None:
    queue.page.get_by_role("grid").focus()
    queue.page.keyboard.press("ArrowDown")
    queue.page.keyboard.press("ArrowDown")
    expect(row(queue, 1)).to_have_attribute("aria-selected", "true")
    active = queue.page.get_by_role("grid").get_attribute("aria-activedescendant")
    assert active and queue.page.locator(f"[id='{active}']").get_attribute("data-row") == "item-1"
    queue.page.keyboard.press("End")
    expect(row(queue, 49)).to_be_in_viewport()


def test_a_click_selects_and_a_double_click_opens(queue: Screen) -> None:
    row(queue, 4).click()
    expect(row(queue, 4)).to_have_attribute("aria-selected", "true")
    row(queue, 6).dblclick()
    assert queue.wait_for("open") == ["item-6"]


def test_a_click_on_a_head_asks_for_another_order_and_keeps_the_selection(queue: Screen) -> None:
    row(queue, 2).click()
    head = queue.page.get_by_role("columnheader", name="SLA")
    expect(head).to_have_attribute("aria-sort", "ascending")
    head.get_by_role("button").click()
    assert queue.wait_for("sort") == [["sla", True]]
    expect(head).to_have_attribute("aria-sort", "descending")
    expect(queue.page.locator("tr[data-row]").first).to_have_attribute("data-row", "item-49")
    queue.page.keyboard.press("Enter")
    assert queue.wait_for("open") == ["item-2"]


def test_the_rest_comes_while_scrolling_and_few_rows_are_drawn(queue: Screen) -> None:
    page, scroll = queue.page, queue.page.locator(".crc-table-scroll")
    for shown in (100, 150, 200, 248):
        scroll.evaluate("e => { e.scrollTop = e.scrollHeight; }")
        expect(page.locator(".crc-table-foot")).to_contain_text(f"1–{shown} of 248")
    assert queue.events("more") == [50, 100, 150, 200]
    scroll.evaluate("e => { e.scrollTop = e.scrollHeight; }")
    expect(row(queue, 247)).to_be_in_viewport()
    assert page.locator("tr[data-row]").count() < 60
    assert page.get_by_role("grid").get_attribute("aria-rowcount") == "248"


def test_a_row_vanishes_and_another_is_held_without_a_reload(queue: Screen) -> None:
    row(queue, 1).click()
    queue.page.get_by_role("button", name="Remove item-1").click()
    expect(row(queue, 1)).to_have_count(0)
    expect(row(queue, 2)).to_have_attribute("aria-selected", "true")
    expect(queue.page.locator(".crc-table-foot")).to_contain_text("1–49 of 247")
    queue.page.get_by_role("button", name="Hold item-3").click()
    expect(row(queue, 3).locator(".crc-held")).to_contain_text("a.sol")
    expect(row(queue, 4).locator(".crc-held")).to_contain_text("you")


def test_a_row_opens_that_vanishes_while_the_key_is_on_its_way(queue: Screen) -> None:
    row(queue, 1).click()
    queue.page.get_by_role("button", name="Remove item-1").evaluate(
        """button => {
            button.click();
            document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
        }"""
    )
    assert queue.wait_for("open") == ["item-1"]
    expect(row(queue, 1)).to_have_count(0)


def test_a_row_this_table_does_not_have_cannot_be_opened(queue: Screen) -> None:
    send = "([id]) => getElement(document.querySelector('.crc-table').id.slice(1)).$emit('open', id)"
    for item in ("item-900", "item-5"):
        queue.page.evaluate(send, [item])
    assert queue.wait_for("open") == ["item-5"]


def test_clocks_count_in_the_browser_and_change_their_state(open_page: OpenPage) -> None:
    screen = open_page("states")
    expect(screen.page.locator('tr[data-row="late"] .crc-sla')).to_have_text("1:01")
    sla = screen.page.locator('tr[data-row="soon"] .crc-sla')
    expect(sla).to_contain_text(re.compile(r"\D1?\d s$"))
    expect(sla).to_have_attribute("data-tone", "warning")
    messages = len(screen.user_messages())
    expect(sla).to_have_attribute("data-tone", "breach", timeout=20_000 + PATIENCE_MS)
    expect(sla).to_contain_text("−0:00")
    expect(screen.page.locator('tr[data-row="paused"] .crc-sla')).to_contain_text("paused")
    expect(screen.page.get_by_role("timer", name="SLA −0:00 left")).to_be_visible()
    assert len(screen.user_messages()) == messages


def test_a_wrong_clock_on_the_desk_shifts_nothing(open_page: OpenPage) -> None:
    screen = open_page("queue", clock_ahead_hours=5)
    expect(screen.page.locator('tr[data-row="item-0"] .crc-sla')).to_contain_text(re.compile(r"−0:(0[6-9]|1\d)"))
    expect(screen.page.locator('tr[data-row="item-8"] .crc-sla')).to_have_text(re.compile("1:[45]\\d"))


def test_empty_loading_and_error_say_what_they_are(open_page: OpenPage) -> None:
    screen = open_page("states", height=1400)
    expect(screen.page.get_by_text("Nothing is waiting here.")).to_be_visible()
    expect(screen.page.get_by_text("Loading…")).to_be_visible()
    expect(screen.page.get_by_text("The queue could not be read.")).to_be_visible()
    screen.page.get_by_role("button", name="Try again").click()
    screen.wait_for("retry")
