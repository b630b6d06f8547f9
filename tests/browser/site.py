"""The console as a process of its own, with people who sign in to it in a real browser.

``with Site.serving(console, tmp_path) as site:`` starts `main.py serve` on the database of the test;
``site.sign_in(page, bank.reviewer, "/queue")`` signs in with password and TOTP code and opens that path.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg
from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, expect

from console.access import people, totp
from console.actor import Actor
from console.settings import Settings
from db.engine import transaction
from tests import warm
from tests.factories import PASSWORD, Bank, make_bank
from tests.kept import in_a_thread as in_a_thread
from tests.ports import free_port

ROOT: Final = Path(__file__).parents[2]
CHROMIUM: Final = os.environ.get("CRC_CHROMIUM") or "/usr/bin/chromium"
# Ours stands in place of the same switch of Playwright's, so what that turns off for every page is here again. The last
# are about the address line, of which nobody sees anything: half of what a new window costs.
_TURNED_OFF: Final = (
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled",
    "PreconnectToSearch", "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup",
)  # fmt: skip
ARGUMENTS: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", f"--disable-features={','.join(_TURNED_OFF)}",
)  # fmt: skip
# What a test opens lives for a moment: its browser keeps what it has compiled, compiles nothing a second time to run
# faster, and seldom looks for what it may forget. Not for tests/ui, where pages compute images, nor for benches.
BRIEF: Final = (*ARGUMENTS, "--js-flags=--min-semi-space-size=16 --no-flush-bytecode --no-opt --no-maglev")
SECRET: Final = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
START_SECONDS: Final = 40
# How long tests wait for what is to come: a machine that is busy with other tests may take its time, and what comes
# costs nothing of it.
PATIENCE_MS: Final = 20_000
# A page that is asked to go away does so at once, or something else has come in between.
_LEAVING_MS: Final = 3_000
# So long may it take from a code's choice until the server looks at it.
_ON_ITS_WAY: Final = timedelta(seconds=15)
# What a page may say without anything being wrong: the browser's own remark on a refused answer.
_NOT_FAULTS: Final = ("Failed to load resource",)
# A page that is left while it loads a component says so on its way out. One that cannot be loaded at all is missed by
# whatever looks for it.
_ON_THE_WAY_OUT: Final = "Failed to fetch dynamically imported module"


async def make_enrolled_bank() -> Bank:
    """A bank whose people can all sign in."""
    bank = await make_bank()
    await enrol(bank)
    return bank


async def enrol(bank: Bank) -> None:
    """Give everybody of the bank a confirmed second factor with SECRET."""
    everybody = (bank.reviewer, bank.second_reviewer, bank.approver, bank.supervisor, bank.administrator, bank.auditor)
    for person in everybody:
        await enrol_person(person)


async def enrol_person(person: Actor) -> None:
    """Give one person a confirmed second factor with SECRET."""
    assert person.user_id is not None
    async with transaction(person) as session:
        assert await people.set_totp(session, person.user_id, SECRET)
        assert await people.confirm_totp(session, person.user_id)


@dataclass
class Site:
    """A running console. `origin` is its address; `log` is where its output goes."""

    origin: str
    process: warm.WarmProcess
    log: Path
    _last_step: dict[str, int] = field(default_factory=dict)
    _sessions: dict[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def serving(
        cls, settings: Settings, folder: Path, environ: dict[str, str] | None = None, *, port: int | None = None
    ) -> Iterator[Site]:
        """`main.py serve` on these settings' services until the end of the block. `environ` adds settings, `port` is
        for who must know it before.

        Use it outside of `run`: the process opens everything by itself.
        """
        port = port or _usual_port()
        origin = f"http://127.0.0.1:{port}"
        log = folder / f"site-{port}.log"
        given = _environment(settings) | {"PUBLIC_ORIGIN": origin} | (environ or {})
        with log.open("wb") as out:
            process = warm.start(["serve", "--port", str(port)], given, stdout=out.fileno(), stderr=out.fileno())
        site = cls(origin, process, log)
        try:
            site._wait_until_up()
            yield site
        finally:
            process.terminate()
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def sign_in(self, page: Page, person: Actor | str, path: str = "/", *, connected: bool = True) -> None:
        """Sign in through the forms and end up at `path`, connected. `person` is an actor or a username.

        `connected=False` where the path answers with a plain page.
        """
        username = person if isinstance(person, str) else _username(person)
        page.goto(f"{self.origin}/sign-in?next={path}")
        page.locator("input[name=username]").fill(username)
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("button[type=submit]").click()
        page.locator("input[name=code]").fill(self.code(username))
        page.get_by_role("button", name="Sign in", exact=True).click()
        if connected:
            page.wait_for_url(past_sign_in, timeout=PATIENCE_MS)
            page.wait_for_function("window.did_handshake", timeout=PATIENCE_MS)

    def join(self, page: Page, person: Actor, path: str = "/", *, connected: bool = True) -> None:
        """As `sign_in`, but this person's session of before goes on where there is one.

        A code works once, and there are three in a minute and a half: tests that do not test the sign-in share one.
        """
        username = _username(person)
        if kept := self._sessions.get(username):
            page.context.add_cookies([{"name": kept[0], "value": kept[1], "url": self.origin}])
            page.goto(self.origin + path)
            if connected:
                page.wait_for_url(past_sign_in, timeout=PATIENCE_MS)
                page.wait_for_function("window.did_handshake", timeout=PATIENCE_MS)
            return
        self.sign_in(page, person, path, connected=connected)
        cookie = next(one for one in page.context.cookies() if "session" in one.get("name", ""))
        self._sessions[username] = (cookie["name"], cookie["value"])

    def open(self, page: Page, path: str) -> None:
        """Open a path in a browser that is signed in, and wait until the page is connected."""
        page.goto(self.origin + path)
        page.wait_for_url(past_sign_in, timeout=PATIENCE_MS)
        page.wait_for_function("window.did_handshake", timeout=PATIENCE_MS)

    def code(self, username: str) -> str:
        """A code that this person has not used: each works once, those of the steps beside now work too."""
        # One that the server still takes when it comes to it.
        first = totp.step_at(datetime.now(UTC) + _ON_ITS_WAY) - totp.TOLERATED_STEPS
        step = max(self._last_step.get(username, 0) + 1, first)
        while step > totp.step_at(datetime.now(UTC)) + totp.TOLERATED_STEPS:
            time.sleep(0.5)
        self._last_step[username] = step
        return totp.code_at(SECRET, datetime.fromtimestamp(step * totp.STEP_SECONDS, UTC))

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"the console ended by itself:\n{self.log.read_text()[-4000:]}"
            try:
                with urllib.request.urlopen(f"{self.origin}/health", timeout=5):
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"the console did not come up:\n{self.log.read_text()[-4000:]}")


def _expected(said: str) -> bool:
    return said.startswith(_NOT_FAULTS) or _ON_THE_WAY_OUT in said


def watch(page: Page) -> list[str]:
    """Everything that goes wrong in this page from now on: errors, warnings, refused by the content policy."""
    faults: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not _expected(message.text):
            faults.append(message.text)

    def broke(error: Error) -> None:
        if not _expected(str(error)):
            faults.append(str(error))

    page.on("console", said)
    page.on("pageerror", broke)
    return faults


def new_page(context: BrowserContext, *, width: int = 1440, height: int = 900) -> tuple[Page, list[str]]:
    """A page of this size, and the list of what goes wrong in it."""
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": height})
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    return page, watch(page)


def leave(page: Page) -> None:
    """Show nothing in this page. One that leaves by itself keeps its process, and in it what was compiled: the next
    page from the same machine costs three fifths of what it costs in a new process."""
    if urlsplit(page.url).scheme == "http":
        # What is loaded just now may come in between; then the browser is told to.
        with suppress(Error):
            page.evaluate("setTimeout(() => location.replace('about:blank'))")
            page.wait_for_url("about:blank", timeout=_LEAVING_MS)
    if page.url != "about:blank":
        page.goto("about:blank")


def _username(person: Actor) -> str:
    # Factories name people after their usernames.
    return person.name.lower().replace(" ", "_")


def _environment(settings: Settings) -> dict[str, str]:
    """The test's environment, which holds its settings, without what tells NiceGUI that it runs in a test."""
    assert settings.secret_key.get_secret_value() == os.environ.get("SECRET_KEY"), "use the `console` fixture"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    # Tests sign in more often than people do.
    kept.setdefault("SIGN_IN_LIMIT_PER_MINUTE", "1000")
    return {**kept, "PYTHONPATH": str(ROOT), "ENVIRONMENT": "development"}


def _usual_port() -> int:
    """The same port each time where it is free, so that a browser's scripts are those of the last site."""
    usual = _first_port()
    with socket.socket() as trial:
        # As servers do: connections of the site before may linger.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", usual))
        except OSError:
            return free_port()
    return usual


@lru_cache(maxsize=1)
def _first_port() -> int:
    return free_port()


def until(read: Callable[[], Any], wanted: Any) -> None:
    """Wait until what is read beside the page, in the database above all, is this: it follows what the page shows."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while (found := read()) != wanted:
        assert time.monotonic() < deadline, f"{found!r}, and not {wanted!r}"
        time.sleep(0.05)


def past_sign_in(url: str) -> bool:
    """Whether the sign-in is over. Its own pages forbid the evaluation of text, with which playwright waits."""
    return not urlsplit(url).path.startswith("/sign-in")


def empty_tables(superuser_url: str, tables: str) -> None:
    """Truncate these tables past the guards of what is append-only. Pages that are still open read them: where the two
    wait for each other, PostgreSQL ends one of them, and it is tried again."""
    for last in (False, False, False, True):
        try:
            with psycopg.connect(superuser_url) as connection:
                connection.execute("set session_replication_role = replica")
                connection.execute(f"truncate {tables} restart identity cascade")
            return
        except psycopg.errors.DeadlockDetected:
            if last:
                raise
