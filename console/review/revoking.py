"""An access review revokes a role: it is gone at once, and so is what its holder was working on."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from console.access.access_changes import revoke_role
from console.access.access_review import Outcome, check_not_last_administrator, locked_line, settle
from console.access.held import locked_user
from console.access.permissions import Permission, require
from console.access.person_services import close_account
from console.access.reason import checked_reason
from console.access.step_up import require_fresh_code
from console.actor import Actor
from console.audit.entries import Event, record
from console.review.assignment import unassign_all_within
from console.review.giving_back import release_all_within
from db.engine import transaction
from db.models import UserRole


@dataclass(frozen=True)
class Revoked:
    """What came of a revocation. `was_held` is False where the role was gone before; `released` counts checks."""

    was_held: bool
    deactivated: bool
    released: int


async def revoke(actor: Actor, line_id: UUID, reason: str) -> Revoked:
    """Take the role of a campaign's line away, and deactivate who is left with none; no second administrator waits.

    One transaction: the line's outcome, the role, the account and the checks. Raises NotAllowed, ReviewNotFound,
    CodeNeeded, OwnAccess, LineDecided, InvalidPerson or SessionServiceUnavailable (then nothing has changed).
    """
    require(actor, Permission.ACCESS_REVIEW_DECIDE)
    require_fresh_code(actor)
    reason = checked_reason(reason)
    async with transaction(actor) as session:
        found = await locked_line(session, actor, line_id)
        line = found.line
        await check_not_last_administrator(session, line)
        user = await locked_user(session, line.user_id)
        was_held = await session.get(UserRole, (line.user_id, line.role)) is not None
        released = 0
        if was_held:
            # Items are locked before the audit trail's head, as everywhere.
            released = await release_all_within(session, actor, line.user_id, "role revoked")
            await unassign_all_within(session, actor, line.user_id, "role revoked")
            await revoke_role(session, actor, line.user_id, line.role, reason)
        held = select(func.count()).select_from(UserRole).where(UserRole.user_id == line.user_id)
        deactivated = user.active and await session.scalar(held) == 0
        if deactivated:
            await close_account(session, actor, line.user_id)
            after = {"reason": f"no role left: {reason}", "released": released}
            await record(session, actor, Event.USER_DEACTIVATED, "user", line.user_id, after=after)
        await settle(session, actor, found, Outcome.REVOKED, reason)
    return Revoked(was_held, deactivated, released)
