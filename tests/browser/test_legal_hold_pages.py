"""Legal holds in the browser: placed on the page and on a check, lifted by two."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect
from sqlalchemy import insert

from console.retention.legal_hold_list import list_holds
from console.settings import Settings
from db.engine import transaction
from db.models import User
from tests.accessibility import expect_accessible
from tests.browser.site import Site
from tests.factories import Bank, import_items, item_ids, x9_item


def _place(page: Page, matter: str) -> None:
    dialog = page.get_by_role("dialog", name="Place a legal hold")
    dialog.get_by_label("Matter").fill(matter)
    dialog.get_by_label("Reason").fill("subpoena of 1 November")
    dialog.get_by_role("button", name="Place the hold").click()
    expect(dialog).to_have_count(0)


async def _hire(bank: Bank, count: int) -> None:
    """More people than any list shows, who come before everybody else by their names."""
    async with transaction(bank.system) as session:
        names = [f"a-clerk-{number:03}" for number in range(count)]
        rows = [
            {
                "institution_id": bank.institution_id,
                "username": name,
                "display_name": name.title(),
                "password_hash": "-",
            }
            for name in names
        ]
        await session.execute(insert(User), rows)


def test_one_places_two_lift(
    console: Settings, run: Callable, bank: Bank, open_browser: Callable[..., Page], tmp_path: Path
) -> None:
    run(import_items(bank, tmp_path, [x9_item(1, "125.00", "021000021")]))
    (item,) = run(item_ids(bank))
    run(_hire(bank, 250))
    with Site.serving(console, tmp_path) as site:
        page = open_browser()
        site.sign_in(page, bank.supervisor, "/legal-holds")
        expect(page.get_by_text("There is none.")).to_be_visible()
        page.get_by_role("button", name="Place a hold").click()
        dialog = page.get_by_role("dialog", name="Place a legal hold")
        dialog.get_by_role("button", name="Place the hold").click()
        expect(dialog.get_by_role("alert")).to_contain_text("Choose the person")
        expect_accessible(page)
        person = dialog.get_by_label("Person of the staff")
        person.fill("nobody of that name")
        expect(dialog.get_by_text("Nobody: “nobody of that name”.")).to_be_visible()
        person.fill("clerk")
        expect(dialog.get_by_text("There are more: type on.")).to_be_visible()
        expect(dialog.get_by_role("group", name="People “clerk”").get_by_role("button")).to_have_count(6)
        # After all of them, by the keyboard alone.
        person.fill("Second")
        expect(dialog.get_by_role("button", name="Second Reviewer")).to_be_visible()
        expect_accessible(page)
        person.press("Enter")
        expect(dialog.get_by_role("button", name="change")).to_be_visible()
        _place(page, "Staff inquiry 7")
        table = page.get_by_role("grid").or_(page.get_by_role("table")).first
        expect(table).to_contain_text("Second Reviewer: sessions, acts")

        site.open(page, f"/review/{item}")
        page.keyboard.press("Shift+T")
        page.get_by_role("button", name="Place a legal hold").click()
        _place(page, "Doe v. First Example Bank")
        strip = page.get_by_role("region", name="Legal holds on this check")
        expect(strip).to_contain_text("Doe v. First Example Bank")
        expect(page.get_by_label("What happened, the newest first")).to_contain_text("placed a legal hold on it")
        expect_accessible(page)

        site.open(page, "/legal-holds")
        table.get_by_text("Doe v. First Example Bank").dblclick()
        page.get_by_role("dialog").get_by_role("button", name="Ask to lift it").click()
        ask = page.get_by_role("dialog", name="Lift “Doe v. First Example Bank”")
        ask.get_by_label("Reason").fill("settled")
        ask.get_by_role("button", name="Ask for it").click()
        expect(table).to_contain_text("Supervisor asks to lift it")
        expect_accessible(page)
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")

        site.open(page, "/compliance")
        expect(page.locator("[data-rule=holds]")).to_contain_text("2 stand, 1 of them asked to be lifted")
        expect(page.locator("[data-rule=mfa]")).to_contain_text("1 of 1 who administer are enrolled")
        expect_accessible(page)
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")

        other = open_browser()
        site.sign_in(other, bank.administrator, "/legal-holds")
        other.get_by_text("Doe v. First Example Bank").dblclick()
        other.get_by_role("dialog").get_by_role("button", name="Agree, and lift it").click()
        expect(other.get_by_text("is lifted")).to_be_visible()
        other.get_by_role("button", name="Lifted", exact=True).click()
        expect(other.get_by_text("by Administrator")).to_be_visible()
    (stands,) = run(list_holds(bank.auditor)).holds
    assert stands.matter == "Staff inquiry 7"
