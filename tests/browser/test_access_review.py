"""Access review in a browser: the report, a campaign, its decisions, and its files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import update

from console.access import access_review
from console.institution import institution_of
from console.settings import Settings
from db.engine import transaction
from db.models import AccessReview
from tests.accessibility import COLOURS, violations
from tests.browser.site import Site, in_a_thread, make_enrolled_bank
from tests.factories import Bank


@pytest.fixture(scope="module")
def console(module_console: Settings) -> Settings:
    return module_console


@pytest.fixture(scope="module")
def run(console: Settings) -> Callable[..., Any]:
    return in_a_thread(console)


@pytest.fixture(scope="module")
def bank(run: Callable[..., Any]) -> Bank:
    return run(make_enrolled_bank())


@pytest.fixture(scope="module")
def site(console: Settings, bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site.serving(console, tmp_path_factory.mktemp("site")) as site:
        yield site


def row(page: Page, grid: str, text: str) -> Locator:
    return page.get_by_role("grid", name=grid).get_by_role("row").filter(has_text=text)


def passes_axe(page: Page) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]} if scheme == "light" else COLOURS
        assert violations(page, rules) == []


def test_a_supervisor_reviews_access(site: Site, bank: Bank, open_browser: Callable[..., Page], tmp_path: Path) -> None:
    page = open_browser()
    site.join(page, bank.supervisor, "/access-review")
    expect(page.get_by_role("status").filter(has_text="roles held")).to_have_text("6 roles held by 6 people")
    page.get_by_label("Search people").fill("review")
    expect(row(page, "Who can do what", "Approver")).to_have_count(0)
    expect(row(page, "Who can do what", "5,000.00")).to_have_count(2)
    passes_axe(page)
    # What a role allows, in words.
    row(page, "Who can do what", "Second Reviewer").dblclick()
    expect(page.get_by_role("dialog")).to_contain_text("decide a check, alone up to the amount limit (item:decide)")
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    with page.expect_download() as csv:
        page.get_by_role("button", name="Export CSV").click()
    content = Path(csv.value.path()).read_text(encoding="utf-8-sig")
    assert content.count("\n") == 3 and "Second Reviewer" in content
    # Start a campaign.
    page.get_by_role("button", name="Start a review").click()
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="Give the review a name")).to_be_visible()
    page.get_by_label("Name").fill("Autumn <b>2026</b>")
    passes_axe(page)
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url("**/access-review/*")
    page.wait_for_function("window.did_handshake", timeout=20_000)
    expect(page.get_by_role("heading", name="Autumn <b>2026</b>")).to_be_visible()
    # With the keyboard: the first line, and its dialog.
    lines = page.get_by_role("grid", name="Lines of the review")
    lines.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Does this person still need this role?")
    passes_axe(page)
    dialog.get_by_role("button", name="Confirm").press("Enter")
    expect(page.get_by_text("confirmed", exact=True).first.locator("..")).to_contain_text("1")
    expect(dialog).to_have_count(0)
    # A revocation wants a reason.
    row(page, "Lines of the review", "Second Reviewer").dblclick()
    dialog.get_by_role("button", name="Revoke").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Say why")
    dialog.get_by_label("Note; the reason where you revoke").fill("left the team")
    dialog.get_by_role("button", name="Revoke").click()
    expect(
        page.get_by_text("Second Reviewer no longer holds the role reviewer; the account is deactivated.")
    ).to_be_visible()
    expect(dialog).to_have_count(0)
    # Nobody decides on their own line.
    row(page, "Lines of the review", "Supervisor").dblclick()
    expect(dialog).to_contain_text("This is your own role")
    dialog.get_by_role("button", name="Close").click()
    passes_axe(page)
    with page.expect_download(timeout=60_000) as pdf:
        page.get_by_role("button", name="Export PDF").click()
    assert Path(pdf.value.path()).read_bytes().startswith(b"%PDF-")


def test_who_may_not_decide_only_looks_and_others_do_not_see(
    site: Site, bank: Bank, open_browser: Callable[..., Page], run: Callable[..., Any]
) -> None:
    async def late_review() -> str:
        today = datetime.now((await institution_of(bank.system)).zone).date()
        async with transaction(bank.system) as session:
            await session.execute(update(AccessReview).values(closed_at=datetime.now().astimezone()))
        review_id = await access_review.start(bank.supervisor, "Late one", today + timedelta(days=1))
        async with transaction(bank.system) as session:
            mine = update(AccessReview).where(AccessReview.id == review_id)
            await session.execute(mine.values(due_on=today - timedelta(days=2)))
        return str(review_id)

    review_id = run(late_review())
    auditor = open_browser()
    site.join(auditor, bank.auditor, f"/access-review/{review_id}")
    expect(auditor.get_by_text("due, overdue")).to_be_visible()
    row(auditor, "Lines of the review", "Approver").dblclick()
    auditor.wait_for_timeout(300)
    expect(auditor.get_by_role("dialog")).to_have_count(0)
    expect(auditor.get_by_role("link", name="is overdue since")).to_have_count(0)
    for unknown in ("00000000-0000-0000-0000-000000000000", "nonsense"):
        assert auditor.request.get(f"{site.origin}/access-review/{unknown}").status == 404
    # Whom it concerns is told on every page, and led there.
    supervisor = open_browser()
    site.join(supervisor, bank.supervisor, "/queue")
    supervisor.get_by_role("link", name="is overdue since").click()
    supervisor.wait_for_url(f"**/access-review/{review_id}")
    reviewer = open_browser()
    site.join(reviewer, bank.reviewer, "/queue")
    expect(reviewer.get_by_role("link", name="is overdue since")).to_have_count(0)
    for path in ("/access-review", f"/access-review/{review_id}"):
        assert reviewer.request.get(site.origin + path).status == 403
