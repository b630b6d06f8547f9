"""The editor of a policy draft in a real browser: by mouse and keyboard, alone and with somebody else."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Iterator
from copy import deepcopy
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from console.actor import Actor
from console.policy.drafting import make_draft, open_draft, save_draft
from console.policy.version_list import version_numbered
from console.roles import Role
from console.settings import Settings
from tests.accessibility import COLOURS, violations
from tests.browser.site import Site, enrol_person, in_a_thread, make_enrolled_bank, until
from tests.factories import Bank, import_items, make_person, x9_item

Run = Callable[[Coroutine[Any, Any, Any]], Any]
Open = Callable[..., Page]
RULES = [
    {
        "id": "r-new", "name": "New account, large",
        "when": {"all": [{"field": "account_age_days", "op": "less", "value": 30},
                         {"any": [{"field": "amount", "op": "greater_or_equal", "value": "2500.00"},
                                  {"not": {"field": "payroll", "op": "equals", "value": True}}]}]},
        "then": [{"do": "require_dual_control"}, {"do": "route_to", "queue": "special_review"}],
    },
    {
        "id": "r-low", "name": "Low and known",
        "when": {"all": [{"field": "amount", "op": "less", "value": "500.00"}, {"field": "flags", "op": "is_empty"}]},
        "then": [{"do": "skip_review"}],
    },
]  # fmt: skip


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
def second(run: Run, bank: Bank) -> Actor:
    """Another supervisor."""

    async def make() -> Actor:
        person = await make_person(bank.system, "second_supervisor", Role.SUPERVISOR)
        await enrol_person(person)
        return person

    made: Actor = run(make())
    return made


@pytest.fixture(scope="module")
def site(
    console: Settings, run: Run, bank: Bank, second: Actor, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    items = [x9_item(n, amount, "061000146", "12345678") for n, amount in enumerate(("45.00", "9000.00"), 1)]
    run(import_items(bank, tmp_path_factory.mktemp("items"), items))
    with Site.serving(console, tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture
def draft(run: Run, bank: Bank) -> int:
    """The number of a draft with two rules."""

    async def make() -> int:
        draft_id = await make_draft(bank.supervisor)
        opened = await open_draft(bank.supervisor, draft_id)
        await save_draft(bank.supervisor, draft_id, {**opened.document, "rules": deepcopy(RULES)}, 1)
        return opened.number

    number: int = run(make())
    return number


def document(run: Run, bank: Bank, number: int) -> dict[str, Any]:
    async def read() -> dict[str, Any]:
        return (await open_draft(bank.supervisor, await version_numbered(bank.supervisor, number))).document

    found: dict[str, Any] = run(read())
    return found


def open_editor(site: Site, page: Page, person: Actor, number: int) -> Page:
    site.join(page, person, f"/policy/{number}/edit")
    expect(page.get_by_role("heading", name="Thresholds")).to_be_visible()
    return page


async def kept(bank: Bank, number: int) -> list[str]:
    """The names of the rules that the supervisor has not saved, as the server has them."""
    opened = await open_draft(bank.supervisor, await version_numbered(bank.supervisor, number))
    return [rule["name"] for rule in opened.own.document["rules"]] if opened.own else []


def test_a_threshold_is_changed_says_what_it_means_and_is_saved(
    run: Run, site: Site, bank: Bank, draft: int, open_browser: Open
) -> None:
    page = open_editor(site, open_browser(), bank.supervisor, draft)
    field = page.get_by_label("Two people from, dollars")
    expect(field).to_have_value("5,000.00")
    field.fill("7,500")
    expect(page.get_by_text("Fewer checks need a second person.")).to_be_visible()
    expect(page.get_by_text("Not saved, kept for you")).to_be_visible()
    page.get_by_role("button", name="what differs from version 1").click()
    expect(page.get_by_role("dialog").get_by_text("Two people from 5,000.00 to 7,500.00")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(page.locator(".q-dialog")).to_have_count(0)
    field.fill("7,5oo")
    fault = page.get_by_role("button", name=re.compile("Two people from: Write"))
    expect(fault).to_be_visible()
    page.get_by_label("SLA, business hours").focus()
    fault.click()
    expect(field).to_be_focused()
    field.fill("7,500")
    expect(fault).to_have_count(0)
    field.press("Control+s")
    expect(page.get_by_text(re.compile("^Saved .* [0-9:]+$"))).to_be_visible()
    assert document(run, bank, draft)["thresholds"]["dual_control_amount"] == "7500.00"
    page.get_by_role("button", name="Two people from: back to 5,000.00").click()
    expect(field).to_have_value("5,000.00")


def test_a_rule_is_built_with_the_keyboard_alone(
    run: Run, site: Site, bank: Bank, draft: int, open_browser: Open
) -> None:
    page = open_editor(site, open_browser(), bank.supervisor, draft)
    page.locator("body").press("n")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("Large at night")
    # The first condition: on the amount already; its value.
    page.get_by_label("amount: value").focus()
    page.keyboard.type("9,000.00")
    # A group beside it, in which a field is searched.
    page.get_by_role("button", name="Group", exact=True).last.press("Enter")
    expect(page.get_by_role("group", name="At least one holds")).to_have_count(1)
    field = page.get_by_role("combobox", name="Field").last
    expect(field).to_be_focused()
    page.keyboard.type("hour rec")
    expect(page.get_by_role("option", name=re.compile("amount"))).to_have_count(0)
    page.keyboard.press("Enter")
    operator = page.get_by_role("combobox", name="hour received: operator")
    expect(operator).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("option", name="is more than", exact=True).wait_for()
    for _ in range(20):
        if page.locator(".q-manual-focusable--focused", has_text=re.compile("^is more than$")).count():
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    value = page.get_by_label("hour received: value")
    expect(value).to_be_focused()
    page.keyboard.type("20")
    page.get_by_role("button", name="Not", exact=True).last.press("Enter")
    expect(page.get_by_role("group", name="This does not hold")).to_have_count(1)
    page.get_by_role("button", name="two people").press("Enter")
    expect(page.get_by_role("button", name="Take out: two people")).to_be_focused()
    page.get_by_role("button", name="flag", exact=True).press("Enter")
    expect(page.get_by_role("button", name="Take out: flag")).to_be_focused()
    title = page.get_by_label("Title of the flag")
    title.focus()
    page.keyboard.type("At night")
    expect(page.get_by_label("Code of the flag")).to_have_value("at_night")
    sentence = page.locator(".crc-rule-open .crc-sentence")
    expect(sentence).to_have_text(
        "When amount is at least 9,000.00 and not (hour received is more than 20) → two people flag “At night”"
    )
    page.keyboard.press("Control+s")
    expect(page.get_by_text(re.compile("^Saved .* [0-9:]+$"))).to_be_visible()
    saved = document(run, bank, draft)["rules"][2]
    assert saved["name"] == "Large at night"
    assert saved["when"] == {
        "all": [
            {"field": "amount", "op": "greater_or_equal", "value": "9000.00"},
            {"any": [{"not": {"field": "received_hour", "op": "greater", "value": 20}}]},
        ]
    }
    assert [one["do"] for one in saved["then"]] == ["require_dual_control", "add_flag"]
    # Folded, moved up, turned off, each from the keyboard, the cursor staying with the rule.
    page.get_by_role("button", name="3 · Large at night").press("Enter")
    expect(page.locator(".crc-rule-open")).to_have_count(0)
    expect(page.get_by_role("button", name="3 · Large at night")).to_be_focused()
    up = page.get_by_role("button", name="Move up: Large at night")
    up.press("Enter")
    expect(page.get_by_role("heading", name="2 · Large at night")).to_be_visible()
    expect(up).to_be_focused()
    page.get_by_role("button", name="Turn off: Large at night").press("Enter")
    expect(page.get_by_text("Rules · 2 on, 1 off")).to_be_visible()


def test_a_draft_is_tried_on_a_check_and_says_why(site: Site, bank: Bank, draft: int, open_browser: Open) -> None:
    page = open_editor(site, open_browser(), bank.supervisor, draft)
    trial = page.get_by_role("region", name="Test on a check")
    trial.get_by_label("Search a check").fill("45.00")
    expect(trial.get_by_role("listitem")).to_have_count(1)
    trial.get_by_role("button", name=re.compile("45.00")).click()
    expect(trial.get_by_role("row", name=re.compile("^Review"))).to_have_text("Reviewyesnone")
    page.get_by_role("button", name="2 · Low and known").click()
    tried = trial.get_by_role("region", name="Low and known: fires")
    expect(tried).to_contain_text("holds: Amount is less than 500.00. Found: 45.00")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()  # as a rule that is opened begins
    page.locator(".crc-rule-open").get_by_label("amount: value").fill("40")
    tried = trial.get_by_role("region", name="Low and known: does not fire")
    expect(tried).to_contain_text("does not hold: Amount is less than 40.00. Found: 45.00")
    expect(tried).to_contain_text("holds: Flags are empty. Found: none")
    expect(trial.get_by_role("row", name=re.compile("^Review"))).to_have_text("Reviewyesyes")
    trial.get_by_role("button", name="Show the 1 that do not fire").click()
    missing = trial.get_by_role("region", name="New account, large: does not fire: something is missing")
    expect(missing).to_contain_text("missing: Account open for is less than 30 days. Found: not known")


def test_everything_can_be_undone_and_what_is_unsaved_survives_a_reload(
    run: Run, site: Site, bank: Bank, draft: int, open_browser: Open
) -> None:
    page = open_editor(site, open_browser(), bank.supervisor, draft)
    page.get_by_label("Stale after, months").fill("9")
    page.get_by_role("button", name="1 · New account, large").click()
    page.get_by_role("button", name="Duplicate: New account, large").click()
    expect(page.get_by_role("heading", name="2 · New account, large (copy)")).to_be_visible()
    page.get_by_role("button", name="Take out the rule: New account, large (copy)").click()
    expect(page.get_by_role("heading", name=re.compile("copy"))).to_have_count(0)
    undo = page.get_by_role("button", name="Undo", exact=True)
    expect(undo).to_have_attribute("title", "Undo taking out “New account, large (copy)”")
    undo.click()
    expect(page.get_by_role("heading", name="2 · New account, large (copy)")).to_be_visible()
    expect(page.get_by_text("Not saved, kept for you")).to_be_visible()
    names = ["New account, large", "New account, large (copy)", "Low and known"]
    until(lambda: run(kept(bank, draft)), names)
    page.reload()
    page.wait_for_function("window.did_handshake")
    expect(page.get_by_label("Stale after, months")).to_have_value("9")
    expect(page.get_by_role("heading", name="2 · New account, large (copy)")).to_be_visible()
    expect(page.get_by_text(re.compile("These are your changes of"))).to_be_visible()
    assert document(run, bank, draft)["thresholds"]["stale_months"] == 6
    page.get_by_role("button", name="Discard them").click()
    expect(page.get_by_label("Stale after, months")).to_have_value("6")
    expect(page.get_by_role("heading", name=re.compile("copy"))).to_have_count(0)
    page.locator("body").press("Control+z")
    expect(page.get_by_label("Stale after, months")).to_have_value("9")
    page.locator("body").press("Control+Shift+z")
    expect(page.get_by_label("Stale after, months")).to_have_value("6")


def test_two_people_see_each_other_and_overwrite_nothing_unseen(
    run: Run, site: Site, bank: Bank, second: Actor, draft: int, open_browser: Open
) -> None:
    mine = open_editor(site, open_browser(), bank.supervisor, draft)
    theirs = open_editor(site, open_browser(), second, draft)
    expect(mine.get_by_text("Second Supervisor", exact=True)).to_be_visible()
    expect(theirs.get_by_text("Supervisor", exact=True)).to_be_visible()
    theirs.get_by_role("button", name="1 · New account, large").click()
    expect(mine.get_by_text("Second Supervisor · New account, large")).to_be_visible()
    # Nothing unsaved here: what they save is shown at once.
    theirs.get_by_label("Warn before, minutes").fill("45")
    theirs.keyboard.press("Control+s")
    expect(mine.get_by_label("Warn before, minutes")).to_have_value("45")
    # Both change the same threshold: the second save asks.
    mine.get_by_label("Two people from, dollars").fill("6,000")
    theirs.get_by_label("Two people from, dollars").fill("8,000")
    theirs.keyboard.press("Control+s")
    expect(mine.get_by_text(re.compile("Second Supervisor has saved this draft meanwhile"))).to_be_visible()
    mine.keyboard.press("Control+s")
    asked = mine.get_by_role("dialog", name="Second Supervisor saved this draft meanwhile")
    expect(asked.get_by_role("region", name="Second Supervisor changed")).to_contain_text("5,000.00 to 8,000.00")
    expect(asked.get_by_role("region", name="You changed")).to_contain_text("5,000.00 to 6,000.00")
    expect(asked.get_by_role("button", name="Keep both and save")).to_have_count(0)
    assert document(run, bank, draft)["thresholds"]["dual_control_amount"] == "8000.00"
    asked.get_by_role("button", name="Take theirs").click()
    expect(mine.get_by_label("Two people from, dollars")).to_have_value("8,000.00")
    mine.get_by_role("button", name="Undo", exact=True).click()
    expect(mine.get_by_label("Two people from, dollars")).to_have_value("6,000.00")
    # Different parts: both can be kept.
    theirs.get_by_label("Stale after, months").fill("7")
    theirs.keyboard.press("Control+s")
    expect(mine.get_by_text(re.compile("Second Supervisor has saved this draft meanwhile"))).to_be_visible()
    mine.get_by_role("button", name="Save").click()
    asked.get_by_role("button", name="Keep both and save").click()
    expect(theirs.get_by_label("Two people from, dollars")).to_have_value("6,000.00")
    saved = document(run, bank, draft)["thresholds"]
    assert (saved["dual_control_amount"], saved["stale_months"], saved["warning_minutes"]) == ("6000.00", 7, 45)


def test_the_linter_speaks_beside_what_it_is_about(site: Site, bank: Bank, draft: int, open_browser: Open) -> None:
    page = open_editor(site, open_browser(), bank.supervisor, draft)
    amount, linter = page.get_by_label("Two people from, dollars"), page.get_by_role("status").filter(has_text="Linter")
    amount.fill("9,500")
    thresholds = page.get_by_role("region", name="Thresholds")
    expect(thresholds).to_contain_text("9,500.00 is above the largest amount in the last 2 checks (9,000.00)")
    expect(amount).to_have_value("9,500")  # what is typed is left alone
    page.get_by_role("button", name="2 · Low and known").click()
    page.get_by_role("button", name="Duplicate: Low and known").click()
    opened = page.locator(".crc-rule-open")
    expect(opened).to_contain_text("Linter, fault: It adds nothing: “Low and known” does the same wherever it fires.")
    expect(linter).to_contain_text("1 fault")
    opened.get_by_role("button", name="Fold: Low and known (copy)").click()
    expect(opened).to_have_count(0)
    expect(page.get_by_role("article").filter(has_text="3 · Low and known (copy)")).to_contain_text("It adds nothing")
    amount.fill("8,000")
    page.get_by_role("button", name="Turn off: Low and known (copy)").click()
    expect(page.get_by_text("It adds nothing")).to_have_count(0)
    expect(thresholds.get_by_text("is above the largest amount in the last 2 checks (9,000.00)")).to_have_count(1)


def test_the_page_fits_and_axe_finds_nothing(site: Site, bank: Bank, draft: int, open_browser: Open) -> None:
    page = open_browser()
    open_editor(site, page, bank.supervisor, draft)
    page.get_by_role("button", name="1 · New account, large").click()
    page.get_by_role("region", name="Test on a check").get_by_role("button", name=re.compile("9,000.00")).click()
    page.get_by_label("Two people from, dollars").fill("many")
    page.locator(".crc-rule-open").get_by_role("button", name="Condition", exact=True).last.click()
    expect(page.locator(".crc-faults")).to_contain_text("2 things are to be corrected")
    expect(page.get_by_role("row", name=re.compile("^Priority"))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    for scheme, rules in (("light", None), ("dark", COLOURS)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert [(one["id"], one["nodes"][0]["html"]) for one in violations(page, rules)] == []


def test_who_may_only_look_sees_the_same_without_inputs(site: Site, bank: Bank, draft: int, open_browser: Open) -> None:
    page = open_editor(site, open_browser(), bank.auditor, draft)
    expect(page.get_by_text("You may look at this draft, not change it.")).to_be_visible()
    expect(page.get_by_text("5,000.00", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="1 · New account, large")).to_be_visible()
    for name in ("Save", "Undo", "Add a rule", "1 · New account, large"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    expect(page.get_by_role("region", name="Thresholds").get_by_role("textbox")).to_have_count(0)
    page.get_by_role("region", name="Test on a check").get_by_role("button", name=re.compile("9,000.00")).click()
    expect(page.get_by_text("Rules that fire: 0 of 2 in effect")).to_be_visible()
    site.join(page, bank.auditor, "/policy/1/edit")
    expect(page.get_by_text("Version 1 is active: only drafts can be changed.")).to_be_visible()
