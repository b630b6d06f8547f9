"""The processes that run jobs, and their signs of life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import func, select, text

from db.engine import transaction
from db.models import Worker

# A worker that was not heard of for so long is dead, or as good as.
SILENT: Final = timedelta(seconds=15)

_BEAT: Final = text(
    """
    insert into worker (id, beat_at, clock_ahead) values (:id, clock_timestamp(), :clock_ahead)
    on conflict (id) do update set beat_at = excluded.beat_at, clock_ahead = excluded.clock_ahead
    """
)


@dataclass(frozen=True)
class Living:
    """How many workers live, and when one was last heard of; None: never."""

    count: int
    last_beat: datetime | None


async def beat(worker: str) -> float:
    """Say that this worker lives; how far this machine's clock is ahead of the database's, in seconds."""
    async with transaction(None) as session:
        before = datetime.now(UTC)
        theirs: datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one()
        ours = before + (datetime.now(UTC) - before) / 2
        ahead = (ours - theirs).total_seconds()
        await session.execute(_BEAT, {"id": worker, "clock_ahead": ahead})
    return ahead


async def leave(worker: str) -> None:
    """This worker ends, as it was told to."""
    async with transaction(None) as session:
        await session.execute(text("delete from worker where id = :id"), {"id": worker})


async def living() -> Living:
    """The workers that were heard of lately."""
    async with transaction(None) as session:
        alive = func.count().filter(Worker.beat_at > func.clock_timestamp() - SILENT)
        row = (await session.execute(select(alive.label("alive"), func.max(Worker.beat_at).label("last")))).one()
    return Living(row.alive, row.last)
