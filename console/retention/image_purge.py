"""Destroys the images of checks whose time is over, but for what a legal hold covers.

What goes is an object's bytes, when every use of them is over: the same picture may be another check's, an account's
signature card or an attachment. The rows stay, with the hash by which evidence names the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import anyio
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from console.actor import Actor, system_actor
from console.audit.entries import Event, record
from console.audit.proof import proof_of
from console.images.store import image_store
from console.settings import settings
from db.engine import transaction
from db.models import ImagePurge

# A hold that is being placed waits for a batch.
_BATCH: Final = 50
_STATEMENT_TIMEOUT_MS: Final = 60_000

_OVER: Final = "i.received_at < :before and i.status in ('approved', 'returned', 'rejected', 'cleared', 'closed')"
_DUE: Final = text(
    f"""
    select m.sha256 from image m join check_item i on i.id = m.item_id
    where m.institution_id = :institution and m.sha256 > :after and {_OVER}
      and not exists (select from image_purge p where p.institution_id = m.institution_id and p.sha256 = m.sha256
                      and p.purged_at > i.received_at)
      and not exists (select from item_attachment t where t.institution_id = m.institution_id and t.sha256 = m.sha256)
    group by m.sha256
    having not exists (
        select from image m2 left join check_item i on i.id = m2.item_id
        where m2.institution_id = :institution and m2.sha256 = m.sha256
          and (m2.item_id is null or not ({_OVER}) or on_legal_hold_item(m2.item_id)))
    order by m.sha256 limit :batch
    """  # noqa: S608 - texts of our own
)
_HELD: Final = text(
    f"""
    select count(distinct m.sha256) from image m join check_item i on i.id = m.item_id
    where m.institution_id = :institution and {_OVER} and on_legal_hold_item(i.id)
    """  # noqa: S608 - texts of our own
)


@dataclass(frozen=True)
class Purged:
    """Images destroyed; due but kept because a legal hold covers them; and due but kept by the store's object lock."""

    images: int
    held: int
    locked: int


async def purge_images(institution_id: UUID, now: datetime | None = None) -> Purged:
    """Destroy what is older than IMAGE_RETENTION_DAYS and OBJECT_STORE_RETENTION_DAYS, on record.

    Raises StoreUnavailable; what was destroyed until then is on record.
    """
    actor = system_actor(institution_id, "image retention")
    current = settings()
    kept = timedelta(days=max(current.image_retention_days, current.object_store_retention_days))
    before, after, images, locked = (now or datetime.now(UTC)) - kept, b"", 0, 0
    async with transaction(actor, statement_timeout_ms=_STATEMENT_TIMEOUT_MS) as session:
        held = (await session.execute(_HELD, {"institution": institution_id, "before": before})).scalar_one()
    while True:
        async with transaction(actor, statement_timeout_ms=_STATEMENT_TIMEOUT_MS) as session:
            await session.execute(text("select heed_legal_holds()"))
            wanted = {"institution": institution_id, "before": before, "after": after, "batch": _BATCH}
            due = list(await session.scalars(_DUE, wanted))
            gone = await _destroy(institution_id, due, before)
            await _keep(session, actor, gone, before, held)
        images, locked = images + len(gone), locked + len(due) - len(gone)
        if len(due) < _BATCH:
            return Purged(images, held, locked)
        after = due[-1]


async def _destroy(institution_id: UUID, due: Sequence[bytes], before: datetime) -> list[bytes]:
    """Which of these the store let go of."""
    store = image_store()

    def destroy() -> list[bytes]:
        return [sha256 for sha256 in due if store.purge(institution_id, sha256, before)]

    return await anyio.to_thread.run_sync(destroy) if due else []


async def _keep(session: AsyncSession, actor: Actor, gone: Sequence[bytes], before: datetime, held: int) -> None:
    if not gone:
        return
    rows: list[dict[str, Any]] = [{"institution_id": actor.institution_id, "sha256": one} for one in gone]
    await session.execute(insert(ImagePurge), rows)
    after = {**proof_of(one.hex() for one in gone), "received_before": before, "held": held}
    await record(session, actor, Event.IMAGES_PURGED, "institution", actor.institution_id, after=after)
