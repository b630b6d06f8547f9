"""An item's evidence as one file to hand over: what each decider saw, the images' own bytes, what was audited.

Whoever gets it can check it years later without the console: a program for that lies in it (`packet_check`).
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import anyio
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access import pdf_table
from console.access.permissions import Permission, require
from console.access.step_up import require_fresh_code
from console.actor import Actor
from console.audit.canonical import canonical
from console.audit.entries import Event, entry_text, record
from console.images.store import StoreUnavailable, image_store
from console.institution import institution_of
from console.review import packet_check
from console.review.blinding import hidden_recommendation
from console.review.errors import ReviewRefused
from console.review.item_view import ItemNotFound
from console.review.packet_pages import document_of
from db.engine import transaction
from db.models import AuditEntry, CheckItem, Decision, Evidence, ObjectPurge
from db.replica import read_aside

MEDIA_TYPE: Final = "application/zip"
_READ_ME: Final = """Evidence of check {item}
{institution}. Made {made_at} (UTC) by {made_by}.

decisions/   each decision on this check: the snapshot of what its decider was shown, word for word as it was hashed
             (.json), and the same to read (.pdf)
images/      the original bytes of every image that was on screen, named by their SHA-256
audit.json   everything that was recorded about this check, with the texts that were hashed
manifest.json  which hash follows which; attachments are named by their SHA-256 alone
{destroyed}
To check all of it: python3 check.py (any Python from 3.9 on; it needs nothing else and changes nothing).
"""


class NothingDecided(ReviewRefused):
    """The item has no decision, so there is no evidence of one."""

    def __init__(self) -> None:
        super().__init__("Nobody has decided on this check yet: there is no evidence to export.")


class StillBlind(ReviewRefused):
    """The evidence holds a recommendation that the actor may not know yet."""

    def __init__(self) -> None:
        super().__init__(
            "A blind second review of this check is under way, and you may be the second person: its evidence can be "
            "exported once you have recorded your own choice, or another has signed."
        )


@dataclass(frozen=True)
class EvidencePacket:
    """A ZIP file. `name` holds nothing that a person wrote."""

    name: str
    content: bytes


@dataclass(frozen=True)
class _Kept:
    """What the database holds of an item: its evidence in the order of the decisions, its audit entries, and on which
    day what was shown of images and attachments was destroyed, where it was, by SHA-256 in hexadecimal."""

    evidence: list[Evidence]
    entries: list[AuditEntry]
    destroyed: dict[str, str]


async def export_evidence(actor: Actor, item_id: UUID) -> EvidencePacket:
    """Everything that proves what was decided on an item; that it was taken is audited.

    Raises NotAllowed, CodeNeeded, ItemNotFound, NothingDecided, StillBlind, StoreUnavailable.
    """
    require(actor, Permission.EVIDENCE_EXPORT)
    require_fresh_code(actor)
    kept = await read_aside(actor, lambda session: _read(session, actor, item_id), snapshot=True)
    institution = await institution_of(actor)
    snapshots = [json.loads(one.snapshot) for one in kept.evidence]
    hashes = sorted({sha256 for one in snapshots for sha256 in packet_check.images_shown(one["shown"])})
    images = {sha256: data for sha256 in hashes if (data := await _image(actor, sha256, kept.destroyed)) is not None}
    documents = [
        await pdf_table.render(document_of(snapshot, number, one.hash.hex(), institution.name))
        for number, (snapshot, one) in enumerate(zip(snapshots, kept.evidence, strict=True), 1)
    ]
    gone = {sha256: at for sha256, at in kept.destroyed.items() if sha256 not in images}
    read_me = _READ_ME.format(
        item=item_id, institution=institution.name, made_at=f"{datetime.now(UTC):%Y-%m-%d %H:%M}", made_by=actor.name,
        destroyed=_destroyed_in_words(gone),
    )  # fmt: skip
    content = await anyio.to_thread.run_sync(_pack, item_id, kept, documents, images, gone, read_me)
    async with transaction(actor) as session:
        after = {"decisions": len(kept.evidence), "sha256": hashlib.sha256(content).digest()}
        await record(session, actor, Event.EVIDENCE_EXPORTED, "item", item_id, after=after)
    return EvidencePacket(f"evidence-{item_id}.zip", content)


async def _read(session: AsyncSession, actor: Actor, item_id: UUID) -> _Kept:
    item = await session.get(CheckItem, item_id)
    if item is None:
        raise ItemNotFound
    if await hidden_recommendation(session, actor, item):
        raise StillBlind
    chain = select(Evidence).join(Decision, Decision.id == Evidence.decision_id).where(Evidence.item_id == item_id)
    evidence = list(await session.scalars(chain.order_by(Decision.sequence)))
    if not evidence:
        raise NothingDecided
    about = select(AuditEntry).where(
        AuditEntry.institution_id == actor.institution_id,
        AuditEntry.object_type == "item",
        AuditEntry.object_id == str(item_id),
    )
    entries = list(await session.scalars(about.order_by(AuditEntry.sequence)))
    return _Kept(evidence, entries, await _destroyed(session, [json.loads(one.snapshot) for one in evidence]))


async def _destroyed(session: AsyncSession, snapshots: Sequence[dict[str, Any]]) -> dict[str, str]:
    """What was shown and has been destroyed since: the day, by SHA-256 in hexadecimal."""
    images = {sha256 for one in snapshots for sha256 in packet_check.images_shown(one["shown"])}
    attachments = {part["sha256"] for one in snapshots for part in one["shown"]["attachments"]}
    since = datetime.fromisoformat(snapshots[0]["decision"]["decided_at"])
    purges = select(ObjectPurge.sha256, func.max(ObjectPurge.purged_at)).where(
        ObjectPurge.sha256.in_([bytes.fromhex(one) for one in images | attachments]), ObjectPurge.purged_at > since
    )
    rows = await session.execute(purges.group_by(ObjectPurge.sha256))
    return {sha256.hex(): f"{at:%Y-%m-%d}" for sha256, at in rows}


async def _image(actor: Actor, sha256: str, destroyed: Mapping[str, str]) -> bytes | None:
    """An image's bytes; None where they were destroyed when their time was over. Raises StoreUnavailable."""
    try:
        return await image_store().fetch(actor.institution_id, bytes.fromhex(sha256))
    except StoreUnavailable:
        if sha256 not in destroyed:
            raise
        await anyio.to_thread.run_sync(image_store().check)  # that it is away says nothing of what it has
        return None


def _destroyed_in_words(gone: Mapping[str, str]) -> str:
    if not gone:
        return ""
    lines = "".join(f"             {day}  {sha256}\n" for sha256, day in sorted(gone.items()))
    return f"\nShown then, and destroyed since, when their retention time was over (day, SHA-256):\n{lines}"


def _pack(
    item_id: UUID,
    kept: _Kept,
    documents: Iterable[bytes],
    images: Mapping[str, bytes],
    gone: Mapping[str, str],
    read_me: str,
) -> bytes:
    names = {sha256: f"images/{sha256}{_ending(data)}" for sha256, data in images.items()}
    files: dict[str, bytes] = {"README.txt": read_me.encode()}
    decisions: list[dict[str, Any]] = []
    for number, (one, document) in enumerate(zip(kept.evidence, documents, strict=True), 1):
        name = f"decisions/{number:03}.json"
        files |= {name: one.snapshot.encode(), f"decisions/{number:03}.pdf": document}
        decisions.append({"file": name, "previous_hash": one.previous_hash, "hash": one.hash})
    entries = [
        {
            "sequence": entry.sequence,
            "text": entry_text(entry),
            "previous_hash": entry.previous_hash,
            "hash": entry.hash,
        }
        for entry in kept.entries
    ]
    files["audit.json"] = canonical(entries).encode()
    manifest = {"item": item_id, "decisions": decisions, "images": names, "destroyed": dict(gone)}
    files["manifest.json"] = canonical(manifest).encode()
    files["check.py"] = Path(packet_check.__file__).read_bytes()
    files |= {names[sha256]: data for sha256, data in images.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packet:
        for name, data in files.items():
            packet.writestr(name, data)
    return out.getvalue()


def _ending(data: bytes) -> str:
    """How files of such an image are called, by its first bytes."""
    starts = {b"II": ".tif", b"MM": ".tif", b"\x89P": ".png", b"\xff\xd8": ".jpg"}
    return starts.get(data[:2], ".bin")
