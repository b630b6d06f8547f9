"""Writes audit entries, each inside the transaction of the change that it tells of."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from console.actor import Actor
from console.audit.canonical import canonical, chained_hash, plain
from db.models import AuditEntry, AuditHead


class Event(StrEnum):
    """Everything that is audited, as past-tense nouns."""

    INSTITUTION_CREATED = "institution.created"
    POLICY_CREATED = "policy.created"
    USER_CREATED = "user.created"
    MFA_ENROLLED = "mfa.enrolled"
    SIGN_IN_SUCCEEDED = "sign_in.succeeded"
    SIGN_IN_FAILED = "sign_in.failed"
    SIGNED_OUT = "session.signed_out"
    FILE_IMPORTED = "file.imported"
    FILE_REFUSED = "file.refused"
    ACCOUNTS_LOADED = "accounts.loaded"
    ITEM_CLAIMED = "item.claimed"
    ITEM_RELEASED = "item.released"
    ITEM_DECIDED = "item.decided"
    ITEM_RECOMMENDED = "item.recommended"
    ITEM_CONFIRMED = "item.confirmed"
    ITEM_SENT_BACK = "item.sent_back"
    ITEM_RESUMED = "item.resumed"
    FLAG_ANSWERED = "flag.answered"
    ACCOUNT_NUMBER_VIEWED = "account_number.viewed"
    CHAINS_VERIFIED = "chains.verified"


async def record(
    session: AsyncSession,
    actor: Actor,
    event: Event,
    object_type: str,
    object_id: object,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Append an entry to the institution's chain, in the caller's transaction.

    Call it last: from here to the commit the chain's head is locked, which puts the entries of all replicas
    in one order.
    """
    head = await _locked_head(session, actor)
    entry = AuditEntry(
        id=uuid4(),
        institution_id=actor.institution_id,
        sequence=head.sequence + 1,
        at=datetime.now(UTC),
        actor_id=actor.user_id,
        actor_name=actor.name,
        session=actor.session,
        address=actor.address,
        action=event.value,
        object_type=object_type,
        object_id=str(object_id),
        before=None if before is None else plain(before),
        after=None if after is None else plain(after),
        request_id=actor.request_id,
        previous_hash=head.hash,
    )
    entry.hash = chained_hash(entry.previous_hash, entry_text(entry))
    head.sequence, head.hash = entry.sequence, entry.hash
    session.add(entry)
    await session.flush()


async def _locked_head(session: AsyncSession, actor: Actor) -> AuditHead:
    query = select(AuditHead).where(AuditHead.institution_id == actor.institution_id).with_for_update()
    head = (await session.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()
    if head is None:
        first = insert(AuditHead).values(institution_id=actor.institution_id, sequence=0).on_conflict_do_nothing()
        await session.execute(first)
        head = (await session.execute(query)).scalar_one()
    return head


# What the hash covers: every column but the two hashes (the previous one enters the hash by itself).
HASHED_COLUMNS = tuple(
    column.key for column in AuditEntry.__mapper__.column_attrs if column.key not in {"hash", "previous_hash"}
)


def entry_text(entry: AuditEntry) -> str:
    """The canonical text of an entry, as it is hashed."""
    return canonical({column: getattr(entry, column) for column in HASHED_COLUMNS})
