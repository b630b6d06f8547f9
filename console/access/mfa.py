"""What an administrator does with somebody's second factor: enrol one in person, require another, revoke it.

Nobody does it to themselves, each act asks for a fresh code and a reason, and ends the person's sessions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from console.access import people, recovery_codes, second_factor, totp
from console.access.applying import end_sessions
from console.access.authentication import WrongCode
from console.access.both_proofs import Proof, check_other_proof_untouched
from console.access.held import InvalidPerson, OwnAccess, PersonNotFound, locked_user
from console.access.people import Account
from console.access.permissions import Permission, require
from console.access.reason import checked_reason
from console.access.session_data import EndReason
from console.access.signing_in import new_secret
from console.access.step_up import require_fresh_code
from console.actor import Actor
from console.audit.entries import Event, record
from db.engine import transaction
from db.models import User


@dataclass(frozen=True)
class InPerson:
    """What the person's authenticator reads, from the administrator's screen; `qr` is a `data:` image."""

    username: str
    secret: str = field(repr=False)
    qr: str = field(repr=False)


@dataclass(frozen=True)
class MfaState:
    """How somebody's second factor stands."""

    confirmed_at: datetime | None
    recovery_codes_left: int
    required: bool
    enrolment: second_factor.Enrolment


async def state_of(actor: Actor, user_id: UUID) -> MfaState:
    """How somebody's second factor stands. Raises NotAllowed or PersonNotFound."""
    require(actor, Permission.USER_READ)
    account = await _account(actor, user_id)
    async with transaction(actor) as session:
        left = await recovery_codes.left(session, user_id)
    return MfaState(
        account.totp_confirmed_at,
        left,
        second_factor.is_required(account.person),
        second_factor.Enrolment(account.mfa_enrolment),
    )


async def enrol_in_person(actor: Actor, user_id: UUID) -> InPerson:
    """A secret for the authenticator of somebody who sits beside the administrator; it waits for its first code.

    Raises NotAllowed, CodeNeeded, PersonNotFound, OwnAccess, SecondAdministratorNeeded or InvalidPerson.
    """
    _check(actor, user_id)
    account = await _account(actor, user_id)
    if not account.active:
        raise InvalidPerson(f"{account.person.display_name} is deactivated: reactivate them first.")
    async with transaction(actor) as session:
        await _locked(session, actor, user_id)
    secret = await new_secret(account)
    return InPerson(account.person.username, totp.in_groups(secret), totp.qr_data_uri(secret, account.person.username))


async def confirm_in_person(actor: Actor, user_id: UUID, code: str) -> list[str]:
    """The first code of the person's authenticator makes it the second factor; recovery codes to hand over.

    Raises WrongCode, or as `enrol_in_person`.
    """
    _check(actor, user_id)
    pending = (await _account(actor, user_id)).totp_pending
    async with transaction(actor) as session:
        await _locked(session, actor, user_id)
        if pending is None or not await people.spend_first_code(session, user_id, pending, code):
            # The administrator's own sign-in is not what failed: no account is locked by it.
            raise WrongCode
        codes = await recovery_codes.make(session, user_id)
        await end_sessions(session, [user_id], EndReason.CREDENTIALS_RESET)
        after = {"in_person": True, "recovery_codes": len(codes)}
        await record(session, actor, Event.MFA_ENROLLED, "user", user_id, after=after)
    return codes


async def require_enrolment(actor: Actor, user_id: UUID, reason: str) -> None:
    """Take the second factor away: at the next sign-in the password leads to setting up another.

    Raises NotAllowed, CodeNeeded, PersonNotFound, OwnAccess, SecondAdministratorNeeded or InvalidPerson.
    """
    await _take_away(actor, user_id, reason, second_factor.Enrolment.AT_SIGN_IN)


async def revoke(actor: Actor, user_id: UUID, reason: str) -> None:
    """Take the second factor away from somebody whose password may be known as well: the password opens nothing
    before an administrator has enrolled another in person. Raises as `require_enrolment`."""
    await _take_away(actor, user_id, reason, second_factor.Enrolment.IN_PERSON)


async def new_recovery_codes(actor: Actor, user_id: UUID, reason: str) -> list[str]:
    """Ten recovery codes in place of the earlier ones, to hand over in person.

    Raises NoSecondFactor, or as `require_enrolment`.
    """
    _check(actor, user_id)
    reason = checked_reason(reason)
    async with transaction(actor) as session:
        await _locked(session, actor, user_id)
        codes = await recovery_codes.make(session, user_id)
        after = {"codes": len(codes), "reason": reason}
        await record(session, actor, Event.RECOVERY_CODES_MADE, "user", user_id, after=after)
    return codes


async def _take_away(actor: Actor, user_id: UUID, reason: str, enrolment: second_factor.Enrolment) -> None:
    _check(actor, user_id)
    reason = checked_reason(reason)
    async with transaction(actor) as session:
        user = await _locked(session, actor, user_id)
        before = {"confirmed": user.totp_confirmed_at is not None}
        user.totp_secret = user.totp_pending = user.totp_confirmed_at = user.totp_last_step = None
        user.mfa_enrolment = enrolment.value
        # Whoever comes through the sign-in service next is believed anew.
        user.openid_subject = None
        await session.flush()
        await recovery_codes.forget(session, user_id)
        await end_sessions(session, [user_id], EndReason.CREDENTIALS_RESET)
        after = {"enrolment": enrolment.value, "reason": reason}
        await record(session, actor, Event.MFA_REVOKED, "user", user_id, before=before, after=after)


def _check(actor: Actor, user_id: UUID) -> None:
    require(actor, Permission.MFA_MANAGE)
    if actor.user_id == user_id:
        raise OwnAccess
    require_fresh_code(actor)


async def _locked(session: AsyncSession, actor: Actor, user_id: UUID) -> User:
    user = await locked_user(session, user_id)
    await check_other_proof_untouched(session, actor, user, Proof.SECOND_FACTOR)
    return user


async def _account(actor: Actor, user_id: UUID) -> Account:
    account = await people.read_account(actor.institution_id, user_id)
    if account is None:
        raise PersonNotFound
    return account
