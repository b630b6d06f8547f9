"""Queue and review page in a real browser, against the console as a process of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Coroutine, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from console.intake.accounts import load_accounts
from console.review.choices import Choice
from console.review.claims import claim
from console.review.decisions import decide
from console.review.drafts import read_draft
from console.review.evidence import LEAST_VIEWED_MS
from console.review.giving_back import release
from console.review.states import Act
from console.settings import Settings
from db.engine import transaction
from db.models import AuditEntry, CheckItem, Decision, Evidence
from tests.accessibility import violations
from tests.browser.site import PATIENCE_MS, Site, empty_tables, in_a_thread, make_enrolled_bank, until
from tests.browser.slow_line import slow_line
from tests.conftest import Database
from tests.factories import Bank, account_record, import_items, item_ids, look, set_thresholds, x9_item

Run = Callable[[Coroutine[Any, Any, Any]], Any]
Open = Callable[..., Page]
# On-us items of an account nobody knows carry a flag; transit items carry none.
TRANSIT = "061000146"
# What comes live comes at once on a machine that has time; what is only looked for comes every fifteen seconds.
LIVE_MS = 10_000


@pytest.fixture(scope="module")
def console(module_console: Settings) -> Settings:
    return module_console


@pytest.fixture(scope="module")
def run(console: Settings) -> Run:
    return in_a_thread(console)


@pytest.fixture(scope="module")
def bank(run: Run) -> Bank:
    async def make() -> Bank:
        made = await make_enrolled_bank()
        # What is decided is written at once here; tests/browser/test_undo_pages.py has the time to take it back.
        await set_thresholds(made, undo_seconds=0)
        return made

    made: Bank = run(make())
    return made


@pytest.fixture(scope="module")
def site(console: Settings, bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site.serving(console, tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(autouse=True)
def empty_queue(module_database: Database, bank: Bank) -> None:
    """One bank and one server serve the whole module; each test begins with no check at all."""
    tables = "check_item, item_tally, claim, pending_decision, draft, flag, decision, evidence, image, "
    empty_tables(module_database.superuser_url, tables + "second_opinion, file_finding, file_received")


@pytest.fixture
def items(run: Run, bank: Bank, tmp_path: Path) -> Callable[..., list[UUID]]:
    """``items("10.00", "20.00", routing=…)``: imported checks of these amounts, in their order."""
    batches = iter("123456789")

    def make(*amounts: str, routing: str = TRANSIT) -> list[UUID]:
        async def work() -> list[UUID]:
            drafts = [x9_item(n, amount, routing) for n, amount in enumerate(amounts, start=1)]
            report = await import_items(bank, tmp_path, drafts, next(batches))
            assert report.status == "imported"
            made = (await item_ids(bank))[-len(amounts) :]
            await _space_out(bank, made)
            return made

        made: list[UUID] = run(work())
        return made

    return make


async def _space_out(bank: Bank, made: list[UUID]) -> None:
    """Checks of one file are due at the same moment; here the first is the most urgent."""
    async with transaction(bank.system) as session:
        for place, item_id in enumerate(made):
            item = await session.get_one(CheckItem, item_id)
            item.sla_due_at += timedelta(minutes=place)
            item.version += 1


def amount_on(page: Page, amount: str) -> None:
    """Wait until this amount is the one under review."""
    expect(page.locator(".crc-amount")).to_have_text(f"${amount}")


def look_at(page: Page, side: str) -> None:
    """Look at this side for as long as counts, from when its picture is there."""
    expect(page.locator(f".crc-pane[data-side={side}] img")).to_be_visible()
    page.wait_for_function(f"document.querySelector('.crc-pane[data-side={side}] img')?.complete")
    page.wait_for_timeout(LEAST_VIEWED_MS + 500)


def statuses(bank: Bank) -> Coroutine[Any, Any, dict[UUID, str]]:
    async def read() -> dict[UUID, str]:
        async with transaction(bank.system) as session:
            return {row.id: row.status for row in await session.execute(select(CheckItem.id, CheckItem.status))}

    return read()


def test_deciding_by_keyboard_alone_brings_the_next_check(
    site: Site, bank: Bank, items: Callable[..., list[UUID]], open_browser: Open, run: Run
) -> None:
    first, second, third = items("100.00", "200.00", "300.00")
    page = open_browser()
    site.sign_in(page, bank.reviewer, "/queue")
    expect(page.locator("tr[data-row]")).to_have_count(3)
    page.keyboard.press("s")
    amount_on(page, "100.00")
    expect(page).to_have_url(re.compile(str(first)))
    front = page.locator(".crc-pane[data-side=front] img")
    expect(front).to_be_visible()
    page.keyboard.press("Space")
    expect(page.locator(".crc-pane[data-side=back] img")).to_be_visible()
    page.keyboard.press("a")
    submit = page.locator("button[data-action=submit]")
    expect(submit).to_contain_text("Pay 100.00")
    page.keyboard.press("Control+Enter")
    amount_on(page, "200.00")
    expect(front).to_be_visible()
    expect(page).to_have_url(re.compile(str(second)))
    page.keyboard.press("r")
    page.keyboard.press("4")
    expect(submit).to_contain_text("Return 200.00")
    page.keyboard.press("/")
    page.keyboard.type("endors")
    offered = page.locator(".crc-common button")
    expect(offered).to_have_text([re.compile("I Endorsement missing"), re.compile("J Endorsement irregular")])
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.get_by_label("Return reason:").fill("dup")
    expect(offered).to_have_text([re.compile("Y Duplicate presentment")])
    page.keyboard.press("Enter")
    chosen = page.locator(".crc-chosen button[aria-label]")
    expect(chosen).to_have_text([re.compile("J Endorsement irregular"), re.compile("Y Duplicate presentment")])
    page.keyboard.press("Control+Enter")
    amount_on(page, "300.00")
    page.keyboard.press("j")
    page.keyboard.type("no signature at all")  # the note took the focus: its letters are no keys
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Nothing more waits")).to_be_visible()
    assert run(statuses(bank)) == {first: "approved", second: "returned", third: "rejected"}

    async def written() -> tuple[list[Decision], list[str], list[str]]:
        async with transaction(bank.auditor) as session:
            decisions = list(await session.scalars(select(Decision).order_by(Decision.decided_at)))
            entries = (
                select(AuditEntry.object_id).where(AuditEntry.action == "item.decided").order_by(AuditEntry.sequence)
            )
            snapshots = list(await session.scalars(select(Evidence.snapshot)))
            return decisions, list(await session.scalars(entries)), snapshots

    decisions, entries, snapshots = run(written())
    assert [one.reasons for one in decisions] == [[], ["customer:J", "customer:Y"], []]
    assert decisions[2].note == "no signature at all"
    assert entries[-3:] == [str(first), str(second), str(third)]
    looked = next(json.loads(one)["viewed_ms"] for one in snapshots if str(first) in one)
    assert looked["front"] > 0
    assert looked["back"] > 0


# All in one go, before the server can have answered the first.
_PRESS_AT_ONCE = """strokes => strokes.forEach(([key, ctrlKey]) =>
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key, ctrlKey, bubbles: true, cancelable: true })))"""


def test_keys_act_in_their_order_and_none_on_a_check_that_nobody_has_seen(
    site: Site, bank: Bank, items: Callable[..., list[UUID]], open_browser: Open, run: Run
) -> None:
    first, second, third = items("100.00", "200.00", "300.00")
    page = open_browser()
    site.join(page, bank.reviewer, f"/review/{first}")
    amount_on(page, "100.00")
    submit = page.locator("button[data-action=submit]")
    # The last choice before the submission counts; what comes after it was not meant for the check that follows.
    strokes = [("r", False), ("4", False), ("a", False), ("Enter", True), ("r", False), ("Enter", True), ("a", False)]
    page.evaluate(_PRESS_AT_ONCE, strokes)
    amount_on(page, "200.00")
    expect(submit).to_contain_text("Choose a decision")
    assert run(statuses(bank)) == {first: "approved", second: "in_review", third: "new"}
    page.keyboard.press("a")
    expect(submit).to_contain_text("Pay 200.00")
    # What was typed for a note is words, though the choice that asks for them was not taken.
    page.evaluate(_PRESS_AT_ONCE, [("Enter", True), ("j", False), ("a", False), ("h", False)])
    amount_on(page, "300.00")
    expect(page.get_by_label("Note")).to_have_value("ah")
    expect(submit).to_contain_text("Choose a decision")


def test_the_next_checks_images_are_there_before_it_is_claimed(
    site: Site, bank: Bank, items: Callable[..., list[UUID]], open_browser: Open, run: Run
) -> None:
    first, second = items("100.00", "200.00")
    page = open_browser()
    fetched: list[str] = []
    page.on("response", lambda answer: "/images/" in answer.url and fetched.append(answer.url))
    site.join(page, bank.reviewer, f"/review/{first}")
    amount_on(page, "100.00")
    for _ in range(PATIENCE_MS // 50):
        if len(fetched) >= 4:
            break
        page.wait_for_timeout(50)
    assert len(set(fetched)) == 4
    assert run(statuses(bank)) == {first: "in_review", second: "new"}
    page.keyboard.press("a")
    page.keyboard.press("Control+Enter")
    amount_on(page, "200.00")
    expect(page.locator(".crc-pane[data-side=front] img")).to_be_visible()
    assert len(fetched) == 4


def test_a_flag_must_be_answered_first_and_gets_the_focus(
    site: Site, bank: Bank, items: Callable[..., list[UUID]], open_browser: Open, run: Run
) -> None:
    first, _ = items("100.00", "200.00", routing=bank.routing)
    page = open_browser()
    site.join(page, bank.reviewer, f"/review/{first}")
    amount_on(page, "100.00")
    card = page.locator(".crc-flag-card")
    expect(card).to_have_count(1)
    page.keyboard.press("a")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Answer the flag", exact=False)).to_be_visible()
    # Its sign is of the letters that every page has.
    expect(page.locator(".q-notification__icon.material-icons-outlined")).to_be_visible()
    expect(card).to_be_focused()
    amount_on(page, "100.00")
    page.keyboard.press("k")
    page.keyboard.type("the customer confirmed by telephone")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 of 1 answered")).to_be_visible()
    expect(card).to_contain_text("the customer confirmed by telephone")
    expect(page.locator("button[data-action=submit]")).to_contain_text("Pay 100.00")
    page.keyboard.press("Control+Enter")
    amount_on(page, "200.00")
    assert run(statuses(bank))[first] == "approved"


def test_what_is_typed_before_the_field_is_there_is_not_lost_nor_is_enter(
    site: Site, bank: Bank, items: Callable[..., list[UUID]], open_browser: Open
) -> None:
    (only,) = items("100.00", routing=bank.routing)
    page = open_browser()
    site.join(page, bank.reviewer, f"/review/{only}")
    amount_on(page, "100.00")
    # In one turn of the browser: the server has no time to draw the field in between.
    page.evaluate(
        """keys => keys.forEach(key =>
            document.body.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true})))""",
        ["k", *"called back, allx", "Backspace", *" right", "Enter"],
    )
    expect(page.get_by_text("1 of 1 answered")).to_be_visible()
    expect(page.locator(".crc-flag-card")).to_contain_text("called back, all right")
    expect(page.get_by_role("button", name="Pay", exact=True)).not_to_have_attribute("aria-pressed", "true")


def test_a_stale_page_says_so_keeps_the_note_and_decides_after_another_look(
    site: Site, bank: Bank, items: Callable[..., list[UUID]], open_browser: Open, run: Run
) -> None:
    (first,) = items("100.00")
    page = open_browser()
    site.join(page, bank.reviewer, f"/review/{first}")
    amount_on(page, "100.00")
    page.keyboard.press("j")
    page.keyboard.type("my careful note")

    async def changed_behind_its_back() -> None:
        # Without the hint that a service would send: the page cannot know.
        async with transaction(bank.system) as session:
            item = await session.get_one(CheckItem, first)
            item.version += 1

    run(changed_behind_its_back())
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("This check changed after you opened it", exact=False)).to_be_visible()
    assert run(statuses(bank))[first] == "in_review"
    expect(page.get_by_label("Note")).to_have_value("my careful note")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Nothing more waits")).to_be_visible()
    assert run(statuses(bank))[first] == "rejected"


def test_what_a_choice_lacks_gets_the_cursor(
    site: Site, bank: Bank, items: Callable[..., list[UUID]], open_browser: Open, run: Run
) -> None:
    (first,) = items("100.00")
    page = open_browser()
    site.join(page, bank.reviewer, f"/review/{first}")
    amount_on(page, "100.00")
    page.keyboard.press("i")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".q-notification__message", has_text="Write a note")).to_be_visible()
    expect(page.get_by_label("Note")).to_be_focused()
    assert run(statuses(bank))[first] == "in_review"


def test_two_people_decide_a_large_check(
    site: Site, bank: Bank, items: Callable[..., list[UUID]], open_browser: Open, run: Run
) -> None:
    (first,) = items("7000.00")
    maker = open_browser()
    site.join(maker, bank.reviewer, f"/review/{first}")
    amount_on(maker, "7,000.00")
    maker.keyboard.press("a")
    expect(maker.locator("button[data-action=submit]")).to_contain_text("Recommend payment, ask a second person")
    maker.keyboard.press("Control+Enter")
    expect(maker.get_by_text("Nothing more waits")).to_be_visible()
    assert run(statuses(bank))[first] == "pending_approval"
    site.open(maker, f"/review/{first}")
    expect(maker.locator(".crc-notice")).to_contain_text("another person must confirm it")
    expect(maker.locator("button[data-action=submit]")).to_have_count(0)

    checker = open_browser()
    site.join(checker, bank.approver, "/queue")
    checker.get_by_role("button", name="Approvals").click()
    expect(checker.locator("tr[data-row]")).to_have_count(1)
    checker.keyboard.press("ArrowDown")
    checker.keyboard.press("Enter")
    amount_on(checker, "7,000.00")
    expect(checker.locator(".crc-steps")).to_contain_text("Reviewer recommends payment")
    checker.keyboard.press("a")
    expect(checker.locator("button[data-action=submit]")).to_contain_text("Confirm the payment of 7,000.00")
    checker.keyboard.press("Control+Enter")
    expect(checker.get_by_text("No more recommendations wait")).to_be_visible()
    assert run(statuses(bank))[first] == "approved"
    # The maker's page, still open, says so by itself.
    expect(maker.locator(".crc-notice")).to_contain_text("its review is over")


def test_sent_back_with_a_note_that_the_next_reviewer_reads(
    site: Site, bank: Bank, items: Callable[..., list[UUID]], open_browser: Open, run: Run
) -> None:
    (first,) = items("7000.00")

    async def recommend() -> None:
        await claim(bank.reviewer, first)
        _, seen = await look(bank.reviewer, first)
        await decide(bank.reviewer, first, Choice(Act.PAY), seen)

    run(recommend())
    page = open_browser()
    site.join(page, bank.approver, f"/review/{first}")
    amount_on(page, "7,000.00")
    page.keyboard.press("j")
    page.keyboard.type("compare the signature again")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Sent back: 7,000.00", exact=False)).to_be_visible()
    assert run(statuses(bank))[first] == "new"
    other = open_browser()
    site.join(other, bank.second_reviewer, f"/review/{first}")
    expect(other.locator(".crc-steps")).to_contain_text("compare the signature again")


def test_an_auditor_reads_and_decides_nothing(
    site: Site, bank: Bank, items: Callable[..., list[UUID]], open_browser: Open, run: Run
) -> None:
    (first,) = items("100.00", routing=bank.routing)
    page = open_browser()
    site.join(page, bank.auditor, "/queue")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    expect(page.get_by_role("button", name="Start")).to_have_count(0)
    site.open(page, f"/review/{first}")
    expect(page.locator(".crc-notice")).to_contain_text("Your role reads checks and decides none")
    expect(page.locator(".crc-acts")).to_have_count(0)
    expect(page.locator(".crc-answers button")).to_have_count(0)
    for key in ("a", "y", "Control+Enter"):
        page.keyboard.press(key)
    assert run(statuses(bank))[first] == "new"


def test_another_browser_sees_padlock_and_vanishing_live(
    site: Site, bank: Bank, items: Callable[..., list[UUID]], open_browser: Open, run: Run
) -> None:
    first, second = items("100.00", "200.00")
    watching = open_browser()
    site.join(watching, bank.second_reviewer, "/queue")
    row = watching.locator(f"tr[data-row='{first}']")
    expect(row).to_be_visible()
    working = open_browser()
    site.join(working, bank.reviewer, f"/review/{first}")
    expect(row.locator(".crc-held")).to_contain_text("Reviewer", timeout=LIVE_MS)
    working.keyboard.press("a")
    working.keyboard.press("Control+Enter")
    expect(row).to_have_count(0, timeout=LIVE_MS)
    expect(watching.locator(".crc-figure", has_text="decided today").locator("strong")).to_have_text("1")
    expect(watching.locator(f"tr[data-row='{second}'] .crc-held")).to_contain_text("Reviewer", timeout=LIVE_MS)
    # A check that comes in appears in its place.
    items("50.00")
    expect(watching.locator("tr[data-row]")).to_have_count(2, timeout=LIVE_MS)


def test_a_check_that_somebody_holds_is_shown_read_only_until_it_is_free(
    site: Site, bank: Bank, items: Callable[..., list[UUID]], open_browser: Open, run: Run
) -> None:
    (first,) = items("100.00")
    run(claim(bank.second_reviewer, first))
    page = open_browser()
    site.join(page, bank.reviewer, f"/review/{first}")
    expect(page.locator(".crc-notice")).to_contain_text("Second Reviewer is working on this check")
    run(release(bank.second_reviewer, first))
    page.get_by_role("button", name="Take this check").click()
    expect(page.get_by_text("claimed by you")).to_be_visible()


def test_leaving_gives_the_check_back_and_keeps_the_draft(
    site: Site, bank: Bank, items: Callable[..., list[UUID]], open_browser: Open, run: Run
) -> None:
    first, second = items("100.00", "200.00")
    page = open_browser()
    site.join(page, bank.reviewer, f"/review/{first}")
    amount_on(page, "100.00")
    page.keyboard.press("n")
    amount_on(page, "200.00")
    until(lambda: run(statuses(bank)), {first: "new", second: "in_review"})
    page.keyboard.press("r")
    page.keyboard.press("2")
    page.keyboard.press("Shift+N")
    page.keyboard.type("half a thought")
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    amount_on(page, "100.00")
    expect(page.get_by_text("200.00 is back in its queue. Your draft of it is kept.")).to_be_visible()
    expect(page.get_by_text("Draft restored")).to_be_hidden()
    assert run(statuses(bank)) == {first: "in_review", second: "new"}
    page.keyboard.press("q")
    page.wait_for_url("**/queue")
    site.open(page, f"/review/{second}")
    expect(page.get_by_text("Draft restored")).to_be_visible()
    expect(page.get_by_label("Note")).to_have_value("half a thought")
    expect(page.locator(".crc-chosen button[aria-label]")).to_have_count(1)
    expect(page.locator("button[data-action=submit]")).to_contain_text("Return 200.00")


def test_what_is_typed_before_the_next_check_is_wholly_there_is_its_own(
    site: Site, bank: Bank, items: Callable[..., list[UUID]], open_browser: Open
) -> None:
    first, second, _ = items("100.00", "200.00", "300.00")
    page = open_browser()
    with slow_line(page) as line:
        site.join(page, bank.reviewer, f"/review/{first}")
        amount_on(page, "100.00")
        page.keyboard.press("Shift+N")
        page.keyboard.type("of the first")
        page.keyboard.press("Escape")
        # Its picture is there, and the form of the check before still beside it.
        line.hold_from('"update"')
        page.keyboard.press("n")
        line.let_first()
        page.keyboard.press("Shift+N")
        page.keyboard.type("no signaturE")
        page.keyboard.press("Backspace")
        page.keyboard.type("e")
        line.let_all()
        amount_on(page, "200.00")
        expect(page.get_by_label("Note")).to_have_value("no signature")
        expect(page.get_by_label("Note")).to_be_focused()
        page.keyboard.press("Escape")
        page.keyboard.press("p")
        amount_on(page, "100.00")
        expect(page.get_by_label("Note")).to_have_value("of the first")
    # Nothing at all has come yet.
    page = open_browser()
    with slow_line(page) as line:
        site.join(page, bank.reviewer, f"/review/{second}")
        amount_on(page, "200.00")
        line.hold_from('"update"')
        page.keyboard.press("n")
        page.keyboard.press("Shift+N")
        page.keyboard.type("of the third")
        line.let_all()
        amount_on(page, "300.00")
        expect(page.get_by_label("Note")).to_have_value("of the third")
        page.keyboard.press("Escape")
        page.keyboard.press("p")
        amount_on(page, "200.00")
        expect(page.get_by_label("Note")).to_have_value("no signature")
        # Where nothing comes, it is for the check that is there.
        page.keyboard.press("Control+Enter")
        page.keyboard.press("Shift+N")
        page.keyboard.type("!")
        expect(page.get_by_label("Note")).to_have_value(re.compile("!"))


def test_the_account_number_is_masked_until_it_is_shown_and_that_is_audited(
    site: Site, bank: Bank, items: Callable[..., list[UUID]], open_browser: Open, run: Run
) -> None:
    (first,) = items("100.00", routing=bank.routing)

    async def facts() -> tuple[str, int]:
        async with transaction(bank.auditor) as session:
            entries = select(func.count()).where(
                AuditEntry.action == "account_number.viewed", AuditEntry.object_id == str(first)
            )
            item = await session.get_one(CheckItem, first)
            return item.account_number, (await session.execute(entries)).scalar_one()

    number, before = run(facts())
    page = open_browser()
    site.join(page, bank.reviewer, f"/review/{first}")
    amount_on(page, "100.00")
    assert number not in page.locator(".crc-item").inner_text()
    page.get_by_role("button", name="Show the full account number").click()
    expect(page.locator("[data-account]")).to_have_text(number)
    assert (before, run(facts())[1]) == (0, 1)


def test_search_filter_and_sort_ask_the_database(
    site: Site, bank: Bank, items: Callable[..., list[UUID]], open_browser: Open
) -> None:
    items(*(f"{n}.00" for n in range(1, 61)))
    page = open_browser()
    site.join(page, bank.reviewer, "/queue")
    expect(page.locator(".crc-table-foot")).to_contain_text("1–50 of 60")
    amounts = page.locator("td[data-column=amount]")
    page.get_by_role("button", name="Amount").click()
    expect(page.get_by_role("columnheader", name="Amount")).to_have_attribute("aria-sort", "ascending")
    expect(amounts.first).to_have_text("1.00")
    page.get_by_role("button", name="Amount").click()
    expect(amounts.first).to_have_text("60.00")
    page.locator(".crc-table-scroll").evaluate("table => table.scrollTo(0, 99999)")
    expect(page.locator(".crc-table-foot")).to_contain_text("1–60 of 60")
    page.keyboard.press("/")
    page.keyboard.type("42.00")
    expect(amounts).to_have_text(["42.00"])
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("checkbox", name="with flags only").click()
    expect(page.get_by_text("No check here fits this search and these filters.")).to_be_visible()


def test_an_unknown_check_and_a_role_without_queue_are_refused(site: Site, bank: Bank, open_browser: Open) -> None:
    page = open_browser()
    site.join(page, bank.reviewer, "/queue")
    page.goto(f"{site.origin}/review/{UUID(int=7)}")
    expect(page.get_by_text("This check does not exist.")).to_be_visible()
    administrator = open_browser()
    site.join(administrator, bank.administrator, "/queue", connected=False)
    expect(administrator.get_by_text("Not for your role")).to_be_visible()


def test_the_account_is_told_and_its_checks_and_card_are_compared_with(
    site: Site, bank: Bank, run: Run, tmp_path: Path, open_browser: Open
) -> None:
    async def make() -> UUID:
        await load_accounts(bank.system, [account_record(bank, "60666044")], date(2026, 11, 20))
        await import_items(bank, tmp_path, [x9_item(1, "60.00", bank.routing, "60666044")], "1")
        return (await item_ids(bank))[-1]

    item = run(make())
    page = open_browser()
    site.join(page, bank.reviewer, f"/review/{item}")
    amount_on(page, "60.00")
    account = page.get_by_role("region", name="Earlier checks and the account")
    expect(account.locator("[data-compare]")).to_have_count(2)  # the card, and the check with a picture
    account.get_by_role("button", name="Figures").click()
    expect(account.get_by_role("row", name="Largest check")).to_contain_text("—70.0070.00")
    expect(account.locator("dl div", has_text="Average balance, 30 days")).to_contain_text("8,000.00")
    expect(account.locator("dl div", has_text="Payroll · direct deposit")).to_contain_text("yes · no")
    axe_finds_nothing(page)
    account.get_by_role("button", name="Reviews").click()
    expect(account).to_contain_text("No other check of this account was decided here.")
    account.get_by_role("button", name="Earlier checks").click()

    earlier = account.get_by_role("button", name="Compare with #100")
    earlier.click()
    other = page.locator(".crc-pane[data-side=other] img")
    expect(other).to_be_visible()
    expect(page.locator(".crc-compared")).to_contain_text("#100 50.00 · 2 Oct 2026")
    expect(earlier).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Shift+C")
    expect(page.locator(".crc-compared")).to_contain_text("Signature card Anna Invented")
    page.wait_for_function("document.querySelector('.crc-pane[data-side=other] img')?.naturalWidth === 800")
    axe_finds_nothing(page)
    # The draft keeps how the check was looked at: a new page shows the comparison again.
    expect(earlier).to_have_attribute("aria-pressed", "false")
    card = account.locator("[data-compare][aria-pressed=true]").get_attribute("data-compare")

    async def kept() -> str | None:
        draft = await read_draft(bank.reviewer, item)
        return draft.viewer.get("compare", {}).get("key") if draft else None

    until(lambda: run(kept()), card)
    page.reload()
    expect(page.locator(".crc-compared")).to_contain_text("Signature card")
    page.keyboard.press("Escape")
    expect(other).to_have_count(0)


def axe_finds_nothing(page: Page) -> None:
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = violations(page, {"runOnly": {"type": "tag", "values": tags}})
    assert {one["id"]: [node["html"][:160] for node in one["nodes"]] for one in found} == {}


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1920, 1080)])
def test_the_desk_fits_the_screen_without_scrolling(
    site: Site, bank: Bank, items: Callable[..., list[UUID]], open_browser: Open, width: int, height: int
) -> None:
    (first,) = items("7000.00", routing=bank.routing)
    page = open_browser(width=width, height=height)
    site.join(page, bank.reviewer, f"/review/{first}")
    amount_on(page, "7,000.00")
    page.keyboard.press("r")
    page.keyboard.press("1")
    expect(page.locator(".crc-liability")).to_be_visible()
    submit = page.locator("button[data-action=submit]").bounding_box()
    viewer = page.locator(".crc-viewer").bounding_box()
    assert submit
    assert viewer
    assert submit["y"] + submit["height"] <= height
    assert viewer["width"] >= 0.6 * width
    assert viewer["height"] >= 0.55 * height
    for box in ("html", ".q-page"):
        scrolls = page.locator(box).evaluate("box => box.scrollHeight > box.clientHeight + 1")
        assert not scrolls, f"{box} scrolls"
    # At 200 %: one below the other, and nothing of it beside the screen.
    page.set_viewport_size({"width": width // 2, "height": height // 2})
    expect(page.locator(".crc-below")).to_have_css("order", "1")
    panes = page.locator(".crc-panes").bounding_box()
    assert panes
    assert panes["height"] >= 200 and panes["y"] + panes["height"] <= height // 2, "the whole image can be seen at once"
    for part in (".crc-viewer", ".crc-side", ".crc-below", "button[data-action=submit]"):
        box = page.locator(part).bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= width // 2, part
    page.locator("button[data-action=submit]").scroll_into_view_if_needed()
    expect(page.locator("button[data-action=submit]")).to_be_in_viewport()
