"""A bank with people who can sign in, and a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.late import late
from tests.browser.site import BRIEF, CHROMIUM, leave, make_enrolled_bank, new_page
from tests.factories import Bank
from tests.kept import Run


# No longer than this folder: while playwright runs, this thread has a running event loop and `asyncio.run` is refused.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(BRIEF))
        yield browser
        browser.close()


@pytest.fixture
def bank(run: Run) -> Bank:
    return run(make_enrolled_bank())


@pytest.fixture(scope="package")
def idle_browsers(chromium: Browser) -> list[tuple[Page, list[str]]]:
    """Emptied browsers, each a page and the faults found in it. A new one would fetch and compile every script again,
    which is most of the work of opening a page; so sites come up at one address, one after the other."""
    return []


@pytest.fixture
def open_browser(chromium: Browser, idle_browsers: list[tuple[Page, list[str]]]) -> Iterator[Callable[..., Page]]:
    """``open_browser()``: a page in a browser of its own, with its own cookies. Any fault in it fails the test.

    Its person has asked for no motion, so nothing is drawn sixty times a second; tests/ui looks at what moves."""
    used: list[tuple[Page, list[str]]] = []

    def open_(width: int = 1440, height: int = 900) -> Page:
        idle = idle_browsers.pop() if idle_browsers else None
        page, faults = idle or new_page(late(chromium.new_context(reduced_motion="reduce")))
        page.set_viewport_size({"width": width, "height": height})
        used.append((page, faults))
        return page

    yield open_
    found = [fault for _, faults in used for fault in faults]
    for page, faults in used:
        if page.is_closed():
            page.context.close()
            continue
        empty(page)
        faults.clear()
        idle_browsers.append((page, faults))
    assert found == []


def empty(page: Page) -> None:
    """Leave the page, forget cookies and what its site stored, close every other page of its browser."""
    for other in page.context.pages:
        if other is not page:
            other.close()
    place = urlsplit(page.url)
    if place.scheme == "http":
        devtools = page.context.new_cdp_session(page)
        for local in (True, False):
            storage = {"securityOrigin": f"{place.scheme}://{place.netloc}", "isLocalStorage": local}
            devtools.send("DOMStorage.clear", {"storageId": storage})
        devtools.detach()
    page.context.clear_cookies()
    leave(page)
    page.mouse.move(0, 0)
    page.emulate_media(color_scheme="null")
