"""How long notices are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text

from console.actor import system_actor
from console.audit.entries import Event, record
from console.audit.proof import proof_of
from console.settings import settings
from db.engine import transaction

_BATCH: Final = 5_000

_DELETE: Final = text(
    """
    delete from notice where id in (
        select id from notice where institution_id = :institution and created_at < now() - cast(:kept as interval)
          and mail_state is distinct from 'waiting'
          and not on_legal_hold_person(institution_id, user_id, created_at, created_at)
        order by created_at limit :batch)
    returning id, user_id, kind, item_id, values, created_at, read_at
    """
)


async def purge_notices(institution_id: UUID) -> int:
    """Delete notices that are older than NOTICE_RETENTION_DAYS, read or not; how many there were.

    E-mail that waits is kept, and what a legal hold covers. The audit trail is told how many went, and their hash.
    """
    actor, purged = system_actor(institution_id, "old notices"), 0
    kept = timedelta(days=settings().notice_retention_days)
    while True:
        async with transaction(actor) as session:
            await session.execute(text("select heed_legal_holds()"))
            wanted = {"institution": institution_id, "kept": kept, "batch": _BATCH}
            gone = (await session.execute(_DELETE, wanted)).mappings().all()
            if gone:
                after = proof_of(map(dict, gone))
                await record(session, actor, Event.NOTICES_PURGED, "institution", institution_id, after=after)
        purged += len(gone)
        if len(gone) < _BATCH:
            return purged
