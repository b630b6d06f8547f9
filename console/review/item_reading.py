"""Reads an item's view: everything that a reviewer is shown, at one moment, in the caller's transaction."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from console.audit.entries import Event
from console.policy.versions import Policy, active_policy
from console.review.item_view import (
    AccountShown,
    Assignee,
    EarlierCheck,
    FirstSignature,
    FlagShown,
    Holder,
    ImageShown,
    ItemNotFound,
    ItemView,
    NoteShown,
    Step,
)
from console.review.states import Status
from db.models import (
    Account,
    AccountContext,
    AuditEntry,
    CheckItem,
    Claim,
    Decision,
    FileFinding,
    Flag,
    HistoryCheck,
    Image,
    ItemNote,
    Queue,
    User,
)

# Earlier checks shown: the newest with thumbnails, all of them in the plot of amounts.
EARLIER_CHECKS = 120
# Notes kept as shown with a decision, the newest.
NOTES = 50


async def load_view(session: AsyncSession, item_id: UUID, policy: Policy | None = None) -> ItemView:
    """The view of an item, inside the caller's transaction; `policy` is the active one, where the caller has read it.

    Raises ItemNotFound.
    """
    row = (
        await session.execute(
            select(CheckItem, Queue, User.display_name)
            .join(Queue, Queue.id == CheckItem.queue_id)
            .outerjoin(User, User.id == CheckItem.assigned_to)
            .where(CheckItem.id == item_id)
        )
    ).first()
    if row is None:
        raise ItemNotFound
    item: CheckItem = row.CheckItem
    policy = policy or await active_policy(session)
    return ItemView(
        id=item.id,
        version=item.version,
        status=Status(item.status),
        kind=item.kind,
        item_type=item.item_type,
        amount=item.amount,
        routing=item.routing,
        account_number=item.account_number,
        serial=item.serial,
        auxiliary_on_us=item.auxiliary_on_us,
        on_us=item.on_us,
        epc=item.epc,
        sequence=item.sequence,
        payee=item.payee,
        depositary_routing=item.depositary_routing,
        return_reason=item.return_reason,
        business_date=item.business_date,
        received_at=item.received_at,
        queue_key=row.Queue.key,
        queue_name=row.Queue.name,
        priority=item.priority,
        two_people=item.two_people,
        sla_due_at=item.sla_due_at,
        sla_warning_at=item.sla_warning_at,
        return_by=item.return_by,
        policy_id=policy.id,
        policy_number=policy.number,
        thresholds=policy.document.thresholds.model_dump(mode="json"),
        images=await _images(session, item_id),
        flags=await _flags(session, item_id),
        findings=await _findings(session, item_id),
        account=await _account(session, item.account_id),
        earlier=await _earlier(session, item.account_id),
        first_signature=await _first_signature(session, item),
        steps=await _steps(session, item_id),
        notes=await _notes(session, item_id),
        holder=await _holder(session, item_id),
        assigned=Assignee(item.assigned_to, row.display_name) if item.assigned_to else None,
    )


async def _images(session: AsyncSession, item_id: UUID) -> tuple[ImageShown, ...]:
    rows = await session.scalars(select(Image).where(Image.item_id == item_id).order_by(Image.ordinal, Image.id))
    return tuple(ImageShown(row.id, row.side, row.sha256, row.width, row.height, row.dpi, row.problem) for row in rows)


async def _flags(session: AsyncSession, item_id: UUID) -> tuple[FlagShown, ...]:
    rows = await session.scalars(select(Flag).where(Flag.item_id == item_id).order_by(Flag.code))
    return tuple(
        FlagShown(
            row.id,
            row.code,
            row.title,
            row.explanation,
            row.evidence,
            row.source,
            row.confidence,
            row.answer,
            row.answer_reason,
        )
        for row in rows
    )


async def _findings(session: AsyncSession, item_id: UUID) -> tuple[str, ...]:
    query = select(FileFinding).where(FileFinding.item_id == item_id).order_by(FileFinding.record, FileFinding.id)
    rows = await session.scalars(query.limit(50))
    return tuple(f"{row.problem} (record {row.record}, {row.field}: {row.found or 'nothing'})" for row in rows)


async def _account(session: AsyncSession, account_id: UUID | None) -> AccountShown | None:
    if account_id is None:
        return None
    row = (
        await session.execute(
            select(Account, AccountContext)
            .outerjoin(AccountContext, AccountContext.account_id == Account.id)
            .where(Account.id == account_id)
        )
    ).one()
    history = (
        await session.execute(
            select(
                func.count(),
                func.count().filter(HistoryCheck.outcome == "returned"),
                func.min(HistoryCheck.presented_on),
            ).where(HistoryCheck.account_id == account_id)
        )
    ).one()
    account: Account = row.Account
    context: AccountContext | None = row.AccountContext
    return AccountShown(
        id=account.id,
        holder=account.holder,
        account_type=account.account_type,
        opened_on=account.opened_on,
        as_of=context.as_of if context else None,
        balance=context.balance if context else None,
        average_balance_30d=context.average_balance_30d if context else None,
        amounts=context.amounts if context else {},
        checks_7d=context.checks_7d if context else 0,
        total_7d=context.total_7d if context else Decimal(0),
        checks_14d=context.checks_14d if context else 0,
        total_14d=context.total_14d if context else Decimal(0),
        returns_90d=context.returns_90d if context else 0,
        nsf_90d=context.nsf_90d if context else 0,
        overdrafts_90d=context.overdrafts_90d if context else 0,
        last_serial=context.last_serial if context else None,
        payroll=context.payroll if context else False,
        direct_deposit=context.direct_deposit if context else False,
        history_count=history[0],
        history_returned=history[1],
        history_since=history[2],
    )


async def _earlier(session: AsyncSession, account_id: UUID | None) -> tuple[EarlierCheck, ...]:
    if account_id is None:
        return ()
    rows = await session.execute(
        select(HistoryCheck, Image.sha256)
        .outerjoin(Image, Image.id == HistoryCheck.image_id)
        .where(HistoryCheck.account_id == account_id)
        .order_by(HistoryCheck.presented_on.desc(), HistoryCheck.id)
        .limit(EARLIER_CHECKS)
    )
    return tuple(
        EarlierCheck(
            row.HistoryCheck.id,
            row.HistoryCheck.serial,
            row.HistoryCheck.amount,
            row.HistoryCheck.presented_on,
            row.HistoryCheck.payee,
            row.HistoryCheck.outcome,
            row.HistoryCheck.return_code,
            row.HistoryCheck.image_id,
            row.sha256,
        )
        for row in rows
    )


async def _first_signature(session: AsyncSession, item: CheckItem) -> FirstSignature | None:
    if item.status != Status.PENDING_APPROVAL:
        return None
    row = (
        await session.execute(
            select(Decision, User.display_name)
            .join(User, User.id == Decision.actor_id)
            .where(Decision.item_id == item.id, Decision.stage == "recommendation")
            .order_by(Decision.sequence.desc())
            .limit(1)
        )
    ).one()
    first: Decision = row.Decision
    return FirstSignature(
        first.id, first.actor_id, row.display_name, first.action, first.reasons, first.note, first.decided_at
    )


async def _steps(session: AsyncSession, item_id: UUID) -> tuple[Step, ...]:
    decided = await session.execute(
        select(Decision, User.display_name).join(User, User.id == Decision.actor_id).where(Decision.item_id == item_id)
    )
    steps = [
        Step(
            row.Decision.stage,
            row.display_name,
            row.Decision.decided_at,
            row.Decision.action,
            tuple(row.Decision.reasons),
            row.Decision.note,
            row.Decision.details,
        )
        for row in decided
    ]
    # The answer that put an item back is a change of the item, no decision: its words are in the audit trail.
    resumed = await session.scalars(
        select(AuditEntry).where(
            AuditEntry.object_type == "item",
            AuditEntry.object_id == str(item_id),
            AuditEntry.action == Event.ITEM_RESUMED.value,
        )
    )
    for entry in resumed:
        note = str((entry.after or {}).get("note", ""))
        steps.append(Step("resumed", entry.actor_name, entry.at, "", (), note, {}))
    return tuple(sorted(steps, key=lambda step: step.at))


async def _notes(session: AsyncSession, item_id: UUID) -> tuple[NoteShown, ...]:
    rows = await session.execute(
        select(ItemNote, User.display_name)
        .join(User, User.id == ItemNote.author_id)
        .where(ItemNote.item_id == item_id)
        .order_by(ItemNote.written_at.desc(), ItemNote.id)
        .limit(NOTES)
    )
    return tuple(
        NoteShown(row.ItemNote.id, row.display_name, row.ItemNote.written_at, row.ItemNote.text) for row in rows
    )


async def _holder(session: AsyncSession, item_id: UUID) -> Holder | None:
    row = (
        await session.execute(
            select(Claim.user_id, User.display_name, Claim.expires_at)
            .join(User, User.id == Claim.user_id)
            .where(Claim.item_id == item_id, Claim.expires_at > func.now())
        )
    ).first()
    return Holder(row.user_id, row.display_name, row.expires_at) if row else None
