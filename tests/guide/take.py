"""Takes the pictures of `docs/reviewer-guide.md`: every state of the reviewer's screens, on a demo bank of its own.

Run as ``python -m tests.guide.take FOLDER [SCENE…]``, in the environment of the tests. It starts `main.py up` on a
temporary DATA_DIR, does what people of the bank do, and writes a PNG for each state; scenes are those of `SCENES`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.site import ARGUMENTS, CHROMIUM
from tests.guide.demo import Demo, demo_bank
from tests.guide.scenes import SCENES

WIDTH: Final = 1440
HEIGHT: Final = 900
_SETTLED_MS: Final = 600
_BETWEEN_KEYS_MS: Final = 250
_PATIENCE_MS: Final = 60_000
# Screens have few colours: so a picture is a third of the size, and looks the same.
_COLOURS: Final = 256


class Guide:
    """A running demo bank, and whoever looks at it."""

    def __init__(self, demo: Demo, folder: Path, browser: Browser) -> None:
        self.demo, self._folder, self._browser = demo, folder, browser
        expect.set_options(timeout=_PATIENCE_MS)

    def sign_in(self, username: str, *, dark: bool = False) -> Page:
        """A browser in which this demo user is at the queue."""
        scheme = "dark" if dark else "light"
        context = self._browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme)
        page = context.new_page()
        page.set_default_timeout(_PATIENCE_MS)
        page.goto(f"{self.demo.origin}/sign-in")
        page.locator("input[name=username]").fill(username)
        page.locator("input[name=password]").fill(self.demo.passwords[username])
        page.keyboard.press("Enter")
        page.locator("input[name=code]").fill(self.demo.code(username))
        page.keyboard.press("Enter")
        page.wait_for_selector("tr[data-row]")
        return page

    def take(self, page: Page, name: str, *keys: str, shows: str = "") -> None:
        """Press the keys, wait for the words that the state shows, and keep what the page looks like at rest."""
        self.press(page, *keys)
        if shows:
            expect(page.get_by_text(shows).first).to_be_visible()
        page.wait_for_timeout(_SETTLED_MS)
        path = self._folder / f"{name}.png"
        page.screenshot(path=path)
        with Image.open(path) as picture:
            # Of these ways the one that keeps a colour which few points have.
            small = picture.convert("RGB").quantize(_COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        small.save(path, optimize=True)
        print(name, flush=True)

    def press(self, page: Page, *keys: str) -> None:
        """Press the keys, one after another."""
        for key in keys:
            page.keyboard.press(key)
            page.wait_for_timeout(_BETWEEN_KEYS_MS)

    def open(self, page: Page, path: str) -> None:
        """Go to a page of the console."""
        page.goto(self.demo.origin + path)
        page.wait_for_function("window.did_handshake")

    def review(self, page: Page, amount: str) -> None:
        """Open the check of this amount on a page of its own."""
        self.open(page, f"/review/{self.demo.item(amount)}")
        page.wait_for_selector(".crc-viewer img")


def main(folder: Path, wanted: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with demo_bank() as demo, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        for name, scene in SCENES.items():
            if not wanted or name in wanted:
                scene(Guide(demo, folder, browser))
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
