"""Writes the rows of a file's items, a batch at a time, in the caller's one transaction."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain, islice, repeat
from typing import Any, TypeVar
from uuid import UUID

import anyio
from psycopg import sql
from sqlalchemy.ext.asyncio import AsyncSession

from console.intake.facts import Draft, Lookups, draft, look_up
from console.intake.file_rows import MAX_FINDINGS
from console.intake.file_terms import Intake
from console.intake.item_rows import Batch, judged
from console.intake.report import Progress, Stage
from console.intake.spool import SpooledItem
from console.intake.x9.records import Finding
from db.bulk import insert_staged, stage_rows
from db.models import CheckItem, Flag, Image, ItemClearance, KeptFacts

# Items looked up, judged and written at a time: the more, the fewer round trips, and the longer each statement. The
# first batches are small, so that the server is at work soon and a small file too is judged while it inserts.
_FIRST_BATCHES = (200, 400)
_BATCH = 1_000

Work = TypeVar("Work")


async def write_items(
    session: AsyncSession, intake: Intake, items: Iterable[SpooledItem], progress: Progress
) -> tuple[dict[int, UUID], list[Finding]]:
    """Write every item with its facts, images and flags; what the policy lets pass is cleared at once, and the intake
    counts it.

    Returns the id of each item that has a finding of the reader's, by ordinal in the file, and the findings on views
    that cannot be displayed.
    """
    progress.stage, progress.done = Stage.ROWS, 0
    ids: dict[int, UUID] = {}
    display: list[Finding] = []
    staged: list[sql.Composable] = []
    routing = intake.institution.routing_number
    drafts = (draft(item, routing) for item in items)
    sizes = chain(_FIRST_BATCHES, repeat(_BATCH))
    part = await anyio.to_thread.run_sync(_take, drafts, next(sizes))
    while part:
        lookups = await look_up(session, part, intake.file_id, intake.received_here.date(), routing)
        intake.seen.count(part)
        # While the server inserts the batch before, this one is judged and the next one read; not while one is copied:
        # a thread at work beside a COPY holds the interpreter and makes each wait of it longer.
        work = partial(_judge_and_take, intake, part, lookups, drafts, next(sizes))
        batch, part = await _beside(insert_staged(session, staged), work)
        ids |= batch.ids
        display += batch.display[: MAX_FINDINGS - len(display)]
        progress.done += len(batch.items)
        intake.clear(batch.clearances)
        staged = await _stage(session, batch)
    await insert_staged(session, staged)
    return ids, display


async def _beside(inserting: Coroutine[Any, Any, None], work: Callable[[], Work]) -> Work:
    """What `work` makes, in a thread, while the server inserts; both are over at the end."""
    running = asyncio.ensure_future(inserting)
    try:
        return await anyio.to_thread.run_sync(work)
    finally:
        await running


def _take(drafts: Iterator[Draft], size: int) -> list[Draft]:
    """The next batch."""
    return list(islice(drafts, size))


def _judge_and_take(
    intake: Intake, part: Sequence[Draft], lookups: Lookups, drafts: Iterator[Draft], size: int
) -> tuple[Batch, list[Draft]]:
    with _no_collection():
        return judged(intake, part, lookups), _take(drafts, size)


async def _stage(session: AsyncSession, batch: Batch) -> list[sql.Composable]:
    parts = (
        (CheckItem.__table__, batch.items),
        (KeptFacts.__table__, batch.facts),
        (Image.__table__, batch.images),
        (Flag.__table__, batch.flags),
        (ItemClearance.__table__, batch.clearances),
    )
    return [await stage_rows(session, table, rows) for table, rows in parts]  # type: ignore[arg-type]  # Tables, it says


@contextmanager
def _no_collection() -> Iterator[None]:
    """Without the search for cycles: a batch makes a hundred thousand objects and no cycle among them, and to look for
    some takes a quarter of the time. What is let go of is freed as ever."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
