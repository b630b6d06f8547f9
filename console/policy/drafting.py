"""Drafts of the policy: made from a version, opened, saved. Two people who change the same draft never overwrite each
other unseen: who saves names the revision that they began with.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from console.access.permissions import Permission, may, require
from console.actor import Actor
from console.audit.entries import Event, record
from console.hints import hint_policy
from console.policy.changed_parts import changed_parts, only
from console.policy.errors import ChangedMeanwhile, NotADraft, VersionNotFound
from console.policy.faults import read_document
from console.policy.working_copies import WorkingCopy, forget_within, read_within
from db.engine import transaction
from db.models import PolicyVersion, User

# So often is a number looked for while others make drafts at the same moment.
_ATTEMPTS: Final = 5

_saver, _author = aliased(User), aliased(User)


@dataclass(frozen=True)
class Reference:
    """Another version that a draft is held against. `activated_at` None: it never was active."""

    id: UUID
    number: int
    document: dict[str, Any]
    activated_at: datetime | None


@dataclass(frozen=True)
class OpenedDraft:
    """A version as its page begins with it. `own` is what the actor changed and did not save; `base` is what it was
    made from, `active` what judges checks now."""

    id: UUID
    number: int
    status: str
    revision: int
    document: dict[str, Any]
    author: str | None
    saved_at: datetime
    saved_by: str | None
    base: Reference | None
    active: Reference | None
    own: WorkingCopy | None

    @property
    def is_draft(self) -> bool:
        """Whether it may still be changed."""
        return self.status == "draft"


@dataclass(frozen=True)
class SavedDraft:
    """How a draft stands in the database now."""

    revision: int
    saved_at: datetime
    document: dict[str, Any]


async def make_draft(actor: Actor, from_version: UUID | None = None) -> UUID:
    """A new draft with the document of a version (None: of the active one); its id.

    Raises NotAllowed, VersionNotFound.
    """
    require(actor, Permission.POLICY_EDIT)
    for attempt in range(_ATTEMPTS):
        try:
            async with transaction(actor) as session:
                return await _make(session, actor, from_version)
        except IntegrityError:
            if attempt == _ATTEMPTS - 1:
                raise  # somebody took the number each time
    raise AssertionError("unreachable")


async def open_draft(actor: Actor, version_id: UUID) -> OpenedDraft:
    """A version for the editor, with what the actor has not saved. Raises NotAllowed, VersionNotFound."""
    require(actor, Permission.POLICY_READ)
    async with transaction(actor) as session:
        row, author, saver = await _read(session, version_id)
        active = (
            await session.execute(select(PolicyVersion).where(PolicyVersion.status == "active"))
        ).scalar_one_or_none()
        base = await session.get(PolicyVersion, row.based_on) if row.based_on else None
        own = await read_within(session, actor, version_id) if may(actor, Permission.POLICY_EDIT) else None
        return OpenedDraft(
            row.id, row.number, row.status, row.revision, normal(row.document), author, row.saved_at, saver,
            _reference(base), _reference(active), own,
        )  # fmt: skip


async def save_draft(actor: Actor, version_id: UUID, document: dict[str, Any], revision: int) -> SavedDraft:
    """Save a draft's document, which was changed beginning with `revision`; the actor's unsaved copy goes.

    Where nothing differs nothing is written. Raises NotAllowed, VersionNotFound, NotADraft, InvalidDocument, and
    ChangedMeanwhile where the draft has another revision: who then names that one puts theirs over it knowingly.
    """
    require(actor, Permission.POLICY_EDIT)
    checked = normal(document)
    async with transaction(actor) as session:
        row = await _locked(session, version_id)
        before = normal(row.document)
        if row.revision != revision:
            who = await session.get(User, row.saved_by) if row.saved_by else None
            raise ChangedMeanwhile(who.display_name if who else "Somebody", row.saved_at, before, row.revision)
        await forget_within(session, actor, version_id)
        parts = changed_parts(before, checked)
        if parts.count == 0:
            return SavedDraft(row.revision, row.saved_at, before)
        row.document, row.revision, row.saved_by = checked, row.revision + 1, actor.user_id
        row.saved_at = (await session.execute(select(func.now()))).scalar_one()
        await session.flush()
        hint_policy(session, actor.institution_id, version_id)
        old, new = only(before, parts), only(checked, parts)
        await record(
            session, actor, Event.POLICY_DRAFT_SAVED, "policy", version_id,
            before=old | {"revision": revision}, after=new | {"revision": row.revision},
        )  # fmt: skip
        return SavedDraft(row.revision, row.saved_at, checked)


def normal(document: dict[str, Any]) -> dict[str, Any]:
    """A document as this version of the console stores it: with what an earlier one did not have."""
    return read_document(document).model_dump(mode="json")


async def _make(session: AsyncSession, actor: Actor, from_version: UUID | None) -> UUID:
    wanted = PolicyVersion.id == from_version if from_version else PolicyVersion.status == "active"
    source = (await session.execute(select(PolicyVersion).where(wanted))).scalar_one_or_none()
    if source is None:
        raise VersionNotFound
    highest = (await session.execute(select(func.max(PolicyVersion.number)))).scalar_one()
    draft = PolicyVersion(
        institution_id=actor.institution_id,
        number=highest + 1,
        status="draft",
        document=normal(source.document),
        created_by=actor.user_id,
        saved_by=actor.user_id,
        based_on=source.id,
    )
    session.add(draft)
    await session.flush()
    hint_policy(session, actor.institution_id, draft.id)
    after = {"number": draft.number, "from": source.number}
    await record(session, actor, Event.POLICY_DRAFTED, "policy", draft.id, after=after)
    return draft.id


async def _read(session: AsyncSession, version_id: UUID) -> Row[PolicyVersion, str | None, str | None]:
    query = (
        select(PolicyVersion, _author.display_name, _saver.display_name)
        .outerjoin(_author, _author.id == PolicyVersion.created_by)
        .outerjoin(_saver, _saver.id == PolicyVersion.saved_by)
        .where(PolicyVersion.id == version_id)
    )
    found = (await session.execute(query)).one_or_none()
    if found is None:
        raise VersionNotFound
    return found


async def _locked(session: AsyncSession, version_id: UUID) -> PolicyVersion:
    query = select(PolicyVersion).where(PolicyVersion.id == version_id).with_for_update()
    row = (await session.execute(query)).scalar_one_or_none()
    if row is None:
        raise VersionNotFound
    if row.status != "draft":
        raise NotADraft(row.number, row.status)
    return row


def _reference(row: PolicyVersion | None) -> Reference | None:
    return None if row is None else Reference(row.id, row.number, normal(row.document), row.activated_at)
