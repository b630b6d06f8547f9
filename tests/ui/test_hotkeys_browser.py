"""Keys in a real browser: where they fire, where they must not, and what they cost."""

from collections.abc import Callable
from functools import partial

import pytest
from playwright.sync_api import expect

from tests.ui.screen import Screen, rests_in

OpenPage = Callable[..., Screen]


@pytest.fixture
def review(open_page: OpenPage) -> Screen:
    screen = open_page("review")
    screen.readable()
    return screen


def percent(screen: Screen) -> str:
    return screen.page.locator(".crc-percent").inner_text()


def test_letters_typed_in_a_note_are_letters(review: Screen) -> None:
    note, before = review.page.get_by_label("Note"), percent(review)
    note.click()
    review.page.keyboard.type("A pay? [+zfv] 1 / ok ?")
    expect(note).to_have_value("A pay? [+zfv] 1 / ok ?")
    expect(review.page.get_by_role("dialog")).to_have_count(0)
    assert percent(review) == before
    assert review.events("key") == []


def test_in_a_note_only_submit_fires_and_escape_leaves_it(review: Screen) -> None:
    note = review.page.get_by_label("Note")
    note.click()
    review.page.keyboard.press("Control+Enter")
    assert review.wait_for("key") == ["submit"]
    expect(note).to_be_focused()
    review.page.keyboard.press("Escape")
    expect(note).not_to_be_focused()
    review.page.keyboard.press("a")
    assert review.wait_for("key", 2) == ["submit", "pay"]


def test_keys_work_after_a_click_on_a_button_and_do_not_press_it_again(review: Screen) -> None:
    page = review.page
    page.get_by_role("button", name="Hold").click()
    assert review.wait_for("click") == ["hold"]
    page.keyboard.press("Space")
    expect(page.locator("[data-side=back] img")).to_be_visible()
    page.keyboard.press("r")
    assert review.wait_for("key") == ["return"]
    page.wait_for_timeout(150)
    assert review.events("click") == ["hold"]


def test_space_presses_a_button_that_was_reached_with_tab(review: Screen) -> None:
    page = review.page
    page.get_by_label("Note").click()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Pay")).to_be_focused()
    page.keyboard.press("Space")
    assert review.wait_for("click") == ["pay"]
    expect(page.locator("[data-side=front] img")).to_be_visible()


def test_a_held_decision_key_fires_once_and_a_held_zoom_key_goes_on(review: Screen) -> None:
    keyboard, before = review.page.keyboard, percent(review)
    for _ in range(5):
        keyboard.down("a")
    keyboard.up("a")
    review.wait_for("key")
    keyboard.down("+")
    once = percent(review)
    for _ in range(3):
        keyboard.down("+")
    keyboard.up("+")
    review.painted()
    assert review.events("key") == ["pay"]
    assert before != once or percent(review) != once
    assert int(percent(review).split()[0]) > 1.9 * int(before.split()[0])


def test_modifiers_belong_to_the_browser_and_shift_digits_are_not_reasons(review: Screen) -> None:
    keyboard = review.page.keyboard
    keyboard.press("Alt+a")
    keyboard.press("Shift+h")
    keyboard.press("Shift+Digit2")
    keyboard.press("2")
    assert review.wait_for("key") == ["reason_2"]


def test_keys_of_the_viewer_cost_no_message(review: Screen) -> None:
    review.page.wait_for_timeout(200)
    before, keys = len(review.user_messages()), ("+", "-", "f", "z", "w", "[", "]", "v", "v", "l", "d", "m", "m", "o")
    rests = rests_in(partial(review.page.keyboard.press, key) for key in keys)
    said = review.user_messages()[before:]
    assert len(said) <= rests and all("threshold" in message for message in said), said


def test_the_sheet_lists_every_key_of_the_page_and_has_the_keyboard_to_itself(review: Screen) -> None:
    page = review.page
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    expect(sheet).to_be_visible()
    for words in ("Pay", "Submit the decision", "Rotate left", "Choose a reason", "Endorsement"):
        expect(sheet.get_by_text(words, exact=True)).to_be_visible()
    page.keyboard.press("a")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    page.keyboard.press("j")
    assert review.wait_for("key") == ["reject"]


def test_a_key_that_was_not_given_to_the_page_is_not_believed(review: Screen) -> None:
    """A browser may send any action; one that this page does not offer is dropped."""
    send = "([name]) => getElement(document.querySelector('.crc-sheet').id.slice(1)).$emit('key', name)"
    for name in ("start", "drop_tables", "pay"):
        review.page.evaluate(send, [name])
    assert review.wait_for("key") == ["pay"]


def test_slash_goes_to_the_search_field(open_page: OpenPage) -> None:
    queue = open_page("queue")
    queue.page.keyboard.press("/")
    expect(queue.page.get_by_label("Search")).to_be_focused()
    queue.page.keyboard.type("s/12")
    expect(queue.page.get_by_label("Search")).to_have_value("s/12")
    assert queue.events("key") == []
