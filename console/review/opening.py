"""Opening an item: what a person sees of it, and what that person may do with it at this moment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import (
    NotAllowed,
    Permission,
    Place,
    amount_limit,
    covers,
    may,
    require,
    within_limit,
)
from console.actor import Actor
from console.audit.entries import Event, record
from console.review.blinding import is_blind_to
from console.review.claims import claim
from console.review.draft import Draft
from console.review.errors import AssignedToOther, OutOfReach, OverLimit, ReviewRefused, SamePerson
from console.review.item_reading import read_item
from console.review.item_view import ItemNotFound, ItemView
from console.review.office import office_of
from console.review.return_deadline import NONPAYMENT, NonpaymentNotice, nonpayment_notice
from console.review.states import FINAL_STATUSES, WAITING, Status
from db.engine import transaction
from db.models import CheckItem


class Standing(StrEnum):
    """What the person who looks may do with the item."""

    DECIDE = "decide"
    """They hold it."""
    CONFIRM = "confirm"
    """They hold it as the second of two people."""
    CHOOSE_FIRST = "choose_first"
    """They hold it as the second of two people, and say what they would do before they see the recommendation."""
    RESUME = "resume"
    """It waits for an answer or a date, or the policy let it pass, and they may put it into its queue."""
    LOOK = "look"
    """They may read it."""


@dataclass(frozen=True)
class Opened:
    """An item as one person has it open. `why` says, where they can do nothing, why that is so."""

    view: ItemView
    standing: Standing
    why: str
    may_take: bool
    """Whether taking it is worth offering: it waits, and this person may."""
    two_people: bool
    """Whether a decision of this person that ends the review becomes a recommendation."""
    draft: Draft | None
    """What this person had chosen and typed for it."""
    nonpayment: NonpaymentNotice | None = None
    """What the depositary bank is owed besides the check, if this one is returned."""
    on_legal_hold: bool = False
    """Whether a legal hold covers it, for who may know."""


async def open_item(actor: Actor, item_id: UUID, *, take: bool = True) -> Opened:
    """The item as the actor sees it; with `take` it is claimed first where the actor may work on it.

    Raises NotAllowed, ItemNotFound.
    """
    require(actor, Permission.ITEM_READ)
    opened = await _open(actor, item_id)
    # Who may reassign takes somebody else's check only by saying so.
    if not take or not _worth_taking(actor, opened.view) or _is_others(actor, opened.view):
        return opened
    refused = ""
    try:
        await claim(actor, item_id)
    except (ReviewRefused, NotAllowed) as error:
        refused = str(error)
    return await _open(actor, item_id, refused)


async def open_within(session: AsyncSession, actor: Actor, item_id: UUID, refused: str = "") -> Opened:
    """The item as the actor sees it, in the caller's transaction, which has checked that they may. `refused` is why
    they could not take it. Raises ItemNotFound."""
    read = await read_item(session, item_id, looking=actor)
    view = read.view
    standing = standing_of(actor, view)
    two_people = view.required.two_people or not within_limit(actor, view.amount, _place(view))
    why = "" if standing is not Standing.LOOK else refused or _why_not(actor, view)
    may_take = standing is Standing.LOOK and view.holder is None and _worth_taking(actor, view)
    owed = await _nonpayment(session, view)
    return Opened(view, standing, why, may_take, two_people, read.draft, owed, read.on_legal_hold)


async def _open(actor: Actor, item_id: UUID, refused: str = "") -> Opened:
    async with transaction(actor, plans_once=True) as session:
        return await open_within(session, actor, item_id, refused)


async def _nonpayment(session: AsyncSession, view: ItemView) -> NonpaymentNotice | None:
    if view.return_by is None or view.amount < NONPAYMENT[-1].amount:
        return None
    return nonpayment_notice(view.amount, view.received_at, await office_of(session))


def standing_of(actor: Actor, view: ItemView) -> Standing:
    """What this person may do with the item as it is shown."""
    holder = view.holder
    held = holder is not None and holder.user_id == actor.user_id and holder.commit_at is None
    decides = covers(actor, Permission.ITEM_DECIDE, _place(view))
    if held and view.status is Status.IN_REVIEW and decides:
        return Standing.DECIDE
    if held and view.status is Status.PENDING_APPROVAL and _may_confirm(actor, view):
        return Standing.CHOOSE_FIRST if is_blind_to(actor, view) else Standing.CONFIRM
    if view.status is Status.CLEARED and covers(actor, Permission.QUEUE_MANAGE, _place(view)):
        return Standing.RESUME
    if view.status in {Status.HELD, Status.NEEDS_INFO} and (decides or _is_asked(actor, view)):
        return Standing.RESUME
    return Standing.LOOK


async def account_number(actor: Actor, item_id: UUID) -> str:
    """The full account number, which is audited as seen. Raises NotAllowed, ItemNotFound."""
    require(actor, Permission.ACCOUNT_NUMBER_READ)
    async with transaction(actor) as session:
        found = await session.execute(select(CheckItem.account_number).where(CheckItem.id == item_id))
        number = found.scalar_one_or_none()
        if number is None:
            raise ItemNotFound
        await record(session, actor, Event.ACCOUNT_NUMBER_VIEWED, "item", item_id)
        return number


def _is_asked(actor: Actor, view: ItemView) -> bool:
    """Whether the question that the item waits on is for this person, who may answer."""
    return view.question is not None and view.question.asks_id == actor.user_id and may(actor, Permission.ITEM_NOTE)


def _within_limit(actor: Actor, view: ItemView) -> bool:
    return within_limit(actor, view.amount, _place(view), Permission.ITEM_APPROVE)


def _place(view: ItemView) -> Place:
    return Place(view.queue_key, view.item_type)


def _may_confirm(actor: Actor, view: ItemView) -> bool:
    first = view.first_signature
    return (
        covers(actor, Permission.ITEM_APPROVE, _place(view)) and first is not None and first.actor_id != actor.user_id
    )


def _worth_taking(actor: Actor, view: ItemView) -> bool:
    if not covers(actor, Permission.ITEM_CLAIM, _place(view)):
        return False
    if view.holder is not None and view.holder.commit_at is not None:
        return False
    if _is_others(actor, view) and not may(actor, Permission.ITEM_ASSIGN):
        return False
    if view.status is Status.PENDING_APPROVAL:
        # Somebody who cannot sign would only keep it from those who can.
        return _may_confirm(actor, view) and _within_limit(actor, view)
    if view.status is Status.ESCALATED:
        return covers(actor, Permission.ITEM_APPROVE, _place(view))
    return view.status in WAITING | {Status.IN_REVIEW}


def _is_others(actor: Actor, view: ItemView) -> bool:
    return view.assigned is not None and view.assigned.user_id != actor.user_id


def _why_not(actor: Actor, view: ItemView) -> str:
    if view.status in FINAL_STATUSES:
        return f"This check is {view.status.label}: its review is over."
    if view.holder is not None and view.holder.commit_at is not None:
        own = view.holder.user_id == actor.user_id
        who = "You" if own else view.holder.name
        return f"{who} decided this check. It is being committed" + ("; U takes it back." if own else ".")
    if view.holder is not None and view.holder.user_id != actor.user_id:
        return f"{view.holder.name} is working on this check."
    if not may(actor, Permission.ITEM_CLAIM):
        return "Your role reads checks and decides none."
    if not covers(actor, Permission.ITEM_CLAIM, _place(view)):
        return str(OutOfReach(view.queue_key, view.item_type))
    if view.assigned is not None and view.assigned.user_id != actor.user_id:
        return str(AssignedToOther(view.assigned.name))
    if view.status is Status.PENDING_APPROVAL:
        return _why_not_confirm(actor, view)
    if view.status is Status.ESCALATED and not may(actor, Permission.ITEM_APPROVE):
        return "This check is escalated: an approver takes it."
    if view.status in WAITING:
        return "You do not hold this check."
    return f"This check is {view.status.label}."


def _why_not_confirm(actor: Actor, view: ItemView) -> str:
    if view.first_signature is not None and view.first_signature.actor_id == actor.user_id:
        return str(SamePerson())
    if may(actor, Permission.ITEM_APPROVE) and not _within_limit(actor, view):
        limit = amount_limit(actor, _place(view), Permission.ITEM_APPROVE)
        return str(OverLimit(limit or view.amount))
    if not may(actor, Permission.ITEM_APPROVE):
        return "A second person must confirm this recommendation: an approver."
    return "You do not hold this check."
