"""A NiceGUI page behind the gate and the content security policy, in Chromium."""

from __future__ import annotations

import json
import os
import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest
import redis
from playwright.sync_api import Browser, Page, sync_playwright
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from console.access import session_store
from tests import warm
from tests.browser.site import BRIEF, CHROMIUM, PATIENCE_MS
from tests.conftest import environ_on
from tests.ports import free_port

PATIENCE = PATIENCE_MS / 1000


@dataclass
class Site:
    origin: str
    redis_url: str
    tokens: list[str]


@pytest.fixture(scope="module")
def served(module_database) -> Iterator[Site]:  # type: ignore[no-untyped-def]
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    environment = {**os.environ, **environ_on(module_database.endpoints), "PUBLIC_ORIGIN": origin}
    ours, theirs = os.pipe()
    with os.fdopen(ours) as said:
        process = warm.start([str(port)], environment, module="tests.edge.page_server", stdout=theirs, stderr=2)
        os.close(theirs)
        try:
            line = said.readline()
            assert line.startswith("["), "the page server did not come up"
            yield Site(origin, module_database.endpoints.redis_url, json.loads(line))
        finally:
            process.terminate()
            process.wait(timeout=40)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(BRIEF))
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


def test_when_the_session_ends_the_open_page_can_do_nothing_more(
    served: Site, open_page: Callable[[str, str], Page]
) -> None:
    token = served.tokens[2]
    page = open_page(token, "/page?text=1")
    page.wait_for_function("window.did_handshake")
    before = log(served, token)
    with redis.Redis.from_url(served.redis_url) as client:
        client.delete(session_store.key(token))
    # Without waiting for it: the page may have been left already, by itself.
    page.evaluate("[...document.querySelectorAll('button')].find(one => /do it/i.test(one.innerText))?.click()")
    # The browser is led to the sign-in, and knows where it was.
    page.wait_for_url(re.compile(r"/sign-in\?"), timeout=PATIENCE_MS)
    assert parse_qs(urlsplit(page.url).query) == {"next": ["/page?text=1"], "reason": ["ended"]}
    page.get_by_text("Your session has ended").wait_for()
    assert log(served, served.tokens[1]) == before


def test_a_replayed_message_works_for_its_own_session_alone(
    served: Site, open_page: Callable[[str, str], Page]
) -> None:
    page, frames = open_page(served.tokens[0], "/clicks"), []
    page.on("websocket", lambda opened: opened.on("framesent", lambda frame: frames.append(frame)))
    page.goto(served.origin + "/page")
    page.wait_for_function("window.did_handshake")
    event = click(served, served.tokens[0], page, frames)
    before = log(served, served.tokens[0])["clicks"]
    assert answer_to(served, served.tokens[1], event) == 4403
    assert log(served, served.tokens[0])["clicks"] == before
    # Within one session NiceGUI takes it from any socket: so it is the gate that kept the other out.
    with open_socket(served, served.tokens[0], served.origin) as own:
        greet(own)
        own.send(event)
        page.get_by_text(f"clicks {len(before) + 1}", exact=True).wait_for()
        with pytest.raises(TimeoutError):
            own.recv(timeout=0.1)
    assert len(log(served, served.tokens[0])["clicks"]) == len(before) + 1


def test_pages_close_when_the_session_ends_elsewhere_and_no_replayed_message_is_acted_on(
    served: Site, open_page: Callable[[str, str], Page]
) -> None:
    token, witness = served.tokens[3], served.tokens[1]
    frames: list[str] = []
    # Two browsers of one session; nothing is clicked after it ends.
    first, second = open_page(token, "/clicks"), open_page(token, "/page?text=2")
    first.on("websocket", lambda opened: opened.on("framesent", lambda frame: frames.append(frame)))
    first.goto(served.origin + "/page")
    for page in (first, second):
        page.wait_for_function("window.did_handshake")
    event = click(served, token, first, frames)
    with open_socket(served, token, served.origin) as idle:
        greet(idle)
        before = log(served, witness)
        with redis.Redis.from_url(served.redis_url) as client:
            client.delete(session_store.key(token))
        ended = time.monotonic()
        for page in (first, second):
            page.wait_for_url(re.compile(r"/sign-in\?"), timeout=15_000)
            page.get_by_text("you are signed out").wait_for()
        assert time.monotonic() - ended < 15
        # The message of before, in a socket that was open all the time, in a new one, and in somebody else's.
        idle.send(event)
        with pytest.raises(ConnectionClosed):
            idle.recv(timeout=PATIENCE)
        assert idle.close_code == 4401
    with open_socket(served, token, served.origin) as late, pytest.raises(ConnectionClosed):
        late.send(event)
        while True:
            late.recv(timeout=PATIENCE)
    assert answer_to(served, witness, event) == 4403
    assert log(served, witness) == before


def test_a_socket_without_cookie_or_from_elsewhere_is_refused(served: Site) -> None:
    for origin, token in (("https://evil.example", served.tokens[0]), (None, served.tokens[0])):
        with pytest.raises(InvalidStatus) as refused:
            open_socket(served, token, origin).close()
        assert refused.value.response.status_code == 403
    with open_socket(served, "", served.origin) as anonymous:
        assert anonymous.recv(timeout=PATIENCE).startswith("0{")
        assert "handshake failed" in anonymous.recv(timeout=PATIENCE)
        with pytest.raises(ConnectionClosed):
            anonymous.recv(timeout=PATIENCE)
        assert anonymous.close_code == 4401


def open_socket(served: Site, token: str, origin: str | None) -> ClientConnection:
    headers = {"Cookie": f"console_session={token}"} if token else {}
    address = served.origin.replace("http", "ws", 1) + "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    return connect(address, origin=origin, additional_headers=headers)


def click(served: Site, token: str, page: Page, frames: list[str]) -> str:
    """Press the page's button; its message, once the page's own code was called."""
    count = len(log(served, token)["clicks"])
    page.get_by_role("button", name="Do it").click()
    page.get_by_text(f"clicks {count + 1}", exact=True).wait_for()
    (event,) = [frame for frame in frames if isinstance(frame, str) and frame.startswith('42["event"')]
    return event


def greet(socket: ClientConnection) -> None:
    """What a page's socket says and hears before its first event."""
    socket.recv(timeout=PATIENCE)
    socket.send("40")
    socket.recv(timeout=PATIENCE)


def answer_to(served: Site, token: str, event: str) -> int | None:
    """The code with which a socket of this session is closed over an event."""
    with open_socket(served, token, served.origin) as own:
        greet(own)
        own.send(event)
        with pytest.raises(ConnectionClosed):
            own.recv(timeout=PATIENCE)
        return own.close_code


def log(served: Site, token: str) -> dict[str, list[str]]:
    """What the page's own code was called with so far."""
    request = urllib.request.Request(f"{served.origin}/log", headers={"Cookie": f"console_session={token}"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)
