"""The whole story at DEBUG, and no secret of it in the log."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from console.access import totp
from console.settings import Settings
from tests.browser.site import SECRET, Site, past_sign_in
from tests.factories import PASSWORD, Bank, x9_file, x9_item

ACCOUNT = "9182736455"
WRONG = "a wrong but telling password"
OWN = "purple lamps and seven rivers"


@pytest.fixture
def site(console: Settings, tmp_path: Path, bank: Bank) -> Iterator[Site]:
    with Site.serving(console, tmp_path, {"DEBUG": "true"}) as running:
        yield running


def call(site: Site, path: str, *, body: object = None, bearer: str = "") -> tuple[int, Any]:
    """What the API answers."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{site.origin}/api/v1/{path}", data, headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as refused:
        return refused.code, json.loads(refused.read())


def test_no_secret_is_logged(site: Site, bank: Bank, open_browser: Callable[..., Page], tmp_path: Path) -> None:
    secrets = {PASSWORD, WRONG, SECRET, ACCOUNT}
    page = open_browser()
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("websocket", lambda socket: requested.append(socket.url))

    # Signing in, wrong and right.
    page.goto(f"{site.origin}/sign-in?next=/intake")
    page.get_by_label("Username").fill("supervisor")
    page.get_by_label("Password").fill(WRONG)
    page.locator("button[type=submit]").click()
    expect(page.get_by_role("alert")).to_contain_text("The username or the password is not right")
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("button[type=submit]").click()
    code = site.code("supervisor")
    secrets.add(code)
    page.locator("input[name=code]").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(past_sign_in, timeout=20_000)
    page.wait_for_function("window.did_handshake", timeout=20_000)
    secrets |= {str(cookie["value"]) for cookie in page.context.cookies() if "session" in str(cookie["name"])}

    # A file with a full account number, a refused one, a check looked at with the number shown.
    taken, refused = tmp_path / "taken.x9", tmp_path / "refused.x9"
    taken.write_bytes(x9_file([x9_item(1, "10.00", "021000021", ACCOUNT)], origin=bank.routing))
    refused.write_bytes(b"no such file " + ACCOUNT.encode())
    page.get_by_label("Choose files to import").set_input_files([str(taken), str(refused)])
    lines = page.get_by_role("list", name="Files on their way in").get_by_role("listitem")
    expect(lines.filter(has_text="taken.x9")).to_contain_text("imported")
    expect(lines.filter(has_text="refused.x9")).to_contain_text("refused")
    site.open(page, "/queue")
    page.keyboard.press("s")
    expect(page).to_have_url(re.compile(r"/review/[0-9a-f-]{36}"))
    expect(page.locator(".crc-pane[data-side=front] img")).to_be_visible()
    page.get_by_text("Show", exact=False).first.click()

    # A program's tokens, right, wrong and used up; a key that was made up.
    proof = {"username": "reviewer", "password": PASSWORD, "code": site.code("reviewer")}
    assert call(site, "auth/token", body=proof | {"password": WRONG})[0] == 401
    status, given = call(site, "auth/token", body=proof)
    assert status == 200
    secrets |= {proof["code"], given["access_token"], given["refresh_token"]}
    assert call(site, "auth/me", bearer=given["access_token"])[0] == 200
    assert call(site, "auth/refresh", body={"refresh_token": given["refresh_token"]})[0] == 200
    assert call(site, "auth/refresh", body={"refresh_token": given["refresh_token"]})[0] == 401
    made_up = "crc_" + "k" * 43
    secrets.add(made_up)
    assert call(site, "items", bearer=made_up)[0] == 401
    page.get_by_role("button", name=re.compile("signed in as")).click()
    page.get_by_text("Sign out", exact=True).click()
    expect(page).to_have_url(re.compile("/sign-in"))

    secrets |= newcomer(site, bank, open_browser)

    # Addresses that open something: of images, and of the page's socket.
    secrets |= {
        found[1] for url in requested for found in [re.search(r"[?&](?:token|client_id)=([\w-]+)", url)] if found
    }
    assert len(secrets) > 25
    log = site.log.read_text()
    assert '"path": "/api/v1/auth/token"' in log and '"level": "debug"' in log
    # Six digits are in many a moment and duration by chance: a code is looked for in what is said, as a word.
    codes = {secret for secret in secrets if re.fullmatch(r"\d{6}", secret)}
    assert codes
    assert [secret for secret in secrets - codes if secret in log] == []
    for line in log[: log.rindex("\n")].splitlines():  # the last one may be under way
        said = json.loads(line)
        assert isinstance(said, dict), line
        words = [value for name, value in said.items() if name != "timestamp" and not isinstance(value, int | float)]
        assert not any(re.search(rf"(?<![\w.]){code}(?!\w)", str(words)) for code in codes), line


def newcomer(site: Site, bank: Bank, open_browser: Callable[..., Page]) -> set[str]:
    """Somebody is created, signs in for the first time and recovers; a system gets a key. Every secret of it."""
    desk, theirs = open_browser(), open_browser()
    site.sign_in(desk, bank.administrator, "/people")
    desk.get_by_role("button", name="New person").click()
    form = desk.get_by_role("dialog", name="New person")
    form.get_by_label("Username").fill("newcomer")
    form.get_by_label("Name", exact=True).fill("New Comer")
    form.get_by_role("checkbox", name=re.compile("^Reviewer")).click()
    form.get_by_role("button", name="Create").click()
    first = desk.get_by_role("dialog", name="First password").locator("code").inner_text()
    site.open(desk, "/api-keys")
    desk.get_by_role("button", name="New key").click()
    form = desk.get_by_role("dialog", name="New API key")
    form.get_by_label("System that will use it").fill("core banking")
    form.get_by_role("checkbox", name="list checks").click()
    form.get_by_role("button", name="Create").click()
    key = desk.get_by_role("dialog", name="Key of core banking").locator("code").inner_text()
    assert call(site, "items", bearer=key)[0] == 200

    theirs.goto(f"{site.origin}/sign-in")
    give(theirs, "newcomer", first)
    theirs.get_by_text("Type the key instead").click()
    secret = theirs.locator("code.key").inner_text()
    code = totp.code_at(secret.replace(" ", ""), datetime.now(UTC))
    theirs.locator("input[name=code]").fill(code)
    theirs.keyboard.press("Enter")
    listed = theirs.get_by_role("list", name="Recovery codes").get_by_role("listitem")
    expect(listed).to_have_count(10)
    codes = listed.all_inner_texts()
    theirs.get_by_role("checkbox").check()
    theirs.get_by_role("button", name="Continue").click()
    for name in ("password", "again"):
        theirs.locator(f"input[name={name}]").fill(OWN)
    theirs.keyboard.press("Enter")
    theirs.wait_for_url(past_sign_in, timeout=20_000)
    theirs.context.clear_cookies()
    theirs.goto(f"{site.origin}/sign-in")
    give(theirs, "newcomer", OWN)
    theirs.get_by_role("link", name="Use a recovery code instead").click()
    theirs.get_by_label("Recovery code", exact=True).fill(codes[0])
    theirs.keyboard.press("Enter")
    theirs.get_by_role("button", name="I still have it").click()
    theirs.wait_for_url(past_sign_in, timeout=20_000)
    return {first, key, key[4:], secret, secret.replace(" ", ""), code, OWN, *codes, codes[0].replace("-", "")}


def give(page: Page, username: str, password: str) -> None:
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")
