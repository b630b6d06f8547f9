"""The terms under which an institution's items are judged, read in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from console.policy.judgement import Terms
from console.policy.lists import lists_held
from console.policy.references import lists_named
from console.policy.routing import Route, criteria_of
from console.policy.versions import Policy
from db.models import Queue


async def terms_of(session: AsyncSession, policy: Policy, day: date, queues: Iterable[Queue] | None = None) -> Terms:
    """What judges items under a policy version on a day in the institution's zone.

    `queues`: the open ones in their order, where the caller has read them.
    """
    if queues is None:
        query = select(Queue).where(Queue.closed_at.is_(None)).order_by(Queue.position, Queue.key)
        queues = await session.scalars(query)
    known = list(queues)
    wanted = ((queue.key, criteria_of(queue.criteria)) for queue in known)
    routes = tuple(Route(key, criteria) for key, criteria in wanted if criteria)
    lists = await lists_held(session, lists_named(policy.document.model_dump(mode="json")))
    return Terms(policy.document, day, lists, routes, frozenset(queue.key for queue in known))
