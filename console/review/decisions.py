"""Decides an item: one transaction holds the change, the decision, its evidence and its audit entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, Place, amount_limit, require, within_limit
from console.actor import Actor
from console.audit.entries import Event, record
from console.hints import hint_items
from console.policy.judgement import needs_two_people
from console.policy.versions import Policy, active_policy
from console.review.choices import Choice, bounded, check_complete
from console.review.claims import Held, claim_next_within
from console.review.drafts import drop_draft_within
from console.review.errors import IncompleteChoice, NotYours, OverLimit, SamePerson, StaleItem, UnansweredFlag
from console.review.evidence import Seen, keep_evidence
from console.review.item_reading import load_view
from console.review.item_view import ItemNotFound, ItemView
from console.review.reach import check_reach, place_of
from console.review.states import FINAL_ACTS, Act, Status, after
from db.engine import transaction
from db.models import CheckItem, Claim, Decision, Queue


@dataclass(frozen=True)
class Outcome:
    """What came of it: the item's new status, and the next item where one was asked for and waited."""

    decision_id: UUID
    status: Status
    next: Held | None


async def decide(
    actor: Actor, item_id: UUID, choice: Choice, seen: Seen, *, then_next: bool = False, queue: str | None = None
) -> Outcome:
    """Decide an item that the actor holds; the next one of `queue` is claimed in the same transaction.

    At or above the policy's amount, or above the actor's own limit, an act that ends the review becomes a
    recommendation that waits for a second person. Raises NotAllowed, ItemNotFound, NotYours, StaleItem,
    OutOfReach, IncompleteChoice, UnansweredFlag, IllegalTransition; then nothing has changed.
    """
    require(actor, Permission.ITEM_DECIDE)
    check_complete(choice)
    async with transaction(actor) as session:
        item, view, policy = await _locked(session, actor, item_id, seen)
        place = Place(view.queue_key, view.item_type)
        await check_reach(session, actor, Permission.ITEM_DECIDE, place)
        two_people = needs_two_people(policy.document, item.amount) or not within_limit(actor, item.amount, place)
        recommended = two_people and choice.act in FINAL_ACTS
        if choice.act in FINAL_ACTS:
            _check_answered(view)
        decision = _decision(actor, item, choice, policy, "recommendation" if recommended else "decision")
        status = after(Status(item.status), Act.RECOMMEND if recommended else choice.act)
        item.two_people = two_people
        item.release_on = choice.release_on
        if choice.queue:
            item.queue_id = await _queue_id(session, choice.queue)
        event = Event.ITEM_RECOMMENDED if recommended else Event.ITEM_DECIDED
        await _commit_decision(session, actor, item, decision, view, seen, status, event)
        following = await claim_next_within(session, actor, queue, skip=(item_id,)) if then_next else None
        return Outcome(decision.id, status, following)


async def confirm(actor: Actor, item_id: UUID, seen: Seen, note: str = "") -> Outcome:
    """Give the second signature to a recommendation; its act takes effect.

    Raises NotAllowed, SamePerson, OverLimit, and what `decide` raises.
    """
    return await _second(actor, item_id, seen, note, agree=True)


async def send_back(actor: Actor, item_id: UUID, seen: Seen, note: str) -> Outcome:
    """Send a recommendation back to the queue with a reason. Raises what `confirm` raises, but for OverLimit."""
    if not note.strip():
        raise IncompleteChoice("note", "Say why you send it back: the first person reads it.")
    return await _second(actor, item_id, seen, note, agree=False)


async def _second(actor: Actor, item_id: UUID, seen: Seen, note: str, *, agree: bool) -> Outcome:
    require(actor, Permission.ITEM_APPROVE)
    async with transaction(actor) as session:
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
        choice = Choice(act, tuple(first.reasons), bounded(note))
        decision = _decision(actor, item, choice, policy, "confirmation" if agree else "sent_back")
        decision.confirms_id = first.decision_id
        status = after(Status(item.status), act if agree else Act.SEND_BACK)
        event = Event.ITEM_CONFIRMED if agree else Event.ITEM_SENT_BACK
        await _commit_decision(session, actor, item, decision, view, seen, status, event)
        return Outcome(decision.id, status, None)


async def resume(actor: Actor, item_id: UUID, note: str) -> None:
    """Put an item that waits for information, or is held, back into its queue, with the answer as a note.

    Raises NotAllowed, ItemNotFound, OutOfReach, IncompleteChoice, IllegalTransition.
    """
    require(actor, Permission.ITEM_DECIDE)
    if not note.strip():
        raise IncompleteChoice("note", "Write the answer: the next reviewer reads it.")
    async with transaction(actor) as session:
        item = await _locked_item(session, item_id)
        await check_reach(session, actor, Permission.ITEM_DECIDE, await place_of(session, item))
        await _resume(session, actor, item, bounded(note))
        await drop_draft_within(session, actor, item_id)


async def resume_due_holds(actor: Actor, today: date) -> int:
    """Put every held item whose release date has come back into its queue; how many there were."""
    require(actor, Permission.ITEM_RELEASE_OTHERS)
    async with transaction(actor) as session:
        due = (
            select(CheckItem)
            .where(CheckItem.status == Status.HELD.value, CheckItem.release_on <= today)
            .order_by(CheckItem.id)
            .limit(200)
            .with_for_update(skip_locked=True)
        )
        items = list(await session.scalars(due))
        for item in items:
            await _resume(session, actor, item, "the hold ended")
        return len(items)


async def _resume(session: AsyncSession, actor: Actor, item: CheckItem, note: str) -> None:
    before = item.status
    item.status = after(Status(item.status), Act.RESUME).value
    item.version += 1
    item.release_on = None
    await session.flush()
    await record(
        session,
        actor,
        Event.ITEM_RESUMED,
        "item",
        item.id,
        before={"status": before},
        after={"status": item.status, "note": note},
    )
    hint_items(session, actor.institution_id, [item.id])


async def _locked(session: AsyncSession, actor: Actor, item_id: UUID, seen: Seen) -> tuple[CheckItem, ItemView, Policy]:
    """The item, locked, held by the actor, and unchanged since it was shown."""
    item = await _locked_item(session, item_id)
    held = select(Claim.item_id).where(
        Claim.item_id == item_id, Claim.user_id == actor.user_id, Claim.expires_at > func.now()
    )
    if (await session.execute(held)).first() is None:
        raise NotYours
    # Read once: the version that was shown is the version decided under, whatever is activated meanwhile.
    policy = await active_policy(session)
    view = await load_view(session, item_id, policy)
    if item.version != seen.version or view.digest != seen.digest:
        raise StaleItem
    return item, view, policy


async def _locked_item(session: AsyncSession, item_id: UUID) -> CheckItem:
    item = (
        await session.execute(select(CheckItem).where(CheckItem.id == item_id).with_for_update())
    ).scalar_one_or_none()
    if item is None:
        raise ItemNotFound
    return item


def _check_answered(view: ItemView) -> None:
    for flag in view.flags:
        if flag.answer is None:
            raise UnansweredFlag(flag.id, flag.title)


def _decision(actor: Actor, item: CheckItem, choice: Choice, policy: Policy, stage: str) -> Decision:
    if actor.user_id is None:
        raise NotYours  # the console by itself decides nothing
    return Decision(
        id=uuid4(),
        institution_id=actor.institution_id,
        item_id=item.id,
        stage=stage,
        action=choice.act.value,
        actor_id=actor.user_id,
        confirms_id=None,
        reasons=list(choice.reasons),
        note=bounded(choice.note),
        details=choice.details(),
        policy_version_id=policy.id,
        from_status=item.status,
        decided_at=datetime.now(UTC),
    )


async def _queue_id(session: AsyncSession, key: str) -> UUID:
    found = (await session.execute(select(Queue.id).where(Queue.key == key))).scalar_one_or_none()
    if found is None:
        raise IncompleteChoice("queue", "That queue does not exist.")
    return found


async def _commit_decision(
    session: AsyncSession,
    actor: Actor,
    item: CheckItem,
    decision: Decision,
    view: ItemView,
    seen: Seen,
    status: Status,
    event: Event,
) -> None:
    """Write decision, evidence, item and audit entry, and let go of the item and of the draft of it."""
    last = (await session.execute(select(func.max(Decision.sequence)).where(Decision.item_id == item.id))).scalar()
    decision.sequence = (last or 0) + 1
    decision.to_status = status.value
    decision.item_version = item.version + 1
    item.status = status.value
    item.version += 1
    item.policy_version_id = decision.policy_version_id
    item.decided_at = decision.decided_at
    item.assigned_to = None
    session.add(decision)
    await session.flush()
    evidence = await keep_evidence(session, actor, decision, view, seen)
    await session.execute(delete(Claim).where(Claim.item_id == item.id))
    await drop_draft_within(session, actor, item.id)
    await record(
        session,
        actor,
        event,
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
