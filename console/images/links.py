"""Who may fetch which image: addresses that work for one session and a short time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from console.access.permissions import Permission, require
from console.access.secrets import sign, verify
from console.actor import Actor
from console.images.store import image_store
from console.settings import settings
from db.engine import transaction
from db.models import Image

PATH = "/images"
PURPOSE = "image link"


class LinkRefused(Exception):
    """The address is not of this session, has been changed, or is too old."""

    def __init__(self) -> None:
        super().__init__("This image address is not valid any more. Open the check again.")


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

    Raises LinkRefused, NotAllowed, LookupError for an unknown image, StoreUnavailable.
    """
    require(actor, Permission.ITEM_READ)
    if not verify(PURPOSE, _message(actor, image_id), token):
        raise LinkRefused
    async with transaction(actor) as session:
        row = (await session.execute(select(Image.sha256, Image.problem).where(Image.id == image_id))).first()
    if row is None:
        raise LookupError("no such image")
    return StoredImage(await image_store().fetch(actor.institution_id, row.sha256), row.problem is None)


def _message(actor: Actor, image_id: UUID) -> bytes:
    return f"{actor.institution_id}|{actor.session}|{image_id}".encode()
