"""What a second person would do by themselves, recorded before they see the recommendation. Append-only."""

from __future__ import annotations

from uuid import UUID, uuid4

from console.access.permissions import Permission, require
from console.actor import Actor
from console.audit.entries import Event, record
from console.hints import hint_items
from console.review.blinding import is_blind_to
from console.review.choices import MAX_REASONS, Choice, check_reasons
from console.review.deciding import check_second, locked
from console.review.errors import AlreadyShown, IncompleteChoice
from console.review.evidence import Seen
from console.review.reasons import REASONS, Side, side_of
from console.review.states import FINAL_ACTS, Act
from db.engine import transaction
from db.models import SecondOpinion


async def record_opinion(actor: Actor, item_id: UUID, act: Act, reasons: tuple[str, ...], seen: Seen) -> None:
    """Record what the actor would do with an item that they hold as the second of two people; the recommendation is
    shown to them from then on.

    Raises NotAllowed, IncompleteChoice, AlreadyShown, and what `deciding.prepare` raises of a second signature.
    """
    require(actor, Permission.ITEM_APPROVE)
    reasons = reasons if act is Act.RETURN else ()
    async with transaction(actor) as session:
        read = await locked(session, actor, item_id, seen)
        view = read.view
        _check(act, reasons, side_of(view.kind, view.item_type))
        first = check_second(actor, read, agree=True)
        if not is_blind_to(actor, view) or actor.user_id is None:
            raise AlreadyShown
        session.add(
            SecondOpinion(
                id=uuid4(),
                institution_id=actor.institution_id,
                item_id=item_id,
                recommendation_id=first.decision_id,
                user_id=actor.user_id,
                act=act.value,
                reasons=list(reasons),
            )
        )
        await session.flush()
        await record(session, actor, Event.OPINION_RECORDED, "item", item_id, after={"act": act, "reasons": reasons})
        hint_items(session, actor.institution_id, [item_id])


def _check(act: Act, reasons: tuple[str, ...], side: Side) -> None:
    if act not in FINAL_ACTS:
        raise IncompleteChoice("act", "Choose first what you would do with this check: pay, return or reject.")
    if act is Act.RETURN and not reasons:
        raise IncompleteChoice("reasons", "Choose the return reason.")
    if len(reasons) > MAX_REASONS or any(reason not in REASONS for reason in reasons):
        raise IncompleteChoice("reasons", f"Choose up to {MAX_REASONS} reasons from the list.")
    check_reasons(Choice(act, reasons), side)
