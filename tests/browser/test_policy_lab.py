"""The policy lab in a real browser: a draft replayed, swept and in shadow; by keyboard, and for who only looks."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from console.lab.shadow import follow_intake
from console.policy.drafting import open_draft
from console.settings import Settings
from tests.accessibility import violations
from tests.browser.site import Site, in_a_thread, make_enrolled_bank
from tests.conftest import Database
from tests.factories import Bank, import_items, x9_item
from tests.lab.past import drafted, past_item, put

Run = Callable[[Coroutine[Any, Any, Any]], Any]
Open = Callable[..., Page]
ITEMS = 120


@pytest.fixture(scope="module")
def console(module_console: Settings) -> Settings:
    return module_console


@pytest.fixture(scope="module")
def run(console: Settings) -> Run:
    return in_a_thread(console)


@pytest.fixture(scope="module")
def bank(run: Run, module_database: Database) -> Bank:
    made: Bank = run(make_enrolled_bank())
    rng = Random(2)
    put(module_database.superuser_url, made, [past_item(rng) for _ in range(ITEMS)])
    return made


@pytest.fixture(scope="module")
def draft(run: Run, bank: Bank) -> UUID:
    made: UUID = run(drafted(bank, dual_control_amount="2500.00"))
    return made


@pytest.fixture(scope="module")
def site(console: Settings, draft: UUID, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site.serving(console, tmp_path_factory.mktemp("site")) as running:
        yield running


def passes_axe(page: Page) -> None:
    found = violations(page)
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


def region(page: Page, name: str) -> Any:
    return page.get_by_role("region", name=name, exact=True)


def test_a_draft_is_replayed_what_changes_opens_with_both_reasons_and_a_point_of_the_curve_sets_it(
    site: Site, run: Run, bank: Bank, draft: UUID, open_browser: Open
) -> None:
    page = open_browser()
    site.sign_in(page, bank.supervisor, "/policy/2/lab")
    replay = region(page, "Replay")
    expect(replay).to_contain_text("Not replayed yet")
    replay.get_by_label("By the rules of").fill("2026-01-15")
    replay.get_by_label("Days of history").fill("80")
    replay.get_by_role("button", name="Replay").focus()
    page.keyboard.press("Enter")
    expect(replay).to_contain_text("Done", timeout=30_000)
    expect(replay).to_contain_text(f"last 80 days · {ITEMS} checks · rules of 15 Jan 2026")
    expect(replay.get_by_role("row", name="Two people a day")).to_be_visible()
    expect(replay.get_by_role("listitem").filter(has_text="→ Special review").first).to_be_visible()
    expect(replay.get_by_role("img", name="Work by the hour")).to_be_visible()
    replay.get_by_text("The hours as a table").click()
    expect(replay.get_by_role("columnheader", name="comes in, version 2")).to_be_visible()

    changed = region(page, "What changes")
    changed.get_by_role("button", name="no longer reviewed").click()
    lines = changed.locator("li")
    expect(lines.first).to_contain_text("reviewed → nobody looks")
    lines.first.get_by_role("button").click()
    both = page.get_by_role("dialog")
    expect(both.get_by_role("region", name="Version 2")).to_contain_text("Small and known")
    expect(both.get_by_role("region", name="Version 1")).to_contain_text("Rules that fire: 0 of")
    passes_axe(page)
    page.keyboard.press("Escape")
    expect(both).to_have_count(0)

    sweep = region(page, "Sensitivity")
    sweep.get_by_role("button", name="Sweep").click()
    expect(sweep.get_by_role("img", name="What each value")).to_be_visible(timeout=30_000)
    for theme in ("light", "dark"):
        if page.evaluate("document.documentElement.dataset.theme") != theme:
            page.evaluate("window.crcTheme.toggle()")
        passes_axe(page)
    sweep.get_by_text("The points as a table").click()
    expect(sweep.get_by_role("row")).to_have_count(26)
    sweep.get_by_role("combobox", name="Pick a point").click()
    page.get_by_role("option").nth(3).click()
    sweep.get_by_role("button", name="Set the draft to").click()
    expect(sweep.get_by_role("button", name="Set the draft to")).to_have_count(0)
    opened = run(open_draft(bank.supervisor, draft))
    assert opened.document["thresholds"]["dual_control_amount"] != "2500.00"
    # What was replayed is another draft now, and says so.
    expect(replay).to_contain_text("The draft has changed since")


def test_a_shadow_adds_up_on_the_page_what_comes_in(
    site: Site, run: Run, bank: Bank, open_browser: Open, tmp_path: Path
) -> None:
    page = open_browser()
    site.sign_in(page, bank.supervisor, "/policy/2/lab")
    shadow = region(page, "Shadow")
    shadow.get_by_role("button", name="Run in shadow").click()
    expect(shadow).to_contain_text("Nothing has come in since.")
    run(import_items(bank, tmp_path, [x9_item(1, "4600.00", bank.routing), x9_item(2, "20.00", bank.routing)]))
    assert run(follow_intake(bank.system)) == 2
    expect(shadow).to_contain_text("of 2 checks differ")
    shadow.get_by_role("button", name="List what differs").click()
    expect(region(page, "What changes").get_by_role("button", name="4,600.00")).to_contain_text("one → two people")
    shadow.get_by_role("button", name="Stop").click()
    expect(shadow).to_contain_text("Ran since")
    expect(shadow.get_by_role("button", name="Run in shadow")).to_be_visible()


def test_who_may_only_look_sees_the_results_and_starts_nothing(site: Site, bank: Bank, open_browser: Open) -> None:
    page = open_browser()
    site.sign_in(page, bank.auditor, "/policy/2/lab")
    expect(region(page, "Replay")).to_contain_text("Two people a day")
    expect(region(page, "Sensitivity").get_by_role("img", name="What each value")).to_be_visible()
    for name in ("Replay", "Sweep", "Run in shadow", "Stop"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    expect(page.get_by_role("combobox", name="Pick a point")).to_have_count(0)
    # The approver of a version looks at its replay beside what differs.
    page.goto(f"{site.origin}/policy/2")
    expect(region(page, "Replay")).to_contain_text("Two people a day")
    region(page, "Replay").get_by_role("link", name="Policy lab").click()
    expect(page).to_have_url(f"{site.origin}/policy/2/lab")
