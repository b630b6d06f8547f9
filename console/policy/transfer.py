"""A version's document leaves as a file, and a file's document comes in as a new draft."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from console.access.permissions import Permission, require
from console.actor import Actor
from console.audit.entries import Event, record
from console.hints import hint_policy
from console.policy.document_text import MEDIA_TYPES, TextFormat, read_text, write_text
from console.policy.errors import VersionNotFound
from console.policy.faults import read_document
from console.policy.lifecycle import VersionAct
from console.policy.versions import active_policy, add_draft, note_step
from db.engine import transaction
from db.models import PolicyVersion


@dataclass(frozen=True)
class PolicyFile:
    """A file for the browser."""

    name: str
    media_type: str
    content: bytes


async def export_version(actor: Actor, version_id: UUID, form: TextFormat) -> PolicyFile:
    """What a version says, as a file. Raises NotAllowed, VersionNotFound."""
    require(actor, Permission.POLICY_READ)
    async with transaction(actor) as session:
        row = await session.get(PolicyVersion, version_id)
        if row is None:
            raise VersionNotFound
        after = {"number": row.number, "format": form.value}
        await record(session, actor, Event.POLICY_EXPORTED, "policy", row.id, after=after)
        # Through the model: the database keeps no order of names.
        document = read_document(row.document).model_dump(mode="json")
    content = write_text(document, form).encode()
    return PolicyFile(f"policy-version-{row.number}.{form.value}", MEDIA_TYPES[form], content)


async def import_draft(actor: Actor, text: str, name: str = "") -> UUID:
    """A new draft of what a text says, JSON or YAML; its id. `name` is what its file is called.

    Raises NotAllowed, UnreadableText, and InvalidDocument with everything that is wrong and where.
    """
    require(actor, Permission.POLICY_EDIT)
    document = read_document(read_text(text)).model_dump(mode="json")
    name = " ".join(name.replace("\x00", "").split())[:100]
    async with transaction(actor) as session:
        active = await active_policy(session)
        row = await add_draft(session, actor, document, based_on=active.id)
        note_step(session, actor, row, VersionAct.IMPORTED, name)
        await session.flush()
        hint_policy(session, actor.institution_id, row.id)
        after = {"number": row.number, "from": active.number, "file": name}
        await record(session, actor, Event.POLICY_DRAFTED, "policy", row.id, after=after)
        return row.id
