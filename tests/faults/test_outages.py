"""A service goes away under a reviewer and comes back: what is said, what is kept, and that nobody reloads a page.

PostgreSQL and the object store are stopped for real here; Valkey restarts with what it keeps, as in production.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from console.review.claims import claim
from console.review.drafts import read_draft
from console.review.giving_back import release
from console.review.queue import list_items
from console.review.states import Status
from console.settings import Settings, settings
from db.migrations.run import upgrade
from tests.browser.site import BRIEF, CHROMIUM, Site, in_a_thread, make_enrolled_bank
from tests.conftest import environ_on
from tests.factories import Bank, import_items, set_thresholds, x9_item
from tests.faults.own_services import OwnServices, own_services

# Checks drawn on another bank carry no flag.
TRANSIT = "061000146"
SLOW = 30_000


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServices]:
    with own_services(tmp_path_factory.mktemp("outages")) as own:
        yield own


@pytest.fixture(scope="module")
def console(services: OwnServices) -> Iterator[Settings]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ_on(services.endpoints).items():
            patch.setenv(name, value)
        settings.cache_clear()
        upgrade(settings().owner_url)
        yield settings()
    settings.cache_clear()


@pytest.fixture(scope="module")
def run(console: Settings) -> Callable[..., Any]:
    return in_a_thread(console)


@pytest.fixture(scope="module")
def bank(run: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Bank:
    async def make() -> Bank:
        made = await make_enrolled_bank()
        drafts = [x9_item(n, f"{n}00.00", TRANSIT) for n in range(1, 10)]
        await import_items(made, tmp_path_factory.mktemp("files"), drafts)
        return made

    made: Bank = run(make())
    return made


@pytest.fixture(scope="module")
def site(console: Settings, bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site.serving(console, tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(BRIEF))
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(SLOW)
    yield context.new_page()
    context.close()


def start_reviewing(site: Site, page: Page, bank: Bank) -> str:
    """Take the most urgent check; its amount as shown. The page is marked, so that a reload would be seen."""
    site.join(page, bank.reviewer, "/queue")
    page.keyboard.press("s")
    page.wait_for_url("**/review/**")
    amount = page.locator(".crc-amount")
    expect(amount).to_have_text(re.compile(r"^\$\d"), timeout=SLOW)
    page.wait_for_function("window.did_handshake")
    page.evaluate("window.notReloaded = true")
    return amount.inner_text()


async def free_item(bank: Bank) -> UUID:
    """A check of the queue that nobody holds."""
    rows = (await list_items(bank.second_reviewer)).rows
    return next(row.id for row in reversed(rows) if row.holder_id is None and row.status is Status.NEW)


def test_without_the_database_nothing_is_lost_and_the_page_goes_on_when_it_is_back(
    services: OwnServices, site: Site, page: Page, bank: Bank
) -> None:
    amount = start_reviewing(site, page, bank)
    note = page.locator("[data-focus=note]")
    field = note if note.evaluate("one => one.matches('input, textarea')") else note.locator("textarea, input")
    field.fill("before the outage")
    page.keyboard.press("Escape")
    services.down("postgres", killed=True)
    page.keyboard.press("a")
    page.keyboard.press("Control+Enter")
    told = page.get_by_text(re.compile("database cannot be reached", re.IGNORECASE)).first
    expect(told).to_be_visible(timeout=SLOW)
    expect(page.locator(".crc-amount")).to_have_text(amount)
    expect(field).to_have_value("before the outage")
    services.up("postgres")

    def decided() -> bool:
        page.keyboard.press("Control+Enter")
        page.wait_for_timeout(1_500)
        return page.locator(".crc-amount").inner_text() != amount

    assert any(decided() for _ in range(20)), "the decision never went through"
    assert page.evaluate("window.notReloaded") is True


def test_without_the_image_store_the_page_says_so_and_shows_the_image_when_it_is_back(
    services: OwnServices, site: Site, page: Page, bank: Bank, run: Callable[..., Any]
) -> None:
    site.join(page, bank.supervisor, "/queue")
    item_id: UUID = run(free_item(bank))
    services.down("object-store")
    page.goto(f"{site.origin}/review/{item_id}")
    expect(page.get_by_role("alert").filter(has_text="cannot be displayed")).to_be_visible(timeout=SLOW)
    page.evaluate("window.notReloaded = true")
    services.up("object-store")
    expect(page.locator(".crc-pane img")).to_have_count(0)

    def shown() -> bool:
        again = page.get_by_role("button", name="Try again")
        if again.count():
            again.first.click()
        page.wait_for_timeout(1_500)
        return bool(page.locator(".crc-pane img").count())

    assert any(shown() for _ in range(20)), "the image never came"
    assert page.evaluate("window.notReloaded") is True


def test_after_a_restart_of_redis_pages_are_live_again_without_a_reload(
    services: OwnServices, site: Site, page: Page, bank: Bank, run: Callable[..., Any]
) -> None:
    site.join(page, bank.supervisor, "/queue")
    item_id: UUID = run(free_item(bank))
    page.evaluate("window.notReloaded = true")
    services.down("valkey", killed=True)
    page.wait_for_timeout(1_500)
    services.up("valkey")
    run(claim(bank.second_reviewer, item_id))
    row = page.locator(f"tr[data-row='{item_id}']")
    expect(row).to_contain_text("Second Reviewer", timeout=SLOW)
    run(release(bank.second_reviewer, item_id))
    expect(row).not_to_contain_text("Second Reviewer", timeout=SLOW)
    assert page.evaluate("window.notReloaded") is True


@pytest.mark.parametrize("service", ["postgres", "valkey"])
def test_what_is_typed_while_a_service_is_away_is_held_and_saved_when_it_is_back(
    services: OwnServices, site: Site, page: Page, bank: Bank, run: Callable[..., Any], service: str
) -> None:
    start_reviewing(site, page, bank)
    item_id = UUID(page.url.rpartition("/")[2])
    services.down(service, killed=True)
    page.keyboard.press("j")
    page.keyboard.type(f"typed without {service}")
    if service == "postgres":
        expect(page.get_by_text("Your draft cannot be saved at present")).to_be_visible(timeout=SLOW)
    page.wait_for_timeout(1_500)
    services.up(service)

    def saved() -> bool:
        page.wait_for_timeout(1_000)
        draft = run(read_draft(bank.reviewer, item_id))
        # Behind the draft of the round before, where it is the same check.
        return draft is not None and draft.note.endswith(f"typed without {service}")

    assert any(saved() for _ in range(30)), "the draft was never saved"
    expect(page.get_by_text("Your draft cannot be saved at present")).to_be_hidden()
    assert page.evaluate("window.notReloaded") is True
    # While the page says that nobody can be recognised, keys do nothing.
    expect(page.locator(".crc-outage")).to_be_hidden(timeout=SLOW)
    page.keyboard.press("Escape")
    page.keyboard.press("q")
    page.wait_for_url("**/queue")


def test_a_decision_without_images_is_refused_where_both_sides_must_be_looked_at(
    services: OwnServices, site: Site, page: Page, bank: Bank, run: Callable[..., Any]
) -> None:
    run(set_thresholds(bank, view_both_sides=True))
    services.down("object-store")
    try:
        amount = start_reviewing(site, page, bank)
        page.keyboard.press("a")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_text("The check's images cannot be shown at present", exact=False)).to_be_visible(
            timeout=SLOW
        )
        expect(page.locator(".crc-amount")).to_have_text(amount)
    finally:
        services.up("object-store")
        run(set_thresholds(bank, view_both_sides=False))
