"""Stories of access that cross its pages: a second factor handed over in person, by keyboard alone; what a role may not
open; and that everybody can use the pages."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from console.access import totp
from console.access.access_review import start
from console.settings import Settings, settings
from db.engine import transaction
from db.models import AuditEntry
from tests.access.ground import settings_on, with_code
from tests.accessibility import COLOURS, violations
from tests.browser.site import Site, in_a_thread, make_enrolled_bank
from tests.conftest import Database
from tests.factories import PASSWORD, Bank

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OF_ADMINISTRATORS = ("/people", "person", "/roles", "/changes", "/sessions", "/allowlist", "/api-keys", "/account")
OF_SUPERVISORS = ("/access-review", "campaign")
Run = Callable[[Coroutine[Any, Any, Any]], Any]
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def console(module_database: Database) -> Iterator[Settings]:
    with settings_on(module_database):
        yield settings()


@pytest.fixture(scope="module")
def run(console: Settings) -> Run:
    return in_a_thread(console)


@pytest.fixture(scope="module")
def bank(run: Run) -> Bank:
    bank: Bank = run(make_enrolled_bank())
    return bank


@pytest.fixture(scope="module")
def site(console: Settings, bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site.serving(console, tmp_path_factory.mktemp("site")) as site:
        yield site


def focused(page: Page) -> str:
    """The accessible name, as far as it is written, of what has the focus."""
    return str(
        page.evaluate(
            "(e => (e?.getAttribute('aria-label') || e?.labels?.[0]?.innerText"
            " || (e?.matches('button, a, [role=button]') && e.innerText) || '').trim())(document.activeElement)"
        )
    )


def tab_to(page: Page, name: str, most: int = 60) -> None:
    """Press Tab until what has this name has the focus."""
    seen = []
    for _ in range(most):
        page.keyboard.press("Tab")
        seen.append(focused(page))
        if name in seen[-1]:
            return
    raise AssertionError(f"Tab never reached {name}: {seen}")


def test_an_administrator_enrols_a_reviewer_in_person_by_keyboard_alone(
    site: Site, bank: Bank, open_browser: Open, run: Run
) -> None:
    desk = open_browser()
    site.sign_in(desk, bank.administrator, "/people")
    tab_to(desk, "Search username or name")
    desk.keyboard.type("second_reviewer")
    expect(desk.get_by_role("grid", name="People").get_by_role("row")).to_have_count(2)
    tab_to(desk, "People")
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("Enter")
    desk.wait_for_url(f"**/people/{bank.second_reviewer.user_id}")
    desk.wait_for_function("window.did_handshake", timeout=20_000)
    tab_to(desk, "Enrol in person")
    desk.keyboard.press("Enter")
    dialog = desk.get_by_role("dialog")
    expect(dialog.get_by_role("img", name="QR code")).to_be_visible()
    secret = dialog.locator("code").inner_text().replace(" ", "")
    expect(dialog.get_by_label("Code that the authenticator shows")).to_be_focused()
    desk.keyboard.type("000000")
    desk.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("code")
    now = datetime.now(UTC)
    desk.keyboard.type(totp.code_at(secret, now))
    tab_to(desk, "Confirm")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("dialog", name="Recovery codes").locator("code")).to_have_count(10)
    tab_to(desk, "I have handed it over")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("dialog")).to_have_count(0)

    theirs = open_browser()
    theirs.goto(f"{site.origin}/sign-in?next=/queue")
    theirs.get_by_label("Username").fill("second_reviewer")
    theirs.get_by_label("Password").fill(PASSWORD)
    theirs.keyboard.press("Enter")
    # Not the code of the enrolment, however soon or late this is.
    later = max(now + timedelta(seconds=totp.STEP_SECONDS), datetime.now(UTC))
    theirs.locator("input[name=code]").fill(totp.code_at(secret, later))
    theirs.keyboard.press("Enter")
    theirs.wait_for_url("**/queue")
    enrolled = run(_entries(bank, "mfa.enrolled"))
    assert [(entry.actor_id, entry.object_id) for entry in enrolled] == [
        (bank.administrator.user_id, str(bank.second_reviewer.user_id))
    ]


def test_what_a_role_may_not_open_says_so_and_is_kept(site: Site, bank: Bank, open_browser: Open, run: Run) -> None:
    page = open_browser()
    site.join(page, bank.reviewer, "/queue")
    rail = page.get_by_role("navigation").get_by_role("link")
    assert [link.get_attribute("href") for link in rail.all()] == ["/queue"]
    page.goto(f"{site.origin}/people")
    expect(page.get_by_role("heading", name="Not for your role")).to_be_visible()
    expect(page.get_by_text("user:read")).to_be_visible()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    (entry,) = run(_entries(bank, "access.refused"))
    assert (entry.actor_id, entry.object_id) == (bank.reviewer.user_id, "GET /people")
    assert entry.after == {"why": "permission", "permission": "user:read"}


async def _entries(bank: Bank, action: str) -> list[AuditEntry]:
    async with transaction(bank.system) as session:
        query = select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.sequence)
        return list(await session.scalars(query))


@pytest.fixture(scope="module")
def campaign(bank: Bank, run: Run) -> str:
    due = datetime.now(UTC).date() + timedelta(days=30)
    return f"/access-review/{run(start(with_code(bank.supervisor), 'Autumn', due))}"


@pytest.mark.parametrize("paths", [OF_ADMINISTRATORS, OF_SUPERVISORS], ids=["administrator", "supervisor"])
def test_axe_finds_nothing(paths: tuple[str, ...], site: Site, bank: Bank, campaign: str, open_browser: Open) -> None:
    page = open_browser()
    site.join(page, bank.supervisor if paths == OF_SUPERVISORS else bank.administrator, paths[0])
    found: dict[str, list[str]] = {}
    for path in paths:
        site.open(page, {"person": f"/people/{bank.approver.user_id}", "campaign": campaign}.get(path, path))
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            rules = {"runOnly": {"type": "tag", "values": TAGS}} if scheme == "light" else COLOURS
            for violation in violations(page, rules):
                found[f"{path}, {scheme}: {violation['id']}"] = [node["html"][:200] for node in violation["nodes"]]
    assert found == {}
