"""The items of which both versions of a trial say something else: listed by key, and each with both explanations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, func, not_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.actor import Actor
from console.lab.errors import TrialNotFound
from console.lab.running import terms_of_trial
from console.masking import masked
from console.policy.judgement import Judge, Judgement
from console.policy.kept import facts_from_json
from console.policy.sentences import Names
from console.policy.trial import NoFacts, RuleTried, rules_tried
from db.engine import transaction
from db.models import CheckItem, KeptFacts, PolicyTrial, PolicyTrialItem

PAGE: Final = 30
_T = PolicyTrialItem


class Change(StrEnum):
    """What a list can be narrowed to."""

    ANY = "any"
    NEWLY_REVIEWED = "newly_reviewed"
    NO_LONGER_REVIEWED = "no_longer_reviewed"
    MOVED = "moved"
    TWO_ADDED = "two_added"
    TWO_REMOVED = "two_removed"
    MORE_URGENT = "more_urgent"
    LESS_URGENT = "less_urgent"
    REFUSED = "refused"
    FRAUD = "fraud"


_BOTH: Final = and_(_T.was_review, _T.now_review)
_WHERE: Final[dict[Change, Any]] = {
    Change.NEWLY_REVIEWED: and_(_T.now_review, not_(_T.was_review)),
    Change.NO_LONGER_REVIEWED: and_(_T.was_review, not_(_T.now_review)),
    Change.MOVED: and_(_BOTH, _T.was_queue != _T.now_queue),
    Change.TWO_ADDED: and_(_T.now_two, not_(_T.was_two)),
    Change.TWO_REMOVED: and_(_T.was_two, not_(_T.now_two)),
    Change.MORE_URGENT: and_(_BOTH, _T.now_priority < _T.was_priority),
    Change.LESS_URGENT: and_(_BOTH, _T.now_priority > _T.was_priority),
    Change.REFUSED: _T.outcome.in_(("returned", "rejected")),
    Change.FRAUD: _T.fraud,
}


@dataclass(frozen=True)
class ChangedItem:
    """An item, what each side says of it, and what people decided."""

    item_id: UUID
    received_at: datetime
    amount: Decimal
    account: str
    was_review: bool
    now_review: bool
    was_queue: str
    now_queue: str
    was_priority: int
    now_priority: int
    was_two: bool
    now_two: bool
    others: tuple[str, ...]
    outcome: str | None
    fraud: bool


@dataclass(frozen=True)
class ChangedPage:
    """A page of them, the most recent first; `after` is where the next one begins, None: there is none."""

    items: tuple[ChangedItem, ...]
    after: tuple[datetime, UUID] | None


@dataclass(frozen=True)
class Compared:
    """An item under both versions, each with what every rule of it found."""

    item_id: UUID
    amount: Decimal
    serial: str
    payee: str | None
    was: Judgement
    now: Judgement
    was_rules: tuple[RuleTried, ...]
    now_rules: tuple[RuleTried, ...]


async def list_changed(
    actor: Actor, trial_id: UUID, change: Change = Change.ANY, after: tuple[datetime, UUID] | None = None
) -> ChangedPage:
    """A page of a trial's items. Raises NotAllowed."""
    require(actor, Permission.POLICY_READ)
    require(actor, Permission.ITEM_READ)
    query = (
        select(PolicyTrialItem, CheckItem.amount, CheckItem.account_number)
        .join(CheckItem, CheckItem.id == _T.item_id)
        .where(_T.trial_id == trial_id)
        .order_by(_T.received_at.desc(), _T.item_id.desc())
        .limit(PAGE + 1)
    )
    if change in _WHERE:
        query = query.where(_WHERE[change])
    if after:
        query = query.where(tuple_(_T.received_at, _T.item_id) < after)
    async with transaction(actor) as session:
        rows = (await session.execute(query)).all()
    found = tuple(_item(row) for row in rows[:PAGE])
    return ChangedPage(found, (found[-1].received_at, found[-1].item_id) if len(rows) > PAGE else None)


async def count_changed(actor: Actor, trial_id: UUID) -> dict[Change, int]:
    """How many items are listed of each change. Raises NotAllowed."""
    require(actor, Permission.POLICY_READ)
    counts = [func.count().filter(condition) for condition in _WHERE.values()]
    query = select(func.count(), *counts).where(_T.trial_id == trial_id)
    async with transaction(actor) as session:
        row = (await session.execute(query)).one()
    return dict(zip((Change.ANY, *_WHERE), row, strict=True))


async def compare(actor: Actor, trial_id: UUID, item_id: UUID, names: Names) -> Compared:
    """An item judged by both versions of a trial, as queues and lists stand now.

    Raises NotAllowed, TrialNotFound, NoFacts.
    """
    require(actor, Permission.POLICY_READ)
    require(actor, Permission.ITEM_READ)
    async with transaction(actor) as session:
        trial = await session.get(PolicyTrial, trial_id)
        if trial is None:
            raise TrialNotFound
        item, facts = await _facts(session, item_id)
        judges = [Judge(terms) for terms in await terms_of_trial(session, trial)]
    was, now = (judge.explain(facts) for judge in judges)
    return Compared(
        item.id, item.amount, item.serial, item.payee, was.word, now.word,
        rules_tried(was, names), rules_tried(now, names),
    )  # fmt: skip


async def _facts(session: AsyncSession, item_id: UUID) -> tuple[CheckItem, dict[str, Any]]:
    query = (
        select(CheckItem, KeptFacts.facts)
        .join(KeptFacts, KeptFacts.item_id == CheckItem.id)
        .where(CheckItem.id == item_id)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise NoFacts
    return row.CheckItem, facts_from_json(row.facts)


def _item(row: Any) -> ChangedItem:
    found: PolicyTrialItem = row.PolicyTrialItem
    return ChangedItem(
        found.item_id, found.received_at, row.amount, masked(row.account_number), found.was_review, found.now_review,
        found.was_queue, found.now_queue, found.was_priority, found.now_priority, found.was_two, found.now_two,
        tuple(found.others), found.outcome, found.fraud,
    )  # fmt: skip
