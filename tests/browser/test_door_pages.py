"""The pages of the door in a real browser: the allowlist and the keys, and a page that acts too often."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from console.settings import Settings
from tests.accessibility import violations
from tests.browser.site import Site
from tests.factories import PASSWORD, Bank


@pytest.fixture
def site(console: Settings, tmp_path: Path, bank: Bank) -> Iterator[Site]:
    with Site.serving(console, tmp_path, {"PAGE_EVENTS_PER_MINUTE": "150"}) as running:
        yield running


def called(site: Site, path: str, key: str) -> int:
    """The status with which the API answers this key."""
    request = urllib.request.Request(f"{site.origin}/api/v1/{path}", headers={"Authorization": f"Bearer {key}"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def without_violations(page: Page) -> None:
    found = violations(page, {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"]})
    assert [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found] == []


def test_networks_are_allowed_tried_and_removed(site: Site, bank: Bank, open_browser: Callable[..., Page]) -> None:
    page = open_browser()
    site.sign_in(page, bank.administrator, "/allowlist")
    expect(page.get_by_text("everybody may come from everywhere")).to_be_visible()

    # One that would lock out who adds it.
    page.get_by_role("button", name="Allow a network").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("You are at 127.0.0.1")
    dialog.get_by_label("Role or operation").click()
    page.get_by_role("option", name="the role administrator").click()
    dialog.get_by_label("Network or address").fill("10.0.0.0/8")
    dialog.get_by_role("button", name="Allow", exact=True).click()
    expect(page.get_by_text("This would lock you out")).to_be_visible()
    # One that shuts reviewers out: an open page of theirs too.
    inside = open_browser()
    site.sign_in(inside, bank.reviewer, "/queue")
    dialog.get_by_label("Role or operation").click()
    page.get_by_role("option", name="the role reviewer").click()
    dialog.get_by_label("Note").fill("the branch")
    dialog.get_by_role("button", name="Allow", exact=True).click()
    row = page.locator("tr[data-row]")
    expect(row).to_contain_text("10.0.0.0/8")
    without_violations(page)

    page.get_by_label("Address", exact=True).fill("10.2.3.4")
    page.get_by_label("Address", exact=True).press("Enter")
    answers = page.get_by_role("list", name="What becomes of the address")
    expect(answers).to_contain_text("Passes: 10.2.3.4 is in 10.0.0.0/8 (the branch)")
    page.get_by_label("Address", exact=True).fill("192.0.2.1")
    page.get_by_role("button", name="Try").click()
    expect(answers).to_contain_text("Refused: 192.0.2.1 is in no network that is allowed for the role reviewer")

    inside.keyboard.press("/")
    inside.keyboard.type("1")
    expect(inside.get_by_role("heading", name="Not from this address")).to_be_visible(timeout=20_000)
    inside.context.clear_cookies()
    inside.goto(f"{site.origin}/sign-in")
    inside.get_by_label("Username").fill("reviewer")
    inside.get_by_label("Password").fill(PASSWORD)
    inside.locator("button[type=submit]").click()
    expect(inside.locator("body")).to_contain_text(re.compile("allowlist|network", re.IGNORECASE))

    row.dblclick()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("It is the last one")
    dialog.get_by_label("Reason").fill("moved")
    dialog.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("everybody may come from everywhere")).to_be_visible()


def test_a_key_is_made_used_and_revoked(site: Site, bank: Bank, open_browser: Callable[..., Page]) -> None:
    page = open_browser()
    site.sign_in(page, bank.administrator, "/api-keys")
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Create").click()
    expect(page.get_by_text("Give the key a name")).to_be_visible()
    dialog.get_by_label("System that will use it").fill("core banking")
    dialog.get_by_role("checkbox", name="list checks").click()
    dialog.get_by_label("Networks").fill("127.0.0.0/8\n::1")
    dialog.get_by_role("button", name="Create").click()
    shown = page.get_by_role("dialog", name="Key of core banking")
    secret = shown.locator("code").inner_text()
    without_violations(page)
    shown.get_by_role("button", name="I have handed it over").click()
    expect(shown).to_have_count(0)
    row = page.locator("tr[data-row]")
    expect(row).to_contain_text("core banking")
    expect(row).to_contain_text("active")
    assert secret not in page.content() and secret not in site.log.read_text()
    assert (called(site, "items", secret), called(site, "files", secret)) == (200, 403)
    row.dblclick()
    dialog = page.get_by_role("dialog", name="Revoke the key of core banking")
    dialog.get_by_label("Reason").fill("replaced")
    dialog.get_by_role("button", name="Revoke").click()
    expect(row).to_contain_text("revoked")
    assert called(site, "items", secret) == 401

    # A page that acts too often is told so, and the server does not do it.
    flood = {"client_id": "CLIENT", "listener_id": "none", "args": []}
    page.evaluate(
        "flood => { const id = window.socket.io.opts.query.client_id;"
        " for (let i = 0; i < 200; i++) window.socket.emit('event', {...JSON.parse(flood), client_id: id}); }",
        json.dumps(flood),
    )
    expect(page.get_by_text("Too many actions in a short time")).to_be_visible()
