"""The Audit page in a real browser: by keyboard, in both themes, with its address, its file and an entry's proof."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Page, expect

from console.audit.entries import Event, record
from console.settings import Settings
from db.engine import transaction
from tests.accessibility import violations
from tests.browser.site import Site, in_a_thread, make_enrolled_bank
from tests.conftest import Database
from tests.factories import Bank

Run = Callable[[Coroutine[Any, Any, Any]], Any]
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def console(module_console: Settings) -> Settings:
    return module_console


@pytest.fixture(scope="module")
def run(console: Settings) -> Run:
    return in_a_thread(console)


@pytest.fixture(scope="module")
def bank(run: Run) -> Bank:
    made: Bank = run(make_enrolled_bank())

    async def earlier() -> None:
        async with transaction(made.reviewer) as session:
            await record(session, made.reviewer, Event.STEP_UP_SUCCEEDED, "user", made.reviewer.user_id)

    run(earlier())
    return made


@pytest.fixture(scope="module")
def site(console: Settings, bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site.serving(console, tmp_path_factory.mktemp("site")) as running:
        yield running


def test_an_auditor_finds_opens_and_takes_along(
    site: Site, bank: Bank, open_browser: Open, module_database: Database
) -> None:
    page = open_browser()
    site.sign_in(page, bank.auditor, "/audit")
    table = page.get_by_role("grid", name="Audit trail")
    rows = table.locator("[data-row]")
    expect(rows.first).to_contain_text("signed in")
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Audit")).to_have_attribute(
        "aria-current", "page"
    )

    # By keyboard: the newest entry with its proof, then the one below it, and away again.
    table.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    entry = page.get_by_role("complementary", name="The entry")
    expect(entry).to_contain_text("sign_in.succeeded")
    expect(entry).to_contain_text("Its hash, computed anew, is the one it has.")
    expect(entry.get_by_role("link", name="person Auditor")).to_have_attribute(
        "href", f"/people/{bank.auditor.user_id}"
    )
    newest = int(rows.first.get_attribute("data-row") or 0)
    for theme in ("light", "dark"):
        if page.evaluate("document.documentElement.dataset.theme") != theme:
            page.evaluate("window.crcTheme.toggle()")
        assert [(one["id"], one["nodes"][0]["html"]) for one in violations(page)] == []
    page.keyboard.press("ArrowDown")
    expect(entry.get_by_role("heading", name=f"Entry {newest - 1}")).to_be_visible()
    expect(page).to_have_url(f"{site.origin}/audit?entry={newest - 1}")
    page.keyboard.press("Escape")
    expect(entry).to_be_hidden()

    # Somebody by name; the address keeps it, and a reload shows the same.
    page.get_by_role("button", name="Who did it").click()
    page.get_by_label("Type a part of the name").press_sequentially("audi")
    expect(page.get_by_role("button", name="Auditor · auditor")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Who did it: Auditor")).to_be_visible()
    expect(page).to_have_url(f"{site.origin}/audit?person={bank.auditor.user_id}")
    page.reload()
    expect(page.get_by_role("button", name="Who did it: Auditor")).to_be_visible()
    expect(rows.first).to_contain_text("signed in")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export what is listed as CSV").click()
    lines = Path(download.value.path()).read_text("utf-8-sig").splitlines()
    assert lines[0].startswith("Number,") and lines[1].startswith(f"{newest},")
    assert all("Auditor" in line for line in lines[1:])

    # Days of one's own begin with those that are listed.
    page.get_by_role("button", name="From – to").click()
    expect(page.get_by_label("First day")).not_to_have_value("")
    expect(page.get_by_label("Last day")).not_to_have_value("")
    expect(rows.first).to_contain_text("took a part of the audit trail along")

    # What somebody changed past all guards is shown as that, and what an address names wrongly is said.
    with psycopg.connect(module_database.superuser_url) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("update audit_entry set actor_name = 'x' where sequence = %s", (newest,))
    site.open(page, f"/audit?kind=moon&entry={newest}")
    expect(page.get_by_text("names something that there is not (kind)")).to_be_visible()
    expect(entry).to_contain_text("tampered with")
    expect(entry).to_contain_text("the entry is not what was written")
    site.open(page, "/audit?kind=note")
    expect(page.get_by_text("Nothing of this happened on these days.")).to_be_visible()
