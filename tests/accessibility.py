"""What axe finds in a page: everything once, and once more what only other colours change."""

from __future__ import annotations

from typing import Any, Final, Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

# Names, roles, order and sizes are the same whatever the colours.
COLOURS: Final[dict[str, Any]] = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}

# What has to hold: the levels A and AA of WCAG 2.2.
TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

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


def violations(page: Page, rules: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """What axe finds in the page once nothing moves in it: by the rules that these options of axe-core name, or by all.

    Asked for what is wrong alone: telling of everything that is right takes longer than to look.
    """
    settled(page)
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    options = {"resultTypes": ["violations"], **(rules or {})}
    found: list[dict[str, Any]] = page.evaluate("options => axe.run(options).then(one => one.violations)", options)
    return found


def expect_accessible(page: Page, *schemes: Literal["light", "dark"]) -> None:
    """Axe finds nothing in the page as it is now, first in everything and then in the colours of the other scheme.

    `schemes`: the one to begin with, and which others; by default light, then dark. The page is left in the first.
    """
    first, *others = schemes or ("light", "dark")
    found: dict[str, list[str]] = {}
    for scheme in (first, *others):
        page.emulate_media(color_scheme=scheme)
        rules = {"runOnly": {"type": "tag", "values": TAGS}} if scheme == first else COLOURS
        for violation in violations(page, rules):
            found[f"{scheme}: {violation['id']}"] = [node["html"][:200] for node in violation["nodes"]]
    page.emulate_media(color_scheme=first)
    settled(page)
    assert found == {}, f"{page.url}: {found}"
