"""Second factors in an administrator's hands, fresh codes, and one's own account."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from console.access import authentication, mfa, own_account, people, sessions, step_up, totp
from console.access.authentication import WrongCode
from console.access.held import InvalidPerson, OwnAccess, PersonNotFound
from console.access.permissions import NotAllowed
from console.access.recovery_codes import NoSecondFactor
from console.access.step_up import CodeNeeded, CodeRefused
from console.actor import Actor, system_actor
from console.roles import Role
from console.settings import Settings, settings
from db.engine import transaction
from db.models import AuditEntry
from tests.access.fresh import fresh
from tests.edge.site import code, enrol, session_of
from tests.factories import Bank, make_bank, make_person

Act = Callable[[Actor, Any], Awaitable[Any]]
ACTS: dict[str, Act] = {
    "enrol": lambda actor, user: mfa.enrol_in_person(actor, user),
    "confirm": lambda actor, user: mfa.confirm_in_person(actor, user, "000000"),
    "require": lambda actor, user: mfa.require_enrolment(actor, user, "lost"),
    "revoke": lambda actor, user: mfa.revoke(actor, user, "stolen"),
    "codes": lambda actor, user: mfa.new_recovery_codes(actor, user, "lost"),
}


async def actions(bank: Bank) -> list[tuple[str, Any]]:
    async with transaction(bank.system) as session:
        entries = await session.scalars(select(AuditEntry).order_by(AuditEntry.sequence))
        return [(one.action, one.after) for one in entries]


def test_who_may_touch_whose_second_factor(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        await enrol(bank.reviewer)
        other_bank = system_actor(uuid4(), "another institution")
        for act in ACTS.values():
            for actor in (bank.reviewer, bank.approver, bank.supervisor, bank.auditor):
                with pytest.raises(NotAllowed):
                    await act(fresh(actor), bank.reviewer.user_id)
            with pytest.raises(OwnAccess):
                await act(fresh(bank.administrator), bank.administrator.user_id)
            for ago in (None, timedelta(minutes=11)):
                stale = bank.administrator if ago is None else fresh(bank.administrator, ago)
                with pytest.raises(CodeNeeded):
                    await act(replace(stale, code_at=None) if ago is None else stale, bank.reviewer.user_id)
            with pytest.raises(PersonNotFound):
                await act(fresh(bank.administrator), uuid4())
            with pytest.raises(PersonNotFound):
                elsewhere = replace(fresh(bank.administrator), institution_id=other_bank.institution_id)
                await act(elsewhere, bank.reviewer.user_id)
        for act in (mfa.require_enrolment, mfa.revoke, mfa.new_recovery_codes):
            with pytest.raises(InvalidPerson, match="Say why"):
                await act(fresh(bank.administrator), bank.reviewer.user_id, "  ")
        account = await people.find_account("reviewer")
        assert account is not None and account.totp_confirmed_at is not None

    run(story())


def test_taken_away_it_is_gone_with_codes_and_sessions(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        admin, user_id = fresh(bank.administrator), bank.reviewer.user_id
        with pytest.raises(NoSecondFactor):
            await mfa.new_recovery_codes(admin, user_id, "lost")
        await enrol(bank.reviewer)
        assert len(await mfa.new_recovery_codes(admin, user_id, "lost")) == 10
        token = await session_of(bank.reviewer)
        await mfa.require_enrolment(admin, user_id, "new phone")
        assert await sessions.find(token) is None
        state = await mfa.state_of(bank.auditor, user_id)
        assert (state.confirmed_at, state.recovery_codes_left, state.enrolment) == (None, 0, "at_sign_in")
        in_person = await mfa.enrol_in_person(admin, user_id)
        assert in_person.qr.startswith("data:image/svg+xml") and in_person.secret not in repr(in_person)
        with pytest.raises(WrongCode):
            await mfa.confirm_in_person(admin, user_id, "00000x")
        right = totp.code_at(in_person.secret.replace(" ", ""), datetime.now(UTC))
        await mfa.confirm_in_person(admin, user_id, right)
        with pytest.raises(WrongCode):  # nothing waits any more
            await mfa.confirm_in_person(admin, user_id, right)
        trail = [one for one in await actions(bank) if one[0].startswith(("mfa", "recovery"))]
        assert trail == [
            ("recovery_codes.made", {"codes": 10, "reason": "lost"}),
            ("mfa.revoked", {"enrolment": "at_sign_in", "reason": "new phone"}),
            ("mfa.enrolled", {"in_person": True, "recovery_codes": 10}),
        ]

    run(story())


@pytest.mark.parametrize(("minutes", "setting", "needed"), [(9, 10, False), (11, 10, True), (11, 12, False)])
def test_a_code_is_fresh_for_as_long_as_the_setting_says(
    run: Callable, console: Settings, monkeypatch: pytest.MonkeyPatch, minutes: int, setting: int, needed: bool
) -> None:
    monkeypatch.setenv("STEP_UP_MINUTES", str(setting))
    settings.cache_clear()
    actor = fresh(Actor(uuid4(), uuid4(), "somebody"), timedelta(minutes=minutes))
    if needed:
        with pytest.raises(CodeNeeded):
            step_up.require_fresh_code(actor)
    else:
        step_up.require_fresh_code(actor)
    with pytest.raises(CodeNeeded):
        step_up.require_fresh_code(replace(actor, code_at=None))
    step_up.require_fresh_code(system_actor(uuid4(), "a command"))


def test_a_fresh_code_is_spent_and_noted_with_the_session(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        token = await session_of(bank.reviewer)
        actor = await sessions.actor_of(token)
        with pytest.raises(CodeRefused, match="no authenticator yet"):
            await step_up.confirm(actor, code())
        await enrol(bank.reviewer)
        with pytest.raises(CodeRefused, match="did not work"):
            await step_up.confirm(actor, "000000")
        with pytest.raises(CodeNeeded):
            step_up.require_fresh_code(await sessions.actor_of(token))
        used = code()
        await step_up.confirm(actor, used)
        step_up.require_fresh_code(await sessions.actor_of(token))
        with pytest.raises(CodeRefused):  # each code once
            await step_up.confirm(actor, used)
        for _ in range(3):
            with pytest.raises(CodeRefused):
                await step_up.confirm(actor, "000000")
        with pytest.raises(CodeRefused, match="locked until"):
            await step_up.confirm(actor, code(1))
        trail = [action for action, _ in await actions(bank) if action.startswith(("step_up", "sign_in"))]
        assert trail == [
            "step_up.failed", "step_up.succeeded", *["step_up.failed"] * 4, "sign_in.locked_out", "step_up.failed"
        ]  # fmt: skip

    run(story())


def test_ones_own_authenticator_codes_sessions_and_history(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        here, there = await session_of(bank.reviewer), await session_of(bank.reviewer)
        actor = await sessions.actor_of(here)
        with pytest.raises(NoSecondFactor):
            await own_account.new_codes(actor)
        first = await own_account.start_authenticator(actor)
        codes = await own_account.confirm_authenticator(actor, now_of(first.secret))
        assert len(codes) == 10 and await sessions.find(there) is None
        # From now on each change asks for a fresh code, and the old device works until the new one does.
        for act in (own_account.start_authenticator, own_account.new_codes):
            with pytest.raises(CodeNeeded):
                await act(actor)
        with pytest.raises(CodeNeeded):
            await own_account.confirm_authenticator(actor, "000000")
        await own_account.start_authenticator(fresh(actor))
        account = await people.find_account("reviewer")
        assert account is not None
        await authentication.prove_code(account, now_of(first.secret, 1), actor)
        again = await session_of(bank.reviewer)
        assert {one.reference: one.is_this_one for one in await own_account.own_sessions(actor)} == {
            here.partition(".")[0]: True, again.partition(".")[0]: False,
        }  # fmt: skip
        with pytest.raises(CodeNeeded):
            await own_account.end_others(actor)
        assert await own_account.end_others(fresh(actor)) == 1 and await sessions.find(here) is not None
        own = await own_account.read_own(actor)
        assert (own.username, own.recovery_codes_left, own.second_factor_required) == ("reviewer", 10, True)
        page = await own_account.own_events(actor, limit=2)
        assert [one.action for one in page] == ["session.ended", "mfa.enrolled"]
        assert all(one.by_oneself for one in page)
        assert await own_account.own_events(actor, page[-1].sequence) == []
        newcomer = await make_person(bank.system, "newcomer", Role.REVIEWER)
        [created] = await own_account.own_events(newcomer)
        assert created.action == "user.created" and not created.by_oneself
        with pytest.raises(sessions.SignedOut):
            await own_account.own_events(bank.system)

    run(story())


def now_of(secret: str, steps: int = 0) -> str:
    return totp.code_at(secret.replace(" ", ""), datetime.now(UTC) + timedelta(seconds=30 * steps))
