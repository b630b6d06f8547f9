"""The administrator's story in a browser: people, roles, changes for two administrators, and somebody who leaves."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from console.actor import Actor
from console.roles import Role
from console.settings import Settings
from tests.accessibility import COLOURS, violations
from tests.browser.site import Site, enrol_person, in_a_thread, make_enrolled_bank
from tests.factories import Bank, import_items, make_person, x9_item

TWO = {"SECOND_ADMINISTRATOR": "true"}


@pytest.fixture(scope="module")
def console(module_console: Settings) -> Settings:
    return module_console


@pytest.fixture(scope="module")
def run(console: Settings) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    return in_a_thread(console)


@pytest.fixture(scope="module")
def bank(run: Callable) -> Bank:
    return run(make_enrolled_bank())


@pytest.fixture(scope="module")
def second(run: Callable, bank: Bank) -> Actor:
    """Another administrator."""

    async def make() -> Actor:
        person = await make_person(bank.system, "second_admin", Role.ADMINISTRATOR)
        await enrol_person(person)
        return person

    return run(make())


@pytest.fixture(scope="module")
def site(console: Settings, second: Actor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site.serving(console, tmp_path_factory.mktemp("site"), TWO) as site:
        yield site


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("grid", name="People").get_by_role("row").filter(has_text=name)


def box(scope: Page | Locator, name: str) -> Locator:
    return scope.get_by_role("checkbox", name=re.compile(f"^{name}"))


def tick(scope: Page | Locator, name: str, *, on: bool = True) -> None:
    """Click a box and wait: the server says what it shows."""
    box(scope, name).click()
    expect(box(scope, name)).to_be_checked(checked=on)


def give_reason(page: Page, reason: str, button: str) -> None:
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("dialog").get_by_role("button", name=button).click()


def open_person(site: Site, page: Page, name: str) -> None:
    site.open(page, "/people")
    page.keyboard.press("/")
    expect(page.get_by_label("Search username or name")).to_be_focused()
    page.keyboard.type(name)
    expect(page.get_by_role("grid", name="People").get_by_role("row")).to_have_count(2)
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/people/.+"))
    page.wait_for_function("window.did_handshake")


def test_a_person_is_created_and_given_roles_by_two(
    site: Site, open_browser: Callable[..., Page], bank: Bank, second: Actor
) -> None:
    page = open_browser()
    site.join(page, bank.administrator, "/people")
    page.get_by_role("button", name="New person").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Username").fill("m.moss")
    form.get_by_label("Name", exact=True).fill("Mia <b>Moss")
    tick(form, "Reviewer")
    form.get_by_label(re.compile("Amount limit")).fill("750")
    tick(form, "Standard")
    form.get_by_role("button", name="Create").click()
    shown = page.get_by_role("dialog", name="First password")
    expect(shown.locator("code")).to_have_text(re.compile("^[a-z0-9]{5}(-[a-z0-9]{5}){3}$"))
    shown.get_by_role("button", name="I have handed it over").click()
    expect(row(page, "m.moss")).to_contain_text("Mia <b>Moss")
    expect(row(page, "m.moss")).to_contain_text("none")

    # The requester cannot approve; the second administrator sees what would change, and does.
    site.open(page, "/changes")
    card = page.get_by_role("list", name="Waiting changes").get_by_role("listitem").filter(has_text="Moss")
    expect(card).to_contain_text("+ role reviewer")
    expect(card).to_contain_text("limit: none of their own → 750.00")
    expect(card.get_by_role("button", name="Withdraw")).to_be_visible()
    expect(card.get_by_role("button", name="Approve")).to_have_count(0)
    other = open_browser()
    site.join(other, second, "/changes")
    card = other.get_by_role("list", name="Waiting changes").get_by_role("listitem").filter(has_text="Moss")
    card.get_by_role("button", name="Approve").click()
    expect(card).to_have_count(0)
    expect(other.get_by_role("grid", name="Decided changes")).to_contain_text("applied")
    open_person(site, page, "m.moss")
    expect(box(page, "Reviewer")).to_be_checked()
    expect(page.get_by_label(re.compile("Amount limit"))).to_have_value("750.00")


def test_who_is_deactivated_is_signed_out_and_their_check_is_back(
    site: Site, run: Callable, open_browser: Callable[..., Page], bank: Bank, tmp_path: Path
) -> None:
    run(import_items(bank, tmp_path, [x9_item(1, "100.00", bank.routing)]))
    reviewer, admin = open_browser(), open_browser()
    site.join(reviewer, bank.second_reviewer, "/queue")
    reviewer.get_by_role("button", name="Start").click()
    expect(reviewer).to_have_url(re.compile("/review/"))
    site.join(admin, bank.administrator, "/people")
    open_person(site, admin, "second_reviewer")
    expect(admin.get_by_text("holds 1 check")).to_be_visible()
    admin.get_by_role("button", name="Deactivate").click()
    admin.get_by_role("dialog").get_by_role("button", name="Deactivate").click()
    expect(admin.get_by_text("Say why")).to_be_visible()
    give_reason(admin, "left the bank", "Deactivate")
    expect(admin.get_by_text("One check went back to the queue")).to_be_visible()
    expect(admin.get_by_text("deactivated", exact=True)).to_be_visible()
    # Their page goes to the sign-in by itself, and the check waits for somebody else.
    expect(reviewer).to_have_url(re.compile("/sign-in"), timeout=10_000)
    other = open_browser()
    site.join(other, bank.reviewer, "/queue")
    held = other.get_by_role("grid").get_by_role("row").nth(1)
    expect(held).to_contain_text("100.00")
    expect(held).not_to_contain_text("Second Reviewer")
    admin.get_by_role("button", name="Reactivate").click()
    give_reason(admin, "came back", "Reactivate")
    expect(admin.get_by_text("active", exact=True)).to_be_visible()


def test_a_role_is_copied_edited_by_two_and_retired(
    site: Site, open_browser: Callable[..., Page], bank: Bank, second: Actor
) -> None:
    page, other = open_browser(), open_browser()
    site.join(page, bank.administrator, "/roles")
    page.get_by_label("Name of the copy").fill("Night desk")
    page.get_by_role("button", name="Copy").click()
    card = page.get_by_role("region", name="Night desk")
    expect(card).to_contain_text("0 holders")
    expect(card).to_contain_text("up to 5,000.00")
    card.get_by_role("button", name="Edit").click()
    form = page.get_by_role("dialog", name="Edit Night desk")
    tick(form, "user:manage")
    form.get_by_role("button", name="Save").click()
    give_reason(page, "try it", "Ask for approval")
    # What joins both powers is refused, and the form is still there.
    expect(page.get_by_text("Who administers people decides no checks")).to_be_visible()
    tick(form, "user:manage", on=False)
    form.get_by_label(re.compile("Amount limit")).fill("250.00")
    form.get_by_role("button", name="Save").click()
    give_reason(page, "small checks only", "Ask for approval")
    expect(card).to_contain_text("a change waits")
    site.join(other, second, "/changes")
    waiting = other.get_by_role("listitem").filter(has_text="Night desk")
    expect(waiting).to_contain_text("limit: 5,000.00 → 250.00")
    waiting.get_by_role("button", name="Refuse").click()
    give_reason(other, "too small", "Refuse")
    expect(other.get_by_role("grid", name="Decided changes")).to_contain_text("too small")
    site.open(page, "/roles")
    page.get_by_role("button", name="Retire Night desk").click()
    give_reason(page, "not needed", "Retire")
    expect(card).to_have_count(0)


def test_who_only_reads_gets_no_buttons(site: Site, open_browser: Callable[..., Page], bank: Bank) -> None:
    page = open_browser()
    site.join(page, bank.auditor, "/people")
    expect(row(page, "approver")).to_contain_text("approver")
    expect(page.get_by_role("button", name="New person")).to_have_count(0)
    open_person(site, page, "approver")
    expect(box(page, "Approver")).to_be_disabled()
    for name in ("Deactivate", "Reset password", "Revoke", "Ask for this change"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    site.open(page, "/roles")
    expect(page.get_by_role("row", name=re.compile("item:decide"))).to_contain_text("yes")
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)


def test_nobody_changes_their_own_account(site: Site, open_browser: Callable[..., Page], bank: Bank) -> None:
    page = open_browser()
    site.join(page, bank.administrator, f"/people/{bank.administrator.user_id}")
    expect(page.get_by_role("note").filter(has_text="your own account")).to_be_visible()
    for name in ("Deactivate", "Reset password", "Revoke", "Ask for this change"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)


@pytest.mark.parametrize("path", ["/people", "/roles", "/changes", "person"])
def test_the_pages_can_be_used_by_everybody(
    site: Site, open_browser: Callable[..., Page], bank: Bank, path: str
) -> None:
    page = open_browser()
    site.join(page, bank.administrator, path if path != "person" else f"/people/{bank.approver.user_id}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.emulate_media(color_scheme="light")
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, COLOURS) == []
