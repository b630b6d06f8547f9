"""The time in which a decision can be taken back: it is submitted, waits, and is undone or committed.

How long is the policy's (`undo_seconds`, 0: every decision is committed as it is submitted). While a decision waits
nothing of it counts; `committing` makes it count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import TextClause, bindparam, delete, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.actor import Actor
from console.audit.entries import Event, NewEntry, record, record_at_end
from console.hints import hint_items
from console.images.store import image_store
from console.review.claims import Held, claim_next_within, enter_taken_within, renew_within, take_next_within
from console.review.deciding import Prepared, prepare
from console.review.decision_rows import write
from console.review.draft import Draft
from console.review.drafts import SAVE, drop_draft_within
from console.review.errors import ImagesUnavailable, SideNotViewed, TooLate
from console.review.evidence import Seen
from console.review.giving_back import give_back_within
from console.review.item_locks import lock_items
from console.review.opening import Opened, open_within
from console.review.states import Act, Status
from console.review.submission import Stage, Submission
from db.direct import Direct
from db.engine import transaction
from db.models import CheckItem, PendingDecision

# The claim outlives its decision's commit by so much: a night without any process of ours takes nobody's item away.
_MARGIN: Final = timedelta(days=1)

_HELD: Final = "held as (update claim set expires_at = now() + :held_for where item_id = :item returning item_id)"
_WAITS: Final = """
    insert into pending_decision (institution_id, item_id, user_id, stage, act, choice, outcome, seen_version,
        seen_digest, viewed_ms, session, address, request_id, submitted_at, commit_at)
    values (:institution, :item, :user, :stage, :act, :choice, :outcome, :seen_version,
        :seen_digest, :viewed_ms, :session, :address, :request_id, now(), now() + :window)
    returning commit_at
    """


def _keeping(*parts: str) -> TextClause:
    objects = [bindparam(name, type_=JSONB) for name in ("choice", "viewed_ms")]
    return text(f"with {', '.join(parts)} {_WAITS}").bindparams(*objects)


_KEEP: Final = Direct(_keeping(_HELD))
_KEEP_WITH_DRAFT: Final = Direct(_keeping(_HELD, f"typed as ({SAVE})").bindparams(bindparam("content", type_=JSONB)))


@dataclass(frozen=True)
class Submitted:
    """What came of it: the status that the item has, or will have at `commit_at` (None: it has it now), and the next
    item where one was asked for and waited, claimed and as it was read then."""

    item_id: UUID
    stage: Stage
    act: Act
    status: Status
    commit_at: datetime | None
    undo_seconds: int
    next: Held | None
    opened: Opened | None

    def waiting(self, amount: Decimal) -> Waiting:
        """What can be taken back until `commit_at`, of an item of this amount in dollars."""
        assert self.commit_at is not None
        return Waiting(self.item_id, amount, self.stage, self.act, self.status, self.commit_at)


@dataclass(frozen=True)
class Waiting:
    """One of a person's own decisions that can still be taken back. `amount` is in dollars."""

    item_id: UUID
    amount: Decimal
    stage: Stage
    act: Act
    status: Status
    commit_at: datetime


async def submit(
    actor: Actor,
    item_id: UUID,
    submission: Submission,
    seen: Seen,
    *,
    draft: Draft | None = None,
    then_next: bool = False,
    queue: str | None = None,
) -> Submitted:
    """Submit a decision on an item that the actor holds; the next one of `queue` is claimed in the same transaction.

    It is checked as if it were committed now. `draft` is what the person had chosen and typed, to come back to.
    Raises NotAllowed, what `deciding.prepare` raises, and ImagesUnavailable; then nothing has changed.
    """
    require(actor, submission.stage.permission)
    try:
        return await _submit(actor, item_id, submission, seen, draft, then_next, queue)
    except SideNotViewed:
        # Asked after the transaction: a store that is away answers slowly, and nobody should wait for a lock then.
        if not await image_store().answers():
            raise ImagesUnavailable from None
        raise


async def _submit(
    actor: Actor,
    item_id: UUID,
    submission: Submission,
    seen: Seen,
    draft: Draft | None,
    then_next: bool,
    queue: str | None,
) -> Submitted:
    async with transaction(actor, plans_once=True) as session:
        prepared = await prepare(session, actor, item_id, submission, seen)
        seconds = prepared.policy.document.thresholds.undo_seconds
        commit_at = None
        if seconds:
            commit_at = await _keep(session, actor, prepared, submission, draft, timedelta(seconds=seconds))
        else:
            await write(session, actor, prepared)
        taken = await take_next_within(session, actor, queue, skip=(item_id,)) if then_next else None
        following = taken.held if taken else None
        opened = await open_within(session, actor, following.item_id) if following else None
        # The entries come last: from then on everybody who changes something waits for this transaction.
        submitted = [_entry(prepared, submission, commit_at)] if commit_at else []
        if taken is None:
            record_at_end(session, actor, submitted)
        elif not await enter_taken_within(session, actor, taken, *submitted):
            following = await claim_next_within(session, actor, queue, skip=(item_id,))
            opened = await open_within(session, actor, following.item_id) if following else None
    act = prepared.choice.act
    return Submitted(item_id, submission.stage, act, prepared.status, commit_at, seconds, following, opened)


async def undo(actor: Actor, item_id: UUID, *, giving_back: UUID | None = None) -> None:
    """Take a submitted decision of the actor's own back: the item is in their hands again, undecided.

    `giving_back` is the item that they were shown meanwhile: it goes back where it was, in the same transaction.
    Raises NotAllowed, and TooLate where the decision was committed, or refused, before.
    """
    require(actor, Permission.ITEM_CLAIM)
    async with transaction(actor) as session:
        items = await lock_items(session, {item_id} | ({giving_back} if giving_back else set()))
        own = (PendingDecision.item_id == item_id, PendingDecision.user_id == actor.user_id)
        row = (await session.execute(delete(PendingDecision).where(*own).returning(PendingDecision.stage))).first()
        if row is None:
            raise TooLate
        await renew_within(session, actor, item_id)
        others = [item for item in items if item.id != item_id]
        await give_back_within(session, actor, others, "an earlier decision was undone")
        await record(session, actor, Event.ITEM_UNDONE, "item", item_id, after={"stage": row.stage})
        hint_items(session, actor.institution_id, [item_id])


async def waiting(actor: Actor) -> tuple[Waiting, ...]:
    """The actor's own decisions that can still be taken back, the last one first. Raises NotAllowed."""
    require(actor, Permission.ITEM_CLAIM)
    query = (
        select(PendingDecision, CheckItem.amount)
        .join(CheckItem, CheckItem.id == PendingDecision.item_id)
        .where(PendingDecision.user_id == actor.user_id)
        .order_by(PendingDecision.submitted_at.desc(), PendingDecision.item_id)
    )
    async with transaction(actor) as session:
        rows = (await session.execute(query)).all()
    return tuple(
        Waiting(
            row.PendingDecision.item_id,
            row.amount,
            Stage(row.PendingDecision.stage),
            Act(row.PendingDecision.act),
            Status(row.PendingDecision.outcome),
            row.PendingDecision.commit_at,
        )
        for row in rows
    )


async def _keep(
    session: AsyncSession,
    actor: Actor,
    prepared: Prepared,
    submission: Submission,
    draft: Draft | None,
    window: timedelta,
) -> datetime:
    """Write what waits and the draft of it, hold the item beyond its commit, and say when that is."""
    item_id, content = prepared.item.id, draft.content() if draft is not None else {}
    row = {
        "institution": actor.institution_id,
        "item": item_id,
        "user": actor.user_id,
        "stage": submission.stage.value,
        "act": prepared.choice.act.value,
        "choice": submission.choice_as_json(),
        "outcome": prepared.status.value,
        "seen_version": prepared.seen.version,
        "seen_digest": prepared.seen.digest,
        "viewed_ms": prepared.seen.viewed(),
        "session": actor.session,
        "address": actor.address,
        "request_id": actor.request_id,
        "window": window,
        "held_for": window + _MARGIN,
    }
    if content:
        kept = await _KEEP_WITH_DRAFT.first(session, row | {"content": content})
    else:
        if draft is not None:
            await drop_draft_within(session, actor, item_id)
        kept = await _KEEP.first(session, row)
    assert kept is not None  # what is inserted is answered
    commit_at: datetime = kept.commit_at
    hint_items(session, actor.institution_id, [item_id], by=actor.request_id or "")
    return commit_at


def _entry(prepared: Prepared, submission: Submission, commit_at: datetime) -> NewEntry:
    after = {"act": prepared.choice.act, "stage": submission.stage, "commit_at": commit_at}
    return NewEntry(Event.ITEM_SUBMITTED, "item", prepared.item.id, after=after)
