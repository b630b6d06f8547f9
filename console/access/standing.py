"""How sessions stand at this moment, many at once: for open pages, and for lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from console.access import session_store as store
from console.access.session_data import EndReason, Stage, moment
from db.redis_pool import redis

_BATCH: Final = 500


@dataclass(frozen=True)
class Standing:
    """One that lives has `ends`: when it ends unless it is used. One that ended has a `reason`, if Redis knows it."""

    last_seen_at: datetime | None = None
    ends: datetime | None = None
    # No activity carries the session any further.
    final: bool = False
    reason: EndReason | None = None


async def standings(references: Sequence[str]) -> dict[str, Standing]:
    """How these sessions stand, each of them. None is kept alive by this. Raises SessionServiceUnavailable."""
    found: dict[str, Standing] = {}
    for start in range(0, len(references), _BATCH):
        part = references[start : start + _BATCH]
        with store.reaching_redis():
            pipeline = redis().pipeline(transaction=False)
            for reference in part:
                pipeline.hmget(store.key(reference), ["stage", "last_seen", "idle", "ends_at"])
                pipeline.get(store.end_key(reference))
            answers = await pipeline.execute()
        found |= {one: _standing(*pair) for one, *pair in zip(part, answers[::2], answers[1::2], strict=True)}
    return found


def _standing(fields: Sequence[bytes | None], end: bytes | None) -> Standing:
    stage, last_seen, idle, ends_at = (store.text(value) if value is not None else "" for value in fields)
    if stage != Stage.FULL.value:
        return Standing(reason=EndReason(store.text(end).split(" ")[0]) if end else None)
    seen, latest = moment(last_seen), moment(ends_at)
    until = seen + timedelta(milliseconds=int(idle))
    return Standing(seen, min(until, latest), latest <= until)
