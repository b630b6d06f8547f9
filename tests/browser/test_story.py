"""The main job, whole: a real file in, a check looked at and decided in a real browser, the decision proven."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from console.access import totp
from console.intake.demo.bank import plan_demo_bank
from console.intake.demo.demo_file import write_demo_file
from console.intake.demo.drawing import Picture, View, draw_all
from console.intake.demo.model import ItemKind, Scenario
from console.settings import Settings
from db.engine import transaction
from db.models import AuditEntry, CheckItem, Decision, User
from tests import warm
from tests.browser.site import ROOT, Site, past_sign_in
from tests.factories import PASSWORD, Bank, set_thresholds

SAMPLE = ROOT.parent / "shared" / "data" / "x9" / "x9ware-sample__x937_dstu.x9"
GENERATED = 5


@pytest.fixture
def site(console: Settings, tmp_path: Path, bank: Bank) -> Iterator[Site]:
    with Site.serving(console, tmp_path) as running:
        yield running


@pytest.fixture(params=["generated", "sample"])
def offered(request: pytest.FixtureRequest, tmp_path: Path, bank: Bank) -> tuple[Path, int]:
    """A file, and how many checks it holds."""
    if request.param == "sample":
        if not SAMPLE.is_file():
            pytest.skip("the sample file is not beside this clone")
        return SAMPLE, 10
    path = tmp_path / "generated.x9"
    generate(path)
    return path, GENERATED


def generate(path: Path) -> None:
    """Some of a demo day's checks, drawn and written as the demo's are.

    Drawn on other banks and too small for two people, so that nothing has to be answered before the first is paid.
    """
    day = plan_demo_bank(7, date(2026, 11, 20))
    chosen = [
        item
        for item in day.items
        if item.kind is ItemKind.TRANSIT and item.truth.scenario is Scenario.CLEAN and item.amount < Decimal(5000)
    ][:GENERATED]
    sides = iter(draw_all([Picture(view, item.paper) for item in chosen for view in (View.FRONT, View.BACK)], 1))
    drawn = tuple(replace(item, front=next(sides), back=next(sides)) for item in chosen)
    with path.open("wb") as out:
        write_demo_file(replace(day, items=drawn), out)


def command(*arguments: str, stdin: str = "") -> str:
    """What a command of `main.py` prints."""
    done = warm.run(arguments, os.environ, stdin)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def enrol_and_sign_in(page: Page, site: Site, username: str) -> None:
    """The first sign-in of a new person: password, then the authenticator is set up from the key in words."""
    page.goto(f"{site.origin}/sign-in?next=/intake")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("button[type=submit]").click()
    expect(page.get_by_role("heading", name="Set up your authenticator")).to_be_visible()
    secret = (page.locator("code.key").text_content() or "").replace(" ", "")
    page.locator("input[name=code]").fill(totp.code_at(secret, datetime.now(UTC)))
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Keep your recovery codes")).to_be_visible()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(past_sign_in, timeout=20_000)
    page.wait_for_function("window.did_handshake", timeout=20_000)


def shown_item(page: Page) -> str:
    """The id of the check under review."""
    expect(page).to_have_url(re.compile(r"/review/[0-9a-f-]{36}"))
    return urlsplit(page.url).path.rpartition("/")[2]


def test_a_file_comes_in_and_a_check_is_decided_and_proven(
    site: Site, bank: Bank, run: Callable, open_browser: Callable[..., Page], offered: tuple[Path, int]
) -> None:
    path, checks = offered
    # Longer than a busy machine needs to show a colleague what waits to be committed.
    run(set_thresholds(bank, undo_seconds=12))
    command("create-user", "sam", "--role", "supervisor", "--password-stdin", stdin=PASSWORD + "\n")
    page = open_browser()
    enrol_and_sign_in(page, site, "sam")

    # The file.
    page.get_by_label("Choose files to import").set_input_files(str(path))
    line = page.get_by_role("list", name="Files on their way in").get_by_role("listitem")
    expect(line).to_contain_text(f"{checks} checks")
    expect(line).to_contain_text("imported")

    # The queue, here and in a colleague's browser.
    colleague = open_browser()
    site.sign_in(colleague, bank.reviewer, "/queue")
    colleague.evaluate("window.same_page = true")
    for each in (page, colleague):
        if each is page:
            site.open(page, "/queue")
        expect(each.locator("tr[data-row]")).to_have_count(checks)

    # The check: front, nearer, back.
    page.keyboard.press("s")
    item = shown_item(page)
    front = page.locator(".crc-pane[data-side=front]")
    expect(front.locator("img")).to_be_visible()
    percent = page.locator(".crc-percent")
    expect(percent).to_have_text(re.compile(r"^\d+ %$"))
    before = percent.inner_text()
    front.hover()
    page.mouse.wheel(0, -240)
    expect(percent).not_to_have_text(before)
    page.keyboard.press("Space")
    expect(page.locator(".crc-pane[data-side=back] img")).to_be_visible()
    expect(colleague.locator(f"tr[data-row='{item}']")).to_contain_text(re.compile("sam", re.IGNORECASE))

    # The decision; the next check comes by itself.
    page.keyboard.press("a")
    expect(page.locator("button[data-action=submit]")).to_contain_text("Pay")
    page.keyboard.press("Control+Enter")
    # Until it can no longer be taken back, the colleague sees that it is on its way.
    expect(colleague.locator(f"tr[data-row='{item}']")).to_contain_text("committing")
    expect(page).not_to_have_url(re.compile(item))
    following = shown_item(page)
    expect(front.locator("img")).to_be_visible()
    expect(colleague.locator(f"tr[data-row='{item}']")).to_have_count(0, timeout=60_000)
    expect(colleague.locator("tr[data-row]")).to_have_count(checks - 1)
    assert colleague.evaluate("window.same_page") is True  # nobody loaded it again

    # The proof.
    async def written() -> tuple[str, list[Decision], list[AuditEntry], str]:
        async with transaction(bank.auditor) as session:
            status = (await session.scalars(select(CheckItem.status).where(CheckItem.id == item))).one()
            decisions = list(await session.scalars(select(Decision)))
            decided = AuditEntry.action == "item.decided"
            entries = list(await session.scalars(select(AuditEntry).where(decided, AuditEntry.object_id == item)))
            person = (await session.scalars(select(User.id).where(User.username == "sam"))).one()
            return status, decisions, entries, str(person)

    status, [decision], [entry], person = run(written())
    assert (status, str(decision.item_id), str(decision.actor_id)) == ("approved", item, person)
    assert (entry.actor_name, entry.address) == ("sam", "127.0.0.1")
    assert entry.session and entry.request_id
    verified = json.loads(command("verify", "--json"))
    assert (verified["ok"], verified["decisions"], verified["first_fault"]) == (True, 1, None)

    # Signed out in another tab: this page can do nothing more.
    tab = page.context.new_page()
    site.open(tab, "/queue")
    tab.get_by_role("button", name=re.compile("signed in as sam")).click()
    tab.get_by_text("Sign out", exact=True).click()
    expect(tab).to_have_url(re.compile("/sign-in"))
    expect(page).to_have_url(re.compile("/sign-in"))
    page.keyboard.press("a")
    page.keyboard.press("Control+Enter")
    page.go_back()
    expect(page).to_have_url(re.compile("/sign-in"))
    _, decisions, _, _ = run(written())
    assert [str(one.item_id) for one in decisions] == [item] != [following]
