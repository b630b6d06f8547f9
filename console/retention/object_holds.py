"""Legal holds in the object store itself: the images and attachments of every check that one covers, and the archived
months of the audit trail that may tell of its subject, carry the store's own flag, and nobody who can reach the store,
its administrator and its lifecycle rules included, destroys them.

A hold stands from when it is placed; the store is told in the background. What it is to be told is written down
before it is told, so that whatever fails, the store or this process, is made good the next time.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import anyio
from sqlalchemy import Row, delete, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from console.actor import Actor, system_actor
from console.audit.entries import Event, NewEntry, record_each
from console.audit.proof import proof_of
from console.images.store import ImageStore, StoreUnavailable, image_store
from console.retention.audit_months import archive_key
from console.retention.object_uses import GONE, USES
from db.engine import transaction
from db.models import AuditAnchor, ObjectHold

_BATCH: Final = 100
# Told to the store at once.
_AT_ONCE: Final = 8
# The rest waits for the next run.
LONGEST_SECONDS: Final = 240.0
_STATEMENT_TIMEOUT_MS: Final = 60_000

# Noted at once; more than that, where a hold covers years, the next time.
_MOST: Final = 100_000
# A hold on everything since a day has the database look through all checks.
_NOTING_TIMEOUT_MS: Final = 300_000

# Cheap where no hold stands and none did, which is nearly always.
_ANY: Final = text(
    """
    select exists (select from legal_hold where institution_id = :institution and lifted_at is null)
        or exists (select from object_hold where institution_id = :institution)
    """
)
_NOTE_CHANGES: Final = text(
    f"""
    with covered as materialized (
        select distinct u.sha256 from items_on_legal_hold(:institution) held(item_id)
        cross join lateral (select * from ({USES}) u where u.item_id = held.item_id) u
        where not {GONE}
        union
        select sha256 from archived_months_on_legal_hold(:institution) archived(sha256)),
    placed as (
        insert into object_hold (institution_id, sha256)
        select :institution, c.sha256 from covered c
        where not exists (select from object_hold o
                          where o.institution_id = :institution and o.sha256 = c.sha256 and o.covered)
        limit {_MOST}
        on conflict (institution_id, sha256) do update set covered = true, settled_at = null, tried_at = null)
    update object_hold o set covered = false, settled_at = null, tried_at = null
    where o.institution_id = :institution and o.sha256 in (
        select o.sha256 from object_hold o
        where o.institution_id = :institution and o.covered
          and not exists (select from covered c where c.sha256 = o.sha256)
        limit {_MOST})
    """  # noqa: S608 - texts of our own
)


# An object's hash, whether it is to be held or let go of, and of which month where it is an archived one.
_Waiting = Row[bytes, bool, date | None]


class _Told(StrEnum):
    DONE = "done"
    # The store has nothing under this hash: `restore-images` may bring it back.
    MISSING = "missing"
    FAILED = "failed"
    # Not asked, because another one had failed.
    SKIPPED = "skipped"


@dataclass(frozen=True)
class ObjectHolds:
    """What the store was told: to hold, to let go; what waits to be told, and of that what is not in the store.

    `supported`: its bucket has object lock, without which no object can be held there.
    """

    held: int = 0
    released: int = 0
    waiting: int = 0
    missing: int = 0
    supported: bool = True


async def keep_object_holds(institution_id: UUID) -> ObjectHolds:
    """Bring the store's flags up to what holds cover at present, on record.

    Raises StoreUnavailable, HoldNotAllowed; what the store was told until then is on record.
    """
    actor = system_actor(institution_id, "legal holds")
    wanted = {"institution": institution_id}
    async with transaction(actor, statement_timeout_ms=_NOTING_TIMEOUT_MS) as session:
        if not (await session.execute(_ANY, wanted)).scalar_one():
            return ObjectHolds()
        await session.execute(_NOTE_CHANGES, wanted)
    store = image_store()
    if not await anyio.to_thread.run_sync(store.can_hold):
        return ObjectHolds(waiting=await _waiting(actor), supported=False)
    began, told = time.monotonic(), Counter[str]()
    async with transaction(actor) as session:
        before = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    while time.monotonic() - began < LONGEST_SECONDS:
        await anyio.to_thread.run_sync(store.check)
        async with transaction(actor, statement_timeout_ms=_STATEMENT_TIMEOUT_MS) as session:
            batch = await _next(session, before)
            told += await _tell(session, actor, store, batch)
        if not batch:
            break
    return ObjectHolds(told["held"], told["released"], await _waiting(actor), told[_Told.MISSING])


async def _next(session: AsyncSession, before: Any) -> Sequence[_Waiting]:
    """What this run has not tried yet, locked: two workers never tell the store opposite things of one object."""
    query = (
        select(ObjectHold.sha256, ObjectHold.covered, AuditAnchor.month)
        .outerjoin(AuditAnchor, AuditAnchor.export_sha256 == ObjectHold.sha256)
        .where(ObjectHold.settled_at.is_(None), or_(ObjectHold.tried_at.is_(None), ObjectHold.tried_at < before))
        .order_by(ObjectHold.tried_at.nulls_first(), ObjectHold.sha256)
        .limit(_BATCH)
    )
    return (await session.execute(query.with_for_update(of=ObjectHold, skip_locked=True))).all()


async def _tell(session: AsyncSession, actor: Actor, store: ImageStore, batch: Sequence[_Waiting]) -> Counter[str]:
    if not batch:
        return Counter()
    answers = await anyio.to_thread.run_sync(_tell_store, store, actor.institution_id, batch)
    by_hash = {row.sha256: answer for row, answer in zip(batch, answers, strict=True)}
    # Nothing is there to let go of: that is as good as done.
    answered = {_Told.DONE, _Told.MISSING}
    released = [row.sha256 for row in batch if not row.covered and by_hash[row.sha256] in answered]
    held = [row.sha256 for row in batch if row.covered and by_hash[row.sha256] is _Told.DONE]
    now = func.clock_timestamp()
    await session.execute(delete(ObjectHold).where(ObjectHold.sha256.in_(released)))
    await session.execute(update(ObjectHold).where(ObjectHold.sha256.in_(held)).values(settled_at=now, tried_at=now))
    later = {one for one, told in by_hash.items() if told is not _Told.SKIPPED} - {*released, *held}
    await session.execute(update(ObjectHold).where(ObjectHold.sha256.in_(later)).values(tried_at=now))
    changes = ((Event.OBJECTS_HELD, held), (Event.OBJECTS_RELEASED, released))
    news = [
        NewEntry(event, "institution", actor.institution_id, after=proof_of(one.hex() for one in hashes))
        for event, hashes in changes
        if hashes
    ]
    await record_each(session, actor, news)
    missing = sum(row.covered and by_hash[row.sha256] is _Told.MISSING for row in batch)
    return Counter({"held": len(held), "released": len(released), _Told.MISSING: missing})


def _tell_store(store: ImageStore, institution_id: UUID, batch: Sequence[_Waiting]) -> list[_Told]:
    """What became of each, in their order; blocks. Raises HoldNotAllowed."""
    away = threading.Event()

    def tell(row: _Waiting) -> _Told:
        if away.is_set():
            return _Told.SKIPPED
        try:
            if row.month is None:
                there = store.set_legal_hold(institution_id, row.sha256, held=row.covered)
            else:
                there = store.hold_file(archive_key(institution_id, row.month), held=row.covered)
        except StoreUnavailable:
            away.set()
            return _Told.FAILED
        return _Told.DONE if there else _Told.MISSING

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return list(threads.map(tell, batch))


async def _waiting(actor: Actor) -> int:
    query = select(func.count()).select_from(ObjectHold).where(ObjectHold.settled_at.is_(None))
    async with transaction(actor) as session:
        return (await session.execute(query)).scalar_one()
