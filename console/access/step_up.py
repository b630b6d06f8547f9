"""A fresh code before what would harm most: roles and limits, others' sessions and second factors, keys, exports.

A session left open on a desk, or taken over, is no proof that its person is there.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from console.access import authentication, people, sessions
from console.access.authentication import WrongCode
from console.access.lockout import LockedOut
from console.access.sessions import SignedOut
from console.actor import Actor
from console.audit.entries import Event, record
from console.settings import settings
from db.engine import transaction


class CodeNeeded(Exception):
    """The last code of this session is too old for what was asked. A page asks for one, then repeats the act."""

    def __init__(self) -> None:
        super().__init__("Confirm this with a code from your authenticator.")


class CodeRefused(Exception):
    """The code did not confirm it; the message says why and what to do."""

    @classmethod
    def locked(cls, locked: LockedOut) -> CodeRefused:
        """The refusal of somebody whose account is locked."""
        until = f"{locked.until:%H:%M} ({locked.until.tzname()})"
        return cls(f"Too many wrong codes: your account is locked until {until}.")


def require_fresh_code(actor: Actor) -> None:
    """Raise CodeNeeded unless the actor gave a code in the last STEP_UP_MINUTES. The console itself needs none."""
    if actor.system:
        return
    oldest = datetime.now(UTC) - timedelta(minutes=settings().step_up_minutes)
    if actor.code_at is None or actor.code_at < oldest:
        raise CodeNeeded


async def confirm(actor: Actor, code: str) -> None:
    """Spend a code and note it with the actor's session. Raises CodeRefused, TooManyAttempts or SignedOut."""
    if actor.user_id is None or actor.session is None:
        raise SignedOut
    account = await people.read_account(actor.institution_id, actor.user_id)
    if account is None or not account.active:
        raise SignedOut
    if account.totp_confirmed_at is None:
        raise CodeRefused("You have no authenticator yet. Set one up on your account page, then try again.")
    try:
        await authentication.prove_code(account, code, actor, failed=Event.STEP_UP_FAILED)
    except LockedOut as locked:
        raise CodeRefused.locked(locked) from None
    except WrongCode as wrong:
        raise CodeRefused(str(wrong)) from None
    await sessions.mark_code(actor.session)
    async with transaction(actor) as session:
        await record(session, actor, Event.STEP_UP_SUCCEEDED, "user", actor.user_id)
