"""A new password: proved by the old one, never one of the last, and the end of the other sessions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from console.access import lockout, password_change, passwords, people, sessions
from console.access.password_change import PasswordLocked, WrongPassword
from console.access.password_rules import WeakPassword
from console.access.person_services import reset_password
from console.access.sessions import SignedOut
from console.access.step_up import CodeNeeded
from console.settings import Settings, settings
from db.engine import transaction
from db.models import AuditEntry, EarlierPassword, User
from tests.access.ground import with_code
from tests.edge.site import enrol, session_of
from tests.factories import PASSWORD, Bank, make_bank


def numbered(number: int) -> str:
    return f"quiet lantern over harbour {number}"


async def kept(bank: Bank) -> int:
    async with transaction(bank.system) as session:
        return (await session.execute(select(func.count()).select_from(EarlierPassword))).scalar_one()


async def actions(bank: Bank) -> list[str]:
    async with transaction(bank.system) as session:
        return list(await session.scalars(select(AuditEntry.action).order_by(AuditEntry.sequence)))


def test_only_the_password_of_now_changes_it(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        with pytest.raises(WrongPassword):
            await password_change.change_own(bank.reviewer, "not this one, no", numbered(1))
        with pytest.raises(WeakPassword, match="first that are tried"):
            await password_change.change_own(bank.reviewer, PASSWORD, "password1234")
        with pytest.raises(WeakPassword, match="name of this service and of your bank"):
            await password_change.change_own(bank.reviewer, PASSWORD, "first-example-bank")
        async with transaction(bank.system) as session:
            mine = update(User).where(User.id == bank.reviewer.user_id)
            await session.execute(mine.values(email="ottoline.grey@mail.example"))
        with pytest.raises(WeakPassword, match="your e-mail address"):
            await password_change.change_own(bank.reviewer, PASSWORD, "ottoline-grey")
        await password_change.change_own(bank.reviewer, PASSWORD, numbered(1))
        account = await people.find_account("reviewer")
        assert account is not None and await passwords.verify(account.password_hash, numbered(1))
        assert (await actions(bank))[-2:] == ["sign_in.failed", "password.changed"]
        with pytest.raises(SignedOut):
            await password_change.change_own(bank.system, PASSWORD, numbered(1))

    run(story())


def test_with_a_second_factor_a_fresh_code_is_asked_as_well(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        await enrol(bank.reviewer)
        stale = replace(bank.reviewer, code_at=datetime.now(UTC) - timedelta(minutes=11))
        with pytest.raises(CodeNeeded):
            await password_change.change_own(stale, PASSWORD, numbered(1))
        await password_change.change_own(with_code(stale), PASSWORD, numbered(1))

    run(story())


def test_guessing_it_locks_the_account(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        for _ in range(4):
            with pytest.raises(WrongPassword):
                await password_change.change_own(bank.reviewer, "not this one, no", numbered(1))
        for password in ("not this one, no", PASSWORD):
            with pytest.raises(PasswordLocked):
                await password_change.change_own(bank.reviewer, password, numbered(1))
        assert (await lockout.state(bank.institution_id, bank.reviewer.user_id)).locked_until is not None
        # Each try is there, those at the locked account too.
        failed = ["sign_in.failed"] * 5 + ["sign_in.locked_out", "sign_in.failed"]
        assert [one for one in await actions(bank) if one.startswith("sign_in")] == failed

    run(story())


def test_the_last_ones_are_not_taken_again(run: Callable, console: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD_HISTORY", "3")
    settings.cache_clear()

    async def story() -> None:
        bank = await make_bank()
        before = PASSWORD
        for number in range(4):
            await password_change.change_own(bank.reviewer, before, numbered(number))
            before = numbered(number)
        assert await kept(bank) == 3
        # The one of now and the three before it.
        for number in (3, 2, 1, 0):
            with pytest.raises(WeakPassword, match="had this password before"):
                await password_change.change_own(bank.reviewer, before, numbered(number))
        await password_change.change_own(bank.reviewer, before, PASSWORD)
        monkeypatch.setenv("PASSWORD_HISTORY", "0")
        settings.cache_clear()
        await password_change.change_own(bank.reviewer, PASSWORD, numbered(3))
        assert await kept(bank) == 0
        with pytest.raises(WeakPassword, match="had this password before"):
            await password_change.change_own(bank.reviewer, numbered(3), numbered(3))

    run(story())


def test_other_sessions_end_and_this_one_goes_on(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        here, there = await session_of(bank.reviewer), await session_of(bank.reviewer)
        acting = replace(bank.reviewer, session=here.partition(".")[0])
        await password_change.change_own(acting, PASSWORD, numbered(1))
        assert await sessions.find(here) is not None and await sessions.find(there) is None

    run(story())


def test_after_a_reset_the_forgotten_one_is_not_chosen_again(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        one_time = await reset_password(bank.administrator, bank.reviewer.user_id, "forgotten")
        account = await people.find_account("reviewer")
        assert account is not None and account.must_change_password
        assert await passwords.verify(account.password_hash, one_time)
        for again in (PASSWORD, one_time):
            with pytest.raises(WeakPassword, match="had this password before"):
                await password_change.choose(bank.reviewer, account, again)
        await password_change.choose(bank.reviewer, account, numbered(1))
        with pytest.raises(SignedOut):  # somebody else was quicker
            await password_change.choose(bank.reviewer, account, numbered(2))

    run(story())
