"""The rows that a decision writes, all of them in the caller's transaction: either everything is there, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from console.actor import Actor
from console.audit.entries import NewEntry, record_at_end, record_each
from console.hints import hint_items
from console.metrics import DECISIONS
from console.notices import NoticeKind, notify
from console.review.choices import bounded
from console.review.deciding import Prepared
from console.review.errors import NotYours
from console.review.evidence import evidence_of
from console.review.queue_clock import follow_status, queue_clock
from console.review.second_people import return_to_maker, take_back_what_was_told, tell_second_people
from db.direct import Direct
from db.engine import after_commit
from db.models import CheckItem, Decision, Queue

# The evidence, and with it what the person held of the item ends: the claim, and the draft that has become a decision.
_EVIDENCE_AND_LET_GO: Final = Direct(
    text(
        """
    with claimed as (delete from claim where item_id = :item),
    typed as (delete from draft where user_id = :user and item_id = :item)
    insert into evidence (decision_id, institution_id, item_id, snapshot, previous_hash, hash)
    values (:decision, :institution, :item, :snapshot, :previous, :hash)
    """
    )
)


# What a decision may change of its item.
_CHANGED: Final = (
    "status", "version", "policy_version_id", "decided_at", "assigned_to", "two_people", "blind", "release_on",
    "queue_id", "sla_due_at", "sla_warning_at", "sla_paused_at", "sla_paused_for",
)  # fmt: skip
_DECIDED: Final = (
    "id", "institution_id", "item_id", "sequence", "stage", "action", "actor_id", "confirms_id", "reasons", "note",
    "details", "policy_version_id", "from_status", "to_status", "item_version", "decided_at",
)  # fmt: skip
_CHANGE_AND_DECIDE: Final = Direct(
    text(
        f"""
        with changed as (
            update check_item set {", ".join(f"{name} = :new_{name}" for name in _CHANGED)} where id = :item_id
        )
        insert into decision ({", ".join(_DECIDED)}) values ({", ".join(f":{name}" for name in _DECIDED)})
        returning handled_ms
        """  # noqa: S608 - names of our own
    ).bindparams(bindparam("reasons", type_=JSONB), bindparam("details", type_=JSONB))
)


def _values(item: CheckItem, decision: Decision) -> dict[str, Any]:
    changed = {f"new_{name}": getattr(item, name) for name in _CHANGED}
    return changed | {name: getattr(decision, name) for name in _DECIDED}


@dataclass(frozen=True)
class _Written:
    """A decision's rows as they were written, but for the entry that tells of them."""

    decision_id: UUID
    entry: NewEntry


async def write(session: AsyncSession, actor: Actor, prepared: Prepared, submitted_at: datetime | None = None) -> UUID:
    """Write everything of a decision; its new id. `submitted_at` is when the person chose, where the commit came
    later."""
    written = await _write_rows(session, actor, prepared, submitted_at)
    await _enter(session, actor, prepared, written)
    return written.decision_id


async def _write_rows(
    session: AsyncSession, actor: Actor, prepared: Prepared, submitted_at: datetime | None
) -> _Written:
    """Write decision, evidence and item, and let go of the item and of the draft of it."""
    item, view = prepared.item, prepared.view
    decision = _decision(actor, prepared, submitted_at)
    item.status = prepared.status.value
    item.version += 1
    item.policy_version_id = decision.policy_version_id
    item.decided_at = decision.decided_at
    item.assigned_to = None
    item.two_people = prepared.two_people
    if prepared.stage == "recommendation":
        item.blind = view.required.blind
    if prepared.stage in {"decision", "recommendation"}:
        item.release_on = prepared.choice.release_on
    if prepared.queue_id:
        (await queue_clock(session)).set(item, await session.get_one(Queue, prepared.queue_id))
    await follow_status(session, item)
    inserted = await _CHANGE_AND_DECIDE.first(session, _values(item, decision))
    assert inserted is not None  # what is inserted is answered
    decision.handled_ms = inserted.handled_ms
    evidence = evidence_of(decision, actor, view, prepared.seen, prepared.last.evidence)
    await _EVIDENCE_AND_LET_GO.run(session, {**vars(evidence), "user": actor.user_id})
    if asked := prepared.fitted.asked:
        values = {"by": actor.name, "text": decision.note}
        await notify(session, actor, NoticeKind.QUESTION_ASKED, to=[asked.id], item_id=item.id, values=values)
    if prepared.stage == "recommendation":
        await tell_second_people(session, actor, item, decision.id)
    elif prepared.stage in {"confirmation", "sent_back"}:
        await take_back_what_was_told(session, item.id)
    before = {"status": decision.from_status, "version": view.version}
    after = {
        "status": decision.to_status,
        "version": item.version,
        "decision": decision.id,
        "action": decision.action,
        "reasons": decision.reasons,
        "evidence": evidence.hash,
    }
    return _Written(decision.id, NewEntry(prepared.event, "item", item.id, before, after))


async def _enter(session: AsyncSession, actor: Actor, prepared: Prepared, written: _Written) -> None:
    """Enter the decision in the audit trail, and tell who waits for it. Last of all: everybody who changes something
    waits from here on for the commit."""
    item = prepared.item
    if prepared.stage != "sent_back" or prepared.maker_id is None:
        record_at_end(session, actor, [written.entry])
    else:
        # Its return to its maker is entered after it.
        await record_each(session, actor, [written.entry])
        row = await session.get_one(CheckItem, item.id)
        await return_to_maker(session, actor, row, prepared.maker_id, prepared.choice.note)
    hint_items(session, actor.institution_id, [item.id])
    after_commit(session, partial(_count, prepared.choice.act.value, prepared.stage))


async def _count(action: str, stage: str) -> None:
    DECISIONS.labels(action, stage).inc()


def _decision(actor: Actor, prepared: Prepared, submitted_at: datetime | None) -> Decision:
    if actor.user_id is None:
        raise NotYours  # the console by itself decides nothing
    item, choice = prepared.item, prepared.choice
    details = choice.details() | prepared.fitted.details | prepared.beside | {"amount": str(item.amount)}
    if submitted_at:
        details["submitted_at"] = submitted_at.isoformat()
    return Decision(
        id=uuid4(),
        institution_id=actor.institution_id,
        item_id=item.id,
        sequence=prepared.last.sequence + 1,
        stage=prepared.stage,
        action=choice.act.value,
        actor_id=actor.user_id,
        confirms_id=prepared.confirms_id,
        reasons=list(choice.reasons),
        note=bounded(choice.note),
        details=details,
        policy_version_id=prepared.policy.id,
        from_status=item.status,
        to_status=prepared.status.value,
        item_version=item.version + 1,
        decided_at=datetime.now(UTC),
    )
