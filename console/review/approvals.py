"""What awaits a second signature that the actor may give: never under their own recommendation, within their limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, text, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from console.access.permissions import Permission, limited_reaches, require
from console.actor import Actor
from console.masking import masked
from console.policy.versions import active_policy
from console.review.claims import Held, claim
from console.review.errors import HeldByOther, NotClaimable
from console.review.open_items import URGENCY
from console.review.queue import Key
from console.review.reach import APPROVALS, closed_queues, inside
from db.engine import transaction
from db.models import CheckItem, Claim, Decision, Flag, PendingDecision, Queue, SecondOpinion, User

PAGE: Final = 50
MAX_PAGE: Final = 200
# So many are tried one after the other where others take them at the same moment.
_TRIES: Final = 20
_MAKER: Final = aliased(User)
_HOLDER: Final = aliased(User)
_ORDER: Final = (*URGENCY, CheckItem.id)
_FIRST: Final = (
    select(Decision.id, Decision.actor_id, Decision.action, Decision.reasons, Decision.decided_at)
    .where(Decision.item_id == CheckItem.id, Decision.stage == "recommendation")
    .order_by(Decision.sequence.desc())
    .limit(1)
    .correlate(CheckItem)
    .lateral("first")
)


@dataclass(frozen=True)
class ApprovalRow:
    """A recommendation that waits. `account` is masked; `act` is empty where it is hidden from the actor."""

    id: UUID
    version: int
    amount: Decimal
    item_type: str
    account: str
    serial: str
    queue_key: str
    priority: int
    sla_due_at: datetime
    sla_warning_at: datetime
    return_by: datetime | None
    flags: tuple[str, ...]
    maker: str
    act: str
    reasons: tuple[str, ...]
    recommended_at: datetime
    holder_id: UUID | None
    holder: str | None
    committing: bool

    @property
    def key(self) -> Key:
        """Where the row stands in the order of urgency."""
        return Key((self.sla_due_at, self.priority), self.id)


@dataclass(frozen=True)
class ApprovalPage:
    """Rows, the most urgent first, and the key to go on from; None at the end."""

    rows: tuple[ApprovalRow, ...]
    next: Key | None


@dataclass(frozen=True)
class ApprovalCounts:
    """How many recommendations wait for a signature that the actor may give, and how urgent they are."""

    waiting: int
    breached: int
    warning: int
    taken: int


async def list_approvals(actor: Actor, *, after: Key | None = None, limit: int = PAGE) -> ApprovalPage:
    """One page of what the actor may sign, the next one with the `next` of the page before. Raises NotAllowed."""
    require(actor, Permission.ITEM_APPROVE)
    limit = max(1, min(limit, MAX_PAGE))
    async with transaction(actor) as session:
        query = await _signable(session, actor, _rows(actor))
        if after is not None:
            query = query.where(tuple_(*_ORDER) > tuple_(*after.values, after.id))
        found = (await session.execute(query.order_by(*_ORDER).limit(limit + 1))).all()
        blind = (await active_policy(session)).document.thresholds.blind_second_review
    rows = tuple(_row(one, blind=blind) for one in found[:limit])
    return ApprovalPage(rows, rows[-1].key if len(found) > limit else None)


async def count_approvals(actor: Actor) -> ApprovalCounts:
    """How much waits for the actor's signature. Raises NotAllowed."""
    require(actor, Permission.ITEM_APPROVE)
    now = func.now()
    figures = (
        select(
            func.count().label("waiting"),
            func.count().filter(CheckItem.sla_due_at <= now).label("breached"),
            func.count().filter(and_(CheckItem.sla_due_at > now, CheckItem.sla_warning_at <= now)).label("warning"),
            func.count().filter(and_(Claim.user_id.is_not(None), Claim.user_id != actor.user_id)).label("taken"),
        )
        .select_from(CheckItem)
        .join(_FIRST, true())
        .outerjoin(Claim, and_(Claim.item_id == CheckItem.id, Claim.expires_at > now))
    )
    async with transaction(actor) as session:
        row = (await session.execute(await _signable(session, actor, cast(Select[Any], figures)))).one()
    return ApprovalCounts(row.waiting, row.breached, row.warning, row.taken)


async def claim_next_approval(actor: Actor, skip: Sequence[UUID] = ()) -> Held | None:
    """Take the most urgent recommendation that the actor may sign and nobody works on; None when none waits.

    Raises NotAllowed, TooManyClaims.
    """
    require(actor, Permission.ITEM_APPROVE)
    async with transaction(actor) as session:
        query = (await _free(session, actor)).where(CheckItem.id.not_in(skip))
        candidates = list(await session.scalars(query.order_by(*_ORDER).limit(_TRIES)))
    for item_id in candidates:
        try:
            return await claim(actor, item_id)
        except (HeldByOther, NotClaimable):
            continue  # somebody was faster
    return None


async def beside_approval(actor: Actor, item_id: UUID, *, forward: bool = True) -> UUID | None:
    """The nearest recommendation after (or before) this item that the actor could take. Raises NotAllowed."""
    require(actor, Permission.ITEM_APPROVE)
    async with transaction(actor) as session:
        place = (await session.execute(select(*_ORDER).where(CheckItem.id == item_id))).first()
        if place is None:
            return None
        key, there = tuple_(*_ORDER), tuple_(*place)
        query = (await _free(session, actor)).where(key > there if forward else key < there)
        order = _ORDER if forward else tuple(column.desc() for column in _ORDER)
        found: UUID | None = (await session.execute(query.order_by(*order).limit(1))).scalar_one_or_none()
        return found


def _rows(actor: Actor) -> Select[Any]:
    flags = (
        select(func.array_agg(Flag.title)).where(Flag.item_id == CheckItem.id).correlate(CheckItem).scalar_subquery()
    )
    own = and_(SecondOpinion.recommendation_id == _FIRST.c.id, SecondOpinion.user_id == actor.user_id)
    return (
        select(
            CheckItem,
            Queue.key.label("queue_key"),
            _FIRST.c.action,
            _FIRST.c.reasons,
            _FIRST.c.decided_at,
            _MAKER.display_name.label("maker"),
            Claim.user_id.label("holder_id"),
            _HOLDER.display_name.label("holder"),
            PendingDecision.commit_at,
            SecondOpinion.id.label("opinion"),
            flags.label("flags"),
        )
        .join(Queue, Queue.id == CheckItem.queue_id)
        .join(_FIRST, true())
        .join(_MAKER, _MAKER.id == _FIRST.c.actor_id)
        .outerjoin(Claim, and_(Claim.item_id == CheckItem.id, Claim.expires_at > func.now()))
        .outerjoin(_HOLDER, _HOLDER.id == Claim.user_id)
        .outerjoin(PendingDecision, PendingDecision.item_id == Claim.item_id)
        .outerjoin(SecondOpinion, own)
    )


async def _signable(session: AsyncSession, actor: Actor, query: Select[Any]) -> Select[Any]:
    """Only what the actor may sign at this moment."""
    return query.where(
        CheckItem.institution_id == actor.institution_id,
        # Literal, so that the partial index over what awaits a signature serves it.
        text("check_item.status = 'pending_approval'"),
        _FIRST.c.actor_id != actor.user_id,
        or_(CheckItem.assigned_to.is_(None), CheckItem.assigned_to == actor.user_id),
        await _within_reach_and_limit(session, actor),
    )


async def _free(session: AsyncSession, actor: Actor) -> Select[Any]:
    """Ids of what the actor may sign and could take: nobody's, or their own and not decided yet."""
    query = (
        select(CheckItem.id)
        .join(_FIRST, true())
        .outerjoin(Claim, and_(Claim.item_id == CheckItem.id, Claim.expires_at > func.now()))
        .outerjoin(PendingDecision, PendingDecision.item_id == CheckItem.id)
        .where(PendingDecision.item_id.is_(None))
        .where(or_(Claim.user_id.is_(None), Claim.user_id == actor.user_id))
    )
    return await _signable(session, actor, query)


async def _within_reach_and_limit(session: AsyncSession, actor: Actor) -> ColumnElement[bool]:
    closed = await closed_queues(session, actor, Permission.ITEM_APPROVE)
    if APPROVALS in closed:
        return false()
    parts = [
        and_(inside(reach), true() if limit is None else CheckItem.amount <= limit)
        for reach, limit in limited_reaches(actor, Permission.ITEM_APPROVE)
    ]
    own = or_(false(), *parts)
    return own if not closed else and_(own, CheckItem.queue_id.not_in(list(closed.values())))


def _row(found: Any, *, blind: bool) -> ApprovalRow:
    item: CheckItem = found.CheckItem
    hidden = (blind or item.blind) and found.opinion is None
    return ApprovalRow(
        item.id,
        item.version,
        item.amount,
        item.item_type,
        masked(item.account_number) if item.account_number else "—",
        item.serial,
        found.queue_key,
        item.priority,
        item.sla_due_at,
        item.sla_warning_at,
        item.return_by,
        tuple(sorted(found.flags or ())),
        found.maker,
        "" if hidden else found.action,
        () if hidden else tuple(found.reasons),
        found.decided_at,
        found.holder_id,
        found.holder,
        found.commit_at is not None,
    )
