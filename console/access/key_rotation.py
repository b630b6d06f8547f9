"""Encrypts every stored secret anew after SECRET_KEY was changed, while PREVIOUS_SECRET_KEY still opens it.

What else depends on SECRET_KEY is short-lived: image links, and the names under which Redis counts. Recovery codes are
hashed under the person's own TOTP secret, which stays the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access import totp
from console.access.secrets import Undecipherable
from console.actor import Actor, system_actor
from console.audit.entries import Event, record
from console.institution import institution_ids
from db.engine import transaction
from db.models import User

STATEMENT_TIMEOUT_MS = 60_000


class SecretUnreadable(Exception):
    """A stored secret opens neither with SECRET_KEY nor with PREVIOUS_SECRET_KEY."""

    def __init__(self, users: list[str]) -> None:
        shown = ", ".join(users[:10]) + (f" and {len(users) - 10} more" if len(users) > 10 else "")
        super().__init__(
            f"the TOTP secret of {shown} opens with neither SECRET_KEY nor PREVIOUS_SECRET_KEY. Nothing of their "
            "institution was changed. Set PREVIOUS_SECRET_KEY to the key that was used before and run this again; if "
            "that key is lost, require these people to enrol again and then run this again."
        )


@dataclass(frozen=True)
class Rotated:
    """How many secrets there are, and how many were encrypted anew: none the second time."""

    institutions: int
    secrets: int
    reencrypted: int


async def rotate() -> Rotated:
    """Encrypt every TOTP secret with the SECRET_KEY of now, each institution in one transaction.

    Raises SecretUnreadable: what was done for institutions before it stays done, and running it again goes on there.
    """
    ids = await institution_ids()
    done = [await _rotate(system_actor(one, "rotate-key")) for one in ids]
    return Rotated(len(ids), sum(secrets for secrets, _ in done), sum(changed for _, changed in done))


async def _rotate(actor: Actor) -> tuple[int, int]:
    async with transaction(actor, statement_timeout_ms=STATEMENT_TIMEOUT_MS) as session:
        secrets, changed = 0, 0
        unreadable: list[str] = []
        for user in await _users(session):
            for column in ("totp_secret", "totp_pending"):
                sealed: bytes | None = getattr(user, column)
                if sealed is None:
                    continue
                secrets += 1
                try:
                    renewed = totp.reseal(user.id, sealed)
                except Undecipherable:
                    unreadable.append(user.username)
                    continue
                if renewed is not None:
                    setattr(user, column, renewed)
                    changed += 1
        if unreadable:
            raise SecretUnreadable(sorted(set(unreadable)))
        if changed:
            await session.flush()
            after = {"secrets": secrets, "reencrypted": changed}
            await record(session, actor, Event.KEY_ROTATED, "institution", actor.institution_id, after=after)
    return secrets, changed


async def _users(session: AsyncSession) -> list[User]:
    query = select(User).where(or_(User.totp_secret.is_not(None), User.totp_pending.is_not(None)))
    return list(await session.scalars(query.order_by(User.id).with_for_update()))
