"""The rows that a decision writes, all of them in the caller's transaction: either everything is there, or nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from console.actor import Actor
from console.audit.entries import record
from console.hints import hint_items
from console.notices import NoticeKind, notify
from console.review.choices import bounded
from console.review.deciding import Prepared
from console.review.drafts import drop_draft_within
from console.review.errors import NotYours
from console.review.evidence import keep_evidence
from console.review.queue_clock import follow_status, queue_clock
from console.review.second_people import return_to_maker, tell_second_people
from db.models import Claim, Decision, Queue


async def write(session: AsyncSession, actor: Actor, prepared: Prepared, submitted_at: datetime | None = None) -> UUID:
    """Write decision, evidence, item and audit entry, and let go of the item and of the draft of it; the new id.

    `submitted_at` is when the person chose, where the commit came later.
    """
    item, view = prepared.item, prepared.view
    decision = await _decision(session, actor, prepared, submitted_at)
    item.status = prepared.status.value
    item.version += 1
    item.policy_version_id = decision.policy_version_id
    item.decided_at = decision.decided_at
    item.assigned_to = None
    item.two_people = prepared.two_people
    if prepared.stage in {"decision", "recommendation"}:
        item.release_on = prepared.choice.release_on
    if prepared.queue_id:
        (await queue_clock(session)).set(item, await session.get_one(Queue, prepared.queue_id))
    await follow_status(session, item)
    session.add(decision)
    await session.flush()
    evidence = await keep_evidence(session, actor, decision, view, prepared.seen)
    await session.execute(delete(Claim).where(Claim.item_id == item.id))
    await drop_draft_within(session, actor, item.id)
    if asked := prepared.fitted.asked:
        values = {"by": actor.name, "text": decision.note}
        await notify(session, actor, NoticeKind.QUESTION_ASKED, to=[asked.id], item_id=item.id, values=values)
    if prepared.stage == "recommendation":
        await tell_second_people(session, actor, item, decision.id)
    await record(
        session,
        actor,
        prepared.event,
        "item",
        item.id,
        before={"status": decision.from_status, "version": view.version},
        after={
            "status": decision.to_status,
            "version": item.version,
            "decision": decision.id,
            "action": decision.action,
            "reasons": decision.reasons,
            "evidence": evidence.hash,
        },
    )
    if prepared.stage == "sent_back" and prepared.maker_id is not None:
        await return_to_maker(session, actor, item, prepared.maker_id, prepared.choice.note)
    hint_items(session, actor.institution_id, [item.id])
    return decision.id


async def _decision(session: AsyncSession, actor: Actor, prepared: Prepared, submitted_at: datetime | None) -> Decision:
    if actor.user_id is None:
        raise NotYours  # the console by itself decides nothing
    item, choice = prepared.item, prepared.choice
    details = choice.details() | prepared.fitted.details | prepared.beside | {"amount": str(item.amount)}
    if submitted_at:
        details["submitted_at"] = submitted_at.isoformat()
    last = (await session.execute(select(func.max(Decision.sequence)).where(Decision.item_id == item.id))).scalar()
    return Decision(
        id=uuid4(),
        institution_id=actor.institution_id,
        item_id=item.id,
        sequence=(last or 0) + 1,
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
