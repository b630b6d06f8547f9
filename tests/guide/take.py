"""Takes the pictures of `docs/reviewer-guide.md`: every state of the reviewer's screens, on a demo bank of its own.

Run as ``python -m tests.guide.take FOLDER``, in the environment of the tests. It starts `main.py up` on a temporary
DATA_DIR, does what a reviewer and an approver do, and writes a PNG for each state.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.site import ARGUMENTS, CHROMIUM, ROOT, free_port

WIDTH: Final = 1440
HEIGHT: Final = 900
# The demo bank's check of this amount has two flags, and needs two people of whom an approver may be one.
TOLD: Final = "12300.00"
_UP_SECONDS: Final = 300
_SETTLED_MS: Final = 900


class Guide:
    """A running demo bank, and whoever looks at it."""

    def __init__(self, origin: str, data_dir: Path, folder: Path, browser: Browser) -> None:
        self._origin, self._data_dir, self._folder, self._browser = origin, data_dir, folder, browser
        users = json.loads((data_dir / "demo" / "users.json").read_text())
        self._passwords = {one["username"]: one["password"] for one in users} if isinstance(users, list) else {
            name: one["password"] for name, one in users.items()
        }  # fmt: skip

    def sign_in(self, username: str, *, dark: bool = False) -> Page:
        """A browser in which this demo user is at the queue."""
        scheme = "dark" if dark else "light"
        context = self._browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.goto(f"{self._origin}/sign-in")
        page.locator("input[name=username]").fill(username)
        page.locator("input[name=password]").fill(self._passwords[username])
        page.keyboard.press("Enter")
        page.locator("input[name=code]").fill(self._code(username))
        page.keyboard.press("Enter")
        page.wait_for_selector("tr[data-row]")
        return page

    def take(self, page: Page, name: str, *keys: str) -> None:
        """Press the keys, let the page come to rest, and keep what it looks like."""
        for key in keys:
            page.keyboard.press(key)
            page.wait_for_timeout(350)
        page.wait_for_timeout(_SETTLED_MS)
        page.screenshot(path=self._folder / f"{name}.png")
        print(name, flush=True)

    def open(self, page: Page, path: str) -> None:
        page.goto(self._origin + path)
        page.wait_for_function("window.did_handshake")

    def _code(self, username: str) -> str:
        asked = [sys.executable, str(ROOT / "main.py"), "totp", username, "--data-dir", str(self._data_dir)]
        done = subprocess.run(asked, capture_output=True, text=True, check=True, env=_environment())
        return done.stdout.strip()


def take_all(guide: Guide) -> None:
    """Every state, in the order of the guide."""
    page = guide.sign_in("reviewer")
    guide.take(page, "queue")
    guide.take(page, "queue-row", "ArrowDown", "ArrowDown")
    _find(page, TOLD)
    guide.take(page, "review")
    guide.take(page, "keys", "?")
    page.keyboard.press("Escape")
    guide.take(page, "unanswered", "a", "Control+Enter")
    page.keyboard.press("Escape")
    guide.take(page, "flag-answered", "y")
    guide.take(page, "flag-dismissed", "k")
    page.keyboard.type("The customer was called")
    page.keyboard.press("Enter")
    page.wait_for_timeout(_SETTLED_MS)
    page.keyboard.press("Escape")
    guide.take(page, "return", "r")
    guide.take(page, "liability", "1")
    guide.take(page, "hold", "h")
    guide.take(page, "escalate", "e")
    page.keyboard.press("Escape")
    guide.take(page, "ask", "i")
    page.keyboard.press("Escape")
    guide.take(page, "both-sides", "b")
    page.keyboard.press("f")
    guide.take(page, "loupe", "l")
    page.keyboard.press("l")
    guide.take(page, "adjust", "d")
    page.keyboard.press("d")
    guide.take(page, "region", "Shift+5")
    guide.take(page, "compare", "c")
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    guide.take(page, "timeline", "Shift+T")
    page.keyboard.press("Shift+T")
    _pay(page)
    guide.take(page, "undo")
    page.keyboard.press("u")
    guide.take(page, "undone")
    _pay(page)
    page.wait_for_timeout(9_500)
    guide.take(page, "compare-difference", "c", ".", "Shift+D")
    approver = guide.sign_in("approver")
    guide.open(approver, "/approvals")
    guide.take(approver, "approvals")
    approver.keyboard.press("s")
    approver.wait_for_url("**/review/**")
    guide.take(approver, "second-signature")
    dark = guide.sign_in("supervisor", dark=True)
    guide.take(dark, "queue-dark")
    _review(dark)
    guide.take(dark, "review-dark")


def _find(page: Page, amount: str) -> None:
    """Open the check of this amount."""
    page.keyboard.press("/")
    page.keyboard.type(amount)
    page.wait_for_function("document.querySelectorAll('tr[data-row]').length === 1")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/review/**")
    page.wait_for_selector(".crc-viewer img")


def _review(page: Page) -> None:
    page.keyboard.press("s")
    page.wait_for_url("**/review/**")
    page.wait_for_selector(".crc-viewer img")


def _pay(page: Page) -> None:
    """Answer every flag that is left, and pay."""
    for _ in range(8):
        page.keyboard.press("t")
        page.wait_for_timeout(300)
    page.keyboard.press("a")
    page.wait_for_timeout(300)
    page.keyboard.press("Control+Enter")


@contextmanager
def demo_bank() -> Iterator[tuple[str, Path]]:
    """A demo bank of its own; its address and folder."""
    with tempfile.TemporaryDirectory(prefix="check-review-guide-") as folder:
        port = free_port()
        command = [sys.executable, str(ROOT / "main.py"), "up", "--data-dir", folder, "--port", str(port)]
        log = Path(folder) / "up.log"
        with log.open("wb") as out:
            process = subprocess.Popen(command, cwd=ROOT, env=_environment(), stdout=out, stderr=subprocess.STDOUT)
        try:
            _await(lambda: b"Sign in as" in log.read_bytes())
            yield f"http://127.0.0.1:{port}", Path(folder)
        finally:
            process.terminate()
            process.wait(timeout=60)


def _await(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _UP_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "the demo bank did not come up"
        time.sleep(0.5)


def _environment() -> dict[str, str]:
    # In the environment at hand, whatever the lists say of another.
    return os.environ | {"CRC_BOOTSTRAP": "off"}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with demo_bank() as (origin, data_dir), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        take_all(Guide(origin, data_dir, folder, browser))
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
