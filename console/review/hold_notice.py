"""The notice of a hold, ready to print: made from what the decision keeps, and attached as it was made."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

import anyio
from sqlalchemy import select

from console.access.pdf_table import Document, render
from console.access.permissions import Permission, require
from console.actor import Actor
from console.images.store import image_store
from console.review.attachment_kinds import PDF
from console.review.attachments import destroyed_within, keep_within
from console.review.errors import ReviewRefused
from console.review.states import Act
from db.engine import transaction
from db.models import Decision, ItemAttachment

_TITLE: Final = "Notice of delayed availability of funds"
_FOOT: Final = "12 CFR 229.13(g)"


class NoNotice(ReviewRefused):
    """The item is not held by an exception of which the customer must be told."""

    def __init__(self) -> None:
        super().__init__("This check has no hold that needs a notice.")


async def make_hold_notice(actor: Actor, item_id: UUID) -> UUID:
    """The notice of the item's last hold as a PDF among its attachments; the attachment's id.

    Made again it is the same: the bytes are those of the first time. Raises NotAllowed, ItemNotFound, OutOfReach,
    NoNotice, StoreUnavailable.
    """
    require(actor, Permission.ITEM_NOTE)
    async with transaction(actor) as session:
        query = select(Decision).where(Decision.item_id == item_id, Decision.action == Act.HOLD.value)
        held = (await session.scalars(query.order_by(Decision.sequence.desc()).limit(1))).one_or_none()
    if held is None or "notice" not in held.details:
        raise NoNotice
    data = await render(_document(held.details["notice"], held.decided_at))
    sha256 = hashlib.sha256(data).digest()
    await anyio.to_thread.run_sync(partial(image_store().put, actor.institution_id, data, sha256))
    async with transaction(actor) as session:
        same = select(ItemAttachment.id).where(ItemAttachment.item_id == item_id, ItemAttachment.sha256 == sha256)
        made = (await session.scalars(same)).all()
        gone = await destroyed_within(session, made)
        if there := [one for one in made if one not in gone]:
            return there[0]
        name = f"Notice of hold until {held.details['release_on']}.pdf"
        return await keep_within(session, actor, item_id, name, PDF, len(data), sha256)


def _document(lines: list[list[str]], made_at: datetime) -> Document:
    rows = tuple((name, text) for name, text in lines)
    return Document(_TITLE, (), ("", ""), (1, 3), rows, made_at, _FOOT)
