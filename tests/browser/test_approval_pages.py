"""Two people in a real browser: approvals, a blind second review, both sides looked at, and how few keys it takes."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from console.review.choices import Choice
from console.review.decisions import decide
from console.review.states import Act
from console.settings import Settings
from db.engine import transaction
from db.models import Decision, SecondOpinion
from tests.accessibility import expect_accessible
from tests.browser.site import Site, empty_tables, in_a_thread, make_enrolled_bank
from tests.browser.test_review_pages import LIVE_MS, _space_out, amount_on, look_at, statuses
from tests.conftest import Database
from tests.factories import Bank, claimed, import_items, item_ids, set_thresholds, x9_item

Run = Callable[[Coroutine[Any, Any, Any]], Any]
Open = Callable[..., Page]
Items = Callable[..., list[UUID]]
TRANSIT = "061000146"
SECRET = "the ink of the amount is darker"
_COUNT_KEYS = """() => {
  window.keysPressed = 0;
  const modifiers = new Set(["Control", "Shift", "Alt", "Meta"]);
  addEventListener("keydown", (event) => { if (!modifiers.has(event.key)) window.keysPressed += 1; }, {capture: true});
}"""


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
def items(run: Run, bank: Bank, tmp_path: Path, module_database: Database) -> Items:
    """``items("10.00", …, blind_second_review=True)``: checks of these amounts under these thresholds, and no other."""

    def make(*amounts: str, **thresholds: object) -> list[UUID]:
        tables = "check_item, item_tally, claim, pending_decision, draft, flag, decision, evidence, image, "
        tables += "second_opinion, file_finding, file_received"
        empty_tables(module_database.superuser_url, tables)

        async def work() -> list[UUID]:
            plain = {"undo_seconds": 0, "blind_second_review": False, "view_both_sides": False}
            await set_thresholds(bank, **plain | thresholds)
            drafts = [x9_item(n, amount, TRANSIT) for n, amount in enumerate(amounts, start=1)]
            await import_items(bank, tmp_path, drafts, "1")
            made = await item_ids(bank)
            await _space_out(bank, made)
            return made

        made: list[UUID] = run(work())
        return made

    return make


async def recommend(bank: Bank, item: UUID, choice: Choice | None = None) -> None:
    _, seen = await claimed(bank.reviewer, item)
    await decide(bank.reviewer, item, choice or Choice(Act.RETURN, ("customer:Y",), SECRET), seen)


def test_paying_takes_two_keys_and_returning_with_a_reason_four_at_the_most(
    site: Site, bank: Bank, items: Items, open_browser: Open, run: Run
) -> None:
    first, _, _ = items("100.00", "200.00", "300.00", undo_seconds=60)
    page = open_browser()
    site.join(page, bank.reviewer, f"/review/{first}")
    amount_on(page, "100.00")
    page.evaluate(_COUNT_KEYS)
    page.keyboard.press("a")
    page.keyboard.press("Control+Enter")
    amount_on(page, "200.00")
    assert page.evaluate("window.keysPressed") <= 2
    page.evaluate("window.keysPressed = 0")
    page.keyboard.press("r")
    page.keyboard.press("2")
    expect(page.locator("button[data-action=submit]")).to_contain_text("Return 200.00")
    page.keyboard.press("Control+Enter")
    amount_on(page, "300.00")
    assert page.evaluate("window.keysPressed") <= 4
    page.wait_for_timeout(100)
    page.keyboard.press("u")
    amount_on(page, "200.00")
    page.keyboard.press("q")
    page.wait_for_url("**/queue")


def test_approvals_are_listed_taken_and_signed_and_come_and_go_live(
    site: Site, bank: Bank, items: Items, open_browser: Open, run: Run
) -> None:
    first, second, over = items("6000.00", "7000.00", "30000.00")
    run(recommend(bank, second))
    run(recommend(bank, over))
    maker = open_browser()
    site.join(maker, bank.reviewer, "/queue")
    expect(maker.locator(".crc-rail")).not_to_contain_text("Approve")
    page = open_browser()
    site.join(page, bank.approver, "/queue")
    page.locator(".crc-rail a", has_text="Approve").click()
    page.wait_for_url("**/approvals")
    page.wait_for_function("window.did_handshake")
    rows = page.locator("tr[data-row]")
    expect(rows).to_have_count(1)  # not what is above this person's limit
    expect(rows.first).to_contain_text("7,000.00")
    expect(rows.first).to_contain_text("Reviewer")
    expect(rows.first).to_contain_text("Return · Y ")
    run(recommend(bank, first, Choice(Act.PAY)))
    expect(rows).to_have_count(2, timeout=LIVE_MS)
    expect_accessible(page)
    expect(rows.first).to_contain_text("6,000.00")  # the more urgent one
    expect(page.locator(".crc-figure", has_text="await your signature").locator("strong")).to_have_text("2")
    page.evaluate("window.same = true")
    page.keyboard.press("s")
    amount_on(page, "6,000.00")
    page.wait_for_url(f"**/review/{first}?queue=approvals")  # the address follows what is shown
    page.go_back()
    expect(rows.first).to_contain_text("6,000.00")
    rows.first.click()
    page.keyboard.press("Enter")
    amount_on(page, "6,000.00")
    expect(rows.first).to_be_hidden()
    page.keyboard.press("n")
    amount_on(page, "7,000.00")
    page.keyboard.press("p")
    amount_on(page, "6,000.00")
    page.keyboard.press("a")
    page.keyboard.press("Control+Enter")
    amount_on(page, "7,000.00")
    page.keyboard.press("j")
    page.keyboard.type("compare the signature again")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("No more recommendations wait for your signature")).to_be_visible()
    found = run(statuses(bank))
    assert (found[first], found[second], found[over]) == ("approved", "new", "pending_approval")
    page.keyboard.press("q")
    page.wait_for_url("**/approvals")
    expect(page.get_by_text("Nothing awaits your signature.")).to_be_visible()
    assert page.evaluate("window.same"), "checks are opened in the page of the approvals"
    # It is its maker's again, who reads why.
    site.open(maker, f"/review/{second}")
    expect(maker.get_by_text("claimed by you")).to_be_visible()
    expect(maker.locator(".crc-steps")).to_contain_text("compare the signature again")


def test_blind_the_page_knows_nothing_until_the_own_choice_is_recorded(
    site: Site, bank: Bank, items: Items, open_browser: Open, run: Run
) -> None:
    (first,) = items("7000.00", blind_second_review=True)
    run(recommend(bank, first))
    page = open_browser()
    received: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(str(frame))))
    site.join(page, bank.approver, "/approvals")
    expect(page.locator("tr[data-row]")).to_contain_text("hidden until you have chosen")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    amount_on(page, "7,000.00")
    expect(page.get_by_text("Reviewer made a recommendation. It is shown to you once")).to_be_visible()
    expect(page.locator(".crc-acts button")).to_have_count(3)
    expect_accessible(page)
    page.keyboard.press("Shift+T")
    page.wait_for_timeout(500)
    assert SECRET not in page.content()
    assert SECRET not in "".join(received)
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+T")
    page.keyboard.press("a")
    submit = page.locator("button[data-action=submit]")
    expect(submit).to_contain_text("Record my payment, show the recommendation")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".crc-steps")).to_contain_text(SECRET)
    expect(page.locator(".crc-opinion")).to_contain_text("would pay: not the same as Reviewer")
    page.keyboard.press("a")
    expect(submit).to_contain_text("Confirm the return of 7,000.00")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("No more recommendations wait for your signature")).to_be_visible()

    async def kept() -> tuple[str, dict[str, Any]]:
        async with transaction(bank.system) as session:
            opinion = (await session.execute(select(SecondOpinion.act))).scalar_one()
            query = select(Decision.details).where(Decision.stage == "confirmation")
            return opinion, (await session.execute(query)).scalar_one()

    opinion, details = run(kept())
    assert opinion == "pay" and details["opinion"]["agrees"] is False


def test_both_sides_are_looked_at_where_the_policy_says_so(
    site: Site, bank: Bank, items: Items, open_browser: Open, run: Run
) -> None:
    (first,) = items("100.00", view_both_sides=True)
    page = open_browser()
    site.join(page, bank.reviewer, f"/review/{first}")
    amount_on(page, "100.00")
    look_at(page, "front")
    page.keyboard.press("a")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Look at the back of the check first", exact=False)).to_be_visible()
    back = page.locator(".crc-pane[data-side=back]")
    expect(back).to_be_focused()
    assert run(statuses(bank))[first] == "in_review"
    look_at(page, "back")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Nothing more waits")).to_be_visible()
    assert run(statuses(bank))[first] == "approved"
