"""kill -9 of the web process while somebody decides: either nothing is there or everything, and what they typed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright
from sqlalchemy import func, select

from console.review.committing import commit_due
from console.review.drafts import read_draft
from console.settings import Settings
from db.engine import transaction
from db.models import AuditEntry, CheckItem, Decision, Evidence, ItemDraft, PendingDecision
from tests.bank_copies import SUPERUSER_URL
from tests.browser.site import BRIEF, CHROMIUM, Site, make_enrolled_bank, until
from tests.factories import Bank, import_items, item_ids, set_thresholds, x9_item
from tests.kept import afresh

Run = Callable[[Coroutine[Any, Any, Any]], Any]
# Checks drawn on another bank carry no flag.
TRANSIT = "061000146"


@pytest.fixture
def run(console: Settings) -> Run:
    return afresh(console)  # `kill` waits until nobody is connected


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(BRIEF))
        context = chromium.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(30_000)
        expect.set_options(timeout=20_000)
        yield context.new_page()
        chromium.close()


async def bank_with_checks(folder: Path, undo_seconds: int) -> tuple[Bank, list[UUID]]:
    """Three checks of 208.00, 300.00 and 400.00, the first the most urgent."""
    bank = await make_enrolled_bank()
    await set_thresholds(bank, undo_seconds=undo_seconds)
    amounts = ("208.00", "300.00", "400.00")
    await import_items(bank, folder, [x9_item(n, amount, TRANSIT) for n, amount in enumerate(amounts, start=1)])
    items = await item_ids(bank)
    await space_out(bank, items)
    return bank, items


async def space_out(bank: Bank, items: list[UUID]) -> None:
    """A new policy, like a file, makes all of them due at one moment; here each is due before the next."""
    async with transaction(bank.system) as session:
        due = (await session.get_one(CheckItem, items[0])).sla_due_at
        for place, item_id in enumerate(items):
            item = await session.get_one(CheckItem, item_id)
            item.sla_due_at = due + place * (due - item.sla_warning_at) / 100
            item.version += 1


async def written(bank: Bank) -> tuple[int, ...]:
    """How many rows there are of decisions, evidence, waiting decisions and drafts."""
    async with transaction(bank.system) as session:
        counts = [select(func.count()).select_from(one) for one in (Decision, Evidence, PendingDecision, ItemDraft)]
        return tuple([(await session.execute(one)).scalar_one() for one in counts])


async def status_of(bank: Bank, item: UUID) -> str:
    async with transaction(bank.system) as session:
        return (await session.get_one(CheckItem, item)).status


def let_time_pass() -> None:
    """The time to take back what waits is over."""
    with psycopg.connect(os.environ[SUPERUSER_URL]) as connection:
        connection.execute("update pending_decision set commit_at = now()")


def let_time_stand() -> None:
    """All of the time to take back what waits is still there, however long a process took to come up."""
    with psycopg.connect(os.environ[SUPERUSER_URL]) as connection:
        connection.execute("update pending_decision set commit_at = now() + interval '1 minute'")


def amount_on(page: Page, amount: str) -> None:
    expect(page.locator(".crc-amount")).to_have_text(f"${amount}")


async def note_of(bank: Bank, item: UUID) -> str | None:
    """What the reviewer's draft of a check says."""
    draft = await read_draft(bank.reviewer, item)
    return draft.note if draft else None


async def turns_of(bank: Bank, item: UUID) -> int:
    """How many quarter turns the reviewer's draft of a check has given its back."""
    draft = await read_draft(bank.reviewer, item)
    turns: int = draft.viewer.get("back", {}).get("turn", 0) if draft else 0
    return turns


# Where a picture lies on the screen, and how.
LIES = "picture => getComputedStyle(picture).transform"


def back(page: Page) -> Locator:
    return page.locator(".crc-pane[data-side=back] .crc-stage > :not([hidden])")


def kill(site: Site) -> None:
    """With kill -9, and wait until the database has ended what the process had begun there."""
    os.kill(site.process.pid, signal.SIGKILL)
    site.process.wait()
    others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    with psycopg.connect(os.environ[SUPERUSER_URL], autocommit=True) as connection:
        until(lambda: connection.execute(f"{others} and backend_type = 'client backend'").fetchone(), (0,))


def test_between_submit_and_commit(console: Settings, page: Page, run: Run, tmp_path: Path) -> None:
    """What was typed is there after it, what was submitted can be taken back, or is committed by a worker."""
    bank, items = run(bank_with_checks(tmp_path, undo_seconds=60))
    first, second, _ = items
    with Site.serving(console, tmp_path) as site:
        site.sign_in(page, bank.reviewer, f"/review/{first}")
        amount_on(page, "208.00")
        page.keyboard.press("j")
        page.keyboard.type("no signature")
        page.keyboard.press("Control+Enter")
        amount_on(page, "300.00")
        page.keyboard.press("Shift+N")
        page.keyboard.type("half a thought")
        until(lambda: run(note_of(bank, second)), "half a thought")
        page.keyboard.press("Escape")
        page.keyboard.press("Space")
        expect(back(page)).to_be_visible()
        page.keyboard.press("]")
        until(lambda: run(turns_of(bank, second)), 1)
        lay = back(page).evaluate(LIES)
        kill(site)
    assert run(written(bank))[:3] == (0, 0, 1)
    page.goto("about:blank")
    with Site.serving(console, tmp_path) as site:  # another one comes up
        let_time_stand()
        site.open(page, f"/review/{second}")
        amount_on(page, "300.00")
        expect(page.get_by_text("Draft restored")).to_be_visible()
        expect(page.get_by_label("Note")).to_have_value("half a thought")
        expect(back(page)).to_be_visible()
        until(lambda: back(page).evaluate(LIES), lay)
        page.keyboard.press("u")
        amount_on(page, "208.00")
        expect(page.get_by_label("Note")).to_have_value("no signature")
        expect(page.locator("button[data-action=submit]")).to_contain_text("Reject 208.00")
        page.keyboard.press("Control+Enter")
        amount_on(page, "300.00")
        kill(site)
    page.goto("about:blank")
    assert run(written(bank))[:3] == (0, 0, 1)
    let_time_pass()
    assert run(commit_due(bank.institution_id)) == 1  # what the workers' job does
    assert run(written(bank))[:3] == (1, 1, 0)
    assert run(status_of(bank, first)) == "rejected"


def test_right_after_the_commit(console: Settings, page: Page, run: Run, tmp_path: Path) -> None:
    """With no time to take anything back the commit is under way when the process dies: it is whole, or it is not."""
    bank, (first, *_) = run(bank_with_checks(tmp_path, undo_seconds=0))
    with Site.serving(console, tmp_path) as site:
        site.sign_in(page, bank.reviewer, f"/review/{first}")
        amount_on(page, "208.00")
        page.keyboard.press("j")
        page.keyboard.type("no signature")
        expect(page.locator("button[data-action=submit]")).to_contain_text("Reject 208.00")
        until(lambda: run(note_of(bank, first)), "no signature")
        page.keyboard.press("Control+Enter")
        page.wait_for_timeout(30)
        kill(site)
    decisions, evidence, waiting, drafts = run(written(bank))
    assert (evidence, waiting) == (decisions, 0)

    async def audited() -> int:
        query = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "item.decided")
        async with transaction(bank.system) as session:
            return (await session.execute(query)).scalar_one()

    assert run(audited()) == decisions
    assert run(status_of(bank, first)) == ("rejected" if decisions else "in_review")
    if not decisions:
        assert drafts == 1
        draft = run(read_draft(bank.reviewer, first))
        assert draft is not None and draft.note == "no signature"
