"""A bank with people who can sign in, and a real browser."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from console.settings import Settings
from tests.browser.site import ARGUMENTS, CHROMIUM, in_a_thread, make_enrolled_bank, new_page
from tests.factories import Bank

Result = TypeVar("Result")


# No longer than a module: while playwright runs, this thread has a running event loop and `asyncio.run` is refused.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def run(console: Settings) -> Callable[[Coroutine[Any, Any, Result]], Result]:
    """As everywhere, but in a thread of its own, because playwright's loop runs in this one."""
    return in_a_thread(console)


@pytest.fixture
def bank(run: Callable[[Coroutine[Any, Any, Bank]], Bank]) -> Bank:
    return run(make_enrolled_bank())


@pytest.fixture
def open_browser(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """``open_browser()``: a page in a browser of its own, with its own cookies. Any fault in it fails the test."""
    pages: list[Page] = []
    faults: list[list[str]] = []

    def open_(width: int = 1440, height: int = 900) -> Page:
        page, found = new_page(chromium.new_context(), width=width, height=height)
        pages.append(page)
        faults.append(found)
        return page

    yield open_
    for page in pages:
        page.context.close()
    assert [fault for found in faults for fault in found] == []
