"""How long notices are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text

from console.actor import system_actor
from db.engine import transaction

KEPT: Final = timedelta(days=90)
_BATCH: Final = 5_000

_DELETE: Final = text(
    """
    delete from notice where id in (
        select id from notice where institution_id = :institution and created_at < now() - cast(:kept as interval)
          and mail_state is distinct from 'waiting' limit :batch)
    returning id
    """
)


async def purge_notices(institution_id: UUID) -> int:
    """Delete notices that are older than KEPT, read or not; how many there were. E-mail that waits is kept."""
    actor, purged = system_actor(institution_id, "old notices"), 0
    while True:
        async with transaction(actor) as session:
            wanted = {"institution": institution_id, "kept": KEPT, "batch": _BATCH}
            gone = len((await session.execute(_DELETE, wanted)).all())
        purged += gone
        if gone < _BATCH:
            return purged
