"""Told to stop: load balancers first, then people, then what runs; nothing typed is lost and nobody signed out."""

from __future__ import annotations

import asyncio
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from console.settings import Settings
from jobs.schedule import Job
from jobs.worker import run_worker
from tests.browser.site import BRIEF, CHROMIUM, Site, in_a_thread, make_enrolled_bank, until
from tests.factories import import_items, item_ids, set_thresholds, x9_item
from tests.operations.scraping import Scraped, scraped_when
from tests.ports import free_port

TRANSIT = "061000146"
# Long enough for all that is looked at meanwhile, on a machine that is busy with other tests.
DRAIN_SECONDS = 8


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(BRIEF))
        context = chromium.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(20_000)
        expect.set_options(timeout=20_000)
        yield context.new_page()
        chromium.close()


def status_of(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def done(found: Scraped) -> float:
    """How many events of the review page are over."""
    return found.sum("crc_page_event_seconds_count", area="review", outcome="done")


def test_a_site_that_is_told_to_stop_sends_people_elsewhere(console: Settings, page: Page, tmp_path: Path) -> None:
    run = in_a_thread(console)

    async def prepare() -> Any:
        bank = await make_enrolled_bank()
        await import_items(bank, tmp_path, [x9_item(n, "208.00", TRANSIT) for n in (1, 2)])
        await set_thresholds(bank, undo_seconds=0)
        return bank, await item_ids(bank)

    bank, (first, _) = run(prepare())
    port, metrics = free_port(), free_port()
    environ = {"DRAIN_SECONDS": str(DRAIN_SECONDS), "METRICS_PORT": str(metrics)}
    with Site.serving(console, tmp_path, environ, port=port) as site:
        site.sign_in(page, bank.reviewer, f"/review/{first}")
        page.keyboard.press("j")
        page.keyboard.type("no signature")
        expect(page.locator("button[data-action=submit]")).to_contain_text("Reject 208.00")
        page.keyboard.press("Control+Enter")
        page.wait_for_url(lambda url: str(first) not in url)
        # What was done is in the figures, and which check it was is not.
        found = scraped_when(metrics, lambda one: "crc_decisions_total" in one.names and done(one) >= 2)
        assert found.sum("crc_decisions_total", action="reject", stage="decision") == 1
        assert found.sum("crc_websocket_clients") == 1
        assert found.sum("crc_page_event_seconds_count", outcome="failed") == 0
        assert found.sum("crc_http_requests_total", route="/review/{item_id}", status="2xx") >= 1
        assert str(first) not in found.text
        assert found.sum("crc_active_sessions") == 1

        page.keyboard.press("Shift+N")
        page.keyboard.type("half a thought")
        began = time.monotonic()
        site.process._signal(signal.SIGTERM)
        # Nobody new is wanted, and everybody is still served.
        until(lambda: status_of(f"{site.origin}/health"), 503)
        assert status_of(f"{site.origin}/health/ready") == 503
        assert status_of(f"{site.origin}/health/live") == status_of(f"{site.origin}/sign-in") == 200
        page.keyboard.type(", and the rest")
        site.process.wait(timeout=60)
        assert DRAIN_SECONDS <= time.monotonic() - began < DRAIN_SECONDS + 40
        expect(page.get_by_label("Note")).to_have_value("half a thought, and the rest")
    with Site.serving(console, tmp_path, environ, port=port):
        # The page comes back by itself: signed in, with what was typed.
        expect(page.get_by_text("Draft restored")).to_be_visible()
        expect(page.get_by_label("Note")).to_have_value("half a thought, and the rest")
    with Site.serving(console, tmp_path, {"DRAIN_SECONDS": "0"}, port=port) as site:
        began = time.monotonic()
        site.process.terminate()
        site.process.wait(timeout=60)
        assert time.monotonic() - began < DRAIN_SECONDS


@pytest.mark.parametrize(("grace", "takes", "ends"), [(1, 60, "cancelled"), (60, 1, "done")])
def test_a_worker_waits_for_its_runs_as_long_as_the_setting_says(
    console: Settings, grace: int, takes: int, ends: str
) -> None:
    became: list[str] = []

    async def story() -> None:
        begun = asyncio.Event()

        async def long() -> int:
            begun.set()
            try:
                await asyncio.sleep(takes)
            except asyncio.CancelledError:
                became.append("cancelled")
                raise
            became.append("done")
            return 1

        current = console.model_copy(update={"grace_seconds": grace})
        running = asyncio.create_task(run_worker(current, [Job("long", timedelta(days=1), long)]))
        async with asyncio.timeout(60):
            await begun.wait()
        signal.raise_signal(signal.SIGTERM)
        await running

    asyncio.run(story())
    assert became == [ends]
