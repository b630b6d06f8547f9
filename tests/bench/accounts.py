"""Accounts with a history, for the benches, and checks on them that nothing is the matter with."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

import psycopg

from console.intake.accounts import AccountRecord, EarlierCheck, Issued

HISTORY = 20
_TODAY = date.today()  # noqa: DTZ011 - the machine's day is good enough for a bench


def account(routing: str, n: int, *, orders: bool = True) -> AccountRecord:
    """The account of number 7,000,000 + `n`, the same each time.

    Without `orders` no customer says which checks they issued: what is against an order asks for a note.
    """
    rng = random.Random(n)
    history = [
        EarlierCheck(str(100 + at), Decimal(rng.randrange(1_000, 90_000)).scaleb(-2), _TODAY - timedelta(4 * at + 1),
                     f"Payee {at}", "paid", None, None)
        for at in range(HISTORY)
    ]  # fmt: skip
    issued = [
        Issued(str(200 + at), Decimal("125.00"), f"Payee {at}", _TODAY - timedelta(9), "outstanding")
        for at in range(HISTORY if orders and n % 4 == 0 else 0)
    ]
    return AccountRecord(
        routing=routing,
        number=f"{7_000_000 + n}",
        holder=f"Holder {n}",
        account_type="business" if n % 2 else "personal",
        opened_on=date(2019, 3, 1),
        positive_pay=orders and n % 4 == 0,
        balance=Decimal("8400.00"),
        average_balance_30d=Decimal("7900.00"),
        payroll=False,
        direct_deposit=False,
        returns_90d=0,
        nsf_90d=0,
        overdrafts_90d=0,
        signature_card=None,
        history=history,
        stops=(),
        issued=issued,
    )


def take_flags_away(superuser_url: str) -> None:
    """Leave no flag to answer: a bench of deciding is not one of answering."""
    with psycopg.connect(superuser_url) as connection:
        connection.execute("delete from flag")
