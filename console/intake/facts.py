"""Looks up, for many items at once, what the flags need to know of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import String, and_, cast, column, func, select, tuple_, values
from sqlalchemy.ext.asyncio import AsyncSession

from console.intake.images import SpooledItem
from console.intake.x9.values import routing_fault
from console.review.flags import AccountFacts, IssuedLine, ItemFacts
from db.models import Account, AccountContext, CheckItem, HistoryCheck, IssuedCheck, StopPayment

# The fields of record 54 that are usability of a part of the check: 1 means unusable.
_QUALITY_DEFECTS = 1

Identity = tuple[str, str, str, Decimal]


@dataclass(frozen=True)
class Draft:
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


def draft(spooled: SpooledItem, institution_routing: str) -> Draft:
    """Read an item's identity. The customer's account is the drawer's on us, the depositor's otherwise."""
    item = spooled.item
    on_us = item.routing == institution_routing
    return Draft(
        spooled,
        item.routing.strip(),
        item.account,
        item.account if on_us else item.deposit_account,
        item.serial or "",
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


async def look_up(session: AsyncSession, drafts: Sequence[Draft], since: date, routing: str) -> Lookups:
    """Five queries for the whole batch, whatever its size."""
    accounts = await _accounts(session, drafts, routing)
    pairs = sorted(
        {(accounts[d.customer_account][0], d.serial) for d in drafts if d.on_us and d.customer_account in accounts},
        key=str,
    )
    return Lookups(
        accounts,
        await _history(session, pairs),
        await _stops(session, pairs),
        await _issued(session, pairs),
        await _presented(session, drafts, since),
    )


def facts_of(draft: Draft, lookups: Lookups, seen: SeenInFile, presented_on: date, window_days: int) -> ItemFacts:
    """The facts of one item of the batch; remembers the item for those that follow in the file."""
    item = draft.spooled.item
    account_id, account = lookups.accounts.get(draft.customer_account, (None, None))
    if account is not None:
        account = replace(account, checks_7d=account.checks_7d + seen.checks[draft.customer_account])
    key = (account_id, draft.serial) if account_id else None
    history = lookups.history.get(key, []) if key and draft.serial else []
    since = presented_on - timedelta(days=window_days)
    duplicates = [
        f"paid from this account on {seen_on:%d %b %Y}"
        for amount, seen_on in history
        if amount == draft.amount and seen_on >= since
    ]
    if draft.serial:
        if draft.identity in lookups.presented:
            duplicates.append(f"presented on {lookups.presented[draft.identity]:%d %b %Y}")
        if draft.identity in seen.identities:
            duplicates.append(f"item {seen.identities[draft.identity]} of this file")
        seen.identities.setdefault(draft.identity, item.ordinal)
    stops = lookups.stops.get(key, []) if key else []
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
        missing_sides=tuple(
            side for side in ("front", "back") if side not in {view.side.value for view in draft.spooled.views}
        ),
        undisplayable_sides=tuple(view.side.value for view in draft.spooled.views if view.facts.problem),
        unusable_fields=tuple(
            name.replace("_", " ")
            for view in draft.spooled.views
            for name, metric in (view.quality or {}).items()
            if metric == _QUALITY_DEFECTS
        ),
    )


async def _accounts(
    session: AsyncSession, drafts: Sequence[Draft], routing: str
) -> dict[str, tuple[UUID, AccountFacts]]:
    numbers = sorted({draft.customer_account for draft in drafts if draft.customer_account})
    rows = await session.execute(
        select(Account, AccountContext)
        .outerjoin(AccountContext, AccountContext.account_id == Account.id)
        .where(Account.routing == routing, Account.number.in_(numbers))
    )
    return {row.Account.number: (row.Account.id, _account_facts(row.Account, row.AccountContext)) for row in rows}


def _account_facts(account: Account, context: AccountContext | None) -> AccountFacts:
    average = context.amounts.get("average_90") if context else None
    return AccountFacts(
        opened_on=account.opened_on,
        account_type=account.account_type,
        balance=context.balance if context else None,
        average_90=Decimal(average) if average is not None else None,
        checks_7d=context.checks_7d if context else 0,
        returns_90d=context.returns_90d if context else 0,
        last_serial=context.last_serial if context else None,
        positive_pay=account.positive_pay,
    )


Pairs = Sequence[tuple[UUID, str]]


async def _history(session: AsyncSession, pairs: Pairs) -> dict[tuple[UUID, str], list[tuple[Decimal, date]]]:
    query = select(HistoryCheck.account_id, HistoryCheck.serial, HistoryCheck.amount, HistoryCheck.presented_on).where(
        tuple_(HistoryCheck.account_id, HistoryCheck.serial).in_(pairs)
    )
    found: dict[tuple[UUID, str], list[tuple[Decimal, date]]] = defaultdict(list)
    for row in await session.execute(query.order_by(HistoryCheck.presented_on.desc())):
        found[row.account_id, row.serial].append((row.amount, row.presented_on))
    return found


async def _stops(session: AsyncSession, pairs: Pairs) -> dict[tuple[UUID, str], list[Decimal | None]]:
    query = select(StopPayment.account_id, StopPayment.serial, StopPayment.amount).where(
        tuple_(StopPayment.account_id, StopPayment.serial).in_(pairs)
    )
    found: dict[tuple[UUID, str], list[Decimal | None]] = defaultdict(list)
    for row in await session.execute(query):
        found[row.account_id, row.serial].append(row.amount)
    return found


async def _issued(session: AsyncSession, pairs: Pairs) -> dict[tuple[UUID, str], IssuedLine]:
    rows = await session.scalars(
        select(IssuedCheck).where(tuple_(IssuedCheck.account_id, IssuedCheck.serial).in_(pairs))
    )
    return {(row.account_id, row.serial): IssuedLine(row.amount, row.payee, row.issued_on, row.status) for row in rows}


async def _presented(session: AsyncSession, drafts: Sequence[Draft], since: date) -> dict[Identity, date]:
    wanted = values(column("routing", String), column("account", String), column("serial", String), name="wanted").data(
        [identity[:3] for identity in {d.identity for d in drafts if d.serial}] or [("", "", "")]
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
                CheckItem.routing == cast(wanted.c.routing, String),
                CheckItem.account_number == cast(wanted.c.account, String),
                CheckItem.serial == cast(wanted.c.serial, String),
            ),
        )
        .where(CheckItem.received_at >= since)
        .group_by(CheckItem.routing, CheckItem.account_number, CheckItem.serial, CheckItem.amount)
    )
    rows = await session.execute(query)
    return {(row.routing, row.account_number, row.serial, row.amount): row.seen.date() for row in rows}
