"""What axe looks for in a page that it has already looked at in other colours."""

from __future__ import annotations

from typing import Any, Final

from playwright.sync_api import Page

# Names, roles, order and sizes are the same whatever the colours.
COLOURS: Final[dict[str, Any]] = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}

# Two frames for what is about to begin, then the end of every movement that ends.
_SETTLED: Final = """
async () => {
    for (let n = 0; n < 2; n++) await new Promise((done) => requestAnimationFrame(done));
    const moving = document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime < Infinity);
    await Promise.all(moving.map((one) => one.finished.catch(() => undefined)));
}
"""


def settled(page: Page) -> Page:
    """The page once nothing fades or slides in it any more: until then its colours are those of no theme."""
    page.evaluate(_SETTLED)
    return page
