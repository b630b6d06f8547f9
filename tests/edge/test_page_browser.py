"""A NiceGUI page behind the gate and the content security policy, in Chromium."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = os.environ.get("CRC_CHROMIUM") or "/usr/bin/chromium"


@dataclass
class Site:
    origin: str
    redis_url: str
    tokens: list[str]


@pytest.fixture(scope="module")
def served(module_database) -> Iterator[Site]:  # type: ignore[no-untyped-def]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    origin = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ, **module_database.endpoints.environ(), "SECRET_KEY": secrets.token_hex(48),
        "ARGON2_MEMORY_KIB": "8192", "PUBLIC_ORIGIN": origin, "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.edge.page_server", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()  # type: ignore[union-attr]
        assert line.startswith("["), "the page server did not come up"
        yield Site(origin, module_database.endpoints.redis_url, __import__("json").loads(line))
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def open_page(served: Site, chromium: Browser) -> Iterator[Callable[[str, str], Page]]:
    contexts = []

    def open_(token: str, path: str) -> Page:
        context = chromium.new_context()
        contexts.append(context)
        if token:
            context.add_cookies([{"name": "console_session", "value": token, "url": served.origin}])
        page = context.new_page()
        page.faults = []  # type: ignore[attr-defined]
        page.on("console", lambda message: message.type in {"error", "warning"} and page.faults.append(message.text))
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.goto(served.origin + path)
        return page

    yield open_
    for context in contexts:
        context.close()


def test_a_page_runs_under_the_policy(served: Site, open_page: Callable[[str, str], Page]) -> None:
    page = open_page(served.tokens[0], "/page")
    page.wait_for_function("window.did_handshake")
    page.get_by_role("button", name="Do it").click()
    page.get_by_text("clicks 1").wait_for()
    page.get_by_label("Choice").click()
    page.get_by_role("option", name="two").click()
    page.get_by_label("Note").fill("text")
    assert page.faults == []
    assert page.evaluate("window.smuggled") is None
    assert page.evaluate("getComputedStyle(document.body).fontFamily") != ""
    # A script that got into the page all the same has no nonce, so it does not run.
    page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.smuggled = 2';"
        " document.body.append(s); }"
    )
    assert page.evaluate("window.smuggled") is None
    assert any("Content Security Policy" in fault for fault in page.faults)
