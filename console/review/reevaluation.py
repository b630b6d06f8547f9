"""Open checks judged anew by the version of the policy that has become active, a few at a time.

What somebody has in their hands is not touched: whoever holds a check goes on under the version that judged it, and so
does a recommendation that waits for its second person; each is judged anew once it is put back. A check that is in
another queue than the version that judged it would choose now was put there, and stays there. A flag once found stays
and is answered like any other; what the new version finds beside it is added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import anyio
from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.actor import Actor
from console.audit.entries import Event, NewEntry, record_each
from console.hints import hint_items, hint_policy
from console.institution import institution_of
from console.policy.judgement import Judge, Judgement
from console.policy.kept import facts_from_json
from console.policy.terms import terms_of
from console.policy.versions import Policy, policy_version
from console.review.flags import FlagFound, of_rules
from console.review.flags_anew import describe_anew
from console.review.open_items import OPEN_ITEMS
from console.review.queue_clock import QueueClock, queue_clock
from console.review.states import Status
from db.engine import transaction
from db.models import CheckItem, Claim, Flag, KeptFacts, PolicyVersion, Queue

# Items judged and changed in one transaction: it holds the audit trail's head as long as it writes.
BATCH: Final = 100
# Entries of the trail in one statement.
TOLD_AT_ONCE: Final = 20
# Nobody works on these. The others are in somebody's hands, or wait for their second person.
TOUCHED: Final = frozenset({Status.NEW, Status.ESCALATED, Status.HELD, Status.NEEDS_INFO})

HELD: Final = exists().where(Claim.item_id == CheckItem.id, Claim.expires_at > func.now())


@dataclass(frozen=True)
class _Anew:
    """What judges a batch: the active version, those that judged before, and the queues."""

    policy: Policy
    judge: Judge
    before: Mapping[UUID, Judge]
    queues: Mapping[str, Queue]
    keys: Mapping[UUID, str]
    clock: QueueClock


@dataclass(frozen=True)
class _Word:
    """An item's new word, and the queue that the version before would choose now."""

    word: Judgement
    old_queue: str
    facts: Mapping[str, Any]


async def reevaluate_open(actor: Actor, most: int | None = None) -> int:
    """Judge anew what is open, where the active version asks for it; how many were. Raises NotAllowed.

    `most`: stop after so many. Each few are a transaction of their own, so that it can be broken off and goes on with
    what is left; two at once do not meet, because each takes what the other has not locked.
    """
    require(actor, Permission.POLICY_ACTIVATE)
    zone, done = (await institution_of(actor)).zone, 0
    while most is None or done < most:
        async with transaction(actor) as session:
            version = await _waiting(session)
            if version is None:
                return done
            judged = await _batch(session, actor, version, datetime.now(zone))
            if judged == 0:
                await _finish(session, actor, version)
                return done
            done += judged
    return done


async def _waiting(session: AsyncSession) -> PolicyVersion | None:
    """The active version, where it asks for this and it is not finished."""
    wanted = PolicyVersion.status == "active", PolicyVersion.reevaluate, PolicyVersion.reevaluated_at.is_(None)
    return (await session.execute(select(PolicyVersion).where(*wanted))).scalar_one_or_none()


async def _finish(session: AsyncSession, actor: Actor, version: PolicyVersion) -> None:
    """Note the end, unless something is still in somebody's hands and is judged anew when it is put back."""
    left = select(CheckItem.id).where(_judged_before(actor, version.id), OPEN_ITEMS).limit(1)
    if (await session.execute(left)).first() is None:
        version.reevaluated_at = datetime.now(UTC)
        await session.flush()
        hint_policy(session, actor.institution_id, version.id)


def _judged_before(actor: Actor, version_id: UUID) -> ColumnElement[bool]:
    # Smaller or greater, not unequal: so an index finds the few among the many.
    other = or_(CheckItem.policy_version_id < version_id, CheckItem.policy_version_id > version_id)
    return (CheckItem.institution_id == actor.institution_id) & other


async def _batch(session: AsyncSession, actor: Actor, version: PolicyVersion, now: datetime) -> int:
    touched = CheckItem.status.in_([status.value for status in sorted(TOUCHED)])
    query = (
        select(CheckItem)
        .where(_judged_before(actor, version.id), OPEN_ITEMS, touched, ~HELD)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    items = list(await session.scalars(query.execution_options(populate_existing=True)))
    if not items:
        return 0
    anew = await _ready(session, version, items, now)
    facts = await _facts(session, items)
    words = await anyio.to_thread.run_sync(_judge, anew, items, facts)
    flags = await _flags(session, items)
    changed = []
    for item in items:
        added = _new_flags(anew, words[item.id], flags.get(item.id, frozenset()))
        before, after = _change(anew, item, words[item.id])
        session.add_all(_flag_row(actor, item, flag) for flag in added)
        if before or added:
            changed.append((item, before, after | ({"flags": [flag.code for flag in added]} if added else {})))
    await session.flush()
    entries = [
        NewEntry(Event.ITEM_REEVALUATED, "item", item.id, before, after | {"policy": version.number})
        for item, before, after in changed
    ]
    for at in range(0, len(entries), TOLD_AT_ONCE):
        await record_each(session, actor, entries[at : at + TOLD_AT_ONCE])
    if changed:
        hint_items(session, actor.institution_id, [item.id for item, *_ in changed])
    return len(items)


async def _ready(session: AsyncSession, version: PolicyVersion, items: Sequence[CheckItem], now: datetime) -> _Anew:
    query = select(Queue).where(Queue.closed_at.is_(None)).order_by(Queue.position, Queue.key)
    # No queue is closed before its items are there.
    queues = list(await session.scalars(query.with_for_update(read=True, key_share=True)))
    policy = await policy_version(session, version.id)
    before = {}
    for one in {item.policy_version_id for item in items}:
        before[one] = Judge(await terms_of(session, await policy_version(session, one), now.date(), queues))
    keys = {row.id: row.key for row in await session.execute(select(Queue.id, Queue.key))}
    judge = Judge(await terms_of(session, policy, now.date(), queues))
    return _Anew(policy, judge, before, {queue.key: queue for queue in queues}, keys, await queue_clock(session))


async def _facts(session: AsyncSession, items: Sequence[CheckItem]) -> dict[UUID, dict[str, Any]]:
    rows = await session.execute(
        select(KeptFacts.item_id, KeptFacts.facts).where(KeptFacts.item_id.in_([item.id for item in items]))
    )
    kept = {row.item_id: row.facts for row in rows}
    # An item knows its own amount and type, whatever was kept of it.
    return {
        item.id: {**facts_from_json(kept.get(item.id, {})), "amount": item.amount, "item_type": item.item_type}
        for item in items
    }


async def _flags(session: AsyncSession, items: Sequence[CheckItem]) -> dict[UUID, frozenset[str]]:
    query = select(Flag.item_id, func.array_agg(Flag.code).label("codes"))
    rows = await session.execute(query.where(Flag.item_id.in_([item.id for item in items])).group_by(Flag.item_id))
    return {row.item_id: frozenset(row.codes) for row in rows}


def _judge(anew: _Anew, items: Sequence[CheckItem], facts: Mapping[UUID, dict[str, Any]]) -> dict[UUID, _Word]:
    return {
        item.id: _Word(
            anew.judge.judge(facts[item.id]),
            anew.before[item.policy_version_id].judge(facts[item.id]).queue,
            facts[item.id],
        )
        for item in items
    }


def _change(anew: _Anew, item: CheckItem, said: _Word) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give an item its new word; what changed of it, before and after."""
    word, queue = said.word, anew.keys[item.queue_id]
    before = _as_audited(item, queue)
    if queue == said.old_queue and item.status != Status.ESCALATED:
        queue = word.queue
    item.priority, item.risk_level = int(word.priority), int(word.risk_level)
    item.two_people, item.blind, item.rule_hours = word.two_people, word.blind, word.rule_hours
    if target := anew.queues.get(queue):
        anew.clock.set(item, target)
    item.policy_version_id = anew.policy.id
    item.version += 1
    after = _as_audited(item, queue)
    differs = [name for name in before if before[name] != after[name]]
    return {name: before[name] for name in differs}, {name: after[name] for name in differs}


def _as_audited(item: CheckItem, queue: str) -> dict[str, Any]:
    return {
        "queue": queue,
        "priority": item.priority,
        "two_people": item.two_people,
        "risk_level": item.risk_level,
        "sla_due_at": item.sla_due_at,
    }


def _new_flags(anew: _Anew, said: _Word, known: frozenset[str]) -> list[FlagFound]:
    thresholds = anew.policy.document.thresholds
    found = describe_anew([code for code in said.word.flags if code not in known], said.facts, thresholds)
    return found + [flag for flag in of_rules(said.word, anew.policy.number) if flag.code not in known]


def _flag_row(actor: Actor, item: CheckItem, flag: FlagFound) -> Flag:
    return Flag(
        institution_id=actor.institution_id, item_id=item.id, code=flag.code, title=flag.title,
        explanation=flag.explanation, evidence=flag.evidence, source="rule",
    )  # fmt: skip
