"""Signing in, in a browser: enrolment, recovery codes, lockout, fresh codes, one's own account; by keyboard; axe."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from console.access import lockout, people, recovery_codes, totp
from console.access.people import create_user
from console.actor import Actor
from console.roles import Role
from console.settings import Settings
from db.redis_pool import redis
from tests.accessibility import COLOURS, violations
from tests.browser.site import SECRET, Site, in_a_thread, make_enrolled_bank
from tests.factories import PASSWORD, Bank, make_person

OWN = "purple lamps and seven rivers"
CODE = re.compile(r"^([0-9a-z]{4}-){3}[0-9a-z]{4}$")


@pytest.fixture(scope="module")
def console(module_console: Settings) -> Settings:
    return module_console


@pytest.fixture(scope="module")
def run(console: Settings) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    return in_a_thread(console)


@pytest.fixture(scope="module")
def bank(run: Callable) -> Bank:
    return run(make_enrolled_bank())


@pytest.fixture(scope="module")
def site(console: Settings, bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site.serving(console, tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(autouse=True)
def no_failures_before(run: Callable) -> None:
    """Every browser here comes from one address, and what fails in one test would slow down the next."""

    async def forget() -> None:
        await redis().delete(lockout._address_key("127.0.0.1"))

    run(forget())


@pytest.fixture
def page(open_browser: Callable[..., Page]) -> Page:
    return open_browser()


def give_password(site: Site, page: Page, username: str, password: str = PASSWORD, path: str = "/queue") -> None:
    page.goto(f"{site.origin}/sign-in?next={path}")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")


def passes_axe(page: Page) -> None:
    page.wait_for_load_state()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page, None if scheme == "light" else COLOURS) == [], f"{page.url}, {scheme}"
    page.emulate_media(color_scheme="light")


def press_until(page: Page, name: str, most: int = 40) -> None:
    """Tab until the element of this accessible name has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "(e => e && (e.getAttribute('aria-label') || e.labels?.[0]?.innerText || e.innerText || ''))"
            "(document.activeElement)"
        )
        if name in (focused or ""):
            return
    raise AssertionError(f"Tab never reached {name}")


def test_the_first_sign_in_by_keyboard_alone(site: Site, page: Page, run: Callable, bank: Bank) -> None:
    """A one-time password; enrolment; recovery codes; a password of one's own; the queue."""

    async def newcomer() -> None:
        await create_user(bank.system, "newcomer", "New Comer", PASSWORD, {Role.REVIEWER}, one_time=True)

    run(newcomer())
    page.goto(f"{site.origin}/sign-in?next=/queue")
    expect(page.get_by_label("Username")).to_be_focused()
    passes_axe(page)
    page.keyboard.type("newcomer")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Set up your authenticator")).to_be_visible()
    expect(page.get_by_alt_text("QR code of the key that is written below")).to_be_visible()
    passes_axe(page)
    page.get_by_text("Type the key instead").click()
    secret = page.locator("code.key").inner_text().replace(" ", "")
    page.get_by_label("6-digit code").focus()
    page.keyboard.type("000000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("This code did not work")
    passes_axe(page)
    page.keyboard.type(totp.code_at(secret, datetime.now(UTC)))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Keep your recovery codes")).to_be_visible()
    listed = page.get_by_role("list", name="Recovery codes").get_by_role("listitem")
    expect(listed).to_have_count(10)
    codes = listed.all_inner_texts()
    assert len(set(codes)) == 10 and all(CODE.match(one) for one in codes)
    passes_axe(page)
    press_until(page, "Continue")
    page.keyboard.press("Enter")  # the browser itself asks for the tick first
    expect(page.get_by_role("heading", name="Keep your recovery codes")).to_be_visible()
    page.get_by_role("checkbox").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Choose your password")).to_be_visible()
    expect(page.get_by_label("New password")).to_be_focused()
    passes_axe(page)
    for new in ("password1234", OWN):
        page.get_by_label("New password").focus()
        page.keyboard.type(new)
        page.keyboard.press("Tab")
        page.keyboard.type(new)
        page.keyboard.press("Enter")
        if new != OWN:
            expect(page.get_by_role("alert")).to_contain_text("first that are tried")
            passes_axe(page)
    page.wait_for_url("**/queue")
    page.wait_for_function("window.did_handshake", timeout=20_000)


def test_a_recovery_code_signs_in_and_tells_what_is_left(site: Site, page: Page, run: Callable, bank: Bank) -> None:
    codes = run(recovery_codes.make_own(bank.approver))
    give_password(site, page, "approver")
    expect(page.get_by_role("link", name="Use a recovery code instead")).to_be_visible()
    passes_axe(page)
    page.get_by_role("link", name="Use a recovery code instead").click()
    expect(page.get_by_label("Recovery code", exact=True)).to_be_visible()
    passes_axe(page)
    page.get_by_label("Recovery code", exact=True).fill("wrong-wrong-wrong-wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("This recovery code did not work")
    passes_axe(page)
    page.get_by_label("Recovery code", exact=True).fill(codes[0])
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("9 codes left")
    passes_axe(page)
    page.get_by_role("button", name="I still have it").click()
    page.wait_for_url("**/queue")


def test_the_locked_person_is_told_until_when(site: Site, page: Page, run: Callable, bank: Bank) -> None:
    async def lock() -> None:
        key = lockout.account_key(bank.second_reviewer.user_id, "")
        for _ in range(5):
            await lockout.reserve(key)

    run(lock())
    give_password(site, page, "second_reviewer", "wrong password")
    expect(page.get_by_role("alert")).to_contain_text("The username or the password is not right")
    expect(page.get_by_text("locked")).to_have_count(0)
    passes_axe(page)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your account is locked")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text(re.compile(r"at\s\d\d:\d\d \(E[SD]T\), in (29|30) minutes"))
    passes_axe(page)


def test_what_one_replica_took_the_other_refuses(
    site: Site, console: Settings, run: Callable, bank: Bank, tmp_path: Path
) -> None:
    """A code, a failed attempt and an ended session count wherever the next request arrives."""
    person: Actor = run(make_person(bank.system, "commuter", Role.AUDITOR))
    run(enrol_with(person, SECRET))
    with Site.serving(console, tmp_path) as other:
        code = site.code("commuter")
        here, there = (httpx.Client(base_url=one.origin, trust_env=False, timeout=60) for one in (site, other))

        def send(client: httpx.Client, path: str, **data: str) -> httpx.Response:
            return client.post(path, data=data, headers={"origin": str(client.base_url).rstrip("/")})

        def begin(client: httpx.Client) -> None:
            assert (
                send(client, "/sign-in", username="commuter", password=PASSWORD).headers["location"] == "/sign-in/code"
            )

        begin(here)
        assert send(here, "/sign-in/code", code=code).headers["location"] == "/"
        begin(there)
        replayed = send(there, "/sign-in/code", code=code)
        assert replayed.status_code == 422 and "each code works once" in replayed.text
        # The session of the one is a session at the other, until it ends anywhere.
        there.cookies = here.cookies
        assert there.get("/account").status_code == 200
        assert send(there, "/sign-out").status_code == 303
        assert here.get("/account", headers={"accept": "text/html"}).status_code == 303
        for client in (here, there, here, there, here):
            assert send(client, "/sign-in", username="commuter", password="wrong password").status_code == 422
        for client in (here, there):
            assert send(client, "/sign-in", username="commuter", password=PASSWORD).status_code == 403
        for client in (here, there):
            client.close()


def test_ones_own_account(site: Site, page: Page, run: Callable, bank: Bank) -> None:
    """A password, fresh codes and a new authenticator, all of it in the page."""
    person: Actor = run(make_person(bank.system, "ownaccount", Role.AUDITOR))
    run(enrol_with(person, SECRET))
    site.sign_in(page, "ownaccount", "/queue")
    page.get_by_role("button", name="signed in as ownaccount").click()
    page.get_by_text("Your account", exact=True).click()
    page.wait_for_url("**/account")
    expect(page.get_by_role("heading", name="Your account", exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile(r"This one, .+ at 127\.0\.0\.1, since"))).to_be_visible()
    expect(page.get_by_role("grid", name="What happened on your account")).to_contain_text("Signed in")
    passes_axe(page)

    page.get_by_label("Password of now").fill("not my password")
    for label in ("New password", "The new one again"):
        page.get_by_label(label).fill(OWN)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("alert").filter(has_text="not your password of now")).to_be_visible()
    page.get_by_label("Password of now").fill(PASSWORD)
    page.get_by_label("The new one again").press("Enter")
    expect(page.get_by_role("grid", name="What happened on your account")).to_contain_text("Password changed")

    # The code of the sign-in is fresh still; once it is old, the page asks for another and goes on by itself.
    run(make_code_old(person))
    page.get_by_role("button", name="New recovery codes").click()
    asking = page.get_by_role("dialog", name="Confirm with a code")
    expect(asking.get_by_label("6-digit code")).to_be_focused()
    passes_axe(page)
    page.keyboard.type("000000")
    page.keyboard.press("Enter")
    expect(asking.get_by_role("alert")).to_contain_text("This code did not work")
    page.keyboard.type(site.code("ownaccount"))
    page.keyboard.press("Enter")
    shown = page.get_by_role("dialog", name="Recovery codes")
    expect(shown.locator("code")).to_have_count(10)
    passes_axe(page)
    page.keyboard.press("Enter")
    expect(shown).to_have_count(0)
    expect(page.get_by_text("10 left")).to_be_visible()

    page.get_by_role("button", name="Replace the authenticator").click()
    setting_up = page.get_by_role("dialog", name="Set up an authenticator")
    secret = setting_up.locator("code").inner_text().replace(" ", "")
    passes_axe(page)
    setting_up.get_by_label("Code that it shows").fill(totp.code_at(secret, datetime.now(UTC)))
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Recovery codes").locator("code")).to_have_count(10)
    page.get_by_role("button", name="I have kept these codes").click()
    expect(page.get_by_role("grid", name="What happened on your account")).to_contain_text("Authenticator set up")


async def enrol_with(person: Actor, secret: str) -> None:
    from db.engine import transaction

    assert person.user_id is not None
    async with transaction(person) as session:
        await people.set_totp(session, person.user_id, secret)
        await people.confirm_totp(session, person.user_id)


async def make_code_old(person: Actor) -> None:
    """Set back the moment of the last code of the person's sessions, past what counts as fresh."""
    from db.redis_pool import redis

    old = int((datetime.now(UTC) - timedelta(minutes=11)).timestamp() * 1000)
    async for key in redis().scan_iter("session:*"):
        if (await redis().hget(key, "user_id") or b"").decode() == str(person.user_id):
            await redis().hset(key, "code_at", old)
