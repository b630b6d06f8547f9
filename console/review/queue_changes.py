"""Supervisors change queues: each change is versioned, checked, audited with what was and what is, and has a reason."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.access.reason import checked_reason
from console.actor import Actor
from console.audit.entries import Event, record
from console.hints import hint_items
from console.policy.references import queues_named
from console.policy.versions import active_policy
from console.review.errors import InvalidQueue, QueueNotFound, StaleQueue
from console.review.managing import check_manages, check_manages_all
from console.review.open_items import OPEN_ITEMS
from console.review.queue_settings import (
    MAXIMUM_QUEUES,
    Definition,
    QueueSettings,
    checked,
    read_queues_within,
    slug,
)
from db.engine import transaction
from db.models import CheckItem, Queue, QueueMember, User


async def change_queue(actor: Actor, queue_id: UUID, definition: Definition, version: int, reason: str) -> None:
    """Set a queue to this, unless somebody changed it since `version` was read.

    Checks that are in it keep their due time; who may work on them changes at once. Raises NotAllowed, NotYoursToSet,
    InvalidQueue, QueueNotFound, StaleQueue.
    """
    require(actor, Permission.QUEUE_MANAGE)
    reason, wanted = checked_reason(reason), checked(definition)
    async with transaction(actor) as session:
        queue = await _locked(session, queue_id)
        check_manages(actor, queue.key, queue.name)
        if queue.version != version:
            raise StaleQueue
        now = await _settings(session, actor, queue_id)
        if now.is_view:
            # It lists what stands in other queues, whose hours and criteria hold.
            wanted = Definition(wanted.name, wanted.position, members=wanted.members, max_claims=wanted.max_claims)
        _check_own(actor, now.definition, wanted)
        await _check(session, wanted, queue_id)
        _write(queue, wanted)
        queue.version += 1
        await _write_members(session, actor, queue_id, wanted)
        await _place(session, queue, wanted.position)
        before, after = _difference(now.definition, wanted)
        await record(
            session, actor, Event.QUEUE_CHANGED, "queue", queue_id, before=before, after={**after, "reason": reason}
        )
        hint_items(session, actor.institution_id, [])


async def add_queue(actor: Actor, definition: Definition, reason: str) -> UUID:
    """Make a queue; its id. Its key, which never changes, is made of the name. Raises NotAllowed, NotYoursToSet,
    InvalidQueue."""
    require(actor, Permission.QUEUE_MANAGE)
    check_manages_all(actor, "which queues there are")
    reason, wanted = checked_reason(reason), checked(definition)
    try:
        async with transaction(actor) as session:
            known = select(func.count()).select_from(Queue).where(Queue.closed_at.is_(None))
            if (await session.execute(known)).scalar_one() >= MAXIMUM_QUEUES:
                raise InvalidQueue(f"There are {MAXIMUM_QUEUES} queues already: close one first.")
            await _check(session, wanted, None)
            key = slug(wanted.name)
            queue = Queue(id=uuid4(), institution_id=actor.institution_id, key=key, position=wanted.position)
            _write(queue, wanted)
            session.add(queue)
            await session.flush()
            await _write_members(session, actor, queue.id, wanted)
            await _place(session, queue, wanted.position)
            after = {**wanted.as_json(), "key": queue.key, "reason": reason}
            await record(session, actor, Event.QUEUE_CREATED, "queue", queue.id, after=after)
            hint_items(session, actor.institution_id, [])
    except IntegrityError as error:
        if "uq_queue_institution_id_key" in str(error.orig):
            raise InvalidQueue(f"There is, or was, a queue called {wanted.name}. Choose another name.") from None
        raise
    return queue.id


async def close_queue(actor: Actor, queue_id: UUID, version: int, reason: str) -> None:
    """Close an empty queue, for good: nothing comes into it any more.

    Raises NotAllowed, NotYoursToSet, QueueNotFound, StaleQueue, and InvalidQueue where it is not empty, a policy names
    it, or a file is just being taken in.
    """
    require(actor, Permission.QUEUE_MANAGE)
    check_manages_all(actor, "which queues there are")
    reason = checked_reason(reason)
    async with transaction(actor) as session:
        # Whatever puts an item into a queue holds its row's key: the last one in is seen here.
        queue = await _locked(session, queue_id, alone=True)
        if queue.version != version:
            raise StaleQueue
        now = await _settings(session, actor, queue_id)
        if not now.may_close:
            raise InvalidQueue(f"The policy sends checks to {queue.name}: it cannot be closed.")
        if queue.key in queues_named((await active_policy(session)).document.model_dump(mode="json")):
            raise InvalidQueue(f"A rule of the policy names {queue.name}. Change the rule first, then close the queue.")
        inside = select(func.count()).where(CheckItem.queue_id == queue_id, OPEN_ITEMS)
        if left := (await session.execute(inside)).scalar_one():
            checks = "One check is" if left == 1 else f"{left:,} checks are"
            raise InvalidQueue(f"{checks} in {queue.name}. Move or decide them first, then close it.")
        queue.closed_at = datetime.now(UTC)
        queue.version += 1
        await session.flush()
        before = now.definition.as_json()
        await record(session, actor, Event.QUEUE_CLOSED, "queue", queue_id, before=before, after={"reason": reason})
        hint_items(session, actor.institution_id, [])


async def _locked(session: AsyncSession, queue_id: UUID, *, alone: bool = False) -> Queue:
    """The queue's row, locked against other changes; `alone`: against items that come in as well."""
    query = select(Queue).where(Queue.id == queue_id, Queue.closed_at.is_(None))
    query = query.with_for_update(key_share=not alone, nowait=alone)
    try:
        queue = (await session.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()
    except DBAPIError as error:
        if alone and getattr(error.orig, "sqlstate", "") == "55P03":  # lock_not_available
            raise InvalidQueue("Checks are just coming in. Try again when the file has been taken in.") from None
        raise
    if queue is None:
        raise QueueNotFound
    return queue


def _check_own(actor: Actor, now: Definition, wanted: Definition) -> None:
    """Raise NotYoursToSet where a change of a queue of the actor's own reaches into those of others."""
    if wanted.position != now.position:
        check_manages_all(actor, "the order of the queues")
    if wanted.criteria != now.criteria:
        check_manages_all(actor, "what a queue takes in by itself")


async def _settings(session: AsyncSession, actor: Actor, queue_id: UUID) -> QueueSettings:
    return next(one for one in await read_queues_within(session, actor) if one.id == queue_id)


async def _check(session: AsyncSession, wanted: Definition, queue_id: UUID | None) -> None:
    taken = select(Queue.id).where(func.lower(Queue.name) == wanted.name.lower(), Queue.closed_at.is_(None))
    if queue_id is not None:
        taken = taken.where(Queue.id != queue_id)
    if (await session.execute(taken)).first():
        raise InvalidQueue(f"There is a queue called {wanted.name} already. Choose another name.")
    members = {one.user_id for one in wanted.members}
    known = set(await session.scalars(select(User.id).where(User.id.in_(members), User.active)))
    if members and not known:
        raise InvalidQueue("None of these members can sign in: the queue would be nobody's.")


def _write(queue: Queue, wanted: Definition) -> None:
    queue.name = wanted.name
    queue.sla_hours = wanted.sla_hours
    queue.warning_minutes = wanted.warning_minutes
    queue.max_claims = wanted.max_claims
    queue.criteria = wanted.criteria.as_json() if wanted.criteria else None


async def _write_members(session: AsyncSession, actor: Actor, queue_id: UUID, wanted: Definition) -> None:
    await session.execute(delete(QueueMember).where(QueueMember.queue_id == queue_id))
    known = set(await session.scalars(select(User.id).where(User.id.in_([one.user_id for one in wanted.members]))))
    session.add_all(
        QueueMember(
            institution_id=actor.institution_id,
            queue_id=queue_id,
            user_id=one.user_id,
            decides=one.decides,
            signs=one.signs,
        )
        for one in wanted.members
        if one.user_id in known
    )
    await session.flush()


async def _place(session: AsyncSession, queue: Queue, position: int) -> None:
    """Put the queue there, and number all of them from 1."""
    others = select(Queue).where(Queue.closed_at.is_(None), Queue.id != queue.id).order_by(Queue.position, Queue.key)
    order = list(await session.scalars(others))
    order.insert(position - 1, queue)
    for place, one in enumerate(order, start=1):
        one.position = place
    await session.flush()


def _difference(before: Definition, after: Definition) -> tuple[dict[str, object], dict[str, object]]:
    """What differs, as it was and as it is."""
    was, becomes = before.as_json(), after.as_json()
    changed = [name for name in becomes if was[name] != becomes[name]]
    return {name: was[name] for name in changed}, {name: becomes[name] for name in changed}
