"""Signing in and out: the password, then the code, each attempt audited.

Failures say nothing about which part was wrong, and take the same time whether the person exists or not.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from console.access import passwords, people, sessions, totp
from console.access.people import Account
from console.access.sessions import Person, Session, SignedOut, Stage
from console.access.visit import Visit
from console.actor import Actor
from console.audit.entries import Event, record
from db.engine import transaction

# A known person's failure is written to the audit trail and an unknown one's is not: both answers are held
# back until this time is over, so that the writing cannot be measured.
FAILURE_SECONDS = 0.5
# A guess is right with 3 in 10^6 (three steps count). After these many the password is asked for again.
MAXIMUM_CODE_ATTEMPTS = 5

_log = structlog.get_logger(__name__)


class WrongCredentials(Exception):
    """Unknown username, wrong password or inactive person; never says which."""


class WrongCode(Exception):
    """The code is wrong, too old, or was used before."""


class TooManyCodes(Exception):
    """Too many wrong codes: the sign-in starts again at the password."""


@dataclass(frozen=True)
class Enrolment:
    """What a person needs to set up an authenticator."""

    username: str
    secret: str


async def check_password(username: str, password: str, visit: Visit) -> tuple[str, Stage]:
    """The first step: a token of a pending session, and what it waits for. Raises WrongCredentials."""
    began = time.monotonic()
    account = await people.find_account(username.strip())
    right = await passwords.verify(account.password_hash if account else None, password)
    if account is None or not right or not account.active:
        await _refuse_password(account, right, visit)
        await asyncio.sleep(max(0.0, began + FAILURE_SECONDS - time.monotonic()))
        raise WrongCredentials
    await _renew_hash(account, password)
    stage = Stage.PASSWORD if account.totp_confirmed_at else Stage.ENROL
    if stage is Stage.ENROL:
        await _new_enrolment(account.person)
    return await sessions.start(account.person, stage, visit), stage


async def check_code(token: str, code: str, visit: Visit) -> str:
    """The second step: the token of the full session. Raises WrongCode, TooManyCodes or SignedOut."""
    pending = await _pending(token, Stage.PASSWORD)
    account = await people.read_account(pending.person.institution_id, pending.person.user_id)
    if account is None or account.totp_secret is None or account.totp_confirmed_at is None:
        raise SignedOut
    return await _with_code(token, code, visit, pending, account.totp_secret, enrols=False)


async def read_enrolment(token: str) -> Enrolment:
    """The secret that waits to be confirmed in this session. Raises SignedOut."""
    pending = await _pending(token, Stage.ENROL)
    account = await people.read_account(pending.person.institution_id, pending.person.user_id)
    if account is None or account.totp_secret is None or account.totp_confirmed_at is not None:
        raise SignedOut
    return Enrolment(pending.person.username, totp.unseal(pending.person.user_id, account.totp_secret))


async def confirm_enrolment(token: str, code: str, visit: Visit) -> str:
    """The second step at the first sign-in: the code proves that the authenticator is set up.

    Returns the token of the full session. Raises WrongCode, TooManyCodes or SignedOut.
    """
    pending = await _pending(token, Stage.ENROL)
    account = await people.read_account(pending.person.institution_id, pending.person.user_id)
    if account is None or account.totp_secret is None or account.totp_confirmed_at is not None:
        raise SignedOut
    return await _with_code(token, code, visit, pending, account.totp_secret, enrols=True)


async def sign_out(token: str, visit: Visit) -> None:
    """End the session, whatever its stage; nothing happens where it has ended already."""
    ended = await sessions.end(token)
    if ended is not None and ended.stage is Stage.FULL:
        actor = ended.actor(visit)
        async with transaction(actor) as session:
            await record(session, actor, Event.SIGNED_OUT, "user", actor.user_id)


async def _with_code(
    token: str, code: str, visit: Visit, pending: Session, sealed_secret: bytes, *, enrols: bool
) -> str:
    if await sessions.count_attempt(token) > MAXIMUM_CODE_ATTEMPTS:
        await sessions.end(token)
        await _refuse(pending.actor(visit), "too many codes")
        raise TooManyCodes
    actor = pending.actor(visit)
    step = totp.matching_step(totp.unseal(pending.person.user_id, sealed_secret), code, datetime.now(UTC))
    if step is None or not await _accept(actor, pending.person, step, enrols=enrols):
        await _refuse(actor, "code")
        raise WrongCode
    return await sessions.promote(token)


async def _accept(actor: Actor, person: Person, step: int, *, enrols: bool) -> bool:
    """Spend the code and note the sign-in, in one transaction; False where the code was spent before."""
    async with transaction(actor) as session:
        if not await totp.use_step(session, person.user_id, step):
            return False
        if enrols and not await people.confirm_totp(session, person.user_id):
            raise SignedOut
        if not await people.mark_signed_in(session, person.user_id):
            raise SignedOut
        if enrols:
            await record(session, actor, Event.MFA_ENROLLED, "user", person.user_id)
        await record(session, actor, Event.SIGN_IN_SUCCEEDED, "user", person.user_id)
    return True


async def _pending(token: str, stage: Stage) -> Session:
    session = await sessions.find(token)
    if session is None or session.stage is not stage:
        raise SignedOut
    return session


async def _new_enrolment(person: Person) -> None:
    # A new secret each time: one that was shown in an abandoned sign-in is worth nothing.
    async with transaction(person) as session:
        await people.set_totp(session, person.user_id, totp.new_secret())


async def _renew_hash(account: Account, password: str) -> None:
    if passwords.needs_rehash(account.password_hash):
        renewed = await passwords.hash_again(password)
        person = account.person
        await people.replace_hash(person.institution_id, person.user_id, account.password_hash, renewed)


async def _refuse_password(account: Account | None, right: bool, visit: Visit) -> None:
    if account is None:
        # Not the name: people type their password into that field by mistake.
        _log.warning("sign_in.failed", reason="unknown user", address=visit.address, request_id=visit.request_id)
        return
    person = account.person
    nobody = Actor(person.institution_id, None, person.username, address=visit.address, request_id=visit.request_id)
    await _refuse(nobody, "inactive" if right else "password", person)


async def _refuse(actor: Actor, reason: str, person: Person | None = None) -> None:
    user_id = person.user_id if person else actor.user_id
    async with transaction(actor) as session:
        await record(session, actor, Event.SIGN_IN_FAILED, "user", user_id, after={"reason": reason})
