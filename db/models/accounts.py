"""What the bank knows of an account: who, since when, its habits, its earlier checks."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Amount, Base, OfInstitution, OpaqueId, now


class Account(OpaqueId, OfInstitution, Base):
    """A customer's account at this institution."""

    __tablename__ = "account"

    routing: Mapped[str]
    number: Mapped[str]
    holder: Mapped[str]
    account_type: Mapped[str]
    opened_on: Mapped[date]
    # The customer sends an issued file, and every check is compared with it.
    positive_pay: Mapped[bool] = mapped_column(default=False, server_default="false")

    __table_args__ = (
        UniqueConstraint("institution_id", "routing", "number"),
        CheckConstraint("account_type in ('personal','business')", name="account_type"),
    )


class AccountContext(OfInstitution, Base):
    """The account's figures as the core banking system last gave them.

    `amounts` holds average, sigma and maximum check amount over 30, 90 and 365 days, as strings of dollars
    keyed `average_30` and so on.
    """

    __tablename__ = "account_context"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    as_of: Mapped[datetime] = mapped_column(server_default=now())
    balance: Mapped[Amount]
    average_balance_30d: Mapped[Amount]
    amounts: Mapped[dict[str, Any]]
    checks_7d: Mapped[int]
    total_7d: Mapped[Amount]
    checks_14d: Mapped[int]
    total_14d: Mapped[Amount]
    returns_90d: Mapped[int]
    nsf_90d: Mapped[int]
    overdrafts_90d: Mapped[int]
    last_serial: Mapped[int | None]
    payroll: Mapped[bool]
    direct_deposit: Mapped[bool]


class HistoryCheck(OpaqueId, OfInstitution, Base):
    """An earlier check of an account, with its front where the archive has it."""

    __tablename__ = "history_check"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    serial: Mapped[str]
    amount: Mapped[Amount]
    presented_on: Mapped[date]
    payee: Mapped[str]
    outcome: Mapped[str]
    return_code: Mapped[str | None]
    image_id: Mapped[UUID | None] = mapped_column(ForeignKey("image.id"))

    __table_args__ = (
        Index("ix_history_check_account", "account_id", "presented_on"),
        CheckConstraint("outcome in ('paid','returned')", name="outcome"),
    )


class StopPayment(OpaqueId, OfInstitution, Base):
    """A customer's order not to pay a check; without an amount it stops the serial at any amount."""

    __tablename__ = "stop_payment"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    serial: Mapped[str]
    amount: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    ordered_on: Mapped[date]


class IssuedCheck(OpaqueId, OfInstitution, Base):
    """A line of a business customer's issued file (positive pay)."""

    __tablename__ = "issued_check"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    serial: Mapped[str]
    amount: Mapped[Amount]
    payee: Mapped[str]
    issued_on: Mapped[date]
    status: Mapped[str]

    __table_args__ = (
        Index("ix_issued_check_account", "account_id", "serial"),
        CheckConstraint("status in ('outstanding','void','paid')", name="status"),
    )
