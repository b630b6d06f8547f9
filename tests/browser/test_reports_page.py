"""The Reports page in a real browser: by keyboard, in both themes, with its tables, its file, and its address."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from console.settings import Settings
from tests.accessibility import violations
from tests.browser.site import Site, in_a_thread, make_enrolled_bank
from tests.conftest import Database
from tests.factories import Bank
from tests.insight.past import PastAct, PastCheck, put

Run = Callable[[Coroutine[Any, Any, Any]], Any]
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def console(module_console: Settings) -> Settings:
    return module_console


@pytest.fixture(scope="module")
def run(console: Settings) -> Run:
    return in_a_thread(console)


@pytest.fixture(scope="module")
def bank(run: Run, module_database: Database) -> Bank:
    made: Bank = run(make_enrolled_bank())
    now, approver = datetime.now(UTC), made.approver.user_id
    days = [now - timedelta(days=days, minutes=5) for days in (0, 1, 2, 8)]
    checks = [
        PastCheck(day - timedelta(hours=2), day + timedelta(hours=n - 1), [PastAct(None, day)], amount=Decimal(100 + n),
                  flags=[("velocity", "confirmed")])
        for day in days
        for n in range(3)
    ]  # fmt: skip
    for day in days:
        first = PastAct(None, day, "return", "recommendation", ("customer:A",))
        second = PastAct(approver, day, "return", "confirmation", ("customer:A",), confirms=0)
        checks.append(PastCheck(day - timedelta(hours=2), day, [first, second], queue="high_priority"))
    put(module_database.superuser_url, made, [*checks, PastCheck(now - timedelta(hours=3), now)])
    return made


@pytest.fixture(scope="module")
def site(console: Settings, bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site.serving(console, tmp_path_factory.mktemp("site")) as running:
        yield running


def region(page: Page, name: str) -> Any:
    return page.get_by_role("region", name=name, exact=True)


def test_figures_charts_tables_and_a_file_by_keyboard(site: Site, bank: Bank, open_browser: Open) -> None:
    page = open_browser()
    site.sign_in(page, bank.supervisor, "/reports")
    figures = page.get_by_role("list", name="Figures").get_by_role("listitem")
    expect(figures).to_have_count(10)
    expect(figures.filter(has_text="Decided").first).to_contain_text("16")
    expect(region(page, "Throughput").get_by_role("img", name="Received and decided by day")).to_be_visible()
    expect(region(page, "People").get_by_role("row", name="Approver")).to_contain_text("4")
    # No advice stood anywhere: it says so in place of a chart.
    expect(region(page, "Agreement with the advice")).to_contain_text("No advice stood")
    for theme in ("light", "dark"):
        if page.evaluate("document.documentElement.dataset.theme") != theme:
            page.evaluate("window.crcTheme.toggle()")
        assert [(one["id"], one["nodes"][0]["html"]) for one in violations(page)] == []

    returns = region(page, "Return reasons")
    returns.get_by_text("As a table").focus()
    page.keyboard.press("Enter")
    row = returns.get_by_role("row", name="A NSF, not sufficient funds")
    expect(row).to_contain_text("400.00")
    expect(row).to_contain_text("100.0 %")
    export = returns.get_by_role("button", name="Export Return reasons as CSV")
    export.focus()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    lines = Path(download.value.path()).read_text("utf-8-sig").splitlines()
    assert lines[0] == 'Reason,Checks,Amount,"Of returned, %"'
    assert lines[1:] == ['"A NSF, not sufficient funds",4,400.00,100.0', "All returned,4,400.00,100.0"]

    # What is chosen stands in the address, and a link shows it again.
    page.get_by_role("button", name="From – to").click()
    day = (datetime.now(UTC) - timedelta(days=40)).date().isoformat()
    page.get_by_label("First day").fill(day)
    page.get_by_label("Last day").fill(day)
    expect(region(page, "Throughput")).to_contain_text("Nothing came in and nothing was decided on these days.")
    assert f"span=days&first={day}&last={day}" in page.url
    site.open(page, "/reports?queue=high_priority")
    expect(figures.filter(has_text="Decided").first).to_contain_text("4")
    expect(page.get_by_role("combobox", name="Queue")).to_be_visible()
    assert [(one["id"], one["nodes"][0]["html"]) for one in violations(page)] == []


def test_who_may_not_see_people_sees_none_and_too_many_days_are_refused_in_words(
    site: Site, bank: Bank, open_browser: Open
) -> None:
    page = open_browser()
    site.sign_in(page, bank.approver, "/reports")
    site.open(page, "/reports?span=days&first=2025-01-01&last=2026-01-01")
    expect(page.get_by_text("A report is of at most 92 days. Choose fewer.")).to_be_visible()
    expect(region(page, "Throughput")).to_contain_text("Could not be read")
    page.get_by_role("button", name="Last 4 weeks").click()
    expect(region(page, "Throughput").get_by_role("img").first).to_be_visible()
    expect(region(page, "Flags").get_by_role("img").first).to_be_visible()
    expect(region(page, "People")).to_have_count(0)
