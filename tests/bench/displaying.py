"""How soon a check's image is there in Chromium, beside the same PNG bytes from memory.

The console resolves the session, checks the link, reads the row, fetches the original bytes from the object store,
checks their hash and turns TIFF into PNG; the floor answers with the finished bytes. Each image is fetched once, so
no cache helps either of them.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.bench.chromium import running
from tests.bench.figures import Figure, duration, percentile
from tests.bench.ground import Ground

IMAGES = 60

# First byte as the browser's own clock has it; full display: decoded, in the page, and two frames further.
_SHOW = """
async address => {
    const image = new Image();
    const start = performance.now();
    image.src = address;
    await image.decode();
    document.body.replaceChildren(image);
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    const shown = performance.now() - start;
    const timing = performance.getEntriesByName(address)[0];
    return {first: timing.responseStart - timing.startTime, loaded: timing.responseEnd - timing.startTime, shown};
}
"""
_PARTS = {"first": "first byte", "loaded": "last byte", "shown": "full display"}


def run(ground: Ground, images: int = IMAGES) -> list[Figure]:
    """p50 and p95 over `images` fronts, one after the other, console and floor in turn."""
    with running(ground, items=images, images=images) as site, site.browser() as browser:
        pages = [site.context(browser).new_page() for _ in range(2)]
        for page, address in zip(pages, (f"{site.console}/health", f"{site.floor}/up"), strict=True):
            page.goto(address)
        measured = [[_show(page, address) for page, address in zip(pages, pair, strict=True)] for pair in site.images]
    figures = []
    for part, words in _PARTS.items():
        ours, floor = ([times[side][part] for times in measured[1:]] for side in (0, 1))
        note = f"p50; p95 {percentile(ours, 95):.1f} ms, floor {percentile(floor, 95):.1f} ms"
        figures.append(duration(f"image in Chromium: {words}", percentile(ours, 50), percentile(floor, 50), note=note))
    return figures


def _show(page: Page, address: str) -> dict[str, float]:
    times: dict[str, Any] = page.evaluate(_SHOW, address)
    return times
