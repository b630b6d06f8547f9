"""The pages of the policy's versions and lists: two supervisors, a fresh code, and somebody who may only look."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, text

from console.actor import Actor
from console.policy.activation import activate_due
from console.policy.versions import active_policy
from console.roles import Role
from console.settings import Settings
from db.engine import transaction
from db.models import PolicyVersion
from db.redis_pool import redis
from tests.accessibility import expect_accessible
from tests.browser.site import Site, enrol_person, in_a_thread, make_enrolled_bank
from tests.factories import Bank, import_items, make_person, sent_version, x9_item

RULE = {
    "id": "r-new",
    "name": "New account",
    "when": {
        "all": [
            {"field": "account_age_days", "op": "less", "value": 30},
            {"field": "amount", "op": "greater_or_equal", "value": "2500.00"},
        ]
    },
    "then": [{"do": "require_dual_control"}, {"do": "set_priority", "priority": "high"}],
}


@pytest.fixture(scope="module")
def console(module_console: Settings) -> Settings:
    return module_console


@pytest.fixture(scope="module")
def run(console: Settings) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    return in_a_thread(console)


@pytest.fixture(scope="module")
def bank(run: Callable, tmp_path_factory: pytest.TempPathFactory) -> Bank:
    async def make() -> Bank:
        bank = await make_enrolled_bank()
        items = [x9_item(number, f"{number}000.00", "021000021") for number in range(4, 9)]
        await import_items(bank, tmp_path_factory.mktemp("items"), items)
        return bank

    return run(make())


@pytest.fixture(scope="module")
def second(run: Callable, bank: Bank) -> Actor:
    """Another supervisor."""

    async def make() -> Actor:
        person = await make_person(bank.system, "second_supervisor", Role.SUPERVISOR)
        await enrol_person(person)
        return person

    return run(make())


@pytest.fixture(scope="module")
def site(console: Settings, second: Actor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site.serving(console, tmp_path_factory.mktemp("site")) as site:
        yield site


def sent(run: Callable, bank: Bank, amount: str = "7500.00") -> int:
    """The number of a version that the supervisor sent for review."""

    async def make() -> int:
        async with transaction(bank.system) as session:
            now = (await active_policy(session)).document.model_dump(mode="json")
        changed = now | {"thresholds": now["thresholds"] | {"dual_control_amount": amount}, "rules": [RULE]}
        made: UUID = await sent_version(bank, changed)
        async with transaction(bank.system) as session:
            return (await session.scalars(select(PolicyVersion.number).where(PolicyVersion.id == made))).one()

    return run(make())


def look(page: Page, name: str) -> None:
    """A picture for whoever wants to look: CRC_PICTURES names the folder."""
    if folder := os.environ.get("CRC_PICTURES"):
        page.wait_for_timeout(400)
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_a_second_supervisor_approves_with_a_fresh_code(
    site: Site, open_browser: Callable[..., Page], run: Callable, bank: Bank, second: Actor
) -> None:
    number = sent(run, bank)
    page = open_browser()
    # Whoever wrote it sees what it changes, and no button to approve it.
    site.join(page, bank.supervisor, f"/policy/{number}")
    expect(page.get_by_text("Two people from 5,000.00 to 7,500.00")).to_be_visible()
    expect(page.get_by_role("button", name="Withdraw")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    look(page, "policy-in-review")

    other = open_browser()
    site.join(other, second, "/policy")
    expect(other.get_by_role("region", name="Under way")).to_contain_text("rule “New account” added")
    expect_accessible(other)
    look(other, "policy-versions")
    other.get_by_role("link", name=f"Version {number}").click()
    expect(other.get_by_role("region", name="Rules")).to_contain_text("account open for is less than 30 days")
    make_code_old(run, second)
    other.get_by_role("button", name="Approve").click()
    dialog = other.get_by_role("dialog", name=f"Approve version {number}")
    expect(dialog).to_contain_text("Open checks: 5")
    expect(dialog).to_contain_text("3 to be signed by one person alone")
    dialog.get_by_role("checkbox", name="Judge them anew").click()
    expect_accessible(other)
    look(other, "policy-approve")
    dialog.get_by_role("button", name="Approve").click()
    ask = other.get_by_role("dialog", name="Confirm with a code")
    ask.get_by_label("6-digit code").fill(site.code("second_supervisor"))
    ask.get_by_role("button", name="Confirm").click()
    expect(other.get_by_text("Approved and active.")).to_be_visible()
    expect(other.locator(".crc-chip").first).to_contain_text("active since")
    # The other page hears of it.
    expect(page.locator(".crc-chip").first).to_contain_text("active since")
    look(other, "policy-active")


def test_a_version_becomes_active_at_its_moment_and_an_older_one_is_brought_back(
    site: Site, open_browser: Callable[..., Page], run: Callable, bank: Bank, second: Actor
) -> None:
    number = sent(run, bank, "8100.00")
    page = open_browser()
    site.sign_in(page, second, f"/policy/{number}")
    page.get_by_role("button", name="Approve").click()
    dialog = page.get_by_role("dialog", name=f"Approve version {number}")
    dialog.get_by_role("radio", name="At a moment").click()
    dialog.get_by_label("Day").fill("")
    dialog.get_by_role("button", name="Approve").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Give the day and the time")
    dialog.get_by_label("Day").fill("2020-01-01")
    dialog.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("That moment has passed.")).to_be_visible()
    day = datetime.now(UTC).date() + timedelta(days=40)
    dialog.get_by_label("Day").fill(day.isoformat())
    dialog.get_by_label("Time").fill("07:30")
    expect_accessible(page)
    look(page, "policy-approve-at")
    dialog.get_by_role("button", name="Approve").click()
    chip = page.locator(".crc-chip").first
    expect(chip).to_have_text(f"becomes active {day.day} {day:%b %Y}, 07:30")

    # The moment has come: the workers' job makes it active, and the page that is open shows it.
    async def come() -> int:
        async with transaction(bank.system) as session:
            await session.execute(
                text("update policy_version set scheduled_for = now() - interval '1 minute' where number = :number"),
                {"number": number},
            )
        return await activate_due(bank.system)

    assert run(come()) == 1
    expect(chip).to_contain_text("active since")
    assert run(active(bank)) == (number, "8100.00")

    # Whatever was active before it is brought back by one, as a new version, and approved by the other.
    writer = open_browser()
    site.join(writer, bank.supervisor, f"/policy/{number - 1}" if number > 2 else "/policy/1")
    writer.get_by_role("button", name="Bring back").click()
    ask = writer.get_by_role("dialog", name=re.compile("Bring back version"))
    ask.get_by_label("Reason").fill("more fraud than before")
    ask.get_by_role("button", name="Bring back").click()
    expect(writer.locator(".crc-chip").first).to_have_text("in review")
    expect(writer.get_by_role("region", name=re.compile(r"Version \d+"))).to_contain_text("brings back version")
    expect(writer.get_by_role("button", name="Approve")).to_have_count(0)
    look(writer, "policy-brought-back")
    back = int(urlsplit(writer.url).path.rsplit("/", 1)[1])
    assert back == number + 1
    site.open(page, f"/policy/{back}")
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("dialog", name=f"Approve version {back}").get_by_role("button", name="Approve").click()
    expect(chip).to_contain_text("active since")
    assert run(active(bank)) == (back, "5000.00" if number == 2 else "7500.00")


async def active(bank: Bank) -> tuple[int, str]:
    """The number and the amount for two people of the version that judges now."""
    async with transaction(bank.system) as session:
        policy = await active_policy(session)
    return policy.number, str(policy.document.thresholds.dual_control_amount)


def make_code_old(run: Callable, person: Actor) -> None:
    """An hour ago this person gave their last code."""

    async def age() -> None:
        hour = 3_600_000
        async for key in redis().scan_iter("session:{*"):
            if await redis().hget(key, "user_id") == str(person.user_id).encode():
                await redis().hincrby(key, "code_at", -hour)

    run(age())


def test_who_may_only_look_sees_no_button(
    site: Site, open_browser: Callable[..., Page], bank: Bank, run: Callable
) -> None:
    page = open_browser()
    site.join(page, bank.auditor, "/policy")
    expect(page.get_by_role("region", name="Active")).to_contain_text("Two people from")
    expect(page.get_by_role("region", name="Active")).to_contain_text("those settings change nothing")
    expect(page.get_by_role("button", name=re.compile("New draft|Import"))).to_have_count(0)
    page.get_by_role("region", name="Active").get_by_role("link").click()
    expect(page.get_by_role("region", name="Thresholds")).to_contain_text("High priority from")
    expect(page.get_by_role("button", name="Export as YAML")).to_be_visible()
    assert page.get_by_role("button", name=re.compile("Approve|Activate|Withdraw|Draft from|Edit")).count() == 0
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as YAML").click()
    said = Path(download.value.path()).read_text()
    assert download.value.suggested_filename.endswith(".yaml") and said.startswith("thresholds:")


def test_import_names_every_fault_and_makes_a_draft(site: Site, open_browser: Callable[..., Page], bank: Bank) -> None:
    page = open_browser()
    site.join(page, bank.supervisor, "/policy")
    page.get_by_role("button", name="Import").click()
    dialog = page.get_by_role("dialog", name="Import a policy")
    field = dialog.get_by_label("JSON or YAML")
    wrong = "thresholds: {dual_control_amount: 1.005, high_priority_amount: 10000.00, sla_hours: 4}"
    field.fill(wrong)
    dialog.get_by_role("button", name="Make a draft of it").click()
    expect(dialog.get_by_role("alert")).to_contain_text("thresholds › dual control amount")
    expect_accessible(page)
    look(page, "policy-import")
    dialog.locator("input[type=file]").set_input_files(
        {"name": "theirs.yaml", "mimeType": "text/yaml", "buffer": wrong.replace("1.005", "6000.00").encode()}
    )
    expect(field).to_have_value(re.compile("6000.00"))
    dialog.get_by_role("button", name="Make a draft of it").click()
    expect(page).to_have_url(re.compile(r"/policy/\d+$"))
    expect(page.get_by_role("region", name="History")).to_contain_text("Imported by Supervisor: theirs.yaml")
    expect_accessible(page)
    look(page, "policy-draft")


def test_what_a_list_holds_changes_once_a_second_person_agrees(
    site: Site, open_browser: Callable[..., Page], bank: Bank, run: Callable, second: Actor
) -> None:
    page = open_browser()
    site.join(page, bank.supervisor, "/policy-lists")
    page.get_by_role("button", name="New list").click()
    form = page.get_by_role("dialog", name="New list")
    form.get_by_label("Name").fill("Stolen books")
    form.get_by_label("It holds").click()
    page.get_by_role("option", name="account numbers").click()
    form.get_by_label("Reason").fill("police report 12")
    form.get_by_role("button", name="Create").click()
    expect(page).to_have_url(re.compile("/policy-lists/.+"))
    path = urlsplit(page.url).path
    page.get_by_role("button", name="Add entries").click()
    dialog = page.get_by_role("dialog", name="Add account numbers")
    dialog.get_by_label("Entries").fill("10001001, stolen in May\nnone\n10001002")
    dialog.get_by_label("Reason").fill("police report 12")
    dialog.get_by_role("button", name="Propose", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("Line 2, “none”")
    expect_accessible(page)
    look(page, "policy-list-add")
    dialog.get_by_label("Entries").fill("10001001, stolen in May\n10001002")
    dialog.get_by_role("button", name="Propose", exact=True).click()
    waits = page.get_by_role("region", name="Waits for a second person")
    expect(waits).to_contain_text("•••• 1001, stolen in May")
    expect(waits.get_by_role("button", name="Withdraw: Add 2 account numbers")).to_be_visible()
    expect(waits.get_by_role("button", name=re.compile("Approve"))).to_have_count(0)
    grid = page.get_by_role("grid", name="Entries")
    expect(page.get_by_text("Nothing is on this list.")).to_be_visible()
    # Somebody else looks at every number, and approves with a fresh code.
    other = open_browser()
    site.sign_in(other, second, "/policy-lists")
    listed = other.get_by_role("grid", name="Lists").get_by_role("row").filter(has_text="Stolen books")
    expect(listed.get_by_role("gridcell", name="1", exact=True)).to_be_visible()
    site.open(other, path)
    theirs = other.get_by_role("region", name="Waits for a second person")
    theirs.get_by_role("button", name="See every entry: Add 2 account numbers").click()
    every = other.get_by_role("dialog", name="2 entries of the change")
    expect(every.get_by_role("region", name="Entries")).to_have_text("10001001, stolen in May\n10001002")
    look(other, "policy-list-every")
    every.get_by_role("button", name="Close").click()
    expect(every).to_have_count(0)
    expect_accessible(other)
    look(other, "policy-list-waits")
    make_code_old(run, second)
    theirs.get_by_role("button", name="Approve: Add 2 account numbers").click()
    ask = other.get_by_role("dialog", name="Confirm with a code")
    ask.get_by_label("6-digit code").fill(site.code("second_supervisor"))
    ask.get_by_role("button", name="Confirm").click()
    expect(theirs).to_have_count(0)
    # The page of whoever proposed it hears of it.
    expect(grid.get_by_role("row").filter(has_text="•••• 1001")).to_contain_text("stolen in May")
    expect(grid).to_contain_text("by Supervisor, approved by Second Supervisor")
    expect(grid).not_to_contain_text("10001002")
    expect(waits).to_have_count(0)
    make_code_old(run, bank.supervisor)
    page.get_by_role("button", name="Show full numbers").click()
    ask = page.get_by_role("dialog", name="Confirm with a code")
    ask.get_by_label("6-digit code").fill(site.code("supervisor"))
    ask.get_by_role("button", name="Confirm").click()
    expect(grid).to_contain_text("10001002")
    expect(ask).to_have_count(0)
    grid.get_by_role("row").filter(has_text="10001001").click()
    page.keyboard.press("x")
    expect(grid.get_by_role("checkbox", name="Choose 10001001", exact=True)).to_be_checked()
    page.get_by_role("button", name=re.compile("Take off")).click()
    page.get_by_role("dialog").get_by_label("Reason").fill("found again")
    page.get_by_role("dialog").get_by_role("button", name="Propose").click()
    expect(waits).to_contain_text("Take 1 account number off")
    expect(grid).to_contain_text("10001001")
    theirs.get_by_role("button", name="Refuse: Take 1 account number off").click()
    other.get_by_role("dialog").get_by_label("Reason").fill("not found yet")
    other.get_by_role("dialog").get_by_role("button", name="Refuse").click()
    expect(theirs).to_have_count(0)
    expect(page.get_by_text("Second Supervisor refused your change of a list").first).to_be_visible()
    expect(page.get_by_text("Something went wrong")).to_have_count(0)
    look(page, "policy-list")
    # Without the notes that fade away.
    site.open(page, path)
    expect(grid.get_by_role("row").filter(has_text="•••• 1002")).to_be_visible()
    expect_accessible(page)
    site.open(page, "/policy-lists")
    expect(page.get_by_role("grid", name="Lists").get_by_role("row").filter(has_text="Stolen books")).to_be_visible()
    look(page, "policy-lists")
