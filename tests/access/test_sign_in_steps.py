"""What comes after the password, step by step: recovery codes, another authenticator, a password of one's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import select, update

from console.access import mfa, passwords, people, recovery_codes, sessions, totp
from console.access.second_factor import Enrolment
from console.actor import Actor
from console.settings import Settings, settings
from db.engine import transaction
from db.models import AuditEntry, RecoveryCode, User
from tests.access.fresh import fresh
from tests.edge.site import browser, code, enrol, sign_in
from tests.factories import PASSWORD, Bank, make_bank

COOKIE = "console_session"
CODES = re.compile(r"<code>((?:[0-9a-z]{4}-){3}[0-9a-z]{4})</code>")
OWN = "purple lamps and seven rivers"


async def audited(bank: Bank) -> list[tuple[str, object]]:
    async with transaction(bank.system) as session:
        entries = list(await session.scalars(select(AuditEntry).order_by(AuditEntry.sequence)))
    return [(one.action, one.after) for one in entries]


async def change(bank: Bank, person: Actor, **values: object) -> None:
    async with transaction(bank.system) as session:
        await session.execute(update(User).where(User.id == person.user_id).values(**values))


async def enrolled_with_codes(person: Actor) -> list[str]:
    await enrol(person)
    return await recovery_codes.make_own(person)


async def give_password(client: httpx.AsyncClient, username: str, password: str = PASSWORD) -> httpx.Response:
    return await client.post("/sign-in", data={"username": username, "password": password, "next": "/x"})


def secret_in(page: httpx.Response) -> str:
    return re.search(r'class="key">([A-Z2-7 ]+)<', page.text)[1].replace(" ", "")


def test_a_recovery_code_stands_in_once(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        codes = await enrolled_with_codes(bank.reviewer)
        async with browser(console) as client:
            asked = await client.get((await give_password(client, "reviewer")).headers["location"])
            assert "Use a recovery code instead" in asked.text
            wrong = await client.post("/sign-in/recovery", data={"code": "0000-0000-0000-0000"})
            assert wrong.status_code == 422 and "recovery code did not work" in wrong.text
            typed = codes[3].upper().replace("-", " ").replace("0", "O").replace("1", "l")
            used = await client.post("/sign-in/recovery", data={"code": typed, "next": "/x"})
            assert used.headers["location"] == "/sign-in/recovered?next=%2Fx"
            assert (await client.get("/x")).status_code == 303  # not in yet
            told = await client.get("/sign-in/recovered")
            assert "<strong>9 codes left</strong>" in told.text and "It is lost" in told.text
            done = await client.post("/sign-in/recovered", data={"next": "/x"})
            assert (done.status_code, done.headers["location"]) == (303, "/x")
            session = await sessions.find(client.cookies[COOKIE])
            assert session is not None and session.code_at is None  # what asks for a fresh code asks for one
            await client.post("/sign-out")
            await give_password(client, "reviewer")
            again = await client.post("/sign-in/recovery", data={"code": codes[3]})
            assert again.status_code == 422
        trail = await audited(bank)
        assert ("recovery_code.used", {"left": 9}) in trail
        assert trail.count(("sign_in.failed", {"reason": "recovery code"})) == 2
        assert ("sign_in.succeeded", {"method": "password"}) in trail

    run(story())


def test_a_lost_authenticator_is_replaced_and_works_until_then(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        codes = await enrolled_with_codes(bank.reviewer)
        async with browser(console) as client:
            await give_password(client, "reviewer")
            await client.post("/sign-in/recovery", data={"code": codes[0]})
            started = await client.post("/sign-in/replace", data={"next": "/x"})
            assert started.headers["location"] == "/sign-in/enrol?next=%2Fx"
            secret = secret_in(await client.get("/sign-in/enrol"))
            # Walking away here changes nothing: the old device and the old codes still work.
            async with browser(console) as other:
                assert (await sign_in(other, "reviewer")).status_code == 303
            now = datetime.now(UTC)
            shown = await client.post("/sign-in/enrol", data={"code": totp.code_at(secret, now), "next": "/x"})
            new_codes = CODES.findall(shown.text)
            assert len(set(new_codes)) == 10 and not set(new_codes) & set(codes)
            await client.post("/sign-in/codes", data={"kept": "yes"})
            await client.post("/sign-out")
            await give_password(client, "reviewer")
            assert (await client.post("/sign-in/code", data={"code": code(1)})).status_code == 422
            assert (await client.post("/sign-in/recovery", data={"code": codes[1]})).status_code == 422
            later = totp.code_at(secret, now + timedelta(seconds=30))
            assert (await client.post("/sign-in/code", data={"code": later})).status_code == 303

    run(story())


def test_codes_not_kept_are_made_anew(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        async with browser(console) as client:
            await give_password(client, "reviewer")
            secret = secret_in(await client.get("/sign-in/enrol"))
            shown = await client.post("/sign-in/enrol", data={"code": totp.code_at(secret, datetime.now(UTC))})
            first = CODES.findall(shown.text)
            again = await client.get("/sign-in/codes")
            assert not CODES.findall(again.text) and "cannot be shown again" in again.text
            second = CODES.findall((await client.post("/sign-in/new-codes")).text)
            assert len(second) == 10 and not set(first) & set(second)
            await client.post("/sign-in/codes", data={"kept": "yes"})
        async with transaction(bank.system) as session:
            stored = list(await session.scalars(select(RecoveryCode)))
            assert len(stored) == 10 and len({one.code_hash for one in stored}) == 10
            assert not await recovery_codes.use(session, bank.reviewer.user_id, first[0])
            assert await recovery_codes.use(session, bank.reviewer.user_id, second[0])
            assert not await recovery_codes.use(session, bank.approver.user_id, second[1])
            assert await recovery_codes.left(session, bank.reviewer.user_id) == 9

    run(story())


def test_a_one_time_password_leads_to_one_of_ones_own(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        await enrol(bank.reviewer)
        await change(bank, bank.reviewer, must_change_password=True)
        async with browser(console) as client:
            asked = await sign_in(client, "reviewer", next="/x")
            assert asked.headers["location"] == "/sign-in/password?next=%2Fx"
            assert (await client.get("/x")).status_code == 303
            assert "Choose your password" in (await client.get("/sign-in/password")).text
            for new, again, words in (
                (OWN, OWN + "!", "not the same"), ("short", "short", "12 characters"),
                ("password1234", "password1234", "first that are tried"), (PASSWORD, PASSWORD, "had this password"),
            ):  # fmt: skip
                refused = await client.post("/sign-in/password", data={"password": new, "again": again})
                assert refused.status_code == 422 and words in refused.text
            done = await client.post("/sign-in/password", data={"password": OWN, "again": OWN, "next": "/x"})
            assert (done.status_code, done.headers["location"]) == (303, "/x")
            assert (await client.get("/x")).json()["name"] == "reviewer"
        account = await people.find_account("reviewer")
        assert account is not None and not account.must_change_password
        assert await passwords.verify(account.password_hash, OWN)
        assert ("password.changed", None) in await audited(bank)

    run(story())


def test_a_one_time_password_is_over_after_three_days(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        long_ago = datetime.now(UTC) - timedelta(hours=72, minutes=1)
        await change(bank, bank.reviewer, must_change_password=True, password_changed_at=long_ago)
        async with browser(console) as client:
            refused = await give_password(client, "reviewer")
            assert refused.status_code == 422 and "one-time password has expired" in refused.text

    run(story())


def test_who_needs_a_second_factor_is_the_setting(
    run: Callable, console: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MFA_REQUIRED", "administrators")
    settings.cache_clear()

    async def story() -> None:
        bank = await make_bank()
        await enrol(bank.approver)
        async with browser(settings()) as client:
            in_at_once = await give_password(client, "reviewer")
            assert (in_at_once.status_code, in_at_once.headers["location"]) == (303, "/x")
            assert (await client.get("/x")).json()["name"] == "reviewer"
            always = await give_password(client, "administrator")
            assert always.headers["location"].startswith("/sign-in/enrol")
            # Whoever has one is asked for it.
            assert (await give_password(client, "approver")).headers["location"].startswith("/sign-in/code")
            await mfa.require_enrolment(fresh(bank.administrator), bank.reviewer.user_id, "works from home now")
            assert (await give_password(client, "reviewer")).headers["location"].startswith("/sign-in/enrol")

    run(story())


def test_a_revoked_second_factor_leaves_the_password_worth_nothing(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        await enrol(bank.reviewer)
        async with browser(console) as client:
            assert (await sign_in(client, "reviewer")).status_code == 303
            await mfa.revoke(fresh(bank.administrator), bank.reviewer.user_id, "phone stolen")
            assert (await client.get("/queue")).status_code == 303
            refused = await give_password(client, "reviewer")
            assert refused.status_code == 422 and "enrol a new one with you, in person" in refused.text
            in_person = await mfa.enrol_in_person(fresh(bank.administrator), bank.reviewer.user_id)
            secret = in_person.secret.replace(" ", "")
            now = datetime.now(UTC)
            codes = await mfa.confirm_in_person(
                fresh(bank.administrator), bank.reviewer.user_id, totp.code_at(secret, now)
            )
            assert len(codes) == 10
            later = totp.code_at(secret, now + timedelta(seconds=30))
            assert (await sign_in(client, "reviewer", later)).status_code == 303
        assert ("sign_in.failed", {"reason": "second factor revoked"}) in await audited(bank)
        state = await mfa.state_of(bank.administrator, bank.reviewer.user_id)
        assert (state.recovery_codes_left, state.required, state.enrolment) == (10, True, Enrolment.AS_REQUIRED)

    run(story())


def test_each_form_is_for_its_step_alone(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        codes = await enrolled_with_codes(bank.reviewer)
        paths = ("code", "recovery", "recovered", "replace", "enrol", "codes", "new-codes", "password")
        data = {"code": codes[0], "kept": "yes", "password": OWN, "again": OWN}
        async with browser(console) as client:
            for path in paths:
                answer = await client.post(f"/sign-in/{path}", data=data)
                assert answer.headers["location"] == "/sign-in?reason=ended", path
            for path in set(paths) - {"code", "recovery"}:
                await give_password(client, "reviewer")
                answer = await client.post(f"/sign-in/{path}", data=data)
                assert answer.headers["location"] == "/sign-in?reason=ended", path
            await give_password(client, "reviewer")
            for path in ("recovered", "enrol", "codes", "password"):
                assert (await client.get(f"/sign-in/{path}")).headers["location"] == "/sign-in/code"
        async with transaction(bank.system) as session:
            assert await recovery_codes.left(session, bank.reviewer.user_id) == 10

    run(story())
