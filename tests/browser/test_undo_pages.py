"""Taking a decision back in a real browser; tests/faults/test_web_killed.py kills the console in between."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from console.review.drafts import read_draft
from console.review.evidence import LEAST_VIEWED_MS
from console.settings import Settings
from db.engine import transaction
from db.models import Decision, Evidence, ItemDraft, PendingDecision
from tests.browser.site import PATIENCE_MS, Site, empty_tables, in_a_thread, make_enrolled_bank
from tests.browser.test_review_pages import _space_out, amount_on, look_at, statuses
from tests.conftest import Database
from tests.factories import Bank, import_items, item_ids, set_thresholds, x9_item

Run = Callable[[Coroutine[Any, Any, Any]], Any]
Open = Callable[..., Page]
TRANSIT = "061000146"


@pytest.fixture(scope="module")
def console(module_console: Settings) -> Settings:
    return module_console


@pytest.fixture(scope="module")
def run(console: Settings) -> Run:
    return in_a_thread(console)


@pytest.fixture(scope="module")
def bank(run: Run) -> Bank:
    made: Bank = run(make_enrolled_bank())
    return made


@pytest.fixture(scope="module")
def site(console: Settings, bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site.serving(console, tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture
def items(run: Run, bank: Bank, tmp_path: Path, module_database: Database) -> Callable[..., list[UUID]]:
    """``items(undo_seconds=8)``: three checks of 208.00, 300.00 and 400.00, the first the most urgent, and no other."""
    tables = "check_item, item_tally, claim, pending_decision, draft, flag, decision, evidence, image, "
    tables += "second_opinion, file_finding, file_received"
    empty_tables(module_database.superuser_url, tables)

    async def work(undo_seconds: int) -> list[UUID]:
        await set_thresholds(bank, undo_seconds=undo_seconds)
        amounts = ("208.00", "300.00", "400.00")
        drafts = [x9_item(n, amount, TRANSIT) for n, amount in enumerate(amounts, start=1)]
        await import_items(bank, tmp_path, drafts, "1")
        made = (await item_ids(bank))[-3:]
        await _space_out(bank, made)
        return made

    def make(undo_seconds: int) -> list[UUID]:
        made: list[UUID] = run(work(undo_seconds))
        return made

    return make


def written(bank: Bank) -> Coroutine[Any, Any, tuple[int, ...]]:
    """How many rows there are of decisions, evidence, waiting decisions and drafts."""

    async def read() -> tuple[int, ...]:
        async with transaction(bank.system) as session:
            tables = (Decision, Evidence, PendingDecision, ItemDraft)
            return tuple(
                [(await session.execute(select(func.count()).select_from(one))).scalar_one() for one in tables]
            )

    return read()


async def viewed(bank: Bank, item: UUID) -> dict[str, int]:
    """How long each side was on screen, as the decision that waits for its commit says."""
    async with transaction(bank.system) as session:
        query = select(PendingDecision.viewed_ms).where(PendingDecision.item_id == item)
        found: dict[str, int] = (await session.scalars(query)).one()
        return found


def until(run: Run, bank: Bank, rows: tuple[int, ...]) -> None:
    """Wait until there are so many rows of decisions, evidence and waiting decisions."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while (found := run(written(bank))[:3]) != rows:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def test_u_brings_the_check_back_as_it_was_left_and_the_next_one_is_free_again(
    site: Site, bank: Bank, items: Callable[..., list[UUID]], open_browser: Open, run: Run
) -> None:
    first, second, third = items(undo_seconds=60)
    # Here before the minute begins in which all of it can be taken back.
    colleague = open_browser()
    site.join(colleague, bank.second_reviewer, "/queue")
    page = open_browser()
    site.join(page, bank.reviewer, f"/review/{first}")
    amount_on(page, "208.00")
    page.keyboard.press("r")
    page.keyboard.press("2")
    page.keyboard.press("Space")
    look_at(page, "back")
    page.keyboard.press("Shift+N")
    page.keyboard.type("second thoughts")
    page.keyboard.press("Control+Enter")
    amount_on(page, "300.00")
    bar = page.locator(".crc-undo")
    expect(bar).to_contain_text("Returned 208.00")
    expect(bar).to_contain_text(re.compile(r"[45]\d s"))
    expect(colleague.locator(f"tr[data-row='{first}']")).to_contain_text("committing")
    site.open(colleague, f"/review/{first}")
    expect(colleague.locator(".crc-notice")).to_contain_text("Reviewer decided this check. It is being committed.")
    # A second one on top: the last is taken back first.
    page.keyboard.press("a")
    page.keyboard.press("Control+Enter")
    amount_on(page, "400.00")
    expect(bar).to_contain_text("Paid 300.00")
    expect(bar).to_contain_text("and 1 more")
    page.keyboard.press("u")
    amount_on(page, "300.00")
    expect(page.locator("button[data-action=submit]")).to_contain_text("Pay 300.00")
    expect(bar).to_contain_text("Returned 208.00")
    assert run(statuses(bank))[third] == "new"
    page.keyboard.press("u")
    amount_on(page, "208.00")
    expect(page.get_by_label("Note")).to_have_value("second thoughts")
    expect(page.locator("button[data-action=submit]")).to_contain_text("Return 208.00")
    expect(bar).to_have_count(0)
    found = run(statuses(bank))
    assert (found[first], found[second]) == ("in_review", "new")
    assert run(written(bank))[:3] == (0, 0, 0)
    # The colleague's page says by itself that it is not decided after all.
    expect(colleague.locator(".crc-notice")).to_contain_text("Reviewer is working on this check")
    page.keyboard.press("u")
    expect(page.get_by_text("There is no decision of yours that could be taken back")).to_be_visible()
    # What was looked at before counts, whatever is on screen now.
    draft = run(read_draft(bank.reviewer, first))
    assert draft and draft.viewed["back"] >= LEAST_VIEWED_MS
    page.keyboard.press("Space")
    page.keyboard.press("Control+Enter")
    amount_on(page, "300.00")
    assert run(viewed(bank, first))["back"] >= draft.viewed["back"]
    page.keyboard.press("u")
    amount_on(page, "208.00")
    page.keyboard.press("q")
    page.wait_for_url("**/queue")


def test_it_is_committed_by_itself_wherever_the_person_has_gone(
    site: Site, bank: Bank, items: Callable[..., list[UUID]], open_browser: Open, run: Run
) -> None:
    first, *_ = items(undo_seconds=4)
    page = open_browser()
    site.join(page, bank.reviewer, f"/review/{first}")
    amount_on(page, "208.00")
    for amount in ("300.00", "400.00"):
        page.keyboard.press("a")
        page.keyboard.press("Control+Enter")
        amount_on(page, amount)
    expect(page.locator(".crc-undo")).to_have_count(0)
    until(run, bank, (2, 2, 0))
    page.keyboard.press("a")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Nothing more waits")).to_be_visible()
    page.goto("about:blank")
    until(run, bank, (3, 3, 0))
    assert set(run(statuses(bank)).values()) == {"approved"}
