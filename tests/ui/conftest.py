"""The harness page as a process of its own, and a real browser looking at it."""

import json
import os
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from tests import warm
from tests.browser.site import ARGUMENTS, CHROMIUM, PATIENCE_MS
from tests.ports import free_port
from tests.ui.screen import Screen

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def harness() -> Iterator[str]:
    port = free_port()
    # NiceGUI behaves otherwise where it finds pytest's variables; the page under test must not.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    process = warm.start([str(port)], environment, module="tests.ui.harness", stderr=2)
    base = f"http://127.0.0.1:{port}"
    try:
        _wait_until_up(base, process)
        yield base
    finally:
        process.terminate()
        process.wait(timeout=60)


def _wait_until_up(base: str, process: warm.WarmProcess) -> None:
    for _ in range(1200):
        assert process.poll() is None, "the harness ended by itself"
        try:
            urllib.request.urlopen(f"{base}/log").close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the harness did not come up")


# No longer than this folder: while playwright runs, this thread has a running event loop and `asyncio.run` is refused.
@pytest.fixture(scope="package")
def chromium() -> Iterator[BrowserContext]:
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_MS)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser.new_context()  # one for all, so that its cache is warm as a reviewer's is
        browser.close()


@pytest.fixture(scope="package")
def tab(chromium: BrowserContext) -> Page:
    """A tab for the pages of all tests: a page in a new one takes three times the work, most of it compiling."""
    return chromium.new_page()


@pytest.fixture
def open_page(harness: str, chromium: BrowserContext, tab: Page) -> Iterator[Callable[..., Screen]]:
    """``open_page("review")``: that page, connected. Any fault in it fails the test."""
    screens: list[Screen] = []

    def open_(
        name: str,
        *,
        width: int = 1440,
        height: int = 900,
        theme: Literal["light", "dark"] = "light",
        clock_ahead_hours: int = 0,
    ) -> Screen:
        # What is added to a tab before a page stays there for the next one.
        page = chromium.new_page() if screens or clock_ahead_hours else tab
        page.mouse.move(0, 0)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=theme, reduced_motion="no-preference")
        if clock_ahead_hours:
            page.add_init_script(f"const now = Date.now; Date.now = () => now() + {clock_ahead_hours} * 3600e3;")
        with urllib.request.urlopen(f"{harness}/log") as answer:
            screen = Screen(page, harness, seen=len(json.load(answer)))
        screens.append(screen)
        screen.watch()
        page.goto(f"{harness}/{name}")
        page.wait_for_function("window.did_handshake")
        return screen

    yield open_
    for screen in screens:
        screen.leave()
        if screen.page is not tab:
            screen.page.close()
    assert [fault for screen in screens for fault in screen.faults] == []
