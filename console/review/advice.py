"""Advice of upstream detection systems: what they recommend for an item, by an API key. It decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Final, Literal
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select

from console.access.permissions import Permission, require
from console.actor import Actor
from console.audit.entries import Event, record
from console.hints import hint_items
from console.review.errors import ReviewRefused
from console.review.item_view import ItemNotFound
from console.review.states import FINAL_STATUSES, Act, Status
from console.settings import settings
from db.engine import transaction
from db.models import Advice, CheckItem

# A system that corrects itself more often than that is not correcting itself.
MAX_PER_ITEM: Final = 50

Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class AdviceRefused(ReviewRefused):
    """No advice is taken here, or not for this item any more."""


class GivenAdvice(BaseModel):
    """What a system recommends: an act, how sure it is (0 to 1), and why, for the person who decides."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    act: Literal[Act.PAY, Act.RETURN, Act.REJECT, Act.HOLD, Act.ESCALATE]
    confidence: Annotated[Decimal, Field(ge=0, le=1, max_digits=4, decimal_places=3)]
    reasons: Annotated[tuple[Line, ...], Field(max_length=10)] = ()
    model: Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00]*$")]
    model_version: Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00]*$")]
    explanation: Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")] = ""


@dataclass(frozen=True)
class Kept:
    """Advice as it was kept: the newest `sequence` of an item counts."""

    id: UUID
    sequence: int


async def give_advice(actor: Actor, item_id: UUID, given: GivenAdvice) -> Kept:
    """Keep advice for an item; it changes what is shown, and so the item's version.

    Raises NotAllowed, AdviceRefused, ItemNotFound.
    """
    require(actor, Permission.ADVICE_WRITE)
    if not settings().ai_enabled:
        raise AdviceRefused("This installation takes no advice (AI_ENABLED is off).")
    async with transaction(actor) as session:
        query = select(CheckItem).where(CheckItem.id == item_id).with_for_update()
        item = (await session.execute(query)).scalar_one_or_none()
        if item is None:
            raise ItemNotFound
        if Status(item.status) in FINAL_STATUSES:
            raise AdviceRefused("This check is decided: advice comes too late.")
        last = select(func.coalesce(func.max(Advice.sequence), 0)).where(Advice.item_id == item_id)
        sequence = (await session.execute(last)).scalar_one() + 1
        if sequence > MAX_PER_ITEM:
            raise AdviceRefused(f"There is advice for this check {MAX_PER_ITEM} times already.")
        values = given.model_dump(mode="json", exclude={"confidence"})
        row = Advice(
            id=uuid4(),
            institution_id=actor.institution_id,
            item_id=item_id,
            sequence=sequence,
            confidence=given.confidence,
            given_by=actor.name,
            given_at=datetime.now(UTC),
            **values,
        )
        session.add(row)
        item.version += 1
        await session.flush()
        after = {"advice": row.id, "action": given.act, "confidence": given.confidence, **values}
        await record(session, actor, Event.ADVICE_GIVEN, "item", item_id, after=after)
        hint_items(session, actor.institution_id, [item_id])
        return Kept(row.id, sequence)
