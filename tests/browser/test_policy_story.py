"""The supervisor's story: a threshold raised and a rule added in a draft, replayed, sent, approved by a second
supervisor with a fresh code; then a new check is judged by it, and an old decision explains itself by the old version.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from console.actor import Actor
from console.review.choices import Choice
from console.review.decisions import decide
from console.review.states import Act
from console.roles import Role
from console.settings import Settings
from db.engine import transaction
from db.models import CheckItem, PolicyVersion
from db.redis_pool import redis
from tests.browser.site import Site, enrol_person
from tests.factories import Bank, claimed, import_items, item_ids, make_person, x9_item

Run = Callable[[Coroutine[Any, Any, Any]], Any]
# Checks of another bank raise no flag here: each is decided by amount and rules alone.
THEIRS = "021000021"


@pytest.fixture
def second(run: Run, bank: Bank) -> Actor:
    """Another supervisor."""

    async def make() -> Actor:
        person = await make_person(bank.system, "second_supervisor", Role.SUPERVISOR)
        await enrol_person(person)
        return person

    made: Actor = run(make())
    return made


def test_from_a_draft_to_a_check_that_is_judged_by_it(
    console: Settings, run: Run, bank: Bank, second: Actor, open_browser: Callable[..., Page], tmp_path: Path
) -> None:
    old = run(an_old_decision(bank, tmp_path))
    with Site.serving(console, tmp_path) as site:
        author = open_browser()
        number = write_a_draft(site, author, bank)
        replay(site, author, number)
        site.open(author, f"/policy/{number}")
        author.get_by_role("button", name="Send for review").click()
        author.get_by_label("Reason").fill("Fewer signatures, and none on large ones missed")
        author.get_by_role("dialog").get_by_role("button", name="Send").click()
        expect(author.locator(".crc-chip").first).to_have_text("in review")
        expect(author.get_by_role("button", name="Approve")).to_have_count(0)

        approve(site, open_browser(), run, second, number)
        expect(author.locator(".crc-chip").first).to_contain_text("active since")
        new = run(new_checks(bank, tmp_path))
        assert new == [("6000.00", 2, False, 4), ("9500.00", 2, True, 2)]

        reviewer = open_browser()
        site.sign_in(reviewer, bank.reviewer, f"/review/{old}")
        reviewer.keyboard.press("Shift+T")
        drawer = reviewer.get_by_role("complementary", name="Timeline")
        expect(drawer).to_contain_text("recommended payment")
        expect(drawer).to_contain_text("Policy version 1")
        expect(drawer).to_contain_text("two people from 5,000.00")
        # Whoever may look at the policy goes on from there to the version of then.
        site.open(author, f"/review/{old}")
        author.keyboard.press("Shift+T")
        author.get_by_role("link", name="Policy version 1").click()
        expect(author).to_have_url(re.compile("/policy/1$"))
        expect(author.get_by_role("region", name="Thresholds")).to_contain_text("5,000.00")
        expect(author.locator(".crc-chip").first).to_contain_text(re.compile("^active .+ – "))


async def an_old_decision(bank: Bank, folder: Path) -> UUID:
    """A check of 6,000.00 that one person recommended to pay, because two had to sign it."""
    await import_items(bank, folder, [x9_item(1, "6000.00", THEIRS)])
    [item] = await item_ids(bank)
    _, seen = await claimed(bank.reviewer, item)
    await decide(bank.reviewer, item, Choice(Act.PAY), seen)
    return item


async def new_checks(bank: Bank, folder: Path) -> list[tuple[str, int, bool, int]]:
    """Of two checks that come in now: amount, number of the version that judged them, two people, priority."""
    items = [x9_item(number, amount, THEIRS) for number, amount in ((2, "6000.00"), (3, "9500.00"))]
    await import_items(bank, folder, items, "2")
    async with transaction(bank.auditor) as session:
        rows = await session.execute(
            select(CheckItem.amount, PolicyVersion.number, CheckItem.two_people, CheckItem.priority)
            .join(PolicyVersion, PolicyVersion.id == CheckItem.policy_version_id)
            .order_by(CheckItem.received_at.desc(), CheckItem.ordinal)
            .limit(2)
        )
        return [(str(amount), number, two, priority) for amount, number, two, priority in rows]


def write_a_draft(site: Site, page: Page, bank: Bank) -> int:
    """Raise the threshold and add a rule; the draft's number."""
    site.sign_in(page, bank.supervisor, "/policy")
    page.get_by_role("button", name="New draft").click()
    expect(page).to_have_url(re.compile(r"/policy/2/edit$"))
    page.wait_for_function("window.did_handshake")
    threshold = page.get_by_label("Two people from, dollars")
    expect(threshold).to_have_value("5,000.00")
    threshold.fill("7,500")
    expect(page.get_by_text("Fewer checks need a second person.")).to_be_visible()
    page.get_by_role("button", name="Add a rule").click()
    page.get_by_label("Name", exact=True).fill("Large")
    page.get_by_label("amount: value").fill("9,000.00")
    page.get_by_role("button", name="two people", exact=True).click()
    expect(page.get_by_role("button", name="Take out: two people")).to_be_visible()
    page.get_by_role("button", name="priority", exact=True).click()
    expect(page.get_by_role("button", name=re.compile("Take out: priority"))).to_be_visible()
    # Kept for its author first: then everything that was typed has come.
    expect(page.get_by_text("Not saved, kept for you")).to_be_visible()
    page.keyboard.press("Control+s")
    expect(page.get_by_role("status", name=re.compile("^Saved .+ by you$"))).to_be_visible()
    return 2


def replay(site: Site, page: Page, number: int) -> None:
    """Replay it over 90 days."""
    site.open(page, f"/policy/{number}/lab")
    shown = page.get_by_role("region", name="Replay", exact=True)
    expect(shown.get_by_label("Days of history")).to_have_value("90")
    shown.get_by_role("button", name="Replay").click()
    expect(shown).to_contain_text("last 90 days · 1 checks", timeout=30_000)


def approve(site: Site, page: Page, run: Run, second: Actor, number: int) -> None:
    """The second supervisor looks at what differs and at the replay, and approves with a fresh code."""
    site.sign_in(page, second, "/policy")
    page.get_by_role("region", name="Under way").get_by_role("link", name=f"Version {number}").click()
    expect(page).to_have_url(re.compile(f"/policy/{number}$"))
    page.wait_for_function("window.did_handshake")
    differs = page.get_by_role("region", name="What differs")
    expect(differs).to_contain_text("Two people from 5,000.00 to 7,500.00")
    expect(differs).to_contain_text("Rule “Large” added")
    expect(page.get_by_role("region", name="Replay", exact=True)).to_contain_text("last 90 days · 1 checks")
    run(let_code_age(second))
    page.get_by_role("button", name="Approve").click()
    dialog = page.get_by_role("dialog", name=f"Approve version {number}")
    expect(dialog).to_contain_text("Open checks: 1")
    expect(dialog).to_contain_text("1 in somebody's hands")
    dialog.get_by_role("button", name="Approve").click()
    ask = page.get_by_role("dialog", name="Confirm with a code")
    ask.get_by_label("6-digit code").fill(site.code("second_supervisor"))
    ask.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Approved and active.")).to_be_visible()


async def let_code_age(person: Actor) -> None:
    """An hour ago this person gave their last code."""
    async for key in redis().scan_iter("session:{*"):
        if await redis().hget(key, "user_id") == str(person.user_id).encode():
            await redis().hincrby(key, "code_at", -3_600_000)
