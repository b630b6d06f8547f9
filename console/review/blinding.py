"""A blind second review: whoever may give the second signature says first what they would do themselves.

Where the policy wants it (`blind_second_review`, or a rule for this item), the recommendation's act, reasons and note
are not read for them until their own choice is on record. Who recommended stays visible, and so do the answers to the
flags: they are facts about the check that both people work with.
"""

from __future__ import annotations

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
    if item.status != Status.PENDING_APPROVAL or not may(actor, Permission.ITEM_APPROVE):
        return None
    if not item.blind and not (await active_policy(session)).document.thresholds.blind_second_review:
        return None
    recommended = select(Decision.id, Decision.actor_id).where(
        Decision.item_id == item.id, Decision.stage == "recommendation"
    )
    first = (await session.execute(recommended.order_by(Decision.sequence.desc()).limit(1))).one()
    own = select(SecondOpinion.id).where(
        SecondOpinion.recommendation_id == first.id, SecondOpinion.user_id == actor.user_id
    )
    seen = (await session.execute(own)).first() is not None
    return first.id if _may_be_second(actor, first.actor_id) and not seen else None


def _may_be_second(actor: Actor, maker: UUID) -> bool:
    return may(actor, Permission.ITEM_APPROVE) and actor.user_id != maker


def _hidden(step: Step) -> Step:
    return replace(step, action=HIDDEN, reasons=(), note="", details={})
