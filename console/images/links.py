"""Who may fetch which image: addresses that work for one session and a short time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from console.access.permissions import Permission, require
from console.access.secrets import sign, verify
from console.actor import Actor
from console.images.store import StoreUnavailable, image_store
from console.settings import settings
from db.engine import transaction
from db.models import Image, ObjectPurge

PATH = "/images"
PURPOSE = "image link"


class LinkRefused(Exception):
    """The address is not of this session, has been changed, or is too old."""

    def __init__(self) -> None:
        super().__init__("This image address is not valid any more. Open the check again.")


class ImageGone(Exception):
    """The image's time was over, and it was destroyed."""

    def __init__(self, at: datetime) -> None:
        super().__init__(f"This image was destroyed on {at:%Y-%m-%d}, when its retention time was over.")


@dataclass(frozen=True)
class StoredImage:
    data: bytes
    displayable: bool


def link(actor: Actor, image_id: UUID) -> str:
    """A same-origin address of the image that works for the actor's session, for `IMAGE_LINK_SECONDS`."""
    lifetime = timedelta(seconds=settings().image_link_seconds)
    return f"{PATH}/{image_id}?token={sign(PURPOSE, _message(actor, image_id), lifetime=lifetime)}"


async def fetch(actor: Actor, image_id: UUID, token: str) -> StoredImage:
    """The image's original bytes for a link of this session.

    Raises LinkRefused, NotAllowed, LookupError for an unknown image, ImageGone, StoreUnavailable.
    """
    require(actor, Permission.ITEM_READ)
    if not verify(PURPOSE, _message(actor, image_id), token):
        raise LinkRefused
    async with transaction(actor) as session:
        row = (await session.execute(select(Image.sha256, Image.problem).where(Image.id == image_id))).first()
    if row is None:
        raise LookupError("no such image")
    try:
        return StoredImage(await image_store().fetch(actor.institution_id, row.sha256), row.problem is None)
    except StoreUnavailable:
        await _check_not_gone(actor, row.sha256)
        raise


async def _check_not_gone(actor: Actor, sha256: bytes) -> None:
    async with transaction(actor) as session:
        at = await session.scalar(select(func.max(ObjectPurge.purged_at)).where(ObjectPurge.sha256 == sha256))
    if at is not None:
        raise ImageGone(at)


def _message(actor: Actor, image_id: UUID) -> bytes:
    return f"{actor.institution_id}|{actor.session}|{image_id}".encode()
