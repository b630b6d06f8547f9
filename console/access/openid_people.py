"""Whom a provider's word lets in: an existing person, or a new one whose groups give roles; then the second factor.

The role map governs the roles that it names, and only those: at each sign-in the person holds of them exactly what
the groups give. Roles that it does not name are given here, by administrators. The settings are the authority for
the map, so nothing of it waits for a second administrator; separation of duties holds as for everybody.
"""

from __future__ import annotations

import secrets
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access import applying, passwords, people, signing_in
from console.access.held import Access, InvalidPerson, check_access, locked_user, read_held
from console.access.openid import Identity
from console.access.openid_provider import OpenIdRefused
from console.access.people import Account
from console.access.refusals import nobody_at
from console.access.second_factor import EnrolInPerson
from console.access.sessions import SignedOut
from console.access.signing_in import Step
from console.access.visit import Visit
from console.actor import Actor
from console.audit.entries import Event, record
from console.institution import ensure_institution
from console.settings import Settings
from db.engine import transaction
from db.models import User

METHOD = "openid"
_ACTOR_NAME = "OpenID Connect"
_REASON = "groups at the sign-in service"

_log = structlog.get_logger(__name__)


class NotAPerson(OpenIdRefused):
    """The provider knows them; the console does not, or no longer."""

    def __init__(self, reason: str) -> None:
        super().__init__("You have no access to this console. Ask an administrator of the console for it.", reason)


class OtherSubject(OpenIdRefused):
    """The username belongs to somebody else of the provider, or the person has another username here."""

    def __init__(self) -> None:
        text = "Your account at the sign-in service is not the one that is known here. Tell an administrator."
        super().__init__(text, "other subject")


async def admit(settings: Settings, identity: Identity, visit: Visit) -> Step:
    """Let in whom the provider vouches for: a session, which is full where two factors were used there.

    Else our own code is next, and the setting up of an authenticator where there is none. Raises OpenIdRefused.
    """
    account = await _account(settings, identity, visit)
    try:
        return await signing_in.admit(account, visit, method=METHOD, has_second_factor=identity.second_factor)
    except (signing_in.NotFromHere, EnrolInPerson) as refused:
        # Audited where it was refused.
        raise OpenIdRefused(str(refused), type(refused).__name__) from refused
    except SignedOut as inactive:
        raise NotAPerson("inactive") from inactive


async def _account(settings: Settings, identity: Identity, visit: Visit) -> Account:
    """The person, with the roles that the groups give now."""
    account = await people.find_account(identity.username)
    given = frozenset(role for group, role in settings.oidc_role_map.items() if group in identity.groups)
    try:
        if account is None:
            return await _provision(settings, identity, given, visit)
        if not account.active:
            raise NotAPerson("inactive")
        return await _brought_up_to_date(settings, account, identity, given, visit)
    except OpenIdRefused as refused:
        await _audit_refusal(account, refused.reason, visit)
        raise


async def _provision(settings: Settings, identity: Identity, given: frozenset[str], visit: Visit) -> Account:
    if not given:
        raise NotAPerson("unknown person")
    actor = _system(await ensure_institution(settings), visit)
    access = Access(given)
    try:
        names = people.checked_names(identity.username, identity.display_name or identity.username)
        # Nobody knows this password: who comes through the provider has none here.
        password_hash = await passwords.hash_again(secrets.token_urlsafe(48))
        async with people.creating(actor, names[0]) as session:
            await _check_nobody_else(session, identity, None)
            user = await people.add_user(session, actor, *names, password_hash, access)
            user.openid_subject = identity.subject
    except InvalidPerson as error:
        _log.warning("openid.not_provisioned", reason=str(error), request_id=visit.request_id)
        raise NotAPerson(type(error).__name__) from error
    account = await people.read_account(actor.institution_id, user.id)
    if account is None:
        raise NotAPerson("unknown person")
    return account


async def _brought_up_to_date(
    settings: Settings, account: Account, identity: Identity, given: frozenset[str], visit: Visit
) -> Account:
    """The person, bound to who came through the provider first, and with the roles that the groups give now."""
    person = account.person
    actor = _system(person.institution_id, visit)
    async with transaction(actor) as session:
        user = await locked_user(session, person.user_id)
        held = (await read_held(session, user)).access
        governed = frozenset(settings.oidc_role_map.values())
        wanted = Access((held.roles - governed) | given, held.bounds)
        if not wanted.roles:
            raise NotAPerson("no role")
        await _bind(session, actor, user, identity)
        if wanted == held:
            return account
        try:
            custom = await check_access(session, wanted)
        except InvalidPerson as error:
            raise OpenIdRefused(
                "Your groups give you roles that nobody may hold together. Tell an administrator of the console.",
                type(error).__name__,
            ) from error
        await applying.to_person(session, actor, user, wanted, custom, _REASON)
    synced = await people.read_account(person.institution_id, person.user_id)
    if synced is None:
        raise NotAPerson("unknown person")
    return synced


async def _bind(session: AsyncSession, actor: Actor, user: User, identity: Identity) -> None:
    """Usernames are given anew and can be changed at many providers; the subject stays (OpenID Connect Core, 5.7)."""
    if user.openid_subject == identity.subject:
        return
    if user.openid_subject is not None:
        raise OtherSubject
    await _check_nobody_else(session, identity, user.id)
    user.openid_subject = identity.subject
    await session.flush()
    after = {"openid_subject": identity.subject}
    await record(session, actor, Event.USER_CHANGED, "user", user.id, after=after)


async def _check_nobody_else(session: AsyncSession, identity: Identity, user_id: UUID | None) -> None:
    query = select(User.id).where(User.openid_subject == identity.subject, User.id.is_distinct_from(user_id))
    if (await session.execute(query)).first():
        raise OtherSubject


async def _audit_refusal(account: Account | None, reason: str, visit: Visit) -> None:
    """`account` is None for somebody whom the provider knows and the console does not."""
    if account is None:
        nobody, whom = await nobody_at(visit), "unknown"
    else:
        person = account.person
        nobody = Actor(person.institution_id, None, person.username, address=visit.address, request_id=visit.request_id)
        whom = str(person.user_id)
    if nobody is not None:
        async with transaction(nobody) as session:
            after = {"method": METHOD, "reason": reason}
            await record(session, nobody, Event.SIGN_IN_FAILED, "user", whom, after=after)


def _system(institution_id: UUID, visit: Visit) -> Actor:
    """The console acting on the provider's word, from where the person came."""
    return Actor(institution_id, None, _ACTOR_NAME, address=visit.address, request_id=visit.request_id, system=True)
