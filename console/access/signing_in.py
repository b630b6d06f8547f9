"""The way from a password to a session, step by step; what a pending session waits for is its stage.

password → code, recovery code, or setting up an authenticator → recovery codes kept → password of one's own → in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from console.access import (
    allowlist,
    authentication,
    lockout,
    password_change,
    people,
    recovery_codes,
    second_factor,
    sessions,
    totp,
)
from console.access.people import Account
from console.access.person_services import ONE_TIME_PASSWORD_LIFETIME
from console.access.sessions import Session, SignedOut, Stage
from console.access.visit import Visit
from console.actor import Actor
from console.audit.entries import Event, record
from db.engine import transaction

# A guess is right with 3 in 10^6 (three steps count). After these many the password is asked for again.
MAXIMUM_CODE_ATTEMPTS = 5


class TooManyCodes(Exception):
    """Too many wrong codes: the sign-in starts again at the password."""


class NotFromHere(Exception):
    """The person's roles may not sign in from this address."""

    def __init__(self) -> None:
        super().__init__("Your role may not sign in from this network. Ask an administrator if you need it.")


class OneTimePasswordOver(Exception):
    """A password that was made for the first sign-in was used too late."""

    def __init__(self) -> None:
        super().__init__("This one-time password has expired. Ask an administrator for a new one.")


@dataclass(frozen=True)
class Step:
    """A session's token, new or not, and what it waits for now."""

    token: str
    stage: Stage


@dataclass(frozen=True)
class Enrolment:
    """What a person needs to set up an authenticator."""

    username: str
    secret: str


async def with_password(username: str, password: str, visit: Visit) -> Step:
    """The first step. Raises what `authentication.prove_password` raises, EnrolInPerson, OneTimePasswordOver or
    NotFromHere."""
    account = await authentication.prove_password(username, password, visit)
    if _one_time_is_over(account):
        await authentication.refuse(_nobody(account, visit), account, "one-time password expired")
        raise OneTimePasswordOver
    return await admit(account, visit)


async def admit(account: Account, visit: Visit, *, method: str = "password", has_second_factor: bool = False) -> Step:
    """Begin the session of a person who has proved one factor, or two where somebody else vouches for the second.

    Raises EnrolInPerson, NotFromHere or SignedOut (inactive meanwhile).
    """
    try:
        enrols = not has_second_factor and second_factor.must_enrol(account)
    except second_factor.EnrolInPerson:
        await authentication.refuse(_nobody(account, visit), account, "second factor revoked")
        raise
    await _check_address(account, visit)
    if enrols:
        await new_secret(account)
        return Step(await sessions.start(account.person, Stage.ENROL, visit, method), Stage.ENROL)
    stage = Stage.NEW_PASSWORD
    if account.totp_confirmed_at is not None and not has_second_factor:
        stage = Stage.PASSWORD
    token = await sessions.start(account.person, stage, visit, method)
    if stage is Stage.PASSWORD:
        return Step(token, stage)
    return await _go_on(token, visit)


async def with_code(token: str, code: str, visit: Visit) -> Step:
    """The second step. Raises WrongCode, LockedOut, TooManyAttempts, TooManyCodes or SignedOut."""
    pending, account = await _waiting(token, Stage.PASSWORD)
    actor = pending.actor(visit)
    await _count_code(token, actor, account)
    await authentication.prove_code(account, code, actor)
    await sessions.mark_code(token)
    return await _go_on(token, visit)


async def with_recovery_code(token: str, code: str, visit: Visit) -> Step:
    """The second step of who has not the authenticator at hand. Raises as `with_code`."""
    pending, account = await _waiting(token, Stage.PASSWORD)
    actor = pending.actor(visit)
    await _count_code(token, actor, account)
    await authentication.prove_recovery_code(account, code, actor)
    await sessions.advance(token, Stage.RECOVERED)
    return Step(token, Stage.RECOVERED)


async def codes_left(token: str) -> int:
    """How many recovery codes are left to who has just used one. Raises SignedOut."""
    pending, account = await _waiting(token, Stage.RECOVERED)
    async with transaction(pending.actor()) as session:
        return await recovery_codes.left(session, account.person.user_id)


async def keep_authenticator(token: str, visit: Visit) -> Step:
    """The authenticator was not at hand, but is not lost: go on. Raises SignedOut."""
    await _waiting(token, Stage.RECOVERED)
    return await _go_on(token, visit)


async def replace_authenticator(token: str) -> Step:
    """The authenticator is lost: set up another. The old one works until then. Raises SignedOut."""
    _, account = await _waiting(token, Stage.RECOVERED)
    await new_secret(account)
    await sessions.advance(token, Stage.ENROL)
    return Step(token, Stage.ENROL)


async def read_enrolment(token: str) -> Enrolment:
    """The secret that waits to be confirmed in this session. Raises SignedOut."""
    pending, account = await _waiting(token, Stage.ENROL)
    if account.totp_pending is None:
        raise SignedOut
    return Enrolment(pending.person.username, totp.unseal(pending.person.user_id, account.totp_pending))


async def confirm_enrolment(token: str, code: str, visit: Visit) -> list[str]:
    """The code proves that the authenticator is set up; the recovery codes, which are shown this once.

    Raises WrongCode, LockedOut, TooManyAttempts, TooManyCodes or SignedOut.
    """
    pending, account = await _waiting(token, Stage.ENROL)
    if account.totp_pending is None:
        raise SignedOut
    actor = pending.actor(visit)
    await _count_code(token, actor, account)
    codes = await enrol(account, code, actor)
    await sessions.mark_code(token)
    await sessions.advance(token, Stage.RECOVERY_CODES)
    return codes


async def enrol(account: Account, code: str, actor: Actor) -> list[str]:
    """Make the secret that waits the person's second factor; the new recovery codes.

    Raises WrongCode, LockedOut or TooManyAttempts.
    """
    user_id = account.person.user_id
    codes: list[str] = []

    async def also(session: AsyncSession) -> None:
        codes.extend(await recovery_codes.make(session, user_id))
        after = {"recovery_codes": len(codes)}
        await record(session, actor, Event.MFA_ENROLLED, "user", user_id, after=after)

    await authentication.prove_pending(account, code, actor, also)
    return codes


async def new_recovery_codes(token: str, visit: Visit) -> list[str]:
    """Other codes for who did not keep those that were shown. Raises SignedOut."""
    pending, _ = await _waiting(token, Stage.RECOVERY_CODES)
    return await recovery_codes.make_own(pending.actor(visit))


async def codes_kept(token: str, visit: Visit) -> Step:
    """The person says that the codes are kept: go on. Raises SignedOut."""
    await _waiting(token, Stage.RECOVERY_CODES)
    return await _go_on(token, visit)


async def choose_password(token: str, new: str, visit: Visit) -> Step:
    """A password of one's own in place of the one that an administrator made. Raises WeakPassword or SignedOut."""
    pending, account = await _waiting(token, Stage.NEW_PASSWORD)
    await password_change.choose(pending.actor(visit), account, new)
    return await _go_on(token, visit)


async def sign_out(token: str, visit: Visit) -> None:
    """End the session, whatever its stage; nothing happens where it has ended already."""
    ended = await sessions.end(token)
    if ended is not None and ended.stage is Stage.FULL:
        actor = ended.actor(visit)
        async with transaction(actor) as session:
            await record(session, actor, Event.SIGNED_OUT, "user", actor.user_id)


async def new_secret(account: Account) -> str:
    """A secret that waits for its first code. A new one each time: what was shown in an abandoned try is worth
    nothing."""
    secret = totp.new_secret()
    async with transaction(account.person) as session:
        await people.set_totp(session, account.person.user_id, secret)
    return secret


async def _go_on(token: str, visit: Visit) -> Step:
    """What is still wanted of this person, else a full session."""
    pending = await sessions.find(token)
    if pending is None or pending.stage is Stage.FULL:
        raise SignedOut
    account = await _account(pending)
    if account.must_change_password and pending.method == "password":
        await sessions.advance(token, Stage.NEW_PASSWORD)
        return Step(token, Stage.NEW_PASSWORD)
    await _check_address(account, visit)
    actor, user_id = pending.actor(visit), pending.person.user_id
    async with transaction(actor) as session:
        if not await people.mark_signed_in(session, pending.person):
            raise SignedOut
        await record(session, actor, Event.SIGN_IN_SUCCEEDED, "user", user_id, after={"method": pending.method})
    await lockout.clear(lockout.account_key(user_id, ""))
    return Step(await sessions.promote(token, with_code=False), Stage.FULL)


async def _waiting(token: str, stage: Stage) -> tuple[Session, Account]:
    pending = await sessions.find(token)
    if pending is None or pending.stage is not stage:
        raise SignedOut
    return pending, await _account(pending)


async def _account(pending: Session) -> Account:
    account = await people.read_account(pending.person.institution_id, pending.person.user_id)
    if account is None or not account.active:
        raise SignedOut
    return account


async def _count_code(token: str, actor: Actor, account: Account) -> None:
    if await sessions.count_attempt(token) > MAXIMUM_CODE_ATTEMPTS:
        await sessions.end(token)
        await authentication.refuse(actor, account, "too many codes")
        raise TooManyCodes


async def _check_address(account: Account, visit: Visit) -> None:
    if not await allowlist.allows_sign_in(account.person, visit.address):
        await authentication.refuse(_nobody(account, visit), account, "address")
        raise NotFromHere


def _one_time_is_over(account: Account) -> bool:
    since = account.password_changed_at
    return account.must_change_password and (since is None or datetime.now(UTC) - since > ONE_TIME_PASSWORD_LIFETIME)


def _nobody(account: Account, visit: Visit) -> Actor:
    person = account.person
    return Actor(person.institution_id, None, person.username, address=visit.address, request_id=visit.request_id)
