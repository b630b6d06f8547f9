"""No administrator alone replaces both proofs of somebody, the password and the second factor.

Who could, could sign in as that person. It binds where the settings ask for a second administrator.
"""

from __future__ import annotations

from enum import Enum

from sqlalchemy import select, true
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.held import InvalidPerson
from console.actor import Actor
from console.audit.entries import Event
from console.settings import settings
from db.models import AuditEntry, User


class Proof(Enum):
    """What somebody signs in with, and the acts by which another person replaces it."""

    PASSWORD = frozenset({Event.PASSWORD_RESET})
    SECOND_FACTOR = frozenset({Event.MFA_ENROLLED, Event.MFA_REVOKED, Event.RECOVERY_CODES_MADE})


_WORDS = {Proof.PASSWORD: "password", Proof.SECOND_FACTOR: "second factor"}


class SecondAdministratorNeeded(InvalidPerson):
    """The same administrator replaced the other proof, and the person has not signed in since."""

    def __init__(self, name: str, replaced: Proof) -> None:
        super().__init__(
            f"You have replaced the {_WORDS[replaced]} of {name}, who has not signed in since. "
            "Another administrator has to do this."
        )


async def check_other_proof_untouched(session: AsyncSession, actor: Actor, user: User, proof: Proof) -> None:
    """Call it with the person's row locked, before `proof` is replaced. Raises SecondAdministratorNeeded.

    What counts is in the audit trail, since the last sign-in with both proofs: nothing else has to be kept.
    """
    if not settings().needs_second_administrator:
        return
    other = Proof.PASSWORD if proof is Proof.SECOND_FACTOR else Proof.SECOND_FACTOR
    since = user.last_sign_in_at
    entry = (
        select(AuditEntry.id)
        .where(
            AuditEntry.institution_id == actor.institution_id,
            AuditEntry.object_type == "user",
            AuditEntry.object_id == str(user.id),
            AuditEntry.actor_id == actor.user_id,
            AuditEntry.action.in_([event.value for event in other.value]),
        )
        .where(true() if since is None else AuditEntry.at >= since)
        .limit(1)
    )
    if (await session.execute(entry)).first() is not None:
        raise SecondAdministratorNeeded(user.display_name, other)
