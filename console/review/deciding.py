"""One decision: everything that must hold at its moment, and then the rows that it writes.

`prepare` locks the item and checks; `write` writes. Both are steps of the caller's transaction, so that a decision
that waited for its undo time is checked by the same rules as one that is committed at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, Place, amount_limit, within_limit
from console.actor import Actor
from console.audit.entries import Event, record
from console.hints import hint_items
from console.notices import NoticeKind, notify
from console.policy.judgement import needs_two_people
from console.policy.versions import Policy, active_policy
from console.review.choices import Choice, bounded, check_complete
from console.review.drafts import drop_draft_within
from console.review.errors import (
    AlreadySubmitted,
    IncompleteChoice,
    NotYours,
    OverLimit,
    SamePerson,
    StaleItem,
    UnansweredFlag,
)
from console.review.evidence import Seen, keep_evidence
from console.review.fitting import Fitted, fit
from console.review.item_reading import load_view
from console.review.item_view import ItemNotFound, ItemView
from console.review.pending import pending_of
from console.review.reach import check_reach
from console.review.states import FINAL_ACTS, Act, Status, after
from console.review.submission import Stage, Submission
from db.models import CheckItem, Claim, Decision, Queue


@dataclass(frozen=True)
class Prepared:
    """A decision that may be written: the locked item, what was shown, and the status that it leads to."""

    item: CheckItem
    view: ItemView
    policy: Policy
    seen: Seen
    choice: Choice
    stage: str
    status: Status
    event: Event
    two_people: bool
    confirms_id: UUID | None = None
    queue_id: UUID | None = None
    fitted: Fitted = field(default_factory=Fitted)


async def prepare(session: AsyncSession, actor: Actor, item_id: UUID, submission: Submission, seen: Seen) -> Prepared:
    """Check a submission as of now, with the item locked. The caller has checked the permission itself.

    Raises ItemNotFound, NotYours, AlreadySubmitted, StaleItem, OutOfReach, NotAMember, IncompleteChoice,
    UnansweredFlag, IllegalTransition; of a second signature also SamePerson and OverLimit.
    """
    if submission.stage is Stage.DECIDE:
        return await _prepare_first(session, actor, item_id, submission.choice, seen)
    return await _prepare_second(session, actor, item_id, submission, seen)


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
    item.queue_id = prepared.queue_id or item.queue_id
    session.add(decision)
    await session.flush()
    evidence = await keep_evidence(session, actor, decision, view, prepared.seen)
    await session.execute(delete(Claim).where(Claim.item_id == item.id))
    await drop_draft_within(session, actor, item.id)
    if asked := prepared.fitted.asked:
        values = {"by": actor.name, "text": decision.note}
        await notify(session, actor, NoticeKind.QUESTION_ASKED, to=[asked.id], item_id=item.id, values=values)
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
    hint_items(session, actor.institution_id, [item.id])
    return decision.id


async def _prepare_first(session: AsyncSession, actor: Actor, item_id: UUID, choice: Choice, seen: Seen) -> Prepared:
    check_complete(choice)
    item, view, policy = await _locked(session, actor, item_id, seen)
    place = Place(view.queue_key, view.item_type)
    await check_reach(session, actor, Permission.ITEM_DECIDE, place)
    two_people = needs_two_people(policy.document, item.amount) or not within_limit(actor, item.amount, place)
    recommended = two_people and choice.act in FINAL_ACTS
    if choice.act in FINAL_ACTS:
        _check_answered(view)
    fitted = await fit(session, item, view, choice)
    return Prepared(
        item,
        view,
        policy,
        seen,
        choice,
        stage="recommendation" if recommended else "decision",
        status=after(Status(item.status), Act.RECOMMEND if recommended else choice.act),
        event=Event.ITEM_RECOMMENDED if recommended else Event.ITEM_DECIDED,
        two_people=two_people,
        queue_id=await _queue_id(session, choice.queue) if choice.queue else None,
        fitted=fitted,
    )


async def _prepare_second(
    session: AsyncSession, actor: Actor, item_id: UUID, submission: Submission, seen: Seen
) -> Prepared:
    agree, note = submission.stage is Stage.CONFIRM, bounded(submission.choice.note)
    if not agree and not note:
        raise IncompleteChoice("note", "Say why you send it back: the first person reads it.")
    item, view, policy = await _locked(session, actor, item_id, seen)
    first = view.first_signature
    if first is None:
        raise StaleItem
    if first.actor_id == actor.user_id:
        raise SamePerson
    place = Place(view.queue_key, view.item_type)
    await check_reach(session, actor, Permission.ITEM_APPROVE, place)
    if agree and not within_limit(actor, item.amount, place, Permission.ITEM_APPROVE):
        raise OverLimit(amount_limit(actor, place, Permission.ITEM_APPROVE) or item.amount)
    act = Act(first.action)
    return Prepared(
        item,
        view,
        policy,
        seen,
        Choice(act, tuple(first.reasons), note),
        stage="confirmation" if agree else "sent_back",
        status=after(Status(item.status), act if agree else Act.SEND_BACK),
        event=Event.ITEM_CONFIRMED if agree else Event.ITEM_SENT_BACK,
        two_people=item.two_people,
        confirms_id=first.decision_id,
    )


async def _locked(session: AsyncSession, actor: Actor, item_id: UUID, seen: Seen) -> tuple[CheckItem, ItemView, Policy]:
    """The item, locked, held by the actor, and unchanged since it was shown."""
    item = await locked_item(session, item_id)
    held = select(Claim.item_id).where(
        Claim.item_id == item_id, Claim.user_id == actor.user_id, Claim.expires_at > func.now()
    )
    if (await session.execute(held)).first() is None:
        raise NotYours
    if await pending_of(session, item_id) is not None:
        raise AlreadySubmitted
    # Read once: the version that was shown is the version decided under, whatever is activated meanwhile.
    policy = await active_policy(session)
    view = await load_view(session, item_id, policy)
    if item.version != seen.version or view.digest != seen.digest:
        raise StaleItem
    return item, view, policy


async def locked_item(session: AsyncSession, item_id: UUID) -> CheckItem:
    """The item's row, locked until the end of the transaction. Raises ItemNotFound."""
    query = select(CheckItem).where(CheckItem.id == item_id).with_for_update()
    item = (await session.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()
    if item is None:
        raise ItemNotFound
    return item


def _check_answered(view: ItemView) -> None:
    for flag in view.flags:
        if flag.answer is None:
            raise UnansweredFlag(flag.id, flag.title)


async def _decision(session: AsyncSession, actor: Actor, prepared: Prepared, submitted_at: datetime | None) -> Decision:
    if actor.user_id is None:
        raise NotYours  # the console by itself decides nothing
    item, choice = prepared.item, prepared.choice
    details = choice.details() | prepared.fitted.details
    details |= {"submitted_at": submitted_at.isoformat()} if submitted_at else {}
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


async def _queue_id(session: AsyncSession, key: str) -> UUID:
    found = (await session.execute(select(Queue.id).where(Queue.key == key))).scalar_one_or_none()
    if found is None:
        raise IncompleteChoice("queue", "That queue does not exist.")
    return found
