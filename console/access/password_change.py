"""A new password in place of the old one: by the person, or by an administrator until the next sign-in."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from console.access import lockout, passwords, people, sessions
from console.access.password_rules import WeakPassword
from console.access.people import Account
from console.access.session_data import EndReason
from console.access.sessions import SignedOut
from console.access.step_up import require_fresh_code
from console.actor import Actor
from console.audit.entries import Event, record
from console.institution import institution_of
from console.settings import settings
from db.engine import transaction
from db.models import EarlierPassword, User


class WrongPassword(Exception):
    """What was given as the password of now is not it."""

    def __init__(self) -> None:
        super().__init__("This is not your password of now. Nothing was changed.")


class PasswordLocked(Exception):
    """The account was locked by failed attempts."""

    def __init__(self) -> None:
        super().__init__("Too many wrong passwords or codes: try again later, or ask an administrator to unlock you.")


async def change_own(actor: Actor, current: str, new: str) -> None:
    """Change the actor's own password and end the person's other sessions; the one that acts goes on.

    Raises CodeNeeded, WrongPassword, PasswordLocked, WeakPassword or SignedOut.
    """
    account = await _account(actor)
    if account.totp_confirmed_at is not None:
        require_fresh_code(actor)
    user_id = account.person.user_id
    key = lockout.account_key(user_id, "")
    attempt = await lockout.reserve(key)
    if attempt.locked_until:
        await _audit_failure(actor, user_id, locks=False)
        raise PasswordLocked
    if not await passwords.verify(account.password_hash, current):
        await _audit_failure(actor, user_id, locks=attempt.locks)
        if attempt.locks:
            raise PasswordLocked
        raise WrongPassword
    await lockout.give_back(key)
    await choose(actor, account, new)
    await sessions.end_all_of(user_id, EndReason.PASSWORD_CHANGED, keep=actor.session or "")


async def choose(actor: Actor, account: Account, new: str) -> None:
    """Make `new` the person's password. Raises WeakPassword, SignedOut where somebody changed it meanwhile."""
    person = account.person
    bank = await institution_of(actor)
    async with transaction(actor) as session:
        email = await session.scalar(select(User.email).where(User.id == person.user_id))
    hashed = await passwords.hash_new(new, (person.username, person.display_name, email or "", bank.name))
    if await _had_before(actor, account, new):
        raise WeakPassword("You had this password before. Choose one that you have not had.")
    async with transaction(actor) as session:
        if not await store(session, person.user_id, hashed, old=account.password_hash, must_change=False):
            raise SignedOut
        await record(session, actor, Event.PASSWORD_CHANGED, "user", person.user_id)


async def store(
    session: AsyncSession, user_id: UUID, hashed: str, *, old: str | None = None, must_change: bool
) -> bool:
    """Put a hash in place of the one before, which is kept so that it is not taken again, in the caller's transaction.

    With `must_change` the next sign-in asks for another. False where there is nobody of this id, or the hash
    is not `old` any more.
    """
    user = (await session.execute(select(User).where(User.id == user_id).with_for_update())).scalar_one_or_none()
    if user is None or (old is not None and user.password_hash != old):
        return False
    session.add(EarlierPassword(institution_id=user.institution_id, user_id=user_id, password_hash=user.password_hash))
    await session.flush()
    await session.execute(
        update(User)
        .where(User.id == user_id)
        .values(password_hash=hashed, password_changed_at=func.now(), must_change_password=must_change)
    )
    kept = _earlier(user_id).with_only_columns(EarlierPassword.id)
    await session.execute(
        delete(EarlierPassword).where(EarlierPassword.user_id == user_id, EarlierPassword.id.not_in(kept))
    )
    return True


async def _had_before(actor: Actor, account: Account, new: str) -> bool:
    async with transaction(actor) as session:
        earlier = list(await session.scalars(_earlier(account.person.user_id)))
    # The password of now is never "new", whatever the setting.
    for stored in [account.password_hash, *earlier]:
        if await passwords.verify(stored, new):
            return True
    return False


def _earlier(user_id: UUID) -> Select[str]:
    return (
        select(EarlierPassword.password_hash)
        .where(EarlierPassword.user_id == user_id)
        .order_by(EarlierPassword.replaced_at.desc(), EarlierPassword.id)
        .limit(settings().password_history)
    )


async def _account(actor: Actor) -> Account:
    account = None if actor.user_id is None else await people.read_account(actor.institution_id, actor.user_id)
    if account is None or not account.active:
        raise SignedOut
    return account


async def _audit_failure(actor: Actor, user_id: UUID, *, locks: bool) -> None:
    async with transaction(actor) as session:
        await record(session, actor, Event.SIGN_IN_FAILED, "user", user_id, after={"reason": "at a change of password"})
        if locks:
            minutes = settings().lockout_minutes
            await record(session, actor, Event.LOCKED_OUT, "user", user_id, after={"minutes": minutes})
