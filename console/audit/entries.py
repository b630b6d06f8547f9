"""Writes audit entries, each inside the transaction of the change that it tells of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from console.actor import Actor
from console.audit.canonical import canonical, chained_hash, plain
from db.models import AuditEntry, AuditHead


class Event(StrEnum):
    """Everything that is audited, as past-tense nouns."""

    INSTITUTION_CREATED = "institution.created"
    HOURS_CHANGED = "institution.hours_changed"
    POLICY_CREATED = "policy.created"
    POLICY_DRAFTED = "policy.drafted"
    POLICY_DRAFT_SAVED = "policy.draft_saved"
    POLICY_SENT = "policy.sent"
    POLICY_WITHDRAWN = "policy.withdrawn"
    POLICY_SENT_BACK = "policy.sent_back"
    POLICY_APPROVED = "policy.approved"
    POLICY_SCHEDULED = "policy.scheduled"
    POLICY_ACTIVATED = "policy.activated"
    POLICY_DISCARDED = "policy.discarded"
    POLICY_EXPORTED = "policy.exported"
    ITEM_REEVALUATED = "item.reevaluated"
    POLICY_LIST_CREATED = "policy_list.created"
    POLICY_LIST_CHANGED = "policy_list.changed"
    POLICY_LIST_READ = "policy_list.read"
    POLICY_TRIAL_STARTED = "policy_trial.started"
    POLICY_TRIAL_ENDED = "policy_trial.ended"
    USER_CREATED = "user.created"
    USER_CHANGED = "user.changed"
    USER_DEACTIVATED = "user.deactivated"
    USER_REACTIVATED = "user.reactivated"
    USER_UNLOCKED = "user.unlocked"
    PASSWORD_RESET = "password.reset"  # noqa: S105 - the name of an event
    PASSWORD_CHANGED = "password.changed"  # noqa: S105
    ROLE_CREATED = "role.created"
    ROLE_CHANGED = "role.changed"
    ROLE_RETIRED = "role.retired"
    ACCESS_CHANGE_REQUESTED = "access_change.requested"
    ACCESS_CHANGE_APPLIED = "access_change.applied"
    ACCESS_CHANGE_REFUSED = "access_change.refused"
    ACCESS_CHANGE_WITHDRAWN = "access_change.withdrawn"
    ACCESS_REFUSED = "access.refused"
    ACCESS_REPORT_EXPORTED = "access_report.exported"
    ACCESS_REVIEW_STARTED = "access_review.started"
    ACCESS_REVIEW_LINE_DECIDED = "access_review.line_decided"
    ACCESS_REVIEW_CLOSED = "access_review.closed"
    ACCESS_REVIEW_OVERDUE = "access_review.overdue"
    ALLOW_RULE_ADDED = "allow_rule.added"
    ALLOW_RULE_REMOVED = "allow_rule.removed"
    API_KEY_CREATED = "api_key.created"
    API_KEY_REVOKED = "api_key.revoked"
    TOKEN_ISSUED = "token.issued"  # noqa: S105
    TOKEN_REUSED = "token.reused"  # noqa: S105
    MFA_ENROLLED = "mfa.enrolled"
    MFA_REVOKED = "mfa.revoked"
    RECOVERY_CODES_MADE = "recovery_codes.made"
    RECOVERY_CODE_USED = "recovery_code.used"
    STEP_UP_SUCCEEDED = "step_up.succeeded"
    STEP_UP_FAILED = "step_up.failed"
    LOCKED_OUT = "sign_in.locked_out"
    SESSION_ENDED = "session.ended"
    SESSIONS_PURGED = "sessions.purged"
    KEY_ROTATED = "secret_key.rotated"
    SIGN_IN_SUCCEEDED = "sign_in.succeeded"
    SIGN_IN_FAILED = "sign_in.failed"
    SIGNED_OUT = "session.signed_out"
    FILE_IMPORTED = "file.imported"
    FILE_REFUSED = "file.refused"
    ACCOUNTS_LOADED = "accounts.loaded"
    ITEM_CLAIMED = "item.claimed"
    ITEM_RELEASED = "item.released"
    ITEM_ASSIGNED = "item.assigned"
    ITEM_MOVED = "item.moved"
    QUEUE_CREATED = "queue.created"
    QUEUE_CHANGED = "queue.changed"
    QUEUE_CLOSED = "queue.closed"
    ITEM_SUBMITTED = "item.submitted"
    ITEM_UNDONE = "item.undone"
    OPINION_RECORDED = "second_opinion.recorded"
    COMMIT_REFUSED = "item.commit_refused"
    QUEUE_VIEW_SHARED = "queue_view.shared"
    QUEUE_VIEW_DELETED = "queue_view.deleted"
    ITEM_DECIDED = "item.decided"
    ITEM_RECOMMENDED = "item.recommended"
    ITEM_CONFIRMED = "item.confirmed"
    ITEM_SENT_BACK = "item.sent_back"
    ITEM_RESUMED = "item.resumed"
    ITEM_PULLED_IN = "item.pulled_in"
    FLAG_ANSWERED = "flag.answered"
    NOTE_WRITTEN = "note.written"
    FILE_ATTACHED = "attachment.added"
    ATTACHMENT_OPENED = "attachment.opened"
    EVIDENCE_EXPORTED = "evidence.exported"
    ADVICE_GIVEN = "advice.given"
    ACCOUNT_NUMBER_VIEWED = "account_number.viewed"
    CHAINS_VERIFIED = "chains.verified"
    JOB_ASKED_FOR = "job.asked_for"
    JOB_PAUSED = "job.paused"
    JOB_RESUMED = "job.resumed"


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
    await session.flush()  # whatever is changed is on its way before anybody waits for the head
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
    await session.execute(_APPEND, {f"its_{name}": getattr(entry, name) for name in _COLUMNS})
    session.info[_HEAD] = replace(head, sequence=entry.sequence, hash=entry.hash)


@dataclass(frozen=True)
class _Head:
    """The chain's last link, which is locked until the end of `within`: a transaction's part that may be rolled back
    by itself, or None for the whole transaction."""

    institution_id: UUID
    sequence: int
    hash: bytes | None
    within: object


_HEAD: Final = "audit head"
_COLUMNS: Final = tuple(column.key for column in AuditEntry.__mapper__.column_attrs)
_LOCK: Final = (
    select(AuditHead.sequence, AuditHead.hash)
    .where(AuditHead.institution_id == bindparam("institution"))
    .with_for_update()
)
# The entry and the new head in one statement.
_APPEND: Final = (
    update(AuditHead.__table__)  # type: ignore[arg-type]  # a table, as the mapper declares it
    .where(AuditHead.__table__.c.institution_id == bindparam("its_institution_id"))
    .values(sequence=bindparam("its_sequence"), hash=bindparam("its_hash"))
    .add_cte(
        insert(AuditEntry.__table__)  # type: ignore[arg-type]
        .values({column.name: bindparam(f"its_{column.name}") for column in AuditEntry.__table__.columns})
        .cte("entry")
    )
)


async def _locked_head(session: AsyncSession, actor: Actor) -> _Head:
    """The head, locked by this transaction: read once, and known from then on to whoever appends next."""
    known: _Head | None = session.info.get(_HEAD)
    within = session.sync_session.get_nested_transaction()
    if known is not None and known.institution_id == actor.institution_id and known.within is within:
        return known
    wanted = {"institution": actor.institution_id}
    row = (await session.execute(_LOCK, wanted)).one_or_none()
    if row is None:
        first = insert(AuditHead).values(institution_id=actor.institution_id, sequence=0).on_conflict_do_nothing()
        await session.execute(first)
        row = (await session.execute(_LOCK, wanted)).one()
    return _Head(actor.institution_id, row.sequence, row.hash, within)


# What the hash covers: every column but the two hashes (the previous one enters the hash by itself).
HASHED_COLUMNS = tuple(
    column.key for column in AuditEntry.__mapper__.column_attrs if column.key not in {"hash", "previous_hash"}
)


def entry_text(entry: AuditEntry) -> str:
    """The canonical text of an entry, as it is hashed."""
    return canonical({column: getattr(entry, column) for column in HASHED_COLUMNS})
