"""Whole screens in a real browser: their frame, both themes, access for all, and what they may fetch."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from console.ui.theme import DARK, LIGHT, STYLE_PATH
from tests.accessibility import COLOURS, violations
from tests.ui.screen import Screen

OpenPage = Callable[..., Screen]
SCREENS = ("queue", "review")


@pytest.mark.parametrize("name", SCREENS)
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1920, 1080)])
def test_the_page_does_not_scroll(open_page: OpenPage, name: str, width: int, height: int) -> None:
    screen = open_page(name, width=width, height=height)
    screen.page.wait_for_timeout(300)
    sizes = "e => [e.scrollHeight - e.clientHeight, e.scrollWidth - e.clientWidth]"

    def look() -> None:
        assert screen.page.locator("html").evaluate(sizes) == [0, 0]
        assert screen.page.locator("main").evaluate(sizes) == [0, 0]

    screen.settles(look)


def test_the_image_is_the_largest_thing_on_the_review_screen(open_page: OpenPage) -> None:
    screen = open_page("review")

    def look() -> None:
        viewer = screen.page.locator(".crc-viewer").bounding_box()
        assert viewer
        assert viewer["width"] >= 0.6 * 1440
        assert viewer["height"] >= 0.55 * 900
        assert screen.page.locator(".crc-viewer-bar").bounding_box()["height"] < 45, "one line"  # type: ignore[index]

    screen.settles(look)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", [*SCREENS, "states"])
def test_axe_finds_nothing(open_page: OpenPage, name: str, theme: str) -> None:
    screen = open_page(name, theme=theme)
    screen.page.wait_for_timeout(500)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    rules = {"runOnly": {"type": "tag", "values": tags}} if theme == "light" else COLOURS
    assert {one["id"]: [node["html"][:160] for node in one["nodes"]] for one in violations(screen.page, rules)} == {}


def test_the_theme_is_the_systems_until_chosen_and_then_stays(open_page: OpenPage) -> None:
    screen = open_page("queue", theme="dark")
    page = screen.page
    ground = "getComputedStyle(document.body).backgroundColor"

    def is_on(colour: str) -> None:
        def look() -> None:
            assert page.evaluate(ground) == rgb(colour)

        screen.settles(look)

    is_on(DARK["ground"])
    page.get_by_role("button", name="Theme").click()
    is_on(LIGHT["ground"])
    page.reload()  # the choice is this browser's and outlives the page
    page.wait_for_function("window.did_handshake")
    is_on(LIGHT["ground"])
    assert not page.evaluate("Quasar.Dark.isActive")
    page.evaluate("localStorage.clear()")


def rgb(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgb({red}, {green}, {blue})"


def test_the_skip_link_leads_past_the_rail(open_page: OpenPage) -> None:
    page = open_page("queue").page
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name="Skip to the main part")
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".crc-main")).to_be_focused()


def test_the_rail_names_the_page_and_lets_one_sign_out(open_page: OpenPage) -> None:
    screen = open_page("queue")
    rail = screen.page.get_by_role("navigation", name="Main")
    for word in NAV_WORDS:
        expect(rail.get_by_role("link", name=word, exact=True)).to_have_count(1)
    expect(rail.locator("[aria-current=page]")).to_contain_text("Queue")
    rail.get_by_role("button", name="MR").click()
    screen.page.get_by_text("Sign out", exact=True).click()
    screen.wait_for("sign_out")


NAV_WORDS = ("Queue", "Approve", "Policy", "Intake", "Reports", "Audit")


def test_the_policy_for_content_holds_and_bites(open_page: OpenPage) -> None:
    """Every test here runs under it and fails on a complaint; this one sees that it is in force."""
    screen = open_page("review")
    screen.readable()
    sneak = "Object.assign(document.createElement('script'), { textContent: 'window.sneaked = 1' })"
    screen.page.evaluate(f"() => document.head.append({sneak})")
    assert screen.page.evaluate("window.sneaked") is None

    def complains() -> None:
        assert screen.faults

    screen.settles(complains)
    assert "Content Security Policy" in screen.faults.pop()


@pytest.mark.parametrize("name", SCREENS)
def test_nothing_is_fetched_from_elsewhere_and_the_style_sheet_once(open_page: OpenPage, name: str) -> None:
    screen = open_page(name)
    screen.page.wait_for_timeout(500)
    home = urlsplit(screen.base).netloc
    assert {urlsplit(url).netloc for url in screen.asked if url.startswith("http")} == {home}
    assert [urlsplit(url).path for url in screen.asked].count(STYLE_PATH) == 1
    assert not any("tailwind" in url for url in screen.asked)
