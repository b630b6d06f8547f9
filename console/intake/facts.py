"""Looks up, for many items at once, what the flags need to know of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, and_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from console.intake.spool import SpooledItem
from console.intake.x9.records import Side
from console.intake.x9.values import routing_fault
from console.policy.facts import AccountFacts, IssuedLine, ItemFacts, Sighting
from console.policy.model import MAX_DUPLICATE_DAYS
from db.models import Account, AccountContext, CheckItem, HistoryCheck, IssuedCheck, StopPayment

# The fields of record 54 that are usability of a part of the check: 1 means unusable.
_QUALITY_DEFECTS = 1
_SIDES = tuple(side.value for side in Side)

Identity = tuple[str, str, str, Decimal]


class Draft(NamedTuple):
    """An item on its way into the database: what the MICR line says, whose account it is."""

    spooled: SpooledItem
    routing: str
    account_number: str
    customer_account: str
    serial: str
    amount: Decimal
    on_us: bool

    @property
    def identity(self) -> Identity:
        """Routing, account, serial and amount: what makes two presentments the same check."""
        return (self.routing, self.account_number, self.serial, self.amount)


@dataclass
class SeenInFile:
    """What the items of the file so far have in common: a duplicate inside the file is found, and checks of one
    account presented together count for its velocity."""

    identities: dict[Identity, int] = field(default_factory=dict)
    checks: Counter[str] = field(default_factory=Counter)

    def count(self, drafts: Sequence[Draft]) -> None:
        """Count a batch's checks by account, before any of them is looked at."""
        self.checks.update(draft.customer_account for draft in drafts if draft.on_us)


def draft(item: SpooledItem, institution_routing: str) -> Draft:
    """Read an item's identity. The customer's account is the drawer's on us, the depositor's otherwise."""
    on_us = item.routing == institution_routing
    return Draft(
        item,
        item.routing.strip(),
        item.account,
        item.account if on_us else item.deposit_account,
        item.serial,
        Decimal(item.amount_cents).scaleb(-2),
        on_us,
    )


@dataclass(frozen=True)
class Lookups:
    """What the database knows of a batch of drafts."""

    accounts: dict[str, tuple[UUID, AccountFacts]]
    history: dict[tuple[UUID, str], list[tuple[Decimal, date]]]
    stops: dict[tuple[UUID, str], list[Decimal | None]]
    issued: dict[tuple[UUID, str], IssuedLine]
    presented: dict[Identity, date]


async def look_up(session: AsyncSession, drafts: Sequence[Draft], file_id: UUID, today: date, routing: str) -> Lookups:
    """Five queries for the whole batch of a file, whatever its size.

    Duplicates are looked for as far back as any policy may: how far one does look is a condition on what is found.
    """
    since = today - timedelta(days=MAX_DUPLICATE_DAYS)
    accounts = await _accounts(session, drafts, routing)
    pairs = {(accounts[d.customer_account][0], d.serial) for d in drafts if d.on_us and d.customer_account in accounts}
    return Lookups(
        accounts,
        await _history(session, pairs),
        await _stops(session, pairs),
        await _issued(session, pairs),
        await _presented(session, drafts, file_id, since),
    )


def facts_of(draft: Draft, lookups: Lookups, seen: SeenInFile, received_at: datetime) -> ItemFacts:
    """The facts of one item of the batch; remembers the item for those that follow in the file.

    `received_at` is in the institution's zone: its day is the day of presentment.
    """
    item, presented_on = draft.spooled, received_at.date()
    account_id, account = lookups.accounts.get(draft.customer_account, (None, None))
    if account is not None:
        account = replace(account, checks_7d=account.checks_7d + seen.checks[draft.customer_account])
    key = (account_id, draft.serial) if account_id else None
    history = lookups.history.get(key, []) if key and draft.serial else []
    duplicates = [
        Sighting(f"paid from this account on {seen_on:%d %b %Y}", (presented_on - seen_on).days)
        for amount, seen_on in history
        if amount == draft.amount
    ]
    if draft.serial:
        if seen_on := lookups.presented.get(draft.identity):
            duplicates.append(Sighting(f"presented on {seen_on:%d %b %Y}", (presented_on - seen_on).days))
        if draft.identity in seen.identities:
            duplicates.append(Sighting(f"item {seen.identities[draft.identity]} of this file", 0))
        seen.identities.setdefault(draft.identity, item.ordinal)
    stops = lookups.stops.get(key, []) if key else []
    sides = {view.side for view in item.views}
    other_amounts = [amount for amount, _ in history if amount != draft.amount]
    return ItemFacts(
        amount=draft.amount,
        serial=draft.serial,
        routing=draft.routing,
        routing_valid=routing_fault(item.routing) is None,
        on_us=draft.on_us,
        payee=item.payee or None,
        presented_on=presented_on,
        account=account,
        serial_seen_amount=other_amounts[0] if other_amounts else None,
        duplicates=tuple(duplicates),
        stopped=any(amount is None or amount == draft.amount for amount in stops),
        issued=lookups.issued.get(key) if key else None,
        missing_sides=tuple(side for side in _SIDES if side not in sides),
        undisplayable_sides=tuple(view.side for view in item.views if view.facts.problem),
        unusable_fields=tuple(
            name.replace("_", " ")
            for view in item.views
            for name, metric in (view.quality or {}).items()
            if metric == _QUALITY_DEFECTS
        ),
        kind=item.kind,
        account_number=draft.account_number,
        depositary_routing=item.bofd_routing or None,
        return_reason=item.return_reason or None,
        business_date=item.business_date,
        received_at=received_at,
    )


async def _accounts(
    session: AsyncSession, drafts: Sequence[Draft], routing: str
) -> dict[str, tuple[UUID, AccountFacts]]:
    numbers = {draft.customer_account for draft in drafts if draft.customer_account}
    # Columns, not objects: a batch can name as many accounts as it has items.
    query = (
        select(
            Account.id,
            Account.number,
            Account.opened_on,
            Account.account_type,
            Account.positive_pay,
            AccountContext.balance,
            AccountContext.amounts["average_90"].astext.label("average_90"),
            AccountContext.checks_7d,
            AccountContext.checks_14d,
            AccountContext.returns_90d,
            AccountContext.nsf_90d,
            AccountContext.overdrafts_90d,
            AccountContext.payroll,
            AccountContext.direct_deposit,
            AccountContext.last_serial,
        )
        .outerjoin(AccountContext, AccountContext.account_id == Account.id)
        .where(Account.routing == routing, Account.number == func.any(bindparam("numbers", list(numbers), ARRAY(Text))))
    )
    return {row.number: (row.id, _account_facts(row)) for row in await session.execute(query)}


def _account_facts(row: Any) -> AccountFacts:
    return AccountFacts(
        opened_on=row.opened_on,
        account_type=row.account_type,
        balance=row.balance,
        average_90=None if row.average_90 is None else Decimal(row.average_90),
        checks_7d=row.checks_7d or 0,
        checks_week_before=(row.checks_14d or 0) - (row.checks_7d or 0),
        returns_90d=row.returns_90d or 0,
        last_serial=row.last_serial,
        positive_pay=row.positive_pay,
        nsf_90d=row.nsf_90d,
        overdrafts_90d=row.overdrafts_90d,
        payroll=row.payroll,
        direct_deposit=row.direct_deposit,
    )


Pairs = Collection[tuple[UUID, str]]


def _wanted(pairs: Pairs, account_id: InstrumentedAttribute[UUID], serial: InstrumentedAttribute[str]) -> Any:
    """The pairs as a table to join with: two arrays, however many there are, so that the statement stays one."""
    wanted = (
        func.unnest(
            bindparam("accounts", [account for account, _ in pairs], ARRAY(Uuid)),
            bindparam("serials", [serial for _, serial in pairs], ARRAY(Text)),
        )
        .table_valued("account_id", "serial")
        .render_derived(name="wanted")
    )
    return wanted, and_(account_id == wanted.c.account_id, serial == wanted.c.serial)


async def _history(session: AsyncSession, pairs: Pairs) -> dict[tuple[UUID, str], list[tuple[Decimal, date]]]:
    query = select(HistoryCheck.account_id, HistoryCheck.serial, HistoryCheck.amount, HistoryCheck.presented_on).join(
        *_wanted(pairs, HistoryCheck.account_id, HistoryCheck.serial)
    )
    found: dict[tuple[UUID, str], list[tuple[Decimal, date]]] = defaultdict(list)
    for row in await session.execute(query.order_by(HistoryCheck.presented_on.desc())):
        found[row.account_id, row.serial].append((row.amount, row.presented_on))
    return found


async def _stops(session: AsyncSession, pairs: Pairs) -> dict[tuple[UUID, str], list[Decimal | None]]:
    query = select(StopPayment.account_id, StopPayment.serial, StopPayment.amount).join(
        *_wanted(pairs, StopPayment.account_id, StopPayment.serial)
    )
    found: dict[tuple[UUID, str], list[Decimal | None]] = defaultdict(list)
    for row in await session.execute(query):
        found[row.account_id, row.serial].append(row.amount)
    return found


async def _issued(session: AsyncSession, pairs: Pairs) -> dict[tuple[UUID, str], IssuedLine]:
    rows = await session.scalars(select(IssuedCheck).join(*_wanted(pairs, IssuedCheck.account_id, IssuedCheck.serial)))
    return {(row.account_id, row.serial): IssuedLine(row.amount, row.payee, row.issued_on, row.status) for row in rows}


async def _presented(
    session: AsyncSession, drafts: Sequence[Draft], file_id: UUID, since: date
) -> dict[Identity, date]:
    # Other files' items alone: those of this file are counted while it is read.
    identities = {draft.identity[:3] for draft in drafts if draft.serial}
    wanted = (
        func.unnest(
            *(
                bindparam(name, [identity[at] for identity in identities], ARRAY(Text))
                for at, name in enumerate(("routings", "accounts", "serials"))
            )
        )
        .table_valued("routing", "account", "serial")
        .render_derived(name="wanted")
    )
    query = (
        select(
            CheckItem.routing,
            CheckItem.account_number,
            CheckItem.serial,
            CheckItem.amount,
            func.max(CheckItem.received_at).label("seen"),
        )
        .join(
            wanted,
            and_(
                CheckItem.routing == wanted.c.routing,
                CheckItem.account_number == wanted.c.account,
                CheckItem.serial == wanted.c.serial,
            ),
        )
        .where(CheckItem.received_at >= since, CheckItem.file_id != file_id)
        .group_by(CheckItem.routing, CheckItem.account_number, CheckItem.serial, CheckItem.amount)
    )
    rows = await session.execute(query)
    return {(row.routing, row.account_number, row.serial, row.amount): row.seen.date() for row in rows}
