"""One decision: everything that must hold at its moment.

`prepare` locks the item and checks, as a step of the caller's transaction, so that a decision that waited for its undo
time is checked by the same rules as one that is committed at once. `decision_rows.write` writes what it gives.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, Place, amount_limit, within_limit
from console.actor import Actor
from console.audit.entries import Event
from console.policy.versions import Policy
from console.review.blinding import is_blind_to
from console.review.choices import Choice, bounded, check_complete
from console.review.errors import (
    AlreadySubmitted,
    AmountChanged,
    ChooseFirst,
    IncompleteChoice,
    NotYours,
    OverLimit,
    SamePerson,
    SideNotViewed,
    StaleItem,
    UnansweredFlag,
)
from console.review.evidence import Seen
from console.review.fitting import Fitted, fit
from console.review.item_reading import LastDecision, Reading, read_item
from console.review.item_view import FirstSignature, ItemNotFound, ItemView
from console.review.reach import ground_among
from console.review.states import FINAL_ACTS, Act, Status, after
from console.review.submission import Stage, Submission
from db.direct import Direct
from db.models import CheckItem, Queue


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
    maker_id: UUID | None = None
    # What is kept with the decision beside what the person chose.
    beside: dict[str, Any] = field(default_factory=dict)
    queue_id: UUID | None = None
    fitted: Fitted = field(default_factory=Fitted)
    # The decision that this one follows.
    last: LastDecision = field(default_factory=LastDecision)


async def prepare(
    session: AsyncSession, actor: Actor, item_id: UUID, submission: Submission, seen: Seen, *, is_locked: bool = False
) -> Prepared:
    """Check a submission as of now, with the item locked, by this or (`is_locked`) by the caller, who has checked the
    permission itself.

    Raises ItemNotFound, NotYours, AlreadySubmitted, StaleItem, OutOfReach, NotAMember, IncompleteChoice,
    UnansweredFlag, SideNotViewed, IllegalTransition; of a second signature also SamePerson, OverLimit, AmountChanged
    and ChooseFirst.
    """
    if submission.stage is Stage.DECIDE:
        return await _prepare_first(session, actor, item_id, submission.choice, seen, is_locked)
    return await _prepare_second(session, actor, item_id, submission, seen, is_locked)


async def _prepare_first(
    session: AsyncSession, actor: Actor, item_id: UUID, choice: Choice, seen: Seen, is_locked: bool
) -> Prepared:
    check_complete(choice)
    read = await locked(session, actor, item_id, seen, is_locked=is_locked)
    item, view = read.item, read.view
    place = Place(view.queue_key, view.item_type)
    ground_among(actor, Permission.ITEM_DECIDE, read.memberships).check(place)
    two_people = view.required.two_people or not within_limit(actor, item.amount, place)
    recommended = two_people and choice.act in FINAL_ACTS
    if choice.act in FINAL_ACTS:
        _check_looked_at(view, seen)
    fitted = await fit(session, item, view, choice)
    return Prepared(
        item,
        view,
        read.policy,
        seen,
        choice,
        stage="recommendation" if recommended else "decision",
        status=after(Status(item.status), Act.RECOMMEND if recommended else choice.act),
        event=Event.ITEM_RECOMMENDED if recommended else Event.ITEM_DECIDED,
        two_people=two_people,
        queue_id=await _queue_id(session, choice.queue) if choice.queue else None,
        fitted=fitted,
        last=read.last,
    )


async def _prepare_second(
    session: AsyncSession, actor: Actor, item_id: UUID, submission: Submission, seen: Seen, is_locked: bool
) -> Prepared:
    agree, note = submission.stage is Stage.CONFIRM, bounded(submission.choice.note)
    if not agree and not note:
        raise IncompleteChoice("note", "Say why you send it back: the first person reads it.")
    read = await locked(session, actor, item_id, seen, is_locked=is_locked)
    item, view = read.item, read.view
    first = check_second(actor, read, agree=agree)
    if is_blind_to(actor, view):
        raise ChooseFirst
    if agree:
        _check_looked_at(view, seen)
    act = Act(first.action)
    return Prepared(
        item,
        view,
        read.policy,
        seen,
        Choice(act, tuple(first.reasons), note),
        stage="confirmation" if agree else "sent_back",
        status=after(Status(item.status), act if agree else Act.SEND_BACK),
        event=Event.ITEM_CONFIRMED if agree else Event.ITEM_SENT_BACK,
        two_people=item.two_people,
        confirms_id=first.decision_id,
        maker_id=first.actor_id,
        beside=_own_opinion(actor, view, first),
        last=read.last,
    )


def check_second(actor: Actor, read: Reading, *, agree: bool) -> FirstSignature:
    """The recommendation under which the actor may put the second signature (`agree`), or which they may send back.

    Raises StaleItem, SamePerson, OutOfReach, NotAMember; where they would sign also OverLimit and AmountChanged.
    """
    item, view = read.item, read.view
    first = view.first_signature
    if first is None:
        raise StaleItem
    if first.actor_id == actor.user_id:
        raise SamePerson
    place = Place(view.queue_key, view.item_type)
    ground_among(actor, Permission.ITEM_APPROVE, read.memberships).check(place)
    if agree and not within_limit(actor, item.amount, place, Permission.ITEM_APPROVE):
        raise OverLimit(amount_limit(actor, place, Permission.ITEM_APPROVE) or item.amount)
    if agree and first.amount not in {None, item.amount}:
        raise AmountChanged(first.amount or item.amount, item.amount)
    return first


def _own_opinion(actor: Actor, view: ItemView, first: FirstSignature) -> dict[str, Any]:
    """What the actor would have done, and whether that is what the first person recommends."""
    own = next((one for one in view.opinions if one.user_id == actor.user_id), None)
    if own is None:
        return {}
    said = {"act": own.act, "reasons": own.reasons, "at": own.at.isoformat(), "agrees": own.act == first.action}
    return {"opinion": said}


async def locked(session: AsyncSession, actor: Actor, item_id: UUID, seen: Seen, *, is_locked: bool = False) -> Reading:
    """The item, locked, held by the actor, and unchanged since it was shown, with the policy and what it follows.
    `is_locked`: the caller has locked it."""
    if not is_locked and await _LOCK.first(session, {"item": item_id}) is None:
        raise ItemNotFound
    # Read once: the version that was shown is the version decided under, whatever is activated meanwhile. And after the
    # lock, in a statement of its own, so that it sees what those before it in the lock's line have done.
    read = await read_item(session, item_id, looking=actor)
    holder = read.view.holder
    if holder is None or holder.user_id != actor.user_id:
        raise NotYours
    if holder.commit_at is not None:
        raise AlreadySubmitted
    if read.item.version != seen.version or read.view.digest != seen.digest:
        raise StaleItem
    return read


_LOCK: Final = Direct(text("select id from check_item where id = :item for update"))


async def locked_item(session: AsyncSession, item_id: UUID) -> CheckItem:
    """The item's row, locked until the end of the transaction. Raises ItemNotFound."""
    item = (await session.execute(_LOCKED, {"item": item_id})).scalar_one_or_none()
    if item is None:
        raise ItemNotFound
    return item


_LOCKED: Final = (
    select(CheckItem)
    .where(CheckItem.id == bindparam("item"))
    .with_for_update()
    .execution_options(populate_existing=True)
)


def _check_looked_at(view: ItemView, seen: Seen) -> None:
    """What must have been looked at before a review ends: every flag, and where the policy says so both sides."""
    for flag in view.flags:
        if flag.answer is None:
            raise UnansweredFlag(flag.id, flag.title)
    if view.thresholds["view_both_sides"]:
        for side in ("front", "back"):
            image = view.image(side)
            if image is not None and image.problem is None and not seen.looked_at(side):
                raise SideNotViewed(side)


async def _queue_id(session: AsyncSession, key: str) -> UUID:
    found = (
        await session.execute(select(Queue.id).where(Queue.key == key, Queue.closed_at.is_(None)))
    ).scalar_one_or_none()
    if found is None:
        raise IncompleteChoice("queue", "That queue does not exist.")
    return found
