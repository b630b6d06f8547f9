"""The end of a session, and a session service that is away, as people see them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from playwright.sync_api import Page, expect

from console.access import session_store as store
from console.settings import Settings, settings
from tests.access.redis_servers import OwnServer, own_server
from tests.accessibility import violations
from tests.browser.site import Site
from tests.factories import Bank, import_items, item_ids, x9_item

BANNER = "Session service unavailable, your draft is kept"
SIGNED_OUT = re.compile(r"/sign-in\?")


@dataclass
class Ground:
    """A site whose Redis the test may stop and start."""

    site: Site
    server: OwnServer

    def key(self, page: Page) -> str:
        """Where Redis holds the session of this browser."""
        cookies = {str(one.get("name")): str(one.get("value")) for one in page.context.cookies()}
        return store.key(cookies["console_session"])

    @contextmanager
    def redis(self) -> Iterator[redis.Redis]:
        with redis.Redis(port=self.server.port, decode_responses=True) as client:
            yield client

    def last_seen(self, page: Page) -> int:
        with self.redis() as client:
            return int(str(client.hget(self.key(page), "last_seen")))

    def let_pass(self, page: Page, left: timedelta) -> None:
        """Let time pass until the session ends so soon unless it is used."""
        with self.redis() as client:
            seconds, _ = client.time()
            idle = int(str(client.hget(self.key(page), "idle")))
            client.hset(self.key(page), "last_seen", int(seconds * 1000 + left.total_seconds() * 1000) - idle)
            client.pexpire(self.key(page), left)


@pytest.fixture
def ground(console: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    with own_server(tmp_path) as server:
        monkeypatch.setenv("REDIS_URL", server.url)
        settings.cache_clear()
        with Site.serving(settings(), tmp_path) as site:
            yield Ground(site, server)


def test_a_session_s_last_minutes(ground: Ground, bank: Bank, open_browser: Callable[..., Page]) -> None:
    page = open_browser()
    ground.site.sign_in(page, bank.supervisor, "/queue")
    # An open page, its clock, its timers and its heartbeat are no activity.
    ground.let_pass(page, timedelta(minutes=5))
    before = ground.last_seen(page)
    page.wait_for_timeout(3_000)
    assert ground.last_seen(page) == before

    ground.let_pass(page, timedelta(seconds=100))
    dialog = page.get_by_role("alertdialog")
    expect(dialog).to_contain_text("Are you still there?")
    expect(dialog).to_contain_text(re.compile(r"signed out at \d\d:\d\d:\d\d ET"))
    expect(dialog.get_by_role("button", name="Stay signed in")).to_be_focused()
    found = violations(page, {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"]})
    assert [one["id"] for one in found] == []
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    with ground.redis() as client:
        assert timedelta(milliseconds=int(str(client.pttl(ground.key(page))))) > timedelta(minutes=29)

    # Nobody answers: the page is gone when the session is.
    ground.let_pass(page, timedelta(seconds=12))
    expect(dialog).to_be_visible()
    page.wait_for_url(SIGNED_OUT, timeout=30_000)
    expect(page.get_by_text("you are signed out")).to_be_visible()


def test_an_administrator_signs_somebody_out(ground: Ground, bank: Bank, open_browser: Callable[..., Page]) -> None:
    victim, administrator = open_browser(), open_browser()
    ground.site.sign_in(victim, bank.reviewer, "/queue")
    ground.site.sign_in(administrator, bank.administrator, "/sessions")
    own = ground.key(administrator)
    # The last code is too old by now for ending others' sessions.
    with ground.redis() as client:
        client.hset(own, "code_at", 1000)
    old = str(_cookie(administrator))
    administrator.get_by_role("row", name=re.compile("Reviewer")).dblclick()
    administrator.get_by_role("button", name="End session").click()
    administrator.get_by_label("Reason").fill("left open at the branch")
    administrator.get_by_role("button", name="Sign out", exact=True).click()
    administrator.get_by_label("6-digit code").fill(ground.site.code("administrator"))
    administrator.get_by_role("button", name="Confirm").click()
    expect(administrator.get_by_text("is signed out there")).to_be_visible()
    ended = time.monotonic()
    victim.wait_for_url(SIGNED_OUT, timeout=10_000)
    assert time.monotonic() - ended < 10
    expect(victim.get_by_text("an administrator ended your session")).to_be_visible()
    ground.site.sign_in(victim, bank.reviewer, "/queue")
    administrator.get_by_role("button", name="Sign everybody out").click()
    administrator.get_by_label("Reason").fill("a laptop was stolen")
    administrator.get_by_role("dialog").get_by_role("button", name="Sign everybody out").click()
    expect(administrator.get_by_text("One session has ended.")).to_be_visible()
    victim.wait_for_url(SIGNED_OUT, timeout=10_000)
    # The code gave the administrator a new token; the page went on by itself, and the old token is nothing.
    assert _cookie(administrator) != old
    administrator.get_by_role("button", name="Ended").click()
    expect(administrator.get_by_text("by an administrator", exact=True)).to_have_count(2)
    administrator.reload()
    expect(administrator.get_by_role("heading", name="Sessions")).to_be_visible()
    administrator.context.add_cookies([{"name": "console_session", "value": old, "url": ground.site.origin}])
    administrator.goto(ground.site.origin + "/sessions")
    expect(administrator).to_have_url(SIGNED_OUT)


def test_redis_goes_and_comes_back(
    ground: Ground, bank: Bank, run: Callable[[Any], Any], open_browser: Callable[..., Page], tmp_path: Path
) -> None:
    run(import_items(bank, tmp_path, [x9_item(1, "120.00", bank.routing)]))
    (item,) = run(item_ids(bank))
    page, stranger = open_browser(), open_browser()
    ground.site.sign_in(page, bank.reviewer, f"/review/{item}")
    page.evaluate("window.stayed = true")
    note = page.get_by_label("Note")
    note.fill("Written before")

    ground.server.stop()
    banner = page.get_by_role("alert").filter(has_text=BANNER)
    expect(banner).to_be_visible()
    # One goes on typing; nothing else is done.
    note.press("End")
    note.press_sequentially(" and during the outage")
    pay = page.get_by_role("button", name=re.compile("^Pay")).first
    pay.click()
    stranger.goto(ground.site.origin + "/queue")
    expect(stranger).to_have_url(SIGNED_OUT)
    stranger.get_by_label("Username").fill("approver")
    stranger.get_by_label("Password").fill("correct horse battery staple")
    stranger.locator("button[type=submit]").first.click()
    expect(stranger.get_by_text("session service is unavailable")).to_be_visible()
    with_session = page.context.new_page()
    answer = with_session.goto(ground.site.origin + "/queue")
    assert answer is not None and answer.status == 503
    with_session.close()

    ground.server.start()
    expect(banner).to_be_hidden()
    assert page.evaluate("window.stayed") is True  # no reload
    expect(note).to_have_value("Written before and during the outage")
    # What was clicked meanwhile was not kept for later; what is clicked now is done.
    expect(pay).not_to_have_attribute("aria-pressed", "true")
    pay.click()
    expect(pay).to_have_attribute("aria-pressed", "true")
    expect(note).to_have_value("Written before and during the outage")


def _cookie(page: Page) -> str:
    return next(str(one.get("value")) for one in page.context.cookies() if one.get("name") == "console_session")
