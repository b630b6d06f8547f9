"""The people of an institution: who they are, what they hold, and their second factor."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Update, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from console.access import passwords, totp
from console.access.permissions import GRANTS, Permission, require
from console.access.sessions import Person
from console.actor import Actor, system_actor
from console.audit.entries import Event, record
from console.institution import ensure_institution
from console.roles import Role
from console.settings import Settings
from db.engine import transaction
from db.models import User, UserRole

MAXIMUM_USERNAME = 64
MAXIMUM_DISPLAY_NAME = 100

DECIDING = frozenset(role for role, grant in GRANTS.items() if Permission.ITEM_DECIDE in grant.permissions)


class InvalidPerson(Exception):
    """A person cannot be created so; the message says why and what to do."""


class UsernameTaken(InvalidPerson):
    """Somebody has this username already."""


class ConflictingRoles(InvalidPerson):
    """Nobody both administers people and decides checks (separation of duties)."""


@dataclass(frozen=True)
class Account:
    """What the sign-in needs to know of a person. `totp_secret` is sealed."""

    person: Person
    password_hash: str
    totp_secret: bytes | None
    totp_confirmed_at: datetime | None
    active: bool


async def create_user(actor: Actor, username: str, display_name: str, password: str, roles: Iterable[Role]) -> UUID:
    """Create a person, who sets up the second factor at the first sign-in; the new id.

    Raises NotAllowed, InvalidPerson or WeakPassword.
    """
    require(actor, Permission.USER_MANAGE)
    held = frozenset(roles)
    username, display_name = _checked_names(username, display_name)
    _check_roles(held)
    password_hash = await passwords.hash_new(password)
    user_id = uuid4()
    try:
        async with transaction(actor) as session:
            session.add(
                User(
                    id=user_id,
                    institution_id=actor.institution_id,
                    username=username,
                    display_name=display_name,
                    password_hash=password_hash,
                )
            )
            await session.flush()
            session.add_all(_role_row(actor, user_id, role) for role in sorted(held))
            after = {"username": username, "display_name": display_name, "roles": sorted(held)}
            await record(session, actor, Event.USER_CREATED, "user", user_id, after=after)
    except IntegrityError as error:
        if "uq_app_user_username" in str(error.orig):
            raise UsernameTaken(f"The username {username} is taken. Choose another.") from None
        raise
    return user_id


async def find_account(username: str) -> Account | None:
    """The person of this username, whatever its case and institution, for the sign-in alone."""
    if not 1 <= len(username) <= MAXIMUM_USERNAME or "\x00" in username:
        return None
    async with transaction(None) as session:
        query = text("select user_id, institution_id from sign_in_lookup(:name)")
        found = (await session.execute(query, {"name": username})).one_or_none()
    return None if found is None else await read_account(found.institution_id, found.user_id)


async def read_account(institution_id: UUID, user_id: UUID) -> Account | None:
    """The person of this id, for the sign-in alone; None where the institution has nobody of that id."""
    async with transaction(system_actor(institution_id, "sign-in")) as session:
        user = await session.get(User, user_id)
        if user is None:
            return None
        roles = await session.scalars(select(UserRole.role).where(UserRole.user_id == user_id))
        person = Person(
            institution_id, user_id, user.username, user.display_name, frozenset(Role(role) for role in roles)
        )
    return Account(person, user.password_hash, user.totp_secret, user.totp_confirmed_at, user.active)


async def set_totp(session: AsyncSession, user_id: UUID, secret: str) -> bool:
    """Store a secret that the person has yet to confirm; False where one is confirmed already."""
    return await _changed(
        session,
        update(User)
        .where(User.id == user_id, User.totp_confirmed_at.is_(None))
        .values(totp_secret=totp.seal(user_id, secret), totp_last_step=None),
    )


async def confirm_totp(session: AsyncSession, user_id: UUID) -> bool:
    """Mark the stored secret as the person's second factor; False where one is confirmed already."""
    return await _changed(
        session,
        update(User)
        .where(User.id == user_id, User.totp_confirmed_at.is_(None), User.totp_secret.is_not(None))
        .values(totp_confirmed_at=func.now()),
    )


async def mark_signed_in(session: AsyncSession, user_id: UUID) -> bool:
    """Note the time of a sign-in; False where the person is no longer active."""
    return await _changed(
        session, update(User).where(User.id == user_id, User.active).values(last_sign_in_at=func.now())
    )


async def replace_hash(institution_id: UUID, user_id: UUID, old: str, new: str) -> None:
    """Store the same password's hash with newer parameters, unless the password was changed meanwhile."""
    async with transaction(system_actor(institution_id, "sign-in")) as session:
        await session.execute(
            update(User).where(User.id == user_id, User.password_hash == old).values(password_hash=new)
        )


async def create_first_institution_user(
    current: Settings, username: str, display_name: str, password: str, roles: Iterable[Role]
) -> UUID:
    """Create a person in the settings' institution, which is made where there is none: a bank's first user.

    Raises InvalidPerson or WeakPassword.
    """
    actor = system_actor(await ensure_institution(current), "create-user")
    return await create_user(actor, username, display_name, password, roles)


async def _changed(session: AsyncSession, statement: Update) -> bool:
    return (await session.execute(statement.returning(User.id))).scalar_one_or_none() is not None


def _role_row(actor: Actor, user_id: UUID, role: Role) -> UserRole:
    return UserRole(institution_id=actor.institution_id, user_id=user_id, role=role.value, granted_by=actor.user_id)


def _checked_names(username: str, display_name: str) -> tuple[str, str]:
    username, display_name = username.strip(), " ".join(display_name.split())
    if not 1 <= len(username) <= MAXIMUM_USERNAME or not username.isprintable() or " " in username:
        raise InvalidPerson(f"A username has 1 to {MAXIMUM_USERNAME} characters and no blanks.")
    if not 1 <= len(display_name) <= MAXIMUM_DISPLAY_NAME or not display_name.isprintable():
        raise InvalidPerson(f"A name has 1 to {MAXIMUM_DISPLAY_NAME} printable characters.")
    return username, display_name


def _check_roles(roles: frozenset[Role]) -> None:
    if not roles:
        raise InvalidPerson("Give at least one role.")
    if Role.ADMINISTRATOR in roles and roles & DECIDING:
        raise ConflictingRoles("Who administers people decides no checks: take one of the two roles away.")
