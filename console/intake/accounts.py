"""Takes over what the core banking system knows of accounts: holders, figures, earlier checks, orders."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from statistics import mean, pstdev
from typing import Any
from uuid import UUID, uuid4

import anyio
from sqlalchemy import Table, select

from console.access.permissions import Permission, require
from console.actor import Actor
from console.audit.entries import Event, record
from console.hints import hint_items
from console.images.render import inspect
from console.images.store import CONNECTIONS, ImageStore, image_store
from db.bulk import copy_rows
from db.engine import transaction
from db.models import Account, AccountContext, HistoryCheck, Image, IssuedCheck, StopPayment

_CENT = Decimal("0.01")
WINDOWS = (30, 90, 365)


@dataclass(frozen=True)
class EarlierCheck:
    """A check that was presented before; `front` is its image's bytes where the archive has it."""

    serial: str
    amount: Decimal
    presented_on: date
    payee: str
    outcome: str
    return_code: str | None
    front: bytes | None


@dataclass(frozen=True)
class StopOrder:
    """An order not to pay a serial; `amount` None stops it at any amount."""

    serial: str
    amount: Decimal | None
    ordered_on: date


@dataclass(frozen=True)
class Issued:
    """A line of the customer's issued file. `status` is outstanding, void or paid."""

    serial: str
    amount: Decimal
    payee: str
    issued_on: date
    status: str


@dataclass(frozen=True)
class AccountRecord:
    """One account with everything a reviewer is shown of it. Amounts in dollars."""

    routing: str
    number: str
    holder: str
    account_type: str
    opened_on: date
    positive_pay: bool
    balance: Decimal
    average_balance_30d: Decimal
    payroll: bool
    direct_deposit: bool
    returns_90d: int
    nsf_90d: int
    overdrafts_90d: int
    signature_card: bytes | None
    history: Sequence[EarlierCheck]
    stops: Sequence[StopOrder]
    issued: Sequence[Issued]


async def load_accounts(actor: Actor, accounts: Sequence[AccountRecord], as_of: date) -> int:
    """Add these accounts, images first, then all rows in one transaction; how many there were.

    Raises NotAllowed, StoreUnavailable, and IntegrityError where an account is there already: then nothing is added.
    """
    require(actor, Permission.ACCOUNT_LOAD)
    pictures = [one.signature_card for one in accounts] + [check.front for one in accounts for check in one.history]
    facts = await anyio.to_thread.run_sync(partial(_store, image_store(), actor.institution_id, pictures))
    rows = _Rows(actor.institution_id, facts)
    for account in accounts:
        rows.add(account, as_of)
    async with transaction(actor, statement_timeout_ms=60_000) as session:
        for model, part in rows.tables():
            table: Table = model.__table__
            await copy_rows(session, table, part)
        await record(session, actor, Event.ACCOUNTS_LOADED, "accounts", as_of, after={"accounts": len(accounts)})
        hint_items(session, actor.institution_id, [])
    return len(accounts)


async def has_accounts(actor: Actor) -> bool:
    """Whether any account of the institution is known. Raises NotAllowed."""
    require(actor, Permission.ACCOUNT_LOAD)
    async with transaction(actor) as session:
        return (await session.execute(select(Account.id).limit(1))).first() is not None


def _store(store: ImageStore, institution_id: UUID, pictures: Iterable[bytes | None]) -> dict[bytes, dict[str, Any]]:
    """Put each picture into the store; what its row says, by its hash."""

    def put(data: bytes) -> tuple[bytes, dict[str, Any]]:
        sha256 = hashlib.sha256(data).digest()
        store.put(institution_id, data, sha256)
        seen = inspect(data)
        return sha256, {
            "sha256": sha256,
            "size": len(data),
            "format": seen.format,
            "width": seen.width,
            "height": seen.height,
            "dpi": seen.dpi,
            "problem": seen.problem,
        }

    with ThreadPoolExecutor(CONNECTIONS, "images") as pool:
        return dict(pool.map(put, {data for data in pictures if data}))


class _Rows:
    """Rows of every table, gathered account by account."""

    def __init__(self, institution_id: UUID, facts: dict[bytes, dict[str, Any]]) -> None:
        self._institution_id = institution_id
        self._facts = facts
        self._accounts: list[dict[str, Any]] = []
        self._contexts: list[dict[str, Any]] = []
        self._images: list[dict[str, Any]] = []
        self._history: list[dict[str, Any]] = []
        self._stops: list[dict[str, Any]] = []
        self._issued: list[dict[str, Any]] = []

    def tables(self) -> list[tuple[Any, list[dict[str, Any]]]]:
        """Each model with its rows, in the order in which they refer to one another."""
        return [
            (Account, self._accounts),
            (AccountContext, self._contexts),
            (Image, self._images),
            (HistoryCheck, self._history),
            (StopPayment, self._stops),
            (IssuedCheck, self._issued),
        ]

    def add(self, account: AccountRecord, as_of: date) -> None:
        account_id = uuid4()
        self._accounts.append(
            self._row(
                id=account_id,
                routing=account.routing,
                number=account.number,
                holder=account.holder,
                account_type=account.account_type,
                opened_on=account.opened_on,
                positive_pay=account.positive_pay,
            )
        )
        self._contexts.append(self._row(account_id=account_id, **context_figures(account, as_of)))
        if account.signature_card:
            self._image(account.signature_card, "card", account_id)
        for check in account.history:
            image = self._image(check.front, "front", account_id) if check.front else None
            self._history.append(
                self._row(
                    id=uuid4(),
                    account_id=account_id,
                    serial=check.serial,
                    amount=check.amount,
                    presented_on=check.presented_on,
                    payee=check.payee,
                    outcome=check.outcome,
                    return_code=check.return_code,
                    image_id=image,
                )
            )
        self._stops += [
            self._row(id=uuid4(), account_id=account_id, serial=s.serial, amount=s.amount, ordered_on=s.ordered_on)
            for s in account.stops
        ]
        self._issued += [
            self._row(
                id=uuid4(),
                account_id=account_id,
                serial=line.serial,
                amount=line.amount,
                payee=line.payee,
                issued_on=line.issued_on,
                status=line.status,
            )
            for line in account.issued
        ]

    def _image(self, data: bytes, side: str, account_id: UUID) -> UUID:
        image_id = uuid4()
        facts = self._facts[hashlib.sha256(data).digest()]
        self._images.append(self._row(id=image_id, account_id=account_id, side=side, **facts))
        return image_id

    def _row(self, **values: Any) -> dict[str, Any]:
        return {"institution_id": self._institution_id, **values}


def context_figures(account: AccountRecord, as_of: date) -> dict[str, Any]:
    """The account's figures on a day: habits over 30, 90 and 365 days, velocity over 7 and 14, and the rest."""

    def last(days: int) -> list[EarlierCheck]:
        return [check for check in account.history if as_of - timedelta(days=days) <= check.presented_on <= as_of]

    amounts: dict[str, str] = {}
    for days in WINDOWS:
        recent = [check.amount for check in last(days)]
        if recent:
            amounts[f"average_{days}"] = str(Decimal(mean(recent)).quantize(_CENT))
            amounts[f"sigma_{days}"] = str(Decimal(pstdev(recent)).quantize(_CENT))
            amounts[f"maximum_{days}"] = str(max(recent))
    serials = [int(check.serial) for check in account.history if check.serial.isdigit() and int(check.serial)]
    return {
        "balance": account.balance,
        "average_balance_30d": account.average_balance_30d,
        "amounts": amounts,
        "checks_7d": len(last(7)),
        "total_7d": sum((check.amount for check in last(7)), Decimal(0)),
        "checks_14d": len(last(14)),
        "total_14d": sum((check.amount for check in last(14)), Decimal(0)),
        "returns_90d": account.returns_90d,
        "nsf_90d": account.nsf_90d,
        "overdrafts_90d": account.overdrafts_90d,
        "last_serial": max(serials, default=None),
        "payroll": account.payroll,
        "direct_deposit": account.direct_deposit,
    }
