"""The people of an institution: who they are, what they hold, and their second factor."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import Update, bindparam, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from console.access import passwords, totp
from console.access.email_address import checked_email
from console.access.held import Access, InvalidPerson, check_access, held_of, locked_user, read_held, write_access
from console.access.permissions import Permission, require
from console.access.sessions import Person
from console.actor import Actor, system_actor
from console.audit.entries import Event, record
from console.institution import ensure_institution, institution_of
from console.roles import Role
from console.settings import Settings
from db.engine import transaction
from db.models import CustomRole, User, UserRole

MAXIMUM_USERNAME = 64
MAXIMUM_DISPLAY_NAME = 100


class UsernameTaken(InvalidPerson):
    """Somebody has this username already."""


@dataclass(frozen=True)
class Account:
    """What the sign-in needs to know of a person. Both secrets are sealed; the pending one waits for its first code.

    With `must_change_password` the password was made by an administrator: it opens nothing but the form for a
    password of the person's own.
    """

    person: Person
    password_hash: str
    totp_secret: bytes | None
    totp_confirmed_at: datetime | None
    active: bool
    must_change_password: bool = False
    password_changed_at: datetime | None = None
    totp_pending: bytes | None = None
    mfa_enrolment: str = "as_required"


async def create_user(
    actor: Actor,
    username: str,
    display_name: str,
    password: str,
    roles: Iterable[Role],
    *,
    email: str = "",
    one_time: bool = False,
) -> UUID:
    """Create a person, who sets up the second factor at the first sign-in; the new id.

    For the command line and the demo: pages create people with `person_services.create_person`, whose roles may
    wait for a second administrator. With `one_time` the password is changed at the first sign-in. Raises NotAllowed,
    InvalidPerson or WeakPassword.
    """
    require(actor, Permission.USER_MANAGE)
    access = Access(frozenset(role.value for role in roles))
    if not access.roles:
        raise InvalidPerson("Give at least one role.")
    names, address = checked_names(username, display_name), checked_email(email)
    bank = await institution_of(actor)
    password_hash = await passwords.hash_new(password, (*names, address or "", bank.name))
    async with creating(actor, names[0]) as session:
        user = await add_user(
            session, actor, *names, password_hash, access, email=address, must_change_password=one_time
        )
    return user.id


async def add_user(
    session: AsyncSession,
    actor: Actor,
    username: str,
    display_name: str,
    password_hash: str,
    access: Access,
    *,
    email: str | None = None,
    must_change_password: bool = False,
) -> User:
    """Write a person with checked names, and the audit entry. Raises InvalidPerson or ConflictingRoles."""
    custom = await check_access(session, access)
    user = User(
        id=uuid4(),
        institution_id=actor.institution_id,
        username=username,
        display_name=display_name,
        email=email,
        password_hash=password_hash,
        must_change_password=must_change_password,
        access_version=0,
    )
    session.add(user)
    await session.flush()
    await write_access(session, actor, user, access, custom)
    after = {"username": username, "display_name": display_name, "email": email, "roles": sorted(access.roles)}
    await record(session, actor, Event.USER_CREATED, "user", user.id, after=after)
    return user


@asynccontextmanager
async def creating(actor: Actor, username: str) -> AsyncIterator[AsyncSession]:
    """A transaction that creates a person of this name. Raises UsernameTaken."""
    try:
        async with transaction(actor) as session:
            yield session
    except IntegrityError as error:
        if "uq_app_user_username" in str(error.orig):
            raise UsernameTaken(f"The username {username} is taken. Choose another.") from None
        raise


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
        held = await read_held(session, user)
        person = Person(
            institution_id,
            user_id,
            user.username,
            user.display_name,
            held.built_in,
            held.grants,
            held.access.bounds,
        )
    return Account(
        person,
        user.password_hash,
        user.totp_secret,
        user.totp_confirmed_at,
        user.active,
        user.must_change_password,
        user.password_changed_at,
        user.totp_pending,
        user.mfa_enrolment,
    )


async def acting_within(session: AsyncSession, user_id: UUID) -> Actor | None:
    """The person as they may act at this moment, in the caller's transaction; None where they are not active.

    For what somebody asked for while they were signed in, and that happens later.
    """
    rows = (await session.execute(_ACTING, {"user": user_id})).all()
    if not rows:
        return None
    person = rows[0]
    held = held_of(person, [row for row in rows if row.role is not None])
    bounds = held.access.bounds
    return Actor(person.institution_id, user_id, person.username, held.built_in, grants=held.grants, bounds=bounds)


# A row for each role, and one without any for who has none.
_ACTING: Final = (
    select(User.institution_id, User.username, User.amount_limit, User.queues, User.item_types, User.access_version)
    .add_columns(UserRole.role, CustomRole)
    .outerjoin(UserRole, UserRole.user_id == User.id)
    .outerjoin(CustomRole, CustomRole.id == UserRole.custom_role_id)
    .where(User.id == bindparam("user"), User.active)
    .order_by(UserRole.role)
    .execution_options(populate_existing=True)
)


async def set_totp(session: AsyncSession, user_id: UUID, secret: str) -> bool:
    """Store a secret that waits for its first code; one that is confirmed goes on working. False for nobody."""
    pending = totp.seal(user_id, secret)
    return await _changed(session, update(User).where(User.id == user_id).values(totp_pending=pending))


async def confirm_totp(session: AsyncSession, user_id: UUID, pending: bytes | None = None) -> bool:
    """Make the waiting secret the person's second factor; False where none waits, or not `pending` where given."""
    statement = update(User).where(User.id == user_id, User.totp_pending.is_not(None))
    if pending is not None:
        statement = statement.where(User.totp_pending == pending)
    return await _changed(
        session,
        statement.values(
            totp_secret=User.totp_pending,
            totp_pending=None,
            totp_confirmed_at=func.now(),
            totp_last_step=None,
            mfa_enrolment="as_required",
        ),
    )


async def spend_first_code(session: AsyncSession, user_id: UUID, pending: bytes, code: str) -> bool:
    """Make the secret that waits, `pending` as it is stored, the second factor, where `code` is its code of now; the
    code is spent by that."""
    step = totp.matching_step(totp.unseal(user_id, pending), code, datetime.now(UTC))
    if step is None or not await confirm_totp(session, user_id, pending):
        return False
    return await totp.use_step(session, user_id, step)


async def mark_signed_in(session: AsyncSession, person: Person) -> bool:
    """Note the time of a sign-in; False where the person is no longer active, or holds something else than `person`.

    A sign-in takes a while, and what somebody holds may change meanwhile. From here to the end of the transaction it
    cannot, and after it a change ends the session that this sign-in began.
    """
    statement = update(User).where(User.id == person.user_id, User.active).values(last_sign_in_at=func.now())
    if not await _changed(session, statement):
        return False
    held = await read_held(session, await locked_user(session, person.user_id))
    return (held.built_in, held.grants, held.access.bounds) == (person.roles, person.grants, person.bounds)


async def replace_hash(institution_id: UUID, user_id: UUID, old: str, new: str) -> None:
    """Store the same password's hash with newer parameters, unless the password was changed meanwhile."""
    async with transaction(system_actor(institution_id, "sign-in")) as session:
        await session.execute(
            update(User).where(User.id == user_id, User.password_hash == old).values(password_hash=new)
        )


async def create_first_institution_user(
    current: Settings,
    username: str,
    display_name: str,
    password: str,
    roles: Iterable[Role],
    *,
    email: str = "",
    one_time: bool = False,
) -> UUID:
    """Create a person in the settings' institution, which is made where there is none: a bank's first user.

    Raises InvalidPerson or WeakPassword.
    """
    actor = system_actor(await ensure_institution(current), "create-user")
    return await create_user(actor, username, display_name, password, roles, email=email, one_time=one_time)


async def _changed(session: AsyncSession, statement: Update) -> bool:
    return (await session.execute(statement.returning(User.id))).scalar_one_or_none() is not None


def checked_names(username: str, display_name: str) -> tuple[str, str]:
    """Both names as they are stored. Raises InvalidPerson."""
    username, display_name = username.strip(), " ".join(display_name.split())
    if not 1 <= len(username) <= MAXIMUM_USERNAME or not username.isprintable() or " " in username:
        raise InvalidPerson(f"A username has 1 to {MAXIMUM_USERNAME} characters and no blanks.")
    if not 1 <= len(display_name) <= MAXIMUM_DISPLAY_NAME or not display_name.isprintable():
        raise InvalidPerson(f"A name has 1 to {MAXIMUM_DISPLAY_NAME} printable characters.")
    return username, display_name
