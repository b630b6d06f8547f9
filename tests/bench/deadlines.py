"""What a pass of the deadline jobs costs: a million items, of which ten thousand are open.

The first pass tells people of what is due; the others find nothing new, which is what a worker does twice a minute.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from console.review.deadline_alerts import check_return_deadlines, check_sla
from tests.bench.figures import Figure, percentile, size
from tests.bench.ground import Ground
from tests.bench.many_items import add_items
from tests.factories import make_bank

ITEMS = 1_000_000
OPEN = 10_000
TURNS = 40
TARGET_MS = 200
# A Wednesday noon in New York: business hours, whenever the bench runs.
NOON = datetime.fromisoformat("2026-11-18T12:00:00-05:00")

# All but the first are decided; of these a tenth is overdue, a tenth near its warning, a tenth near its last minute.
_CLOCKS = """
    update check_item set version = version + 1,
        status = case when ordinal <= %(open)s then 'new' else 'approved' end,
        sla_due_at = %(noon)s + case ordinal %% 10 when 0 then -5 when 1 then 10 else 300 end * interval '1 minute',
        sla_warning_at = %(noon)s
            + case ordinal %% 10 when 0 then -35 when 1 then -20 else 270 end * interval '1 minute',
        return_by = %(noon)s + case ordinal %% 10 when 2 then 60 else 700 end * interval '1 minute',
        return_rule = 'midnight'
"""
Pass = Callable[[UUID, datetime], Awaitable[int]]


def run(ground: Ground, items: int = ITEMS, open_: int = OPEN, turns: int = TURNS) -> list[Figure]:
    """The first pass of each job, and p95 of `turns` that come after it."""
    return ground.run(_measure(ground, items, open_, turns))


async def _measure(ground: Ground, items: int, open_: int, turns: int) -> list[Figure]:
    bank = await make_bank()
    url = ground.endpoints.superuser_database_url
    add_items(url, bank, items, flagged=False)
    set_clocks(url, open_)
    figures: list[Figure] = []
    jobs: tuple[tuple[str, Pass], ...] = (("SLA", check_sla), ("return deadlines", check_return_deadlines))
    for name, job in jobs:
        first, told = await _timed(job, bank.institution_id)
        later = [(await _timed(job, bank.institution_id))[0] for _ in range(turns)]
        what = f"{name}: pass over {open_:,} open of {items:,} items"
        note = f"p95; p50 {percentile(later, 50):.1f} ms; the first pass, which tells of {told:,}, {first:.0f} ms"
        figures.append(size(what, percentile(later, 95), "ms", below=TARGET_MS, note=note))
    return figures


def set_clocks(url: str, open_: int) -> None:
    """Leave so many items open, with clocks around NOON."""
    with psycopg.connect(url) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(_CLOCKS, {"open": open_, "noon": NOON})
        connection.commit()
        connection.autocommit = True
        connection.execute("vacuum analyze check_item")


async def _timed(job: Pass, institution_id: UUID) -> tuple[float, Any]:
    start = time.perf_counter()
    told = await job(institution_id, NOON)
    return (time.perf_counter() - start) * 1e3, told
