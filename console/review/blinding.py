"""A blind second review: whoever may give the second signature says first what they would do themselves.

Where the policy wants it (`blind_second_review`, or a rule for this item), the recommendation's act, reasons and note
are not read for them until their own choice is on record. Who recommended stays visible, and so do the answers to the
flags: they are facts about the check that both people work with.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, may
from console.actor import Actor
from console.policy.versions import active_policy
from console.review.item_view import FirstSignature, ItemView, Step
from console.review.states import Status
from db.models import CheckItem, Decision, SecondOpinion

# What a hidden recommendation says in place of its act.
HIDDEN = ""


def is_blind_to(actor: Actor, view: ItemView) -> bool:
    """Whether the recommendation that waits on this item is hidden from the actor."""
    first = view.first_signature
    return (
        first is not None
        and view.required.blind
        and _may_be_second(actor, first.actor_id)
        and all(one.user_id != actor.user_id for one in view.opinions)
    )


def as_shown_to(actor: Actor, view: ItemView) -> ItemView:
    """The view without what is hidden from the actor."""
    if not is_blind_to(actor, view) or view.first_signature is None:
        return view
    first: FirstSignature = replace(view.first_signature, action=HIDDEN, reasons=[], note="")
    last = max(index for index, step in enumerate(view.steps) if step.what == "recommendation")
    steps = tuple(_hidden(step) if index == last else step for index, step in enumerate(view.steps))
    return replace(view, first_signature=first, steps=steps, opinions=())


async def hidden_recommendation(session: AsyncSession, actor: Actor, item: CheckItem) -> UUID | None:
    """The id of the recommendation that is hidden from the actor, for who reads decisions by another way."""
    if item.status != Status.PENDING_APPROVAL:
        return None
    return (await hidden_recommendations(session, actor, (item.id,))).get(item.id)


async def hidden_recommendations(session: AsyncSession, actor: Actor, items: Collection[UUID]) -> dict[UUID, UUID]:
    """The same of many items: by the id of each on which one is hidden."""
    if not items or not may(actor, Permission.ITEM_APPROVE):
        return {}
    recommended = (
        select(CheckItem.id.label("item"), CheckItem.blind, Decision.id, Decision.actor_id)
        .join(Decision, Decision.item_id == CheckItem.id)
        .where(CheckItem.id.in_(items), CheckItem.status == Status.PENDING_APPROVAL)
        .where(Decision.stage == "recommendation")
        .order_by(CheckItem.id, Decision.sequence)
    )
    # Of an item that was sent back and recommended again, the later one.
    lasts = {one.item: one for one in await session.execute(recommended)}
    waiting = [one for one in lasts.values() if _may_be_second(actor, one.actor_id)]
    if waiting and not all(one.blind for one in waiting):
        everywhere = (await active_policy(session)).document.thresholds.blind_second_review
        waiting = [one for one in waiting if everywhere or one.blind]
    if not waiting:
        return {}
    own = select(SecondOpinion.recommendation_id).where(
        SecondOpinion.recommendation_id.in_(one.id for one in waiting), SecondOpinion.user_id == actor.user_id
    )
    seen = set(await session.scalars(own))
    return {one.item: one.id for one in waiting if one.id not in seen}


def _may_be_second(actor: Actor, maker: UUID) -> bool:
    return may(actor, Permission.ITEM_APPROVE) and actor.user_id != maker


def _hidden(step: Step) -> Step:
    return replace(step, action=HIDDEN, reasons=(), note="", details={})
