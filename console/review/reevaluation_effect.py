"""How many of the checks that are open now another version of the policy would judge otherwise, counted in SQL."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg.errors import QueryCanceled
from sqlalchemy import Subquery, Text, and_, cast, func, not_, or_, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.actor import Actor
from console.institution import institution_of
from console.policy.errors import VersionNotFound
from console.policy.judgement import Terms
from console.policy.judgement_sql import judgement_sql
from console.policy.terms import terms_of
from console.policy.versions import policy_version
from console.review.open_items import OPEN_ITEMS
from console.review.reevaluation import HELD, TOUCHED
from console.review.states import Status
from db.engine import transaction
from db.models import CheckItem, KeptFacts, PolicyVersion, Queue

# Longer nobody waits for a figure before they approve.
_TIMEOUT_MS: Final = 20_000
_KEPT: Final = (
    "item_id",
    "was_queue",
    "was_priority",
    "was_two_people",
    "was_hours",
    "queue_hours",
    "was_status",
    "touched",
)


@dataclass(frozen=True)
class Effect:
    """Of the open checks: how many there are, how many of them are in somebody's hands, how many of the others a
    version would judge otherwise, and by what. `one` and `two`: to be signed by one person, or two, from then on."""

    open: int = 0
    in_hands: int = 0
    changed: int = 0
    queue: int = 0
    more_urgent: int = 0
    less_urgent: int = 0
    two: int = 0
    one: int = 0
    hours: int = 0

    def __add__(self, other: Effect) -> Effect:
        return Effect(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


async def preview_reevaluation(actor: Actor, version_id: UUID) -> Effect | None:
    """What judging the open checks anew by this version would change now; None: they are too many to be counted in
    time. Raises NotAllowed, VersionNotFound.
    """
    require(actor, Permission.POLICY_READ)
    try:
        return await _preview(actor, version_id)
    except DBAPIError as error:
        if isinstance(error.orig, QueryCanceled):
            return None
        raise


async def _preview(actor: Actor, version_id: UUID) -> Effect:
    today = datetime.now((await institution_of(actor)).zone).date()
    async with transaction(actor, statement_timeout_ms=_TIMEOUT_MS, snapshot=True) as session:
        if await session.get(PolicyVersion, version_id) is None:
            raise VersionNotFound
        new = await terms_of(session, await policy_version(session, version_id), today)
        effect = Effect()
        for before in await _versions_of_open_checks(session, actor):
            old = await terms_of(session, await policy_version(session, before), today)
            effect += await _counted(session, actor, before, old, new)
    return effect


async def _versions_of_open_checks(session: AsyncSession, actor: Actor) -> list[UUID]:
    query = select(CheckItem.policy_version_id).where(*_open_of(actor)).distinct()
    return list(await session.scalars(query))


def _open_of(actor: Actor) -> tuple[Any, ...]:
    return CheckItem.institution_id == actor.institution_id, OPEN_ITEMS


async def _counted(session: AsyncSession, actor: Actor, before: UUID, old: Terms, new: Terms) -> Effect:
    items = _items(actor, before)
    word = judgement_sql(new, items, _KEPT).subquery("word")
    past = judgement_sql(old, items).subquery("past")
    stays = or_(word.c.was_queue != past.c.queue, word.c.was_status == Status.ESCALATED.value)
    otherwise: dict[str, Any] = {
        "queue": and_(not_(stays), word.c.queue != word.c.was_queue),
        "more_urgent": word.c.priority < word.c.was_priority,
        "less_urgent": word.c.priority > word.c.was_priority,
        "two": and_(word.c.two_people, not_(word.c.was_two_people)),
        "one": and_(not_(word.c.two_people), word.c.was_two_people),
        "hours": word.c.rule_hours.is_distinct_from(word.c.was_hours),
    }
    if new.document.thresholds.sla_hours != old.document.thresholds.sla_hours:
        on_policy_hours = and_(word.c.rule_hours.is_(None), word.c.queue_hours.is_(None))
        otherwise["hours"] = or_(otherwise["hours"], on_policy_hours)
    changed = or_(*otherwise.values())
    counts = {"changed": changed, **otherwise}
    query = select(
        func.count().label("open"),
        func.count().filter(not_(word.c.touched)).label("in_hands"),
        *(func.count().filter(and_(word.c.touched, asked)).label(name) for name, asked in counts.items()),
    ).join_from(word, past, past.c.item_id == word.c.item_id)
    return Effect(**(await session.execute(query)).mappings().one())


def _items(actor: Actor, version: UUID) -> Subquery:
    own = func.jsonb_build_object("amount", cast(CheckItem.amount, Text), "item_type", CheckItem.item_type)
    touched = and_(CheckItem.status.in_([status.value for status in sorted(TOUCHED)]), not_(HELD))
    return (
        select(
            CheckItem.id.label("item_id"),
            func.coalesce(KeptFacts.facts, func.jsonb_build_object()).op("||")(own).label("facts"),
            Queue.key.label("was_queue"),
            CheckItem.priority.label("was_priority"),
            CheckItem.two_people.label("was_two_people"),
            CheckItem.rule_hours.label("was_hours"),
            Queue.sla_hours.label("queue_hours"),
            CheckItem.status.label("was_status"),
            touched.label("touched"),
        )
        .join(Queue, Queue.id == CheckItem.queue_id)
        .outerjoin(KeptFacts, KeptFacts.item_id == CheckItem.id)
        .where(*_open_of(actor), CheckItem.policy_version_id == version)
        .subquery("items")
    )
