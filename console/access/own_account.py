"""What people do with their own account: second factor, recovery codes, sessions, and what happened on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from console.access import people, recovery_codes, second_factor, sessions, signing_in, totp
from console.access.lockout import LockedOut
from console.access.people import Account
from console.access.session_data import EndReason, SignedOut
from console.access.standing import standings
from console.access.step_up import CodeRefused, require_fresh_code
from console.actor import Actor
from console.audit.entries import Event, record
from db.engine import transaction
from db.models import AuditEntry, SessionRecord

PAGE: Final = 50
# A person has SESSIONS_PER_USER of them, which is 100 at most, and those of programs.
_MOST_SESSIONS: Final = 200


@dataclass(frozen=True)
class OwnAccount:
    """How one's own account stands. `has_password`: the person signed in with one, not through a provider."""

    username: str
    display_name: str
    password_changed_at: datetime | None
    authenticator_since: datetime | None
    second_factor_required: bool
    recovery_codes_left: int
    has_password: bool


@dataclass(frozen=True)
class OwnSession:
    """One of one's own sessions that live now."""

    reference: str
    address: str | None
    agent: str
    method: str
    started_at: datetime
    last_seen_at: datetime
    is_this_one: bool


@dataclass(frozen=True)
class NewAuthenticator:
    """What the new authenticator reads; `qr` is a `data:` image."""

    secret: str = field(repr=False)
    qr: str = field(repr=False)


@dataclass(frozen=True)
class OwnEvent:
    """Something that happened on one's account. `sequence` is the key to read on from."""

    sequence: int
    at: datetime
    action: str
    by: str
    by_oneself: bool
    address: str | None
    details: dict[str, Any] | None


async def read_own(actor: Actor) -> OwnAccount:
    """How the actor's account stands. Raises SignedOut."""
    account, user_id = await _account(actor)
    async with transaction(actor) as session:
        left = await recovery_codes.left(session, user_id)
    current = await sessions.named(actor.session or "")
    return OwnAccount(
        account.person.username,
        account.person.display_name,
        account.password_changed_at,
        account.totp_confirmed_at,
        second_factor.is_required(account.person),
        left,
        has_password=current is None or current.method == "password",
    )


async def start_authenticator(actor: Actor) -> NewAuthenticator:
    """A secret for another authenticator, or the first; the one before works until `confirm_authenticator`.

    Raises CodeNeeded, where there is one, or SignedOut.
    """
    account, _ = await _account(actor)
    if account.totp_confirmed_at is not None:
        require_fresh_code(actor)
    secret = await signing_in.new_secret(account)
    return NewAuthenticator(totp.in_groups(secret), totp.qr_data_uri(secret, account.person.username))


async def confirm_authenticator(actor: Actor, code: str) -> list[str]:
    """The new authenticator's first code; the new recovery codes. The person's other sessions end.

    Raises CodeNeeded, WrongCode, CodeRefused, TooManyAttempts or SignedOut.
    """
    account, user_id = await _account(actor)
    if account.totp_confirmed_at is not None:
        require_fresh_code(actor)
    try:
        codes = await signing_in.enrol(account, code, actor)
    except LockedOut as locked:
        raise CodeRefused.locked(locked) from None
    await sessions.end_all_of(user_id, EndReason.CREDENTIALS_RESET, keep=actor.session or "")
    return codes


async def new_codes(actor: Actor) -> list[str]:
    """Ten recovery codes in place of the earlier ones. Raises CodeNeeded, NoSecondFactor or SignedOut."""
    account, _ = await _account(actor)
    if account.totp_confirmed_at is not None:
        require_fresh_code(actor)
    return await recovery_codes.make_own(actor)


async def own_sessions(actor: Actor) -> list[OwnSession]:
    """The actor's sessions that live now, the latest first. Raises SignedOut or SessionServiceUnavailable."""
    _, user_id = await _account(actor)
    async with transaction(actor) as rows:
        query = (
            select(SessionRecord)
            .where(SessionRecord.user_id == user_id, SessionRecord.ended_at.is_(None))
            .order_by(SessionRecord.started_at.desc(), SessionRecord.id)
            .limit(_MOST_SESSIONS)
        )
        found = list(await rows.scalars(query))
    stands = await standings([one.reference for one in found])
    return [
        OwnSession(
            one.reference,
            one.address,
            one.agent,
            one.method,
            one.started_at,
            stands[one.reference].last_seen_at or one.last_seen_at,
            one.reference == actor.session,
        )
        for one in found
        if stands[one.reference].ends is not None
    ]


async def end_others(actor: Actor) -> int:
    """End every session of the actor but the one that acts; how many there were. Raises CodeNeeded or SignedOut."""
    account, user_id = await _account(actor)
    if account.totp_confirmed_at is not None:
        require_fresh_code(actor)
    count = await sessions.end_all_of(user_id, EndReason.SIGNED_OUT, keep=actor.session or "")
    if count:
        async with transaction(actor) as session:
            await record(session, actor, Event.SESSION_ENDED, "user", user_id, after={"sessions": count})
    return count


async def own_events(actor: Actor, before: int | None = None, limit: int = PAGE) -> list[OwnEvent]:
    """What happened on the actor's account, the latest first, from before the entry of number `before` on.

    At most `limit`, and never more than PAGE. Raises SignedOut.
    """
    _, user_id = await _account(actor)
    query = select(AuditEntry).where(
        AuditEntry.institution_id == actor.institution_id,
        AuditEntry.object_type == "user",
        AuditEntry.object_id == str(user_id),
    )
    if before is not None:
        query = query.where(AuditEntry.sequence < before)
    async with transaction(actor) as session:
        entries = await session.scalars(query.order_by(AuditEntry.sequence.desc()).limit(max(1, min(limit, PAGE))))
        return [
            OwnEvent(one.sequence, one.at, one.action, one.actor_name, one.actor_id == user_id, one.address, one.after)
            for one in entries
        ]


async def _account(actor: Actor) -> tuple[Account, UUID]:
    account = None if actor.user_id is None else await people.read_account(actor.institution_id, actor.user_id)
    if account is None or not account.active:
        raise SignedOut
    return account, account.person.user_id
