"""Writes audit entries, each inside the transaction of the change that it tells of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import CTE, Date, LargeBinary, Text, bindparam, cast, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from console.actor import Actor
from console.audit.canonical import canonical, plain
from db.direct import Direct
from db.engine import end_with
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
    POLICY_LIST_PROPOSED = "policy_list.proposed"
    POLICY_LIST_REFUSED = "policy_list.refused"
    POLICY_LIST_WITHDRAWN = "policy_list.withdrawn"
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
    REPORT_EXPORTED = "report.exported"
    AUDIT_EXPORTED = "audit.exported"
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
    LEGAL_HOLD_PLACED = "legal_hold.placed"
    LEGAL_HOLD_LIFT_ASKED = "legal_hold.lift_asked"
    LEGAL_HOLD_KEPT = "legal_hold.kept"
    LEGAL_HOLD_LIFTED = "legal_hold.lifted"
    OBJECTS_HELD = "objects.held"
    OBJECTS_RELEASED = "objects.released"
    IMAGES_PURGED = "images.purged"
    ATTACHMENTS_PURGED = "attachments.purged"
    IMAGES_RESTORED = "images.restored"
    NOTICES_PURGED = "notices.purged"
    AUDIT_MONTH_ARCHIVED = "audit_month.archived"
    AUDIT_SEALS_ACCEPTED = "audit_seals.accepted"
    CHAINS_VERIFIED = "chains.verified"
    JOB_ASKED_FOR = "job.asked_for"
    JOB_PAUSED = "job.paused"
    JOB_RESUMED = "job.resumed"


@dataclass(frozen=True)
class NewEntry:
    """What is to be entered of one change."""

    event: Event
    object_type: str
    object_id: object
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


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
    await record_each(session, actor, [NewEntry(event, object_type, object_id, before, after)])


async def record_each(session: AsyncSession, actor: Actor, news: Sequence[NewEntry]) -> None:
    """Append these entries in their order, as `record` does, in one statement."""
    if not news:
        return
    await session.flush()  # whatever is changed is on its way before anybody waits for the head
    statement, wanted = _appending(len(news)), _wanted(actor, [_values(actor, new) for new in news])
    if await statement.first(session, wanted) is None:
        first = insert(AuditHead).values(institution_id=actor.institution_id, sequence=0).on_conflict_do_nothing()
        await session.execute(first)
        if await statement.first(session, wanted) is None:
            raise LookupError("the institution has no chain to append to")


def record_at_end(session: AsyncSession, actor: Actor, news: Sequence[NewEntry]) -> None:
    """Append these entries to a chain that has begun, in one message with the COMMIT of the caller's `transaction`.

    The head is locked for as long as the database takes for both, and not until this process comes round to the
    commit: where decisions come by the dozen everybody waits for that. Where there is no chain the transaction fails.
    """
    if not news:
        return
    entries: list[dict[str, Any]] | None = session.info.get(_AT_END)
    if entries is None:
        session.info[_AT_END] = entries = []
        end_with(session, lambda: (_appending(len(entries), begun=True), _wanted(actor, entries)))
    entries.extend(_values(actor, new) for new in news)


def _wanted(actor: Actor, entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The parameters of `_appending`; `entries` is of each what `_values` gives."""
    wanted: dict[str, Any] = {"institution": actor.institution_id}
    for place, values in enumerate(entries):
        wanted |= {f"{name}_{place}": value for name, value in values.items()}
        wanted |= {f"{part}_{place}": text for part, text in zip(_PARTS, _text_around_sequence(values), strict=True)}
    return wanted


def _values(actor: Actor, new: NewEntry) -> dict[str, Any]:
    """What an entry says, but for its place in the chain."""
    return {
        "id": uuid4(),
        "institution_id": actor.institution_id,
        "at": datetime.now(UTC),
        "actor_id": actor.user_id,
        "actor_name": actor.name,
        "session": actor.session,
        "address": actor.address,
        "action": new.event.value,
        "object_type": new.object_type,
        "object_id": str(new.object_id),
        "before": None if new.before is None else plain(new.before),
        "after": None if new.after is None else plain(new.after),
        "request_id": actor.request_id,
    }


def _text_around_sequence(values: dict[str, Any]) -> tuple[str, str]:
    """The canonical text of an entry before and after its sequence, which the database puts in: only there it is known
    which entry comes before. Keys are sorted, so that both are texts of their own."""
    before = canonical({key: value for key, value in values.items() if key < _SEQUENCE})
    after = canonical({key: value for key, value in values.items() if key > _SEQUENCE})
    return f'{before[:-1]},"{_SEQUENCE}":', f",{after[1:]}"


# Under this name a session knows the entries with which its transaction ends.
_AT_END: Final = "entries at end"
_SEQUENCE: Final = "sequence"
_PARTS: Final = ("text_before", "text_after")
_NO_LINK: Final = bytes(32)
_THIS_MONTH: Final = cast(func.date_trunc("month", func.timezone("UTC", func.clock_timestamp())), Date)


@lru_cache
def _appending(count: int, *, begun: bool = False) -> Direct:
    """The statement that appends so many entries. It locks the head, waits for whoever has it, and is over with the
    commit: nothing goes back and forth while everybody waits.

    Without a head it answers nothing; where the chain must have `begun`, it divides by zero.
    """
    heads, entries = AuditHead.__table__.c, AuditEntry.__table__.c
    link: CTE = (
        select(heads.institution_id, heads.sequence, heads.hash, heads.month)
        .where(heads.institution_id == bindparam("institution"))
        .with_for_update()
        .cte("head")
    )
    for place in range(count):
        before, after = (bindparam(f"{part}_{place}", type_=Text) for part in _PARTS)
        sequence = link.c.sequence + 1
        text = func.convert_to(before + cast(sequence, Text) + after, "UTF8")
        chained = {
            "sequence": sequence,
            "previous_hash": link.c.hash,
            "hash": func.sha256(func.coalesce(link.c.hash, literal(_NO_LINK, LargeBinary)).op("||")(text)),
            # Never a month before that of the entry before it, whatever becomes of clocks.
            "month": func.greatest(link.c.month, _THIS_MONTH),
        }
        values = [chained.get(one.name, bindparam(f"{one.name}_{place}", type_=one.type)) for one in entries]
        # Several columns of no name of their own are told apart by those of the table.
        named = select(*(value.label(f"its_{one.name}") for value, one in zip(values, entries, strict=True)))
        appended = insert(AuditEntry).from_select([one.name for one in entries], named)
        link = appended.returning(entries.institution_id, entries.sequence, entries.hash, entries.month).cte(
            f"entry_{place}"
        )
    moved = (
        update(AuditHead.__table__)  # type: ignore[arg-type]  # a table, as the mapper declares it
        .where(heads.institution_id == link.c.institution_id)
        .values(sequence=link.c.sequence, hash=link.c.hash, month=link.c.month)
        .returning(heads.sequence)
    )
    return Direct(select(literal(1) / func.count()).select_from(moved.cte("moved")) if begun else moved)


# What the hash covers: every column but the two hashes (the previous one enters the hash by itself), and the month in
# which the entry is kept.
HASHED_COLUMNS = tuple(
    column.key for column in AuditEntry.__mapper__.column_attrs if column.key not in {"hash", "previous_hash", "month"}
)


def entry_text(entry: AuditEntry) -> str:
    """The canonical text of an entry, as it is hashed."""
    return canonical({column: getattr(entry, column) for column in HASHED_COLUMNS})
