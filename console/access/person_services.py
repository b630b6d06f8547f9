"""What an administrator does with a person: create, give a new password, let back in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from console.access import passwords
from console.access.access_changes import keep_request, request_for_new_person
from console.access.applying import end_sessions
from console.access.both_proofs import Proof, check_other_proof_untouched
from console.access.email_address import checked_email
from console.access.held import Access, InvalidPerson, OwnAccess, check_access, locked_user
from console.access.people import add_user, checked_names, creating
from console.access.permissions import Permission, require
from console.access.reason import checked_reason
from console.access.step_up import require_fresh_code
from console.actor import Actor
from console.audit.entries import Event, record
from console.settings import settings
from db.engine import transaction
from db.models import EarlierPassword, User

# OWASP ASVS 5.0, 6.4.1: an initial password expires soon, and never becomes the lasting one.
ONE_TIME_PASSWORD_LIFETIME: Final = timedelta(hours=72)


@dataclass(frozen=True)
class Created:
    """A new person, whose password is shown this once. `change_id` names the roles' change where it waits."""

    user_id: UUID
    password: str = field(repr=False)
    change_id: UUID | None


async def create_person(actor: Actor, username: str, display_name: str, access: Access, *, email: str = "") -> Created:
    """Create a person with a password for the first sign-in, who then chooses one and sets up the second factor.

    Where the settings ask for a second administrator the person exists at once and the roles wait. Raises NotAllowed,
    CodeNeeded, InvalidPerson, UsernameTaken or ConflictingRoles.
    """
    require(actor, Permission.USER_MANAGE)
    require_fresh_code(actor)
    if not access.roles:
        raise InvalidPerson("Give at least one role.")
    names, address = checked_names(username, display_name), checked_email(email)
    password = passwords.one_time()
    password_hash = await passwords.hash_again(password)
    waits = settings().needs_second_administrator
    async with creating(actor, names[0]) as session:
        await check_access(session, access)
        given = Access(frozenset()) if waits else access
        user = await add_user(session, actor, *names, password_hash, given, email=address, must_change_password=True)
        change = request_for_new_person(actor, user, access) if waits else None
        change_id = await keep_request(session, actor, change) if change else None
    return Created(user.id, password, change_id)


async def reset_password(actor: Actor, user_id: UUID, reason: str) -> str:
    """Give somebody a password for one sign-in, which is returned this once; their sessions end.

    Raises NotAllowed, CodeNeeded, PersonNotFound, OwnAccess, SecondAdministratorNeeded or InvalidPerson.
    """
    require(actor, Permission.USER_MANAGE)
    _check_other(actor, user_id)
    require_fresh_code(actor)
    reason = checked_reason(reason)
    password = passwords.one_time()
    password_hash = await passwords.hash_again(password)
    async with transaction(actor) as session:
        user = await locked_user(session, user_id)
        await check_other_proof_untouched(session, actor, user, Proof.PASSWORD)
        if not user.must_change_password:
            # What they chose is not chosen again, though they may have forgotten it.
            session.add(_earlier(user))
        user.password_hash = password_hash
        user.must_change_password = True
        user.password_changed_at = func.now()
        await session.flush()
        await end_sessions(session, [user_id], "credentials_reset")
        await record(session, actor, Event.PASSWORD_RESET, "user", user_id, after={"reason": reason})
    return password


async def change_email(actor: Actor, user_id: UUID, email: str) -> None:
    """Send somebody's notices there from now on; empty: nowhere.

    Raises NotAllowed, CodeNeeded, PersonNotFound or InvalidPerson.
    """
    require(actor, Permission.USER_MANAGE)
    require_fresh_code(actor)
    checked = checked_email(email)
    async with transaction(actor) as session:
        user = await locked_user(session, user_id)
        before, user.email = user.email, checked
        if before == checked:
            return
        await session.flush()
        changed = {"before": {"email": before}, "after": {"email": checked}}
        await record(session, actor, Event.USER_CHANGED, "user", user_id, **changed)


async def reactivate(actor: Actor, user_id: UUID, reason: str) -> None:
    """Let somebody sign in again, with the roles of before. Raises NotAllowed, CodeNeeded, PersonNotFound, OwnAccess or
    InvalidPerson."""
    require(actor, Permission.USER_MANAGE)
    _check_other(actor, user_id)
    require_fresh_code(actor)
    reason = checked_reason(reason)
    async with transaction(actor) as session:
        user = await locked_user(session, user_id)
        if user.active:
            raise InvalidPerson(f"{user.display_name} is active already.")
        user.active, user.deactivated_at = True, None
        await session.flush()
        await record(session, actor, Event.USER_REACTIVATED, "user", user_id, after={"reason": reason})


async def close_account(session: AsyncSession, actor: Actor, user_id: UUID) -> User:
    """Let somebody sign in no more, in the caller's transaction; their sessions end.

    `review.leaving.deactivate` is the whole act, which puts back the checks that they hold. Raises CodeNeeded,
    PersonNotFound, OwnAccess or InvalidPerson.
    """
    _check_other(actor, user_id)
    require_fresh_code(actor)
    user = await locked_user(session, user_id)
    if not user.active:
        raise InvalidPerson(f"{user.display_name} is deactivated already.")
    user.active, user.deactivated_at = False, func.now()
    await session.flush()
    await end_sessions(session, [user_id], "deactivated")
    return user


def _check_other(actor: Actor, user_id: UUID) -> None:
    if actor.user_id == user_id:
        raise OwnAccess


def _earlier(user: User) -> EarlierPassword:
    return EarlierPassword(
        id=uuid4(), institution_id=user.institution_id, user_id=user.id, password_hash=user.password_hash
    )
