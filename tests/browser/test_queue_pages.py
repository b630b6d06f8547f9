"""The queue in a real browser: filters that the address keeps, several checks at once, queues and who works in them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from console.review.claims import claim
from console.review.queue_settings import read_queues
from console.settings import Settings
from db.engine import transaction
from db.models import CheckItem, Claim
from tests.accessibility import violations
from tests.browser.site import Site, in_a_thread, make_enrolled_bank, until
from tests.browser.slow_line import slow_line
from tests.browser.test_review_pages import _space_out
from tests.factories import Bank, import_items, item_ids, x9_item

Run = Callable[[Coroutine[Any, Any, Any]], Any]
Open = Callable[..., Page]
AMOUNTS = ("10.00", "20.00", "30.00", "40.00", "4750.00")


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
def items(run: Run, bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> list[UUID]:
    """Five checks, the first the most urgent."""

    async def make() -> list[UUID]:
        folder = tmp_path_factory.mktemp("items")
        await import_items(bank, folder, [x9_item(n, amount, "061000146") for n, amount in enumerate(AMOUNTS, 1)])
        made = await item_ids(bank)
        await _space_out(bank, made)
        return made

    made: list[UUID] = run(make())
    return made


@pytest.fixture(scope="module")
def site(console: Settings, items: list[UUID], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site.serving(console, tmp_path_factory.mktemp("site")) as running:
        yield running


def amounts(page: Page) -> Any:
    return page.locator("td[data-column=amount]")


def passes_axe(page: Page) -> None:
    found = violations(page)
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


def test_a_filter_stands_in_the_address_works_after_sign_in_and_is_kept(
    site: Site, bank: Bank, open_browser: Open
) -> None:
    page = open_browser()
    site.join(
        page, bank.reviewer, "/queue%3Famount_from%3D15.00%26sort%3Damount%26descending%3Dtrue%26columns%3Dsla,amount"
    )
    expect(amounts(page)).to_have_text(["4,750.00", "40.00", "30.00", "20.00"])
    expect(page.get_by_role("columnheader")).to_contain_text(["SLA", "Amount"])
    expect(page.get_by_role("columnheader")).to_have_count(2)
    page.get_by_role("button", name="Filters · 1").click()
    page.get_by_label("Amount to").fill("1,000")
    page.keyboard.press("Tab")
    expect(amounts(page)).to_have_text(["40.00", "30.00", "20.00"])
    page.wait_for_url("**amount_to=1000*")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Views").click()
    page.get_by_role("button", name="Save this view").click()
    page.get_by_label("Name").fill("Middling")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Kept. It is in the Views menu.")).to_be_visible()
    page.get_by_role("button", name="Views").click()
    page.get_by_role("button", name="Begin with Middling").click()
    expect(page.get_by_role("button", name="Begin with Middling")).to_have_attribute("aria-pressed", "true")
    page.goto(f"{site.origin}/queue")
    expect(amounts(page)).to_have_text(["40.00", "30.00", "20.00"])


@pytest.mark.parametrize(("width", "height", "scheme"), [(1440, 900, "light"), (1920, 1080, "dark")])
def test_the_pages_fit_and_axe_finds_nothing(
    width: int, height: int, scheme: Any, site: Site, bank: Bank, open_browser: Open
) -> None:
    page = open_browser(width, height)
    page.emulate_media(color_scheme=scheme)
    site.join(page, bank.supervisor, "/queue?tab=all")
    expect(amounts(page)).to_have_count(5)
    passes_axe(page)
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    page.get_by_role("button", name="Filters").click()
    expect(page.get_by_label("Amount from")).to_be_visible()
    passes_axe(page)
    site.open(page, "/queues")
    expect(page.get_by_role("button", name="Edit Standard")).to_be_visible()
    passes_axe(page)
    # As many people click: it opens once, and stays open.
    page.get_by_role("button", name="Edit Standard").dblclick()
    expect(page.get_by_label("Place among the queues")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(1)
    passes_axe(page)


def test_a_supervisor_gives_checks_to_somebody_by_keyboard_and_releases_what_others_hold(
    site: Site, bank: Bank, items: list[UUID], run: Run, open_browser: Open
) -> None:
    page, holder = open_browser(), open_browser()
    site.join(holder, bank.second_reviewer, f"/review/{items[3]}")
    expect(holder.locator(".crc-amount")).to_have_text("$40.00")
    site.join(page, bank.supervisor, "/queue?tab=all")
    expect(amounts(page)).to_have_count(5)
    for key in ("ArrowDown", "x", "ArrowDown", "ArrowDown", "ArrowDown", "Shift+X"):
        page.keyboard.press(key)
    bar = page.get_by_role("group", name="With the chosen checks")
    expect(bar).to_contain_text("4 checks chosen")
    bar.get_by_role("button", name="Assign").focus()
    page.keyboard.press("Space")
    page.get_by_label("Person").fill("Reviewer")
    page.get_by_role("option", name="Reviewer", exact=True).click()
    page.get_by_label("Reason").fill("they are of his region")
    page.get_by_role("dialog").get_by_role("button", name="Assign").press("Enter")
    expect(
        page.get_by_text("3 assigned. 1 stayed as they were: Second Reviewer is working on this check")
    ).to_be_visible()
    assigned = page.locator("td[data-column=assigned]")
    expect(assigned).to_have_text(["Reviewer", "Reviewer", "Reviewer", "", ""])
    expect(bar).to_be_hidden()

    page.get_by_role("checkbox", name="Choose 40.00").check()
    bar.get_by_role("button", name="Release").click()
    page.get_by_label("Reason").fill("she has gone home")
    page.get_by_role("dialog").get_by_role("button", name="Release").click()
    expect(page.get_by_text("1 released.")).to_be_visible()
    expect(holder.get_by_text("This check is not in your hands any more.")).to_be_visible()

    async def held() -> tuple[list[UUID], set[UUID | None]]:
        async with transaction(bank.system) as session:
            claims = list(await session.scalars(select(Claim.item_id)))
            return claims, set(await session.scalars(select(CheckItem.assigned_to).where(CheckItem.id.in_(items[:3]))))

    assert run(held()) == ([], {bank.reviewer.user_id})


def test_a_queue_is_set_and_the_teams_work_is_seen(
    site: Site, bank: Bank, items: list[UUID], run: Run, open_browser: Open
) -> None:
    run(claim(bank.second_reviewer, items[4]))
    page = open_browser()
    site.join(page, bank.supervisor, "/queues")
    work = page.get_by_role("region", name="Work by person")
    expect(work.get_by_role("row", name="Second Reviewer")).to_contain_text("1")
    page.get_by_role("button", name="Edit Special review").click()
    page.get_by_label("Most checks held by one person").fill("4")
    page.get_by_label("Amount from").fill("4,000.00")
    page.get_by_role("button", name="Save").click()
    page.get_by_label("Reason").fill("a desk of four")
    page.get_by_role("dialog").get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("at most 4 held by one person")).to_be_visible()
    expect(page.get_by_text("Takes in checks from 4,000.00.")).to_be_visible()
    page.get_by_role("button", name="Count what would move").click()
    expect(page.get_by_text("Every waiting check is where the criteria want it.")).to_be_visible()
    found = {one.key: one.definition for one in run(read_queues(bank.supervisor))}
    assert found["special_review"].max_claims == 4


def test_a_check_opens_in_the_queues_place_and_the_queue_comes_back(
    site: Site, bank: Bank, items: list[UUID], open_browser: Open
) -> None:
    page = open_browser()
    site.join(page, bank.reviewer, "/queue?tab=all")
    expect(amounts(page)).to_have_count(5)
    page.evaluate("window.same = 'page'")
    # The sheet is the queue's alone, and once it is closed the keys are heard again.
    page.wait_for_selector(".crc-viewer", state="attached")  # the review is drawn, unseen
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Row below")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/review/{items[0]}")
    expect(page.locator(".crc-amount")).to_have_text("$10.00")
    page.wait_for_function("document.querySelector('.crc-viewer [data-side=front] img')?.naturalWidth")
    expect(page.get_by_text("claimed by you")).to_be_visible()
    expect(amounts(page).first).to_be_hidden()
    expect(page.get_by_role("button", name="Start")).to_be_hidden()
    passes_axe(page)
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")

    # The keys are the review's: S starts nothing, and N leads to the next check under its own address.
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Rotate left")
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    page.keyboard.press("n")
    page.wait_for_url(f"**/review/{items[1]}")
    expect(page.locator(".crc-amount")).to_have_text("$20.00")

    # Back gives the check back, and the queue is there as it is now.
    page.go_back()
    page.wait_for_url("**/queue?tab=all")
    expect(amounts(page)).to_have_count(5)
    expect(page.locator(".crc-amount")).to_be_hidden()
    expect(page.get_by_role("row").filter(has_text="20.00").locator("td[data-column=held_by]")).to_have_text("")
    expect(page.get_by_role("heading", level=1)).to_have_text("Queue")

    # Started from here, and left by its key: the address is the queue's again, and its keys are heard.
    page.keyboard.press("s")
    page.wait_for_url("**/review/*")
    expect(page.get_by_text("claimed by you")).to_be_visible()
    page.keyboard.press("q")
    page.wait_for_url("**/queue?tab=all")
    expect(amounts(page)).to_have_count(5)
    page.keyboard.press("/")
    page.wait_for_function("document.activeElement.tagName === 'INPUT'")
    page.keyboard.press("Escape")
    assert page.evaluate("window.same") == "page"

    # A reload shows the same check on a page of its own.
    page.keyboard.press("s")
    page.wait_for_url("**/review/*")
    amount = page.locator(".crc-amount")
    expect(amount).to_contain_text("$")
    before = amount.text_content()
    page.reload()
    expect(amount).to_have_text(before or "")
    page.keyboard.press("q")
    page.wait_for_url("**/queue")
    expect(amounts(page).first).to_be_visible()


def test_a_key_counts_as_soon_as_the_picture_is_there(site: Site, bank: Bank, open_browser: Open) -> None:
    page = open_browser()
    with slow_line(page) as line:
        site.join(page, bank.reviewer, "/queue?tab=all")
        expect(amounts(page)).to_have_count(5)
        page.wait_for_selector(".crc-viewer", state="attached")  # drawn ahead
        line.hold_from("claimed by you")
        page.keyboard.press("s")
        try:
            expect(page.locator(".crc-viewer")).to_be_visible(timeout=3_000)
        except AssertionError:
            line.let_first()  # from a busy server it comes with the rest
        expect(page.locator(".crc-pane[data-side=front] img")).to_be_visible()
        page.keyboard.press("Space")
        expect(page.locator(".crc-pane[data-side=back] img")).to_be_visible()
        page.keyboard.press("a")  # of a form that is not there yet
        line.let_all()
        expect(page.get_by_text("claimed by you")).to_be_visible()
        expect(page.locator("button[data-action=submit]")).to_contain_text("Pay")
        page.keyboard.press("q")
        page.wait_for_url("**/queue?tab=all")


def test_a_link_of_the_frame_gives_back_the_check_that_is_open_in_place(
    site: Site, bank: Bank, run: Run, open_browser: Open
) -> None:
    page = open_browser()
    site.join(page, bank.supervisor, "/queue?tab=all")
    expect(amounts(page)).to_have_count(5)
    page.keyboard.press("s")
    page.wait_for_url("**/review/*")
    expect(page.get_by_text("claimed by you")).to_be_visible()
    page.get_by_role("link", name="Approve").click()
    page.wait_for_url("**/approvals")

    async def held() -> list[UUID]:
        async with transaction(bank.system) as session:
            return list(await session.scalars(select(Claim.item_id).where(Claim.user_id == bank.supervisor.user_id)))

    until(lambda: run(held()), [])
