"""The terms under which an institution's items are judged, read in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from console.policy.conditions import conditions_of
from console.policy.explain import Lists
from console.policy.judgement import Judge, Terms
from console.policy.kept import facts_from_json
from console.policy.lists import lists_held
from console.policy.model import PolicyDocument
from console.policy.operators import WANTS, Wants
from console.policy.routing import Route, criteria_of
from console.policy.values import Value
from console.policy.versions import Policy
from db.models import PolicyList, Queue

_Key = tuple[UUID, date, tuple[tuple[str, int], ...]]
# Judges made ready, by what they were made of: making one costs as much as judging some dozens of items.
_ready: dict[_Key, Judge] = {}
_MOST_READY: Final = 16


async def terms_of(session: AsyncSession, policy: Policy, day: date, queues: Iterable[Queue] | None = None) -> Terms:
    """What judges items that come in, under a policy version on a day in the institution's zone.

    `queues`: the open ones in their order, where the caller has read them.
    """
    if queues is None:
        query = select(Queue).where(Queue.closed_at.is_(None)).order_by(Queue.position, Queue.key)
        queues = await session.scalars(query)
    known = list(queues)
    wanted = ((queue.key, criteria_of(queue.criteria)) for queue in known)
    routes = tuple(Route(key, criteria) for key, criteria in wanted if criteria)
    lists: Lists = await lists_held(session, lists_of(policy.document))
    return Terms(policy.document, day, lists, routes, frozenset(queue.key for queue in known))


async def judge_of(session: AsyncSession, policy: Policy, day: date) -> Judge:
    """What judges single items that are in their queues already: it does not say into which one they would come."""
    named = lists_of(policy.document)
    versions: tuple[tuple[str, int], ...] = ()
    if named:
        found = await session.execute(
            select(PolicyList.key, PolicyList.version).where(PolicyList.key.in_(named)).order_by(PolicyList.key)
        )
        versions = tuple((row.key, row.version) for row in found)
    key = (policy.id, day, versions)
    if key not in _ready:
        judge = Judge(Terms(policy.document, day, await lists_held(session, named), list_versions=versions))
        if len(_ready) >= _MOST_READY:
            _ready.clear()
        _ready[key] = judge
    return _ready[key]


def lists_of(document: PolicyDocument) -> frozenset[str]:
    """The keys of the lists in which a document's rules look."""
    conditions = (one for rule in document.rules for one in conditions_of(rule.when))
    return frozenset(str(one.value) for one in conditions if WANTS[one.op] is Wants.LIST)


def known_facts(row: Mapping[Any, Any]) -> dict[str, Value | None]:
    """The facts of an item's row (`facts`, and the item's own `amount` and `item_type`, which are never missing)."""
    return {**facts_from_json(row["facts"] or {}), "amount": row["amount"], "item_type": row["item_type"]}
