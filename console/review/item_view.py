"""An item with everything that a reviewer is shown, read at one moment; what is shown is what is kept as evidence."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from console.audit.canonical import canonical
from console.policy.versions import active_policy
from console.review.states import Status
from db.models import (
    Account,
    AccountContext,
    CheckItem,
    Claim,
    Decision,
    FileFinding,
    Flag,
    HistoryCheck,
    Image,
    Queue,
    User,
)

# Earlier checks shown: the newest with thumbnails, all of them in the plot of amounts.
EARLIER_CHECKS = 120


class ItemNotFound(LookupError):
    """No such item in this institution."""

    def __init__(self) -> None:
        super().__init__("This check does not exist.")


@dataclass(frozen=True)
class ImageShown:
    id: UUID
    side: str
    sha256: bytes
    width: int | None
    height: int | None
    dpi: int | None
    problem: str | None


@dataclass(frozen=True)
class FlagShown:
    id: UUID
    code: str
    title: str
    explanation: str
    evidence: dict[str, Any]
    source: str
    confidence: Decimal | None
    answer: str | None
    answer_reason: str | None


@dataclass(frozen=True)
class AccountShown:
    """The account's story. `amounts` is keyed `average_30`, `sigma_90`, `maximum_365` and so on, in dollars."""

    id: UUID
    holder: str
    account_type: str
    opened_on: date
    as_of: datetime | None
    balance: Decimal | None
    average_balance_30d: Decimal | None
    amounts: dict[str, Any]
    checks_7d: int
    total_7d: Decimal
    checks_14d: int
    total_14d: Decimal
    returns_90d: int
    nsf_90d: int
    overdrafts_90d: int
    last_serial: int | None
    payroll: bool
    direct_deposit: bool
    history_count: int
    history_returned: int
    history_since: date | None


@dataclass(frozen=True)
class EarlierCheck:
    id: UUID
    serial: str
    amount: Decimal
    presented_on: date
    payee: str
    outcome: str
    return_code: str | None
    image_id: UUID | None
    image_sha256: bytes | None


@dataclass(frozen=True)
class FirstSignature:
    """The recommendation that waits for a second person."""

    decision_id: UUID
    actor_id: UUID
    actor_name: str
    action: str
    reasons: list[str]
    note: str
    decided_at: datetime


@dataclass(frozen=True)
class Holder:
    user_id: UUID
    name: str
    expires_at: datetime


@dataclass(frozen=True)
class ItemView:
    id: UUID
    version: int
    status: Status
    kind: str
    item_type: str
    amount: Decimal
    routing: str
    account_number: str
    serial: str
    auxiliary_on_us: str
    on_us: str
    epc: str
    sequence: str
    payee: str | None
    depositary_routing: str | None
    return_reason: str | None
    business_date: date | None
    received_at: datetime
    queue_key: str
    queue_name: str
    priority: int
    two_people: bool
    sla_due_at: datetime
    sla_warning_at: datetime
    return_by: datetime | None
    policy_id: UUID
    policy_number: int
    thresholds: dict[str, Any]
    images: tuple[ImageShown, ...]
    flags: tuple[FlagShown, ...]
    findings: tuple[str, ...]
    account: AccountShown | None
    earlier: tuple[EarlierCheck, ...]
    first_signature: FirstSignature | None
    # Not part of what is kept as evidence: who holds the item changes without the item changing.
    holder: Holder | None

    def image(self, side: str) -> ImageShown | None:
        """The first full view of a side."""
        return next((image for image in self.images if image.side == side), None)

    def shown(self) -> dict[str, Any]:
        """What the reviewer sees, as plain values, for the evidence and its digest."""
        values = asdict(self)
        del values["holder"]
        return values

    @property
    def digest(self) -> str:
        """SHA-256 of what is shown. A decision names it, so that nobody decides on what has changed since."""
        return hashlib.sha256(canonical(self.shown()).encode()).hexdigest()


async def load_view(session: AsyncSession, item_id: UUID) -> ItemView:
    """The view of an item, inside the caller's transaction. Raises ItemNotFound."""
    row = (
        await session.execute(
            select(CheckItem, Queue).join(Queue, Queue.id == CheckItem.queue_id).where(CheckItem.id == item_id)
        )
    ).first()
    if row is None:
        raise ItemNotFound
    item: CheckItem = row.CheckItem
    policy = await active_policy(session)
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
        holder=await _holder(session, item_id),
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


async def _holder(session: AsyncSession, item_id: UUID) -> Holder | None:
    row = (
        await session.execute(
            select(Claim.user_id, User.display_name, Claim.expires_at)
            .join(User, User.id == Claim.user_id)
            .where(Claim.item_id == item_id, Claim.expires_at > func.now())
        )
    ).first()
    return Holder(row.user_id, row.display_name, row.expires_at) if row else None
