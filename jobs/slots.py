"""One run per job and due time, however many workers there are."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import text

from db.engine import transaction

# Rows older than this say nothing any more.
_KEPT = timedelta(days=7)

_TAKE = text(
    """
    insert into job_run (job, due_at)
    select :job, to_timestamp(floor(extract(epoch from now()) / :seconds) * :seconds)
    on conflict do nothing
    returning due_at
    """
)


async def take_slot(job: str, every: timedelta) -> datetime | None:
    """The due time that this worker has won; None where another worker has it.

    The database's clock sets the due time, so that workers whose clocks differ agree on it.
    """
    async with transaction(None) as session:
        row = (await session.execute(_TAKE, {"job": job, "seconds": every.total_seconds()})).first()
        return row.due_at if row else None


async def forget_old_slots() -> int:
    """Delete rows of long ago; how many there were."""
    async with transaction(None) as session:
        result = await session.execute(
            text("delete from job_run where due_at < now() - cast(:kept as interval) returning job"), {"kept": _KEPT}
        )
        return len(result.all())
