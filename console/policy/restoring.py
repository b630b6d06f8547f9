"""Rollback: what an older version said becomes a new version, which is reviewed and approved like any other."""

from __future__ import annotations

from uuid import UUID

from console.access.permissions import Permission, require
from console.access.reason import checked_reason
from console.actor import Actor
from console.audit.entries import Event, record
from console.hints import hint_policy
from console.policy.faults import read_document
from console.policy.lifecycle import VersionAct, VersionStatus
from console.policy.telling import tell_approvers
from console.policy.version_errors import NotRestorable
from console.policy.versions import add_draft, locked_version, note_step, one_change_at_a_time, take_step
from db.engine import transaction


async def restore(actor: Actor, version_id: UUID, reason: str) -> UUID:
    """Make a new version of what a retired one said, and send it for review; the new one's id.

    It is somebody else's to approve, as ever. Raises NotAllowed, VersionNotFound, NotRestorable, InvalidDocument (the
    old one is no policy any more), InvalidPerson (no reason).
    """
    require(actor, Permission.POLICY_EDIT)
    reason = checked_reason(reason)
    async with transaction(actor) as session:
        await one_change_at_a_time(session, actor)
        old = await locked_version(session, version_id)
        if old.status != VersionStatus.RETIRED or old.activated_at is None:
            raise NotRestorable(old.number)
        document = read_document(old.document).model_dump(mode="json")
        row = await add_draft(session, actor, document, based_on=old.id, restores=old.id, note=reason)
        note_step(session, actor, row, VersionAct.DRAFTED, f"brings back version {old.number}")
        await take_step(session, actor, row, VersionAct.SEND, reason)
        await tell_approvers(session, actor, row)
        hint_policy(session, actor.institution_id, row.id)
        known = {"number": row.number, "restores": old.number, "note": reason}
        await record(session, actor, Event.POLICY_SENT, "policy", row.id, after=known)
        return row.id
