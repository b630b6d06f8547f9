"""The forms, as a browser without JavaScript uses them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from console.access import authentication, people, sessions, signing_in, totp
from console.access.sign_in import WRONG_CODE, WRONG_CREDENTIALS, safe_path
from console.settings import Settings, settings
from db.engine import transaction
from db.models import AuditEntry, User
from tests.edge.site import browser, code, enrol, session_of, sign_in
from tests.factories import PASSWORD, Bank, make_bank

COOKIE = "console_session"


async def events(bank: Bank, prefix: str = "") -> list[AuditEntry]:
    async with transaction(bank.system) as session:
        entries = await session.scalars(select(AuditEntry).order_by(AuditEntry.sequence))
        return [entry for entry in entries if entry.action.startswith(("sign_in", "session", "mfa"))]


def test_password_then_code_then_the_page_wanted(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        await enrol(bank.reviewer)
        async with browser(console) as client:
            refused = await client.get("/queue?page=2")
            assert refused.status_code == 303
            assert refused.headers["location"] == "/sign-in?next=/queue%3Fpage%3D2"
            form = await client.get(refused.headers["location"])
            assert 'name="next" value="/queue?page=2"' in form.text
            first = await client.post(
                "/sign-in", data={"username": " Reviewer ", "password": PASSWORD, "next": "/queue?page=2"}
            )
            assert first.headers["location"] == "/sign-in/code?next=%2Fqueue%3Fpage%3D2"
            half = client.cookies[COOKIE]
            assert (await client.get("/queue")).status_code == 303  # the password alone is nobody
            assert (await client.get(first.headers["location"])).status_code == 200
            second = await client.post("/sign-in/code", data={"code": code(), "next": "/queue?page=2"})
            assert (second.status_code, second.headers["location"]) == (303, "/queue?page=2")
            whole = client.cookies[COOKIE]
            assert half != whole and await sessions.find(half) is None
            page = await client.get("/queue?page=2")
            assert page.json()["name"] == "reviewer"
            assert (await client.get("/sign-in?next=/queue")).headers["location"] == "/queue"
        (entry,) = await events(bank)
        assert (entry.action, entry.actor_id, entry.address) == (
            "sign_in.succeeded", bank.reviewer.user_id, "192.0.2.7",
        )  # fmt: skip
        assert entry.session == page.json()["session"]
        assert re.fullmatch("[0-9a-f]{32}", entry.request_id or "")
        async with transaction(bank.system) as session:
            assert (await session.get_one(User, bank.reviewer.user_id)).last_sign_in_at is not None

    run(story())


def test_failures_look_and_last_alike(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        async with transaction(bank.system) as session:
            off = update(User).where(User.id == bank.auditor.user_id).values(active=False)
            await session.execute(off)
        async with browser(console) as client:
            answers, beyond = {}, []
            for username, password in (
                ("reviewer", "wrong password"), ("nobody", "wrong password"), ("auditor", PASSWORD),
                ("reviewer", "x" * 5000), ("x" * 500, PASSWORD), ("reviewer\x00", PASSWORD), ("reviewer", ""),
            ):  # fmt: skip
                began = time.perf_counter()
                answer = await client.post("/sign-in", data={"username": username, "password": password})
                seconds = time.perf_counter() - began
                assert answer.status_code == 422
                assert "password is not right" in answer.text and COOKIE not in client.cookies
                assert seconds >= authentication.FAILURE_SECONDS
                beyond.append(seconds % authentication.FAILURE_SECONDS)
                answers[username, password] = answer.text.replace(username, "NAME").replace("\ufffd", "")
            # A whole number of holds and the answer's own way, however long the machine took, mostly.
            assert sorted(beyond)[len(beyond) // 2] < 0.25, beyond
            assert answers["reviewer", "wrong password"] == answers["nobody", "wrong password"]
            assert answers["auditor", PASSWORD].replace("auditor", "NAME") == answers["nobody", "wrong password"]
        entries = [(entry.action, entry.object_id, entry.actor_id, entry.after) for entry in await events(bank)]
        reviewer, auditor = str(bank.reviewer.user_id), str(bank.auditor.user_id)
        wrong = ("sign_in.failed", reviewer, None, {"reason": "password"})
        stranger = ("sign_in.failed", "unknown", None, {"reason": "unknown user"})
        inactive = ("sign_in.failed", auditor, None, {"reason": "inactive"})
        assert entries == [wrong, stranger, inactive, wrong, stranger, stranger, wrong]
        # What was typed as a name is in none of them: it may have been a password.
        for entry in await events(bank):
            assert entry.object_id != "unknown" or (entry.actor_name, "xxx" in str(entry.after)) == ("nobody", False)

    run(story())


def test_a_code_works_once_and_within_a_step(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        await enrol(bank.reviewer)
        async with browser(console) as client:
            used = code()
            assert (await sign_in(client, "reviewer", used)).status_code == 303
            again = await sign_in(client, "reviewer", used)
            assert again.status_code == 422 and "each code works once" in again.text
            assert (await client.get("/queue")).status_code == 303
            assert (await client.post("/sign-in/code", data={"code": code(-1)})).status_code == 422
            assert (await client.post("/sign-in/code", data={"code": code(1)})).status_code == 303
            assert (await client.get("/queue")).status_code == 200
        reasons = [(entry.action, entry.after) for entry in await events(bank)]
        assert reasons.count(("sign_in.failed", {"reason": "code"})) == 2

    run(story())


def test_guessing_codes_goes_back_to_the_password(
    run: Callable, console: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCKOUT_FAILURES", "20")
    settings.cache_clear()

    async def story() -> None:
        bank = await make_bank()
        await enrol(bank.reviewer)
        async with browser(console) as client:
            await client.post("/sign-in", data={"username": "reviewer", "password": PASSWORD})
            pending = client.cookies[COOKIE]
            for _ in range(signing_in.MAXIMUM_CODE_ATTEMPTS):
                assert (await client.post("/sign-in/code", data={"code": "12345x"})).status_code == 422
            answer = await client.post("/sign-in/code", data={"code": code()})  # right, but too late
            assert answer.headers["location"] == "/sign-in?reason=codes"
            assert await sessions.find(pending) is None and COOKIE not in client.cookies
            assert "Too many wrong codes" in (await client.get(answer.headers["location"])).text
        assert (await events(bank))[-1].after == {"reason": "too many codes"}

    run(story())


def test_first_sign_in_sets_up_the_authenticator(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        async with browser(console) as client:

            async def offered() -> str:
                answer = await client.post(
                    "/sign-in", data={"username": "approver", "password": PASSWORD, "next": "/x"}
                )
                assert answer.headers["location"] == "/sign-in/enrol?next=%2Fx"
                page = await client.get(answer.headers["location"])
                assert 'src="data:image/svg+xml' in page.text and page.headers["cache-control"] == "no-store"
                return re.search(r'class="key">([A-Z2-7 ]+)<', page.text)[1].replace(" ", "")

            abandoned, secret = await offered(), await offered()
            assert abandoned != secret
            now = datetime.now(UTC)
            wrong = await client.post("/sign-in/enrol", data={"code": totp.code_at(abandoned, now)})
            assert wrong.status_code == 422 and 'src="data:image/svg+xml' in wrong.text
            assert (
                (await client.post("/sign-in/code", data={"code": totp.code_at(secret, now)}))
                .headers["location"]
                .startswith("/sign-in?reason=ended")
            )  # a form of another stage

            assert await offered() != secret
            async with transaction(bank.system) as session:
                await people.set_totp(session, bank.approver.user_id, secret)
            shown = await client.post("/sign-in/enrol", data={"code": totp.code_at(secret, now), "next": "/x"})
            assert shown.status_code == 200 and shown.headers["cache-control"] == "no-store"
            assert len(re.findall(r"<code>([0-9a-z]{4}-){3}[0-9a-z]{4}</code>", shown.text)) == 10
            assert (await client.get("/queue")).status_code == 303  # enrolled, and not in yet
            unconfirmed = await client.post("/sign-in/codes", data={"next": "/x"})
            assert unconfirmed.status_code == 422 and "kept the codes first" in unconfirmed.text
            done = await client.post("/sign-in/codes", data={"kept": "yes", "next": "/x"})
            assert (done.status_code, done.headers["location"]) == (303, "/x")
            assert (await client.get("/x")).json()["name"] == "approver"
            assert (await client.get("/sign-in/enrol")).headers["location"] == "/sign-in"
            # The code that proved the set-up is spent, and from now on the code is asked for.
            await client.post("/sign-out")
            assert (await sign_in(client, "approver", totp.code_at(secret, now))).status_code == 422
            next_code = totp.code_at(secret, now + timedelta(seconds=30))
            assert (await client.post("/sign-in/code", data={"code": next_code})).status_code == 303
        actions = [entry.action for entry in await events(bank) if entry.action != "sign_in.failed"]
        assert actions == ["mfa.enrolled", "sign_in.succeeded", "session.signed_out", "sign_in.succeeded"]
        account = await people.read_account(bank.institution_id, bank.approver.user_id)
        assert account is not None and secret.encode() not in (account.totp_secret or b"")

    run(story())


def test_signing_out_ends_the_session(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        token = await session_of(bank.reviewer)
        async with browser(console) as client:
            client.cookies.set(COOKIE, token, domain="127.0.0.1")
            assert (await client.get("/queue")).status_code == 200
            answer = await client.post("/sign-out")
            assert answer.headers["location"] == "/sign-in?reason=signed-out"
            assert "Max-Age=0" in answer.headers["set-cookie"]
            assert "You are signed out" in (await client.get(answer.headers["location"])).text
            client.cookies.set(COOKIE, token, domain="127.0.0.1")
            ended = await client.get("/queue")
            assert ended.headers["location"] == "/sign-in?next=/queue&reason=signed_out"
            assert "You are signed out" in (await client.get(ended.headers["location"])).text
            assert (await client.post("/sign-out")).status_code == 303  # nothing to end is no error
        assert [entry.action for entry in await events(bank)] == ["session.signed_out"]

    run(story())


def test_signing_in_ends_what_this_browser_had(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        planted = await session_of(bank.approver)
        await enrol(bank.reviewer)
        async with browser(console) as client:
            client.cookies.set(COOKIE, planted, domain="127.0.0.1", path="/")
            assert (await sign_in(client, "reviewer")).status_code == 303
            assert planted not in {cookie.value for cookie in client.cookies.jar}
            assert await sessions.find(planted) is None

    run(story())


@pytest.mark.parametrize(
    ("origin", "name", "secure"),
    [("http://127.0.0.1:8000", "console_session", False), ("https://bank.example", "__Host-console_session", True)],
)
def test_attributes_of_the_cookie(
    run: Callable, console: Settings, monkeypatch: pytest.MonkeyPatch, origin: str, name: str, secure: bool
) -> None:
    monkeypatch.setenv("PUBLIC_ORIGIN", origin)
    settings.cache_clear()

    async def story() -> None:
        bank = await make_bank()
        await enrol(bank.reviewer)
        async with browser(settings()) as client:
            first = await client.post("/sign-in", data={"username": "reviewer", "password": PASSWORD})
            second = await client.post("/sign-in/code", data={"code": code()})
            gone = await client.post("/sign-out")
        for answer in (first, second, gone):
            value, *attributes = answer.headers["set-cookie"].split("; ")
            assert value.startswith(name + "=")
            expected = {"HttpOnly", "Path=/", "SameSite=lax"} | ({"Secure"} if secure else set())
            assert {part for part in attributes if not part.startswith(("Max-Age", "expires"))} == expected
        assert "Max-Age" not in second.headers["set-cookie"]

    run(story())


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example",
        "/\t/evil.example", "/\n/evil.example", "/\x00", "javascript:alert(1)", "data:text/html,x", "evil.example",
        "", " /queue", "/ queue", "/qu\u00a0eue", "/\u2028x", "/sign-in", "/sign-in/code", "/sign-out?x",
        "/" + "a" * 2001,
    ],
)  # fmt: skip
def test_nobody_is_sent_elsewhere(wanted: str) -> None:
    assert safe_path(wanted) == "/"


@pytest.mark.parametrize("wanted", ["/", "/queue", "/review/1?side=back#top", "/a//b", "/x?next=https://evil.example"])
def test_paths_of_this_site_are_kept(wanted: str) -> None:
    assert safe_path(wanted) == wanted


def test_what_people_type_is_text(run: Callable, console: Settings) -> None:
    async def story() -> None:
        async with browser(console) as client:
            evil = '"><script>alert(1)</script>'
            answer = await client.post("/sign-in", data={"username": evil, "password": "x", "next": "/" + evil})
            assert "<script" not in answer.text and "&lt;script&gt;" in answer.text
            assert "script-src" not in answer.headers["content-security-policy"]
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            large = await client.post("/sign-in", content=b"username=" + b"a" * 20_000)
            assert large.status_code == 413

    run(story())


def test_messages_say_what_to_do() -> None:
    assert "try again" in WRONG_CREDENTIALS and "now" in WRONG_CODE


def test_a_hash_of_older_settings_is_renewed(run: Callable, console: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        bank = await make_bank()
        monkeypatch.setenv("ARGON2_TIME_COST", "2")
        settings.cache_clear()
        async with browser(settings()) as client:
            answer = await client.post("/sign-in", data={"username": "reviewer", "password": PASSWORD})
            assert answer.status_code == 303
        account = await people.find_account("reviewer")
        assert account is not None and ",t=2,p=" in account.password_hash
        assert await people.passwords.verify(account.password_hash, PASSWORD)
        assert bank.reviewer.user_id == account.person.user_id

    run(story())
