"""Decides an item at once: one transaction holds the change, the decision, its evidence and its audit entry.

Pages submit through `undo`, where the decision may wait; both go through `deciding`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.actor import Actor
from console.audit.entries import Event, record
from console.hints import hint_items
from console.notices import NoticeKind, notify
from console.notices.sending import Told, notify_each
from console.review.choices import Choice, bounded
from console.review.claims import Held, claim_next_within
from console.review.deciding import locked_item, prepare
from console.review.decision_rows import write
from console.review.drafts import drop_draft_within
from console.review.errors import IncompleteChoice
from console.review.evidence import Seen
from console.review.item_reading import load_view
from console.review.notes import write_within
from console.review.queue_clock import follow_status
from console.review.reach import check_reach, place_of
from console.review.states import Act, Status, after
from console.review.submission import Stage, Submission, second_signature
from db.engine import transaction
from db.models import CheckItem, Decision


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
    recommendation that waits for a second person. Raises NotAllowed and what `deciding.prepare` raises; then nothing
    has changed.
    """
    require(actor, Permission.ITEM_DECIDE)
    async with transaction(actor) as session:
        prepared = await prepare(session, actor, item_id, Submission(Stage.DECIDE, choice), seen)
        decision_id = await write(session, actor, prepared)
        following = await claim_next_within(session, actor, queue, skip=(item_id,)) if then_next else None
        return Outcome(decision_id, prepared.status, following)


async def confirm(actor: Actor, item_id: UUID, seen: Seen, note: str = "") -> Outcome:
    """Give the second signature to a recommendation; its act takes effect.

    Raises NotAllowed, SamePerson, OverLimit, and what `decide` raises.
    """
    return await _second(actor, item_id, seen, note, agree=True)


async def send_back(actor: Actor, item_id: UUID, seen: Seen, note: str) -> Outcome:
    """Send a recommendation back to the queue with a reason. Raises what `confirm` raises, but for OverLimit."""
    return await _second(actor, item_id, seen, note, agree=False)


async def _second(actor: Actor, item_id: UUID, seen: Seen, note: str, *, agree: bool) -> Outcome:
    require(actor, Permission.ITEM_APPROVE)
    async with transaction(actor) as session:
        prepared = await prepare(session, actor, item_id, second_signature(agree=agree, note=note), seen)
        return Outcome(await write(session, actor, prepared), prepared.status, None)


async def resume(actor: Actor, item_id: UUID, note: str) -> None:
    """Put an item that waits for information, or is held, back into its queue, with the answer as a note.

    Whoever decides such items may, and of a question also the person asked, whatever else they may do. The asker is
    told. Raises NotAllowed, ItemNotFound, OutOfReach, NotAMember, IncompleteChoice, IllegalTransition.
    """
    require(actor, Permission.ITEM_NOTE)
    if not note.strip():
        raise IncompleteChoice("note", "Write the answer: the next reviewer reads it.")
    async with transaction(actor) as session:
        item = await locked_item(session, item_id)
        question = (await load_view(session, item_id, looking=actor)).question
        if question is None or question.asks_id != actor.user_id:
            require(actor, Permission.ITEM_DECIDE)
            await check_reach(session, actor, Permission.ITEM_DECIDE, await place_of(session, item))
        # First of all whether the item waits: an answer stands on a question.
        after(Status(item.status), Act.RESUME)
        if question is not None:
            await write_within(session, actor, item, note, answers=question.decision_id)
            values = {"by": actor.name, "text": bounded(note)}
            asker = [question.asker_id]
            await notify(session, actor, NoticeKind.QUESTION_ANSWERED, to=asker, item_id=item.id, values=values)
        await _resume(session, actor, item, bounded(note), answers=question.decision_id if question else None)
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
        placed = await _held_by(session, [item.id for item in items])
        for item in items:
            await _resume(session, actor, item, "the hold ended")
        told = [Told(placed[item.id], item.id) for item in items if item.id in placed]
        await notify_each(session, actor, NoticeKind.HOLD_RELEASED, told)
        return len(items)


async def _held_by(session: AsyncSession, item_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Who placed the last hold on each of these items."""
    last = (
        select(Decision.item_id, Decision.actor_id)
        .ext(distinct_on(Decision.item_id))
        .where(Decision.item_id.in_(item_ids), Decision.action == Act.HOLD.value)
        .order_by(Decision.item_id, Decision.sequence.desc())
    )
    return {row.item_id: row.actor_id for row in await session.execute(last)}


async def _resume(session: AsyncSession, actor: Actor, item: CheckItem, note: str, answers: UUID | None = None) -> None:
    before = item.status
    item.status = after(Status(item.status), Act.RESUME).value
    item.version += 1
    item.release_on = None
    await follow_status(session, item)
    await session.flush()
    await record(
        session,
        actor,
        Event.ITEM_RESUMED,
        "item",
        item.id,
        before={"status": before},
        after={"status": item.status, "note": note} | ({"answers": answers} if answers else {}),
    )
    hint_items(session, actor.institution_id, [item.id])
