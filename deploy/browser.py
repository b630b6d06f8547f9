"""The Chromium the browser tests drive: found on this machine, else installed. Standard library only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome")
"""Names under which systems install it."""

_PLAYWRIGHT_PATH = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""


class BrowserNotFoundError(Exception):
    """No browser here and none could be installed; the message says what to do."""


def find_or_install_browser(say: Callable[[str], None]) -> Path:
    """Path of a Chromium: ``CRC_CHROMIUM``, the system's, playwright's own, else installed.

    Must run in the environment with the test extras. Installing tries playwright's download, then, as root
    on Debian, the package.

    Raises:
        BrowserNotFoundError: none of these gave one, or ``CRC_CHROMIUM`` names no program.
    """
    found = find_browser() or _playwright_browser()
    if found:
        return found
    say("Installing Chromium for the browser tests …")
    for install in (_install_with_playwright, _install_with_apt):
        install()
        found = find_browser() or _playwright_browser()
        if found:
            return found
    raise BrowserNotFoundError("no Chromium found or installable; install one and name it in CRC_CHROMIUM.")


def find_browser() -> Path | None:
    """The browser named by ``CRC_CHROMIUM`` or installed by the system, None where there is neither."""
    named = os.environ.get("CRC_CHROMIUM")
    if named:
        program = shutil.which(named)
        if program is None:
            raise BrowserNotFoundError(f"CRC_CHROMIUM names {named}, which is not a program.")
        return Path(program)
    programs = (shutil.which(name) for name in SYSTEM_NAMES)
    return next((Path(program) for program in programs if program), None)


def _playwright_browser() -> Path | None:
    result = subprocess.run([sys.executable, "-c", _PLAYWRIGHT_PATH], capture_output=True, text=True)
    path = Path(result.stdout.strip())
    return path if result.returncode == 0 and path.is_file() else None


def _install_with_playwright() -> None:
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], stdout=sys.stderr.fileno())


def _install_with_apt() -> None:
    if os.geteuid() != 0 or not Path("/etc/debian_version").exists() or not shutil.which("apt-get"):
        return
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
        subprocess.run(command, env=environ, stdout=sys.stderr.fileno())
