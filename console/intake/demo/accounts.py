"""The bank's accounts and their eighteen months of history."""

import random
from datetime import date, timedelta
from decimal import Decimal

from console.intake.demo.chance import pick_weighted, stream
from console.intake.demo.drawers import Deposit, Drawer, banking_day, stock_for, write_check
from console.intake.demo.model import AccountType, DemoAccount, HistoryCheck, Outcome
from console.intake.demo.names import BUSINESSES, FIRST_NAMES, INSTITUTION, LAST_NAMES, OTHER_BANKS, PAYEES
from console.intake.demo.paper import Bank, Ink

HISTORY_DAYS = 548
NEW_ACCOUNTS = 3
"""So many of the accounts are younger than thirty days (12 CFR 229.13(a))."""
_RETURN_REASONS = (("A", 6), ("B", 1), ("C", 1), ("G", 0.5), ("S", 0.5))


def _people(rng: random.Random, count: int) -> list[str]:
    """So many different names."""
    pairs = [f"{first} {last}" for first in FIRST_NAMES for last in LAST_NAMES]
    return rng.sample(pairs, count)


def make_drawer(
    rng: random.Random, bank: Bank, number: str, holder: str, signer: str, business: bool, opened_on: date
) -> Drawer:
    """A drawer with habits of their own, and no history yet."""
    payees = rng.sample(PAYEES, 5) + rng.sample([name for name in BUSINESSES if name != holder], 3)
    # The initial keeps them apart from our customers, whose hands are known from their signature cards.
    people = range(2 if business else 5)
    payees += [f"{rng.choice(FIRST_NAMES)} {rng.choice('ABCDEGHJKLMN')}. {rng.choice(LAST_NAMES)}" for _ in people]
    return Drawer(
        account_type=AccountType.BUSINESS if business else AccountType.PERSONAL,
        bank=bank,
        number=number,
        holder=holder,
        signer=signer,
        signer_key=f"signer/{number}/{signer}",
        stock=stock_for(rng, bank, holder, business),
        ink=Ink.PRINTED if business and rng.random() < 0.75 else Ink.PEN,
        opened_on=opened_on,
        typical=rng.randint(500, 3200) if business else rng.randint(55, 420),
        spread=rng.uniform(0.45, 0.75),
        monthly=rng.uniform(7, 14) if business else rng.uniform(2.5, 6),
        payees=tuple(payees),
        next_serial=rng.randint(12000, 48000) if business else rng.randint(1001, 4200),
    )


def make_drawers(seed: int, business_date: date, count: int) -> list[Drawer]:
    """Our customers: about a third businesses, the last three accounts opened within the last thirty days."""
    rng = stream(seed, "accounts")
    names = _people(rng, count)
    businesses = rng.sample(BUSINESSES, min(len(BUSINESSES), max(6, count // 3)))
    numbers = [f"{value:09d}" for value in rng.sample(range(100_000_000, 999_999_999), count)]
    drawers = []
    for index in range(count):
        is_new = index >= count - NEW_ACCOUNTS
        is_business = index < len(businesses)
        age = rng.randint(4, 24) if is_new else rng.randint(400, 4200)
        drawer = make_drawer(
            rng,
            INSTITUTION,
            numbers[index],
            businesses[index] if is_business else names[index],
            names[index],
            is_business,
            business_date - timedelta(days=age),
        )
        if is_new:
            drawer.next_serial = 101
        drawers.append(drawer)
    return drawers


def make_foreign_drawers(seed: int, business_date: date, count: int = 16) -> list[Drawer]:
    """Drawers at other banks, whose checks our customers deposit."""
    rng = stream(seed, "foreign")
    names = [f"{name}son" for name in _people(rng, count)]
    out = []
    for index, name in enumerate(names):
        business = index % 3 == 0
        holder = f"{name.split()[1]} Fictional Holdings" if business else name
        number = f"{rng.randint(10_000_000, 99_999_999)}"
        opened = business_date - timedelta(days=rng.randint(900, 4000))
        out.append(make_drawer(rng, OTHER_BANKS[index % len(OTHER_BANKS)], number, holder, name, business, opened))
    return out


def add_past_check(
    seed: int,
    drawer: Drawer,
    presented_on: date,
    amount: Decimal,
    payee: str,
    return_code: str | None = None,
    signer_key: str | None = None,
) -> HistoryCheck:
    """Append one earlier check, written a few days before it was presented, to the drawer's history."""
    serial = drawer.take_serial()
    purpose = f"{seed}/history/{drawer.number}/{serial}"
    rng = stream(purpose)
    written_on = max(drawer.opened_on, presented_on - timedelta(days=rng.randint(1, 7)))
    deposit = Deposit(
        bank=INSTITUTION if signer_key else rng.choice((INSTITUTION, *OTHER_BANKS)),
        account=f"{rng.randint(10_000_000, 99_999_999)}",
        on=presented_on,
        sequence=f"{rng.randrange(1_000_000):06d}",
        signer_key=signer_key,
    )
    past = HistoryCheck(
        account_number=drawer.number,
        serial=serial,
        amount=amount,
        written_on=written_on,
        presented_on=presented_on,
        payee=payee,
        outcome=Outcome.RETURNED if return_code else Outcome.PAID,
        return_code=return_code,
        paper=write_check(drawer, serial, amount, payee, written_on, deposit, purpose),
    )
    drawer.history.append(past)
    return past


def fill_history(seed: int, drawer: Drawer, business_date: date) -> None:
    """Eighteen months of ordinary checks (or since opening): mostly paid, some returned, some serials never used."""
    rng = stream(seed, "history", drawer.number)
    troubled = rng.random() < 0.2
    day = max(drawer.opened_on + timedelta(days=2), business_date - timedelta(days=HISTORY_DAYS))
    while (day := day + timedelta(days=1 + int(rng.expovariate(drawer.monthly / 30)))) < business_date:
        presented = banking_day(day)
        if presented <= drawer.opened_on:
            continue
        if rng.random() < 0.06:
            drawer.skipped.append((drawer.next_serial, presented))
            drawer.next_serial += 1
        returned = rng.random() < (0.05 if troubled else 0.006)
        code = pick_weighted(rng, _RETURN_REASONS) if returned else None
        add_past_check(seed, drawer, presented, drawer.usual_amount(rng), rng.choice(drawer.payees), code)


def _balance(rng: random.Random, drawer: Drawer, since: date) -> Decimal:
    """So much as covers some weeks or months of the checks written since that day; kites have next to nothing."""
    spent = sum((check.amount for check in drawer.history if check.presented_on >= since), Decimal(drawer.typical))
    percent = rng.randint(4, 16) if drawer.busy else rng.randint(20, 150)
    return (spent * percent / 100).quantize(Decimal("0.01"))


def open_account(seed: int, drawer: Drawer, business_date: date, positive_pay: bool) -> DemoAccount:
    """The account with its context, as the bank's core system would report it on that date."""
    rng = stream(seed, "context", drawer.number)
    since = business_date - timedelta(days=90)
    recent = [check for check in drawer.history if check.presented_on >= since and check.return_code]
    nsf = sum(check.return_code == "A" for check in recent)
    balance = _balance(rng, drawer, since)
    return DemoAccount(
        routing=drawer.bank.routing,
        number=drawer.number,
        holder=drawer.holder,
        account_type=drawer.account_type,
        opened_on=drawer.opened_on,
        balance=balance,
        average_balance_30d=(balance * Decimal(rng.randint(70, 135)) / 100).quantize(Decimal("0.01")),
        has_payroll=drawer.business and rng.random() < 0.6,
        has_direct_deposit=not drawer.business and rng.random() < 0.7,
        returns_90d=len(recent),
        nsf_90d=nsf,
        overdrafts_90d=nsf + (rng.randint(0, 1) if nsf else 0),
        positive_pay=positive_pay,
        signer=drawer.signer,
        signer_key=drawer.signer_key,
        history=tuple(sorted(drawer.history, key=lambda check: (check.presented_on, int(check.serial)))),
    )
