"""How soon the queue page is ready in Chromium, beside an empty NiceGUI page.

Ready: the page is connected and, on the queue, rows are on screen. Cold is a new profile with an empty cache, warm
the second and later visits, as a reviewer's are.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from playwright.sync_api import Browser, Page

from tests.bench.chromium import Running, running
from tests.bench.figures import Figure, duration, percentile
from tests.bench.ground import Ground

ITEMS = 250
COLD, WARM = 5, 12

_CONNECTED = "window.did_handshake"
_ROWS = "window.did_handshake && document.querySelector('tr[data-row]')"


def run(ground: Ground, items: int = ITEMS, cold: int = COLD, warm: int = WARM) -> list[Figure]:
    """p50 of `cold` first visits and of `warm` later ones, console and floor in turn."""
    with running(ground, items=items) as site, site.browser() as browser:
        figures = []
        for name, turns, measure in (("cold", cold, _cold), ("warm", warm, _warm)):
            ours, floor = measure(site, browser, turns)
            note = f"p50 with {items} checks; p95 {percentile(ours, 95):.0f} ms, floor {percentile(floor, 95):.0f} ms"
            title = f"queue page ready in Chromium, {name}"
            figures.append(duration(title, percentile(ours, 50), percentile(floor, 50), note=note))
    return figures


def _cold(site: Running, browser: Browser, turns: int) -> tuple[list[float], list[float]]:
    def visit(address: str, ready: str) -> float:
        context = site.context(browser)
        taken = _visit(context.new_page(), address, ready)
        context.close()
        return taken

    visit(f"{site.console}/queue", _ROWS)  # the process's own first page is not the browser's matter
    visit(f"{site.floor}/empty", _CONNECTED)
    return _in_turn(site, turns, visit, visit)


def _warm(site: Running, browser: Browser, turns: int) -> tuple[list[float], list[float]]:
    ours, floor = (site.context(browser).new_page() for _ in range(2))
    _visit(ours, f"{site.console}/queue", _ROWS)
    _visit(floor, f"{site.floor}/empty", _CONNECTED)
    return _in_turn(
        site,
        turns,
        lambda address, ready: _visit(ours, address, ready),
        lambda address, ready: _visit(floor, address, ready),
    )


Visit = Callable[[str, str], float]


def _in_turn(site: Running, turns: int, ours: Visit, floor: Visit) -> tuple[list[float], list[float]]:
    pairs = [(ours(f"{site.console}/queue", _ROWS), floor(f"{site.floor}/empty", _CONNECTED)) for _ in range(turns)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _visit(page: Page, address: str, ready: str) -> float:
    """Milliseconds from the navigation's start until the page is ready."""
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_function(ready)
    return (time.perf_counter() - start) * 1e3
