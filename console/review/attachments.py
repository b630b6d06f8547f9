"""Files that people attach to an item: bounded, of few kinds, kept in the object store under their SHA-256.

They are kept as unchangeable as the images. A name is data and nothing else: it is shown and offered for saving,
never opened as a path. When their time is over (`retention/object_purge.py`) the bytes go, and what is known of them
stays.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import AsyncIterable, Awaitable, Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import IO, Final
from uuid import UUID, uuid4

import anyio
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.access.secrets import sign, verify
from console.actor import Actor
from console.audit.entries import Event, record
from console.hints import hint_items
from console.images.links import LinkRefused
from console.images.store import image_store
from console.review.attachment_kinds import KINDS_IN_WORDS, kind_of, shown_name
from console.review.errors import ReviewRefused
from console.review.notes import locked_for_note
from console.settings import settings
from db.engine import transaction
from db.models import CheckItem, ItemAttachment, ObjectPurge

PATH: Final = "/attachments"
MAX_PER_ITEM: Final = 20
_PURPOSE: Final = "attachment link"
# Who acts, asked at the moment when a file has come in whole.
Acting = Callable[[], Awaitable[Actor]]


class AttachmentRefused(ReviewRefused):
    """The file is not taken; nothing was kept of it."""


class AttachmentTooLarge(AttachmentRefused):
    """The file exceeds ATTACHMENT_MAX_MB."""

    def __init__(self) -> None:
        limit = settings().attachment_max_mb
        super().__init__(f"The file is larger than {limit:,} MB, the most that is taken. It was not attached.")


class AttachmentGone(Exception):
    """The attachment's time was over, and it was destroyed."""

    def __init__(self, at: datetime) -> None:
        super().__init__(f"This attachment was {destroyed(at)}.")


@dataclass(frozen=True)
class Opened:
    """An attachment on its way out: `chunks` are its bytes, the last ones only where they match their hash."""

    name: str
    media_type: str
    size: int
    chunks: Iterator[bytes]


async def attach(
    actor: Actor, item_id: UUID, name: str, size: int | None, chunks: AsyncIterable[bytes], acting: Acting
) -> UUID:
    """Take a file to its last byte and attach it to an item; its id.

    `size` is what the sender says, `acting` tells who acts when all has come. Raises NotAllowed, ItemNotFound,
    OutOfReach, NotAMember, AttachmentRefused, StoreUnavailable, SignedOut, and what `chunks` raises.
    """
    require(actor, Permission.ITEM_NOTE)
    if size is not None and size > _limit():
        raise AttachmentTooLarge
    async with transaction(actor) as session:
        await _check_room(session, await locked_for_note(session, actor, item_id))
    with tempfile.TemporaryFile(prefix="attachment-") as spool:
        sha256, length = await _receive(chunks, spool)
        actor = await acting()
        require(actor, Permission.ITEM_NOTE)
        media_type = await anyio.to_thread.run_sync(kind_of, spool)
        if media_type is None:
            raise AttachmentRefused(f"The file is no {KINDS_IN_WORDS}, whatever its name says. It was not attached.")
        await anyio.to_thread.run_sync(spool.seek, 0)
        data = await anyio.to_thread.run_sync(spool.read)
    await anyio.to_thread.run_sync(partial(image_store().put, actor.institution_id, data, sha256))
    async with transaction(actor) as session:
        return await keep_within(session, actor, item_id, shown_name(name, media_type), media_type, length, sha256)


async def keep_within(
    session: AsyncSession, actor: Actor, item_id: UUID, name: str, media_type: str, size: int, sha256: bytes
) -> UUID:
    """Attach what is in the object store already, in the caller's transaction."""
    item = await locked_for_note(session, actor, item_id)
    await _check_room(session, item)
    assert actor.user_id is not None  # no program holds the permission
    row = ItemAttachment(
        id=uuid4(),
        institution_id=actor.institution_id,
        item_id=item.id,
        name=name,
        media_type=media_type,
        size=size,
        sha256=sha256,
        attached_by=actor.user_id,
        attached_at=datetime.now(UTC),
    )
    session.add(row)
    item.version += 1
    await session.flush()
    after = {"attachment": row.id, "name": name, "media_type": media_type, "size": size, "sha256": sha256}
    await record(session, actor, Event.FILE_ATTACHED, "item", item.id, after=after)
    hint_items(session, actor.institution_id, [item.id])
    return row.id


def link(actor: Actor, attachment_id: UUID) -> str:
    """A same-origin address of the attachment that works for the actor's session, for `IMAGE_LINK_SECONDS`."""
    lifetime = timedelta(seconds=settings().image_link_seconds)
    return f"{PATH}/{attachment_id}?token={sign(_PURPOSE, _message(actor, attachment_id), lifetime=lifetime)}"


async def open_attachment(actor: Actor, attachment_id: UUID, token: str) -> Opened:
    """The attachment for a link of this session; that it was opened is audited.

    Raises NotAllowed, LinkRefused, LookupError for an unknown one, AttachmentGone, StoreUnavailable.
    """
    require(actor, Permission.ITEM_READ)
    if not verify(_PURPOSE, _message(actor, attachment_id), token):
        raise LinkRefused
    async with transaction(actor) as session:
        row = (await session.execute(select(ItemAttachment).where(ItemAttachment.id == attachment_id))).scalar()
        if row is None:
            raise LookupError("no such attachment")
        if gone := (await destroyed_within(session, [row.id])).get(row.id):
            raise AttachmentGone(gone)
        after = {"attachment": row.id, "name": row.name}
        await record(session, actor, Event.ATTACHMENT_OPENED, "item", row.item_id, after=after)
    read = partial(image_store().open, actor.institution_id, row.sha256)
    return Opened(row.name, row.media_type, row.size, await anyio.to_thread.run_sync(read))


async def destroyed_within(session: AsyncSession, attachments: Collection[UUID]) -> dict[UUID, datetime]:
    """Which of these were destroyed when their time was over, and when."""
    if not attachments:
        return {}
    # The same bytes may have been destroyed before they were attached here.
    purged = (ObjectPurge.sha256 == ItemAttachment.sha256) & (ObjectPurge.purged_at > ItemAttachment.attached_at)
    query = select(ItemAttachment.id, func.max(ObjectPurge.purged_at).label("at")).join(ObjectPurge, purged)
    rows = await session.execute(query.where(ItemAttachment.id.in_(attachments)).group_by(ItemAttachment.id))
    return {row.id: row.at for row in rows}


def destroyed(at: datetime) -> str:
    """What is said of an attachment that is gone."""
    return f"destroyed on {at:%Y-%m-%d}, when its retention time was over"


async def _check_room(session: AsyncSession, item: CheckItem) -> None:
    query = select(func.count()).select_from(ItemAttachment).where(ItemAttachment.item_id == item.id)
    if (await session.execute(query)).scalar_one() >= MAX_PER_ITEM:
        raise AttachmentRefused(f"This check has {MAX_PER_ITEM} attachments, the most that one may have.")


async def _receive(chunks: AsyncIterable[bytes], spool: IO[bytes]) -> tuple[bytes, int]:
    """Write what comes into the file; its SHA-256 and length."""
    digest, length = hashlib.sha256(), 0
    async for chunk in chunks:
        length += len(chunk)
        if length > _limit():
            raise AttachmentTooLarge
        digest.update(chunk)
        await anyio.to_thread.run_sync(spool.write, chunk)
    await anyio.to_thread.run_sync(spool.flush)
    return digest.digest(), length


def _limit() -> int:
    return settings().attachment_max_mb * 1_000_000


def _message(actor: Actor, attachment_id: UUID) -> bytes:
    return f"{actor.institution_id}|{actor.session}|{attachment_id}".encode()
