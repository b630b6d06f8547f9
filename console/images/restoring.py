"""Brings back images that somebody deleted or wrote over, from the versions that the object store keeps.

An image's key is the hash of its bytes, so what belongs there needs nobody's word: the newest version whose bytes have
that hash. What the console itself destroyed when its time was over has no version left, and stays away.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

import anyio

from console.actor import system_actor
from console.audit.entries import Event, record
from console.audit.proof import proof_of
from console.images.store import ImageStore, StoreUnavailable, Version, image_store
from console.institution import institution_ids
from db.engine import transaction


@dataclass
class Restored:
    """How many images were looked at; those brought back, and those of which no version is right, by their hash."""

    images: int = 0
    restored: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


async def restore_images() -> Restored:
    """Look at every image of every institution; what is brought back is put on record.

    Raises StoreUnavailable; what was brought back until then stays.
    """
    everything = Restored()
    for institution_id in await institution_ids():
        found = Restored()
        try:
            await anyio.to_thread.run_sync(restore_images_of, image_store(), institution_id, found)
        finally:
            await _keep(institution_id, found)
        everything.images += found.images
        everything.restored += found.restored
        everything.lost += found.lost
    return everything


def restore_images_of(store: ImageStore, institution_id: UUID, found: Restored) -> None:
    """`restore_images` of one institution, told as it goes; blocks."""
    for sha256, versions in store.versions(institution_id):
        found.images += 1
        # An image is written once. Where something came after it, whatever it was, its bytes are looked at.
        if len(versions) == 1 and not versions[0].deleted:
            continue
        if _is_right(store, institution_id, sha256, versions[0]):
            continue
        right = next((one for one in versions[1:] if _is_right(store, institution_id, sha256, one)), None)
        if right is None:
            found.lost.append(sha256.hex())
            continue
        store.put(institution_id, store.get(institution_id, sha256, right.id), sha256)
        found.restored.append(sha256.hex())


def _is_right(store: ImageStore, institution_id: UUID, sha256: bytes, version: Version) -> bool:
    if version.deleted:
        return False
    try:
        store.get(institution_id, sha256, version.id)
    except StoreUnavailable:
        store.check()  # the store itself is there: it is this version that is not what it should be
        return False
    return True


async def _keep(institution_id: UUID, found: Restored) -> None:
    if not found.restored:
        return
    actor = system_actor(institution_id, "restore-images")
    async with transaction(actor) as session:
        after = proof_of(found.restored)
        await record(session, actor, Event.IMAGES_RESTORED, "institution", institution_id, after=after)
