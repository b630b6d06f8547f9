"""Destroys the images and attachments of checks whose time is over, but for what a legal hold covers.

What goes is an object's bytes, when every use of them is over: the same picture may be another check's, an account's
signature card or an attachment. The rows stay, with the hash by which evidence names what was shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import anyio
from sqlalchemy import Row, insert, text

from console.actor import Actor, system_actor
from console.audit.entries import Event, NewEntry, record_each
from console.audit.proof import proof_of
from console.images.store import image_store
from console.retention.object_uses import GONE, USES
from console.settings import settings
from db.engine import transaction
from db.models import ObjectPurge

# Looked for at once. A hold that is being placed waits for a batch.
_PAGE: Final = 5_000
_BATCH: Final = 50
_STATEMENT_TIMEOUT_MS: Final = 60_000
# To look through the checks of years keeps nobody waiting.
_LOOKING_TIMEOUT_MS: Final = 600_000

_OVER: Final = "u.since < :before and u.status in ('approved', 'returned', 'rejected', 'cleared', 'closed')"
# A use without a check (an account's signature card) has no status, and is never over.
_DUE: Final = text(
    f"""
    with uses as not materialized ({USES}), due as (
        select u.sha256, bool_or(u.of_image) as image, bool_or(not u.of_image) as attachment,
               array_agg(distinct u.item_id) as items
        from uses u where u.sha256 in (
            select u.sha256 from uses u where u.sha256 > :after and {_OVER} and not {GONE})
        group by u.sha256
        having bool_and(coalesce({_OVER}, false))
          and not exists (select from object_purge p where p.institution_id = :institution and p.sha256 = u.sha256
                          and p.purged_at > max(u.since)))
    select * from due where not exists (select from unnest(due.items) item where on_legal_hold_item(item))
    order by sha256 limit :page
    """  # noqa: S608 - texts of our own
)
_HELD_NOW: Final = text("select item from unnest(cast(:items as uuid[])) item where on_legal_hold_item(item)")
_HELD: Final = text(
    f"""
    select count(distinct u.sha256) from ({USES}) u
    where {_OVER} and u.item_id in (select items_on_legal_hold(:institution))
      and not {GONE}
    """  # noqa: S608 - texts of our own
)


@dataclass(frozen=True)
class Purged:
    """Images and attachments destroyed (bytes that were both count as both); objects that were due but kept because a
    legal hold covers them; and due but kept by the store, whose own lock or hold they are under."""

    images: int = 0
    attachments: int = 0
    held: int = 0
    locked: int = 0

    def and_(self, other: Purged) -> Purged:
        """Both together."""
        return Purged(
            self.images + other.images, self.attachments + other.attachments,
            self.held + other.held, self.locked + other.locked,
        )  # fmt: skip


async def purge_objects(institution_id: UUID, now: datetime | None = None) -> Purged:
    """Destroy what is older than IMAGE_RETENTION_DAYS and OBJECT_STORE_RETENTION_DAYS, on record.

    Raises StoreUnavailable; what was destroyed until then is on record.
    """
    actor = system_actor(institution_id, "image retention")
    current = settings()
    kept = timedelta(days=max(current.image_retention_days, current.object_store_retention_days))
    before, after = (now or datetime.now(UTC)) - kept, b""
    wanted: dict[str, Any] = {"institution": institution_id, "before": before}
    async with transaction(actor, statement_timeout_ms=_LOOKING_TIMEOUT_MS) as session:
        held = (await session.execute(_HELD, wanted)).scalar_one()
    purged = Purged(held=held)
    while True:
        async with transaction(actor, statement_timeout_ms=_LOOKING_TIMEOUT_MS) as session:
            page = (await session.execute(_DUE, wanted | {"after": after, "page": _PAGE})).all()
        for first in range(0, len(page), _BATCH):
            purged = purged.and_(await _purge(actor, page[first : first + _BATCH], before, held))
        if len(page) < _PAGE:
            return purged
        after = page[-1].sha256


async def _purge(actor: Actor, batch: Sequence[Row[Any]], before: datetime, held: int) -> Purged:
    """Destroy these, but for what a hold has come to cover since they were looked for."""
    async with transaction(actor, statement_timeout_ms=_STATEMENT_TIMEOUT_MS) as session:
        await session.execute(text("select heed_legal_holds()"))
        items = [item for row in batch for item in row.items]
        covered = set(await session.scalars(_HELD_NOW, {"items": items}))
        due = [row for row in batch if covered.isdisjoint(row.items)]
        left = await _destroy(actor.institution_id, [row.sha256 for row in due], before)
        gone = [row for row in due if row.sha256 not in left]
        if gone:
            rows = [{"institution_id": actor.institution_id, "sha256": row.sha256} for row in gone]
            await session.execute(insert(ObjectPurge), rows)
        images = [row.sha256 for row in gone if row.image]
        attachments = [row.sha256 for row in gone if row.attachment]
        news = []
        for event, hashes in ((Event.IMAGES_PURGED, images), (Event.ATTACHMENTS_PURGED, attachments)):
            if hashes:
                after = {**proof_of(one.hex() for one in hashes), "received_before": before, "held": held}
                news.append(NewEntry(event, "institution", actor.institution_id, after=after))
        await record_each(session, actor, news)
    return Purged(len(images), len(attachments), len(batch) - len(due), len(left))


async def _destroy(institution_id: UUID, due: Sequence[bytes], before: datetime) -> set[bytes]:
    """Destroy these; which of them the store did not let go of, at least not whole."""
    store = image_store()

    def destroy() -> set[bytes]:
        return {sha256 for sha256 in due if not store.purge(institution_id, sha256, before)}

    return await anyio.to_thread.run_sync(destroy) if due else set()
