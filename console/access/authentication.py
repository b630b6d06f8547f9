"""Who somebody proves to be: by password, by a code of the authenticator, by a recovery code. Each failure is audited.

Failures say nothing about which part was wrong, and take the same time whether the person exists or not. Attempts are
counted before they are checked, per account and per address (`lockout`, `attempts`).
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from console.access import attempts, lockout, passwords, people, recovery_codes, refusals, totp
from console.access.attempts import Kind, TooManyAttempts
from console.access.lockout import Attempt, LockedOut, SlowDown
from console.access.people import Account
from console.access.refusals import Refusal, Why
from console.access.visit import Visit
from console.actor import Actor, system_actor
from console.audit.entries import Event, record
from console.institution import institution_of
from console.settings import settings
from db.engine import transaction

# Answers are held back until a whole number of these is over, so that neither what differs in the work for a known and
# an unknown name nor a busy machine can be measured.
FAILURE_SECONDS: Final = 0.5

# What is to be written in the transaction that spends a code.
Also = Callable[[AsyncSession], Awaitable[None]]

_log = structlog.get_logger(__name__)


class WrongCredentials(Exception):
    """Unknown username, wrong password or inactive person; never says which."""


class WrongCode(Exception):
    """The code is wrong, too old, or was used before."""

    def __init__(self) -> None:
        super().__init__("This code did not work. Enter the one that is shown now; each works once.")


async def prove_password(username: str, password: str, visit: Visit) -> Account:
    """The person of this name, whose password this is.

    Raises WrongCredentials; LockedOut, where the password is right but the account is locked; SlowDown or
    TooManyAttempts, whatever the account, where this address or this name is tried too often.
    """
    began = time.monotonic()
    name = username.strip()
    try:
        await lockout.check_address(visit.address)
        await attempts.require(Kind.SIGN_IN, f"password from {visit.address}", f"password of {name.casefold()}")
    except (SlowDown, TooManyAttempts):
        await refusals.keep_of_nobody(visit, Refusal("sign-in: password", Why.TOO_OFTEN))
        raise
    account = await people.find_account(name)
    key = lockout.account_key(account.person.user_id if account else None, name)
    attempt = await lockout.reserve(key)
    right = await passwords.verify(account.password_hash if account else None, password)
    if account is None or not right or not account.active:
        await _refuse_password(account, right, attempt, visit)
        await _hold_back(began)
        raise WrongCredentials
    if attempt.locked_until:
        await _refuse_password(account, right, attempt, visit)
        raise await _locked_out(account, attempt.locked_until)
    await lockout.give_back(key)
    await _renew_hash(account, password)
    return account


async def prove_code(
    account: Account, code: str, actor: Actor, also: Also | None = None, *, failed: Event = Event.SIGN_IN_FAILED
) -> None:
    """Spend a code of the person's authenticator; what `also` writes is written in the same transaction.

    A failure is audited as `failed`. Raises WrongCode, LockedOut or TooManyAttempts.
    """
    user_id, sealed = account.person.user_id, account.totp_secret

    async def spend(session: AsyncSession) -> bool:
        if sealed is None or account.totp_confirmed_at is None:
            return False
        step = totp.matching_step(totp.unseal(user_id, sealed), code, datetime.now(UTC))
        return step is not None and await totp.use_step(session, user_id, step)

    await _prove(account, actor, spend, also, failed, "code")


async def prove_recovery_code(account: Account, code: str, actor: Actor, also: Also | None = None) -> None:
    """Spend a recovery code in place of a code. Raises WrongCode, LockedOut or TooManyAttempts."""
    user_id = account.person.user_id

    async def spend(session: AsyncSession) -> bool:
        if not await recovery_codes.use(session, user_id, code):
            return False
        left = await recovery_codes.left(session, user_id)
        await record(session, actor, Event.RECOVERY_CODE_USED, "user", user_id, after={"left": left})
        return True

    await _prove(account, actor, spend, also, Event.SIGN_IN_FAILED, "recovery code")


async def prove_pending(account: Account, code: str, actor: Actor, also: Also) -> None:
    """Make the secret that waits the person's second factor, by its first code.

    Raises WrongCode, LockedOut or TooManyAttempts.
    """
    user_id, pending = account.person.user_id, account.totp_pending

    async def spend(session: AsyncSession) -> bool:
        return pending is not None and await people.spend_first_code(session, user_id, pending, code)

    await _prove(account, actor, spend, also, Event.SIGN_IN_FAILED, "first code")


async def refuse(actor: Actor, account: Account, reason: str) -> None:
    """Audit that the person was not let in."""
    await _refuse(actor, account.person.user_id, Event.SIGN_IN_FAILED, {"reason": reason}, locks=False)


async def _prove(
    account: Account,
    actor: Actor,
    spend: Callable[[AsyncSession], Awaitable[bool]],
    also: Also | None,
    failed: Event,
    kind: str,
) -> None:
    user_id = account.person.user_id
    try:
        await attempts.require(Kind.SIGN_IN, f"code from {actor.address}", f"code of {user_id}")
    except TooManyAttempts:
        await refusals.keep(actor, Refusal(f"sign-in: {kind}", Why.TOO_OFTEN))
        raise
    key = lockout.account_key(user_id, "")
    attempt = await lockout.reserve(key)
    if attempt.locked_until:
        await _refuse(actor, user_id, failed, {"reason": kind, "locked": True}, locks=False)
        raise await _locked_out(account, attempt.locked_until)
    async with transaction(actor) as session:
        right = await spend(session)
        if right and also is not None:
            await also(session)
    if right:
        await lockout.give_back(key)
        return
    await lockout.count_address(actor.address)
    await _refuse(actor, user_id, failed, {"reason": kind}, locks=attempt.locks)
    if attempt.locks:
        raise await _locked_out(account, datetime.now(UTC) + timedelta(minutes=settings().lockout_minutes))
    raise WrongCode


async def _refuse_password(account: Account | None, right: bool, attempt: Attempt, visit: Visit) -> None:
    await lockout.count_address(visit.address)
    if account is None:
        # Not the name: people type their password into that field by mistake.
        _log.warning("sign_in.failed", reason="unknown user", address=visit.address, request_id=visit.request_id)
        stranger = await refusals.nobody_at(visit)
        if stranger is not None:
            await _refuse(stranger, "unknown", Event.SIGN_IN_FAILED, {"reason": "unknown user"}, locks=attempt.locks)
        return
    person = account.person
    nobody = Actor(person.institution_id, None, person.username, address=visit.address, request_id=visit.request_id)
    locked = attempt.locked_until is not None
    reason = "password" if not right else "inactive" if not account.active else "locked"
    after = {"reason": reason} | ({"locked": True} if locked and reason != "locked" else {})
    await _refuse(nobody, person.user_id, Event.SIGN_IN_FAILED, after, locks=attempt.locks and not locked)


async def _refuse(actor: Actor, user_id: object, event: Event, after: dict[str, Any], *, locks: bool) -> None:
    async with transaction(actor) as session:
        await record(session, actor, event, "user", user_id, after=after)
        if locks:
            minutes = settings().lockout_minutes
            await record(session, actor, Event.LOCKED_OUT, "user", user_id, after={"minutes": minutes})


async def _locked_out(account: Account, until: datetime) -> LockedOut:
    """The refusal, with the time as the person's clock shows it."""
    bank = await institution_of(system_actor(account.person.institution_id, "sign-in"))
    return LockedOut(until.astimezone(bank.zone))


async def _renew_hash(account: Account, password: str) -> None:
    if passwords.needs_rehash(account.password_hash):
        renewed = await passwords.hash_again(password)
        person = account.person
        await people.replace_hash(person.institution_id, person.user_id, account.password_hash, renewed)


async def _hold_back(began: float) -> None:
    spent = time.monotonic() - began
    await asyncio.sleep(math.ceil(spent / FAILURE_SECONDS) * FAILURE_SECONDS - spent)
