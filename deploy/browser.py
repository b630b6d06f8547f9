"""The Chromium the browser tests drive: found on this machine, else installed. Standard library only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

HEADLESS = "chromium-headless-shell"
"""Chromium without the windows that nobody sees: what Playwright too runs where it may choose. A page costs a third
less in it."""
SYSTEM_NAMES = (HEADLESS, "chromium", "chromium-browser", "google-chrome")
"""Names under which systems install it."""
APT_SECONDS = 90
"""So long may the package take where another browser is here already."""

_PLAYWRIGHT_PATH = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""


class BrowserNotFoundError(Exception):
    """No browser here and none could be installed; the message says what to do."""


def find_or_install_browser(say: Callable[[str], None], *, headless: bool = False, lighter: bool = False) -> Path:
    """Path of a Chromium: ``CRC_CHROMIUM``, the system's, playwright's own, else installed.

    Must run in the environment with the test extras. Installing tries playwright's download, then, as root
    on Debian, the package. `headless`: one without windows will do, and comes first; what is measured is
    measured in the browser that people have. `lighter`: it is worth installing beside another, as for the whole suite.

    Raises:
        BrowserNotFoundError: none of these gave one, or ``CRC_CHROMIUM`` names no program.
    """
    if lighter and not os.environ.get("CRC_CHROMIUM") and not shutil.which(HEADLESS):
        _install_with_apt(HEADLESS, say)
    found = find_browser(headless=headless) or _playwright_browser()
    if found:
        return found
    say("Installing Chromium for the browser tests …")
    for install in (_install_with_playwright, partial(_install_with_apt, "chromium", say)):
        install()
        found = find_browser(headless=headless) or _playwright_browser()
        if found:
            return found
    raise BrowserNotFoundError("no Chromium found or installable; install one and name it in CRC_CHROMIUM.")


def find_browser(*, headless: bool = True) -> Path | None:
    """The browser named by ``CRC_CHROMIUM`` or installed by the system, None where there is neither."""
    named = os.environ.get("CRC_CHROMIUM")
    if named:
        program = shutil.which(named)
        if program is None:
            raise BrowserNotFoundError(f"CRC_CHROMIUM names {named}, which is not a program.")
        return Path(program)
    programs = (shutil.which(name) for name in SYSTEM_NAMES if headless or name != HEADLESS)
    return next((Path(program) for program in programs if program), None)


def _playwright_browser() -> Path | None:
    result = subprocess.run([sys.executable, "-c", _PLAYWRIGHT_PATH], capture_output=True, text=True)
    path = Path(result.stdout.strip())
    return path if result.returncode == 0 and path.is_file() else None


def _install_with_playwright() -> None:
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], stdout=sys.stderr.fileno())


def _install_with_apt(package: str, say: Callable[[str], None]) -> None:
    """As root on Debian; elsewhere nothing. Where it cannot be had, whoever looks for it next says so."""
    if os.geteuid() != 0 or not Path("/etc/debian_version").exists() or not shutil.which("apt-get"):
        return
    say(f"Installing {package} …")
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    # Without its own lists of packages the machine knows of none.
    command = ["apt-get", "-o", "Acquire::http::Timeout=15", "-o", "Acquire::Retries=1"]
    limit = APT_SECONDS if package == HEADLESS else None
    for step in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", package]):
        with suppress(subprocess.TimeoutExpired):
            done = subprocess.run([*command, *step], env=environ, stdout=sys.stderr.fileno(), timeout=limit)
            if done.returncode != 0:
                return
