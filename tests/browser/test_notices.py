"""The bell in two real browsers: what one person does rings at another's, without a reload."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Iterator
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete

from console.notices import NoticeKind, notify
from console.notices.preferences import read_own
from console.review.clocks import add_banking_days
from console.settings import Settings, settings
from db.engine import transaction
from db.models import CheckItem, Notice
from tests.accessibility import violations
from tests.browser.site import Site, in_a_thread, make_enrolled_bank, until
from tests.factories import Bank, bank_today, import_items, item_ids, x9_item

Run = Callable[[Coroutine[Any, Any, Any]], Any]
Open = Callable[..., Page]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WHY = "The signature differs from the card."


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
def item(run: Run, bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> UUID:
    async def make() -> UUID:
        drafts = [x9_item(1, "4532.00", "061000146", "123456789")]
        report = await import_items(bank, tmp_path_factory.mktemp("items"), drafts)
        assert report.status == "imported"
        return (await item_ids(bank))[0]

    made: UUID = run(make())
    return made


@pytest.fixture(scope="module")
def sites(console: Settings, bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Site]]:
    """Two replicas over one database and one Redis."""
    folder = tmp_path_factory.mktemp("sites")
    with Site.serving(console, folder) as one, Site.serving(console, folder) as other:
        yield one, other


async def send_back(bank: Bank, item: UUID, *, times: int = 1) -> None:
    """What an approver's act tells the reviewer."""
    for _ in range(times):
        async with transaction(bank.approver) as session:
            values = {"by": bank.approver.name, "text": WHY}
            to = [bank.reviewer.user_id]
            await notify(session, bank.approver, NoticeKind.SENT_BACK, to=to, item_id=item, values=values)


async def clear(bank: Bank) -> None:
    """Nobody was told anything yet."""
    async with transaction(bank.system) as session:
        await session.execute(delete(Notice))


def expect_accessible(page: Page) -> None:
    assert violations(page, {"runOnly": {"type": "tag", "values": TAGS}}) == []


def bell(page: Page) -> Any:
    return page.get_by_role("button", name=re.compile("^Notifications"))


def test_a_notice_rings_at_every_open_page_of_its_person_and_nowhere_else(
    sites: tuple[Site, Site], bank: Bank, item: UUID, run: Run, open_browser: Open
) -> None:
    one, other = sites
    here, there, approver = open_browser(), open_browser(), open_browser()
    one.join(here, bank.reviewer, "/queue")
    one.join(there, bank.reviewer, "/queue")
    other.open(there, "/account")  # the same session at another replica
    one.join(approver, bank.approver, "/queue")
    expect(bell(here)).to_have_accessible_name("Notifications")
    run(send_back(bank, item))
    for page in (here, there):
        expect(page.locator(".crc-toast")).to_contain_text("Approver sent your recommendation back")
        assert "123456789" not in page.locator(".crc-toasts").inner_text()
        expect(bell(page)).to_have_accessible_name("Notifications, 1 unread")
    expect(bell(approver)).to_have_accessible_name("Notifications")
    assert approver.locator(".crc-toast").count() == 0

    # Read in one browser, it is read in the other; and it leads to the check.
    bell(here).press("Enter")
    line = here.get_by_role("dialog", name="Notifications").get_by_role("link", name=re.compile("sent your"))
    expect(line).to_contain_text(WHY)
    expect(line).to_contain_text("$4,532.00 · •••• 6789")
    line.press("Enter")
    here.wait_for_url(re.compile(f"/review/{item}$"))
    expect(bell(there)).to_have_accessible_name("Notifications")


def test_the_list_is_paged_read_and_closed_by_keyboard(
    sites: tuple[Site, Site], bank: Bank, item: UUID, run: Run, open_browser: Open
) -> None:
    one, _ = sites
    page = open_browser()
    one.join(page, bank.reviewer, "/queue")
    run(clear(bank))
    run(send_back(bank, item, times=24))
    expect(bell(page)).to_have_accessible_name("Notifications, 24 unread")
    expect(page.locator(".crc-toast")).not_to_have_count(0)
    bell(page).press("Enter")
    box = page.get_by_role("dialog", name="Notifications")
    expect(box.locator(".crc-told")).to_have_count(20)
    expect_accessible(page)
    box.get_by_role("button", name="Show earlier ones").press("Enter")
    expect(box.locator(".crc-told")).to_have_count(24)
    expect(box.get_by_role("button", name="Show earlier ones")).to_be_hidden()
    box.get_by_role("button", name="Mark as read").first.press("Enter")
    expect(bell(page)).to_have_accessible_name("Notifications, 23 unread")
    box.get_by_role("button", name="Mark all as read").press("Enter")
    expect(bell(page)).to_have_accessible_name("Notifications")
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()


def test_what_to_be_told_is_chosen_on_ones_own_account(
    sites: tuple[Site, Site], bank: Bank, run: Run, open_browser: Open
) -> None:
    one, _ = sites
    page = open_browser()
    one.join(page, bank.reviewer, "/account")
    mentioned = page.get_by_role("checkbox", name="Mentioned in the console")
    expect(mentioned).to_be_checked()
    mentioned.press("Space")
    expect(mentioned).not_to_be_checked()

    async def told_of_mentions() -> bool:
        return next(wish.in_app for wish in (await read_own(bank.reviewer)).each if wish.kind is NoticeKind.MENTIONED)

    # The box shows at once what counts a moment later.
    until(lambda: run(told_of_mentions()), False)
    expect(mentioned).to_be_focused()
    expect(page.get_by_role("checkbox", name="Sent back in the console", exact=True)).to_be_disabled()
    expect(page.get_by_role("checkbox", name="Mentioned by e-mail")).to_be_disabled()
    expect(page.get_by_text("no mail server is set up")).to_be_visible()
    page.reload()
    expect(page.get_by_role("checkbox", name="Mentioned in the console")).not_to_be_checked()
    expect_accessible(page)


def test_an_administrator_enters_an_address(sites: tuple[Site, Site], bank: Bank, open_browser: Open) -> None:
    one, _ = sites
    page = open_browser()
    one.join(page, bank.administrator, f"/people/{bank.reviewer.user_id}")
    expect(page.get_by_text("none: notices are shown in the console alone")).to_be_visible()
    page.get_by_role("button", name="Change e-mail").click()
    field = page.get_by_role("textbox", name="E-mail")
    field.fill("nobody")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("This is no e-mail address")).to_be_visible()
    field.fill("reviewer@firstbank.com")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("reviewer@firstbank.com")).to_be_visible()


async def due_in_the_morning(bank: Bank, item: UUID) -> None:
    """Whatever the hour and the day of this test, an opening lies between it and the moment the check is due."""
    day = add_banking_days(bank_today(), 2)
    async with transaction(bank.system) as session:
        row = await session.get_one(CheckItem, item)
        row.sla_due_at = datetime.combine(day, time(10), ZoneInfo(settings().institution_time_zone))
        row.sla_warning_at = row.sla_due_at - timedelta(hours=1)
        row.version += 1


def test_a_supervisor_sees_what_hours_mean_before_they_hold(
    sites: tuple[Site, Site], bank: Bank, item: UUID, run: Run, open_browser: Open
) -> None:
    run(due_in_the_morning(bank, item))
    one, _ = sites
    page = open_browser()
    one.join(page, bank.supervisor, "/hours")
    expect(page.get_by_label("Opens")).to_have_value("08:00")
    expect_accessible(page)
    page.get_by_label("Opens").fill("11:00")
    page.get_by_label("Cut-off").fill("13:00")
    page.get_by_role("button", name="See what it means, then save").press("Enter")
    expect(page.get_by_text("2 p.m. or later (UCC 4-108(a))")).to_be_visible()
    page.get_by_label("Cut-off").fill("15:00")
    page.get_by_role("button", name="See what it means, then save").press("Enter")
    box = page.get_by_role("dialog", name="What these hours mean")
    expect(box.get_by_role("listitem").first).to_contain_text(re.compile(r"1 due later, by .* at the most"))
    expect_accessible(page)
    box.get_by_label("Reason").fill("winter")
    box.get_by_role("button", name="Save").press("Enter")
    expect(box).to_be_hidden()
    page.reload()
    expect(page.get_by_label("Opens")).to_have_value("11:00")
    expect(page.get_by_label("Cut-off")).to_have_value("15:00")
