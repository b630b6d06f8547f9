"""What people have changed of a draft and not saved, one copy per person and draft: it survives page, process, replica.

As with the drafts of a review there is no entry in the audit trail: it changes nothing and nobody else sees it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, delete, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.actor import Actor
from console.policy.errors import DraftTooLarge
from db.engine import transaction
from db.models import PolicyVersion, PolicyWorkingCopy

# Two hundred rules of fifty conditions are half of it; the database allows this and what JSONB's blanks add.
MAX_CHARACTERS: Final = 800_000

# A copy that comes after the version went on to its review finds no draft to belong to.
_KEEP: Final = text(
    """
    insert into policy_working_copy (institution_id, user_id, version_id, revision, base, document, saved_at)
    select v.institution_id, :user, v.id, :revision, :base, :document, now() from policy_version v
    where v.id = :version and v.status = 'draft'
    on conflict (user_id, version_id) do update set revision = excluded.revision, base = excluded.base,
        document = excluded.document, saved_at = excluded.saved_at
    """
).bindparams(bindparam("base", type_=JSONB), bindparam("document", type_=JSONB))


@dataclass(frozen=True)
class WorkingCopy:
    """What somebody made of the document `base`, which the draft had at `revision`."""

    revision: int
    base: dict[str, Any]
    document: dict[str, Any]
    saved_at: datetime


async def keep_unsaved(
    actor: Actor, version_id: UUID, revision: int, base: dict[str, Any], document: dict[str, Any]
) -> None:
    """Keep what the actor has changed of a draft, finished or not. Raises NotAllowed, DraftTooLarge."""
    require(actor, Permission.POLICY_EDIT)
    if max(len(json.dumps(base, ensure_ascii=False)), len(json.dumps(document, ensure_ascii=False))) > MAX_CHARACTERS:
        raise DraftTooLarge
    values = {"user": actor.user_id, "version": version_id, "revision": revision, "base": base, "document": document}
    async with transaction(actor) as session:
        await session.execute(_KEEP, values)


async def forget_unsaved(actor: Actor, version_id: UUID) -> None:
    """Give up what the actor has changed and not saved. Raises NotAllowed."""
    require(actor, Permission.POLICY_EDIT)
    async with transaction(actor) as session:
        await forget_within(session, actor, version_id)


async def forget_ended(actor: Actor, *, limit: int = 1000) -> int:
    """Remove what people left unsaved of versions that will never be drafts again; how many. Raises NotAllowed."""
    require(actor, Permission.POLICY_ACTIVATE)
    ended = (
        select(PolicyWorkingCopy.user_id, PolicyWorkingCopy.version_id)
        .join(PolicyVersion, PolicyVersion.id == PolicyWorkingCopy.version_id)
        .where(PolicyVersion.status.in_(["active", "retired"]))
        .limit(limit)
        .cte("ended")
    )
    gone = (
        delete(PolicyWorkingCopy)
        .where(PolicyWorkingCopy.user_id == ended.c.user_id, PolicyWorkingCopy.version_id == ended.c.version_id)
        .returning(PolicyWorkingCopy.version_id)
    )
    async with transaction(actor) as session:
        return len((await session.execute(gone)).all())


async def forget_within(session: AsyncSession, actor: Actor, version_id: UUID) -> None:
    """`forget_unsaved` inside the caller's transaction."""
    mine = PolicyWorkingCopy.user_id == actor.user_id, PolicyWorkingCopy.version_id == version_id
    await session.execute(delete(PolicyWorkingCopy).where(*mine))


async def read_within(session: AsyncSession, actor: Actor, version_id: UUID) -> WorkingCopy | None:
    """The actor's own copy, inside the caller's transaction."""
    mine = PolicyWorkingCopy.user_id == actor.user_id, PolicyWorkingCopy.version_id == version_id
    row = (await session.execute(select(PolicyWorkingCopy).where(*mine))).scalar_one_or_none()
    return None if row is None else WorkingCopy(row.revision, row.base, row.document, row.saved_at)
