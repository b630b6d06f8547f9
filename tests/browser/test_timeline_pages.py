"""Timeline, questions, attachments, advice, liability and people's own keys in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from console.access.permissions import Permission
from console.actor import Actor, Grant
from console.review.advice import GivenAdvice, give_advice
from console.review.clocks import add_banking_days
from console.review.giving_back import release
from console.review.holds import HOLD_RULES, HoldReason
from console.settings import Settings
from db.engine import transaction
from db.models import CheckItem, Decision
from tests.accessibility import expect_accessible
from tests.browser.site import Site, in_a_thread, make_enrolled_bank
from tests.factories import Bank, import_items, item_ids, set_thresholds, x9_item

Run = Callable[[Coroutine[Any, Any, Any]], Any]
Open = Callable[..., Page]
PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"


@pytest.fixture(scope="module")
def console(module_console: Settings) -> Settings:
    return module_console


@pytest.fixture(scope="module")
def run(console: Settings) -> Run:
    return in_a_thread(console)


@pytest.fixture(scope="module")
def bank(run: Run) -> Bank:
    made: Bank = run(make_enrolled_bank())
    run(set_thresholds(made, undo_seconds=0))
    return made


@pytest.fixture(scope="module")
def items(run: Run, bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> list[UUID]:
    """Six checks of other banks: they carry no flags."""

    async def make() -> list[UUID]:
        drafts = [x9_item(n, f"{n}00.00", "061000146") for n in range(1, 7)]
        await import_items(bank, tmp_path_factory.mktemp("items"), drafts)
        return await item_ids(bank)

    made: list[UUID] = run(make())
    return made


@pytest.fixture(scope="module")
def site(console: Settings, bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site.serving(console, tmp_path_factory.mktemp("site")) as running:
        yield running


def review(site: Site, page: Page, person: Actor, item: UUID, amount: str) -> None:
    site.join(page, person, f"/review/{item}")
    expect(page.locator(".crc-amount")).to_have_text(f"${amount}")


def last_decision(run: Run, bank: Bank, item: UUID) -> Decision | None:
    async def read() -> Decision | None:
        async with transaction(bank.auditor) as session:
            query = select(Decision).where(Decision.item_id == item).order_by(Decision.sequence.desc()).limit(1)
            return (await session.scalars(query)).one_or_none()

    found: Decision | None = run(read())
    return found


def test_notes_name_people_and_files_are_attached_beside_the_image(
    site: Site, bank: Bank, items: list[UUID], open_browser: Open, tmp_path: Path
) -> None:
    page = open_browser()
    review(site, page, bank.reviewer, items[0], "100.00")
    page.keyboard.press("Shift+T")
    drawer = page.get_by_role("complementary", name="Timeline")
    expect(drawer).to_be_visible()
    happened = drawer.locator("li[data-event]")
    expect(happened).to_have_count(2)
    field = drawer.get_by_label("Write for colleagues")
    field.focus()
    page.keyboard.type("Ask @sup")
    expect(drawer.get_by_role("option")).to_have_text([re.compile("@supervisor")])
    page.keyboard.press("Enter")
    page.keyboard.type("first: a r j 1")  # letters and digits of keys that decide
    expect(field).to_have_value("Ask @supervisor first: a r j 1")
    expect(page.locator("button[data-action=submit]")).to_contain_text("Choose a decision")
    page.keyboard.press("Control+Enter")  # sends the note, and submits no decision
    expect(happened).to_have_count(3)
    expect(happened.first).to_contain_text("Ask @supervisor first: a r j 1")
    expect(field).to_have_value("")
    expect(page.get_by_role("button", name="1 note")).to_be_visible()

    letter = tmp_path / "letter of the branch.pdf"
    letter.write_bytes(PDF)
    drawer.locator("input[type=file]").set_input_files(letter)
    expect(happened.first).to_contain_text("attached letter of the branch.pdf")
    with page.expect_download() as download:
        happened.first.get_by_text("Save the file").click()
    assert download.value.suggested_filename == "letter of the branch.pdf"
    assert Path(download.value.path()).read_bytes() == PDF
    expect_accessible(page)
    letter.write_bytes(b"MZ\x90\0")
    drawer.locator("input[type=file]").set_input_files(letter)
    expect(page.locator(".q-notification__message", has_text="whatever its name says")).to_be_visible()
    page.keyboard.press("Escape")
    # The decision stays in sight beside the drawer, and nothing scrolls.
    box = page.locator("button[data-action=submit]").bounding_box()
    assert box and box["y"] + box["height"] <= 900
    assert page.evaluate("document.scrollingElement.scrollHeight <= innerHeight")
    page.get_by_role("button", name="Close the timeline").click()
    expect(drawer).to_be_hidden()
    page.keyboard.press("a")  # keys are keys again after a click
    expect(page.locator("button[data-action=submit]")).to_contain_text("Pay 100.00")


def test_a_question_is_asked_and_answered(
    site: Site, bank: Bank, items: list[UUID], open_browser: Open, run: Run
) -> None:
    page = open_browser()
    review(site, page, bank.reviewer, items[1], "200.00")
    page.keyboard.press("i")
    page.keyboard.type("superv")
    expect(page.get_by_role("button", name="Supervisor · supervisor")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.type("Do you know this customer?")
    submit = page.locator("button[data-action=submit]")
    expect(submit).to_contain_text("Ask Supervisor")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".crc-amount", has_text="$200.00")).to_be_hidden()
    other = open_browser()
    review(site, other, bank.supervisor, items[1], "200.00")
    expect(other.locator(".crc-steps")).to_contain_text("Do you know this customer?")
    other.get_by_label("Answer").fill("Yes, for years.")
    other.keyboard.press("Control+Enter")
    expect(other.get_by_text("The check is back in its queue.")).to_be_visible()
    decision = last_decision(run, bank, items[1])
    assert decision is not None and decision.details["asks"] == str(bank.supervisor.user_id)


def test_altered_or_forged_is_asked_for_and_costs_four_keystrokes_in_all(
    site: Site, bank: Bank, items: list[UUID], open_browser: Open, run: Run
) -> None:
    page = open_browser()
    review(site, page, bank.reviewer, items[2], "300.00")
    prompt = page.locator(".crc-liability")
    expect(prompt).to_be_hidden()
    page.keyboard.press("1")  # N
    expect(prompt).to_contain_text("229.38(i)")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".q-notification__message", has_text="original paper can be examined")).to_be_visible()
    page.keyboard.press("Shift+X")
    page.keyboard.press("Shift+A")
    expect(prompt).to_contain_text("Presumed altered without the original")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".crc-amount", has_text="$300.00")).to_be_hidden()
    decision = last_decision(run, bank, items[2])
    assert decision is not None
    assert decision.details["liability"] == {"original": "gone", "finding": "altered"}


def test_who_decides_against_advice_says_why(
    site: Site, bank: Bank, items: list[UUID], open_browser: Open, run: Run
) -> None:
    system = Actor(
        bank.institution_id, None, "API key detector", session="key crc_abc",
        grants=(Grant(frozenset({Permission.ADVICE_WRITE}), Decimal(0)),),
    )  # fmt: skip
    given = GivenAdvice(act="return", confidence="0.91", model="stockwatch", model_version="3", explanation="washed")
    run(give_advice(system, items[3], given))
    page = open_browser()
    review(site, page, bank.reviewer, items[3], "400.00")
    expect(page.get_by_role("article", name="Advice")).to_contain_text("Advice: return")
    expect(page.locator(".crc-acts button[aria-pressed=true]")).to_have_count(0)
    page.keyboard.press("a")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".q-notification__message", has_text="goes against the advice")).to_be_visible()
    page.get_by_label("Why not as advised").click()
    page.get_by_role("option", name="Customer contacted").click()
    expect(page.locator(".q-menu")).to_have_count(0)  # while it is there, it has the keyboard
    page.get_by_label("In a few words").fill("He wrote it.")
    expect_accessible(page)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".crc-amount", has_text="$400.00")).to_be_hidden()
    decision = last_decision(run, bank, items[3])
    assert decision is not None
    assert decision.details["override"] == {"category": "customer_contacted", "text": "He wrote it."}


def test_a_hold_beyond_the_schedule_names_its_exception_and_prints_the_notice(
    site: Site, bank: Bank, items: list[UUID], open_browser: Open, run: Run
) -> None:
    run(release(bank.reviewer, items[4]))  # whom a decision may have brought it
    page = open_browser()
    review(site, page, bank.second_reviewer, items[4], "500.00")
    page.keyboard.press("h")
    form = page.locator(".crc-hold")
    expect(form).to_be_visible()
    until = page.get_by_label("Hold until")
    ends = add_banking_days(datetime.now(ZoneInfo("America/New_York")).date(), 5)
    until.press("Control+a")
    page.keyboard.type(f"{ends:%Y%m%d}")
    expect(until).to_have_value(ends.isoformat())
    page.keyboard.press("Control+Enter")
    expect(page.locator(".q-notification__message", has_text="exception")).to_be_visible()
    page.get_by_label("Exception (Reg CC 229.13)").click()
    page.get_by_role("option", name=HOLD_RULES[HoldReason.REASONABLE_CAUSE].label).click()
    expect(page.locator(".q-menu")).to_have_count(0)
    expect(page.locator(".crc-hold-words")).to_contain_text("The notice will say that 500.00 is delayed.")
    page.get_by_label("Deposit account number").fill("0012345678")
    page.get_by_label("Note").fill("The drawer could not be reached.")
    expect_accessible(page)
    assert page.evaluate("document.scrollingElement.scrollHeight <= innerHeight")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".crc-amount", has_text="$500.00")).to_be_hidden()
    decision = last_decision(run, bank, items[4])
    assert decision is not None
    assert (decision.action, decision.details["release_on"]) == ("hold", ends.isoformat())

    reader = open_browser()
    review(site, reader, bank.supervisor, items[4], "500.00")
    reader.keyboard.press("Shift+T")
    with reader.expect_download() as download:
        reader.get_by_role("button", name="Notice").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")
    with reader.expect_download() as download:
        reader.get_by_role("button", name="Export the evidence of this check").click()
    assert download.value.suggested_filename == f"evidence-{items[4]}.zip"
    assert Path(download.value.path()).read_bytes().startswith(b"PK")
    expect(reader.locator("li[data-event='evidence.exported']")).to_have_count(1)


def test_a_person_presses_the_keys_they_chose(
    site: Site, bank: Bank, items: list[UUID], open_browser: Open, run: Run
) -> None:
    page = open_browser()
    site.join(page, bank.second_reviewer, "/account/keys")
    pay = page.locator("li[data-key-of=pay]")
    expect(pay.locator("kbd")).to_have_text("A")
    page.get_by_role("button", name="Change the key for Pay", exact=True).click()
    expect(page.locator(".crc-key-capture")).to_be_visible()
    page.keyboard.press("r")
    expect(page.get_by_role("alert")).to_contain_text("R already means “Return”")
    page.keyboard.press("F9")
    expect(pay.locator("kbd")).to_have_text("F9")
    page.get_by_role("button", name="Change the key for Pay", exact=True).click()
    expect(page.locator(".crc-key-capture")).to_be_visible()
    page.keyboard.press(";")
    expect(pay.locator("kbd")).to_have_text(";")
    expect_accessible(page)
    run(release(bank.reviewer, items[5]))  # whom a decision may have brought it
    review(site, page, bank.second_reviewer, items[5], "600.00")
    button = page.locator(".crc-acts button", has_text="Pay")
    expect(button.locator("kbd")).to_have_text(";")
    page.keyboard.press("a")
    page.keyboard.press(";")
    expect(page.locator("button[data-action=submit]")).to_contain_text("Pay 600.00")
    page.get_by_label("Note").fill("a")
    page.get_by_label("Note").press(";")  # in a field it is a sign like any other
    expect(page.get_by_label("Note")).to_have_value("a;")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    sheet = page.locator("dialog.crc-sheet")
    line = sheet.locator("dl > div", has=page.locator("dt", has_text=re.compile("^Pay$")))
    expect(line.locator("kbd")).to_have_text(";")

    async def status() -> str:
        async with transaction(bank.auditor) as session:
            return (await session.scalars(select(CheckItem.status).where(CheckItem.id == items[5]))).one()

    assert run(status()) == "in_review"
