"""Flags: what a reviewer must look at on an item, found from facts. No I/O.

Each says what, why and on which values; none of them decides anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from console.policy.model import Thresholds

# The MICR clear band is the bottom 5/8 inch of every check, on every stock (ANSI X9.100-160).
MICR_REGION = "micr"
# The payee's name in an X9 file has so many columns (record 26, 59-73); a blank may stand in the last.
PAYEE_COLUMNS = 15


@dataclass(frozen=True)
class IssuedLine:
    """A line of the customer's issued file for this serial."""

    amount: Decimal
    payee: str
    issued_on: date
    status: str


@dataclass(frozen=True)
class AccountFacts:
    """What the bank knows of the account. Amounts in dollars; None: not known."""

    opened_on: date
    account_type: str
    balance: Decimal | None
    average_90: Decimal | None
    # Presented in the last seven days, with those that came in the same file.
    checks_7d: int
    checks_week_before: int
    returns_90d: int
    last_serial: int | None
    positive_pay: bool


@dataclass(frozen=True)
class ItemFacts:
    """What is on the item and beside it. `duplicates` says where the same identity was seen before."""

    amount: Decimal
    serial: str
    routing: str
    routing_valid: bool
    on_us: bool
    payee: str | None
    presented_on: date
    account: AccountFacts | None
    serial_seen_amount: Decimal | None
    duplicates: tuple[str, ...]
    stopped: bool
    issued: IssuedLine | None
    missing_sides: tuple[str, ...]
    undisplayable_sides: tuple[str, ...]
    unusable_fields: tuple[str, ...]


@dataclass(frozen=True)
class FlagFound:
    code: str
    title: str
    explanation: str
    evidence: dict[str, Any]


def detect(facts: ItemFacts, thresholds: Thresholds) -> list[FlagFound]:
    """Every flag that the facts of an item raise under these thresholds."""
    return [flag for rule in _RULES for flag in rule(facts, thresholds)]


def _flag(code: str, title: str, explanation: str, *, region: str | None = None, **values: object) -> FlagFound:
    fields = [{"label": label.replace("_", " "), "value": _shown(value)} for label, value in values.items()]
    return FlagFound(code, title, explanation, {"fields": fields, "region": region})


def _shown(value: object) -> str:
    return f"{value:,.2f}" if isinstance(value, Decimal) else str(value)


def _duplicate(facts: ItemFacts, thresholds: Thresholds) -> Iterator[FlagFound]:
    if facts.duplicates:
        yield _flag(
            "duplicate_presentment",
            "Duplicate presentment",
            f"Same account, serial and amount in the last {thresholds.duplicate_window_days} days.",
            serial=facts.serial,
            amount=facts.amount,
            seen="; ".join(facts.duplicates),
        )


def _stop(facts: ItemFacts, _: Thresholds) -> Iterator[FlagFound]:
    if facts.stopped:
        yield _flag(
            "stop_payment",
            "Stop payment",
            "The customer has ordered this check not to be paid.",
            serial=facts.serial,
        )


def _amount(facts: ItemFacts, thresholds: Thresholds) -> Iterator[FlagFound]:
    account = facts.account
    if account is None:
        return
    usual = account.average_90 if facts.on_us else None
    if usual and facts.amount >= usual * thresholds.unusual_amount_factor:
        times = (facts.amount / usual).quantize(Decimal("0.1"))
        yield _flag(
            "unusual_amount",
            f"{times:,} × the usual amount",
            f"The account's average check of 90 days is {usual:,.2f}.",
            amount=facts.amount,
            usual_check=usual,
        )
    if facts.on_us and account.balance is not None and facts.amount > account.balance:
        yield _flag(
            "exceeds_balance",
            "Above the balance",
            f"The balance is {account.balance:,.2f}.",
            amount=facts.amount,
            balance=account.balance,
        )


def _new_account(facts: ItemFacts, thresholds: Thresholds) -> Iterator[FlagFound]:
    account = facts.account
    if account is None:
        return
    days = (facts.presented_on - account.opened_on).days
    if days <= thresholds.new_account_days and facts.amount >= thresholds.new_account_amount:
        yield _flag(
            "new_account_large",
            "Large, new account",
            f"Opened {days} days ago; checks of {thresholds.new_account_amount:,.2f} and over are looked at for "
            f"{thresholds.new_account_days} days.",
            amount=facts.amount,
            opened_on=account.opened_on,
        )


def _serial(facts: ItemFacts, thresholds: Thresholds) -> Iterator[FlagFound]:
    if not facts.on_us:
        return
    number = int(facts.serial) if facts.serial.isdigit() else 0
    if number == 0:
        yield _flag(
            "serial_zero",
            "No serial number",
            "The serial is missing or zero, as on counterfeit stock.",
            region=MICR_REGION,
            serial=facts.serial or "none",
        )
        return
    if facts.serial_seen_amount is not None and not facts.duplicates:
        yield _flag(
            "serial_duplicate",
            "Serial seen before",
            "This serial was presented earlier with another amount.",
            region=MICR_REGION,
            serial=facts.serial,
            earlier_amount=facts.serial_seen_amount,
        )
    last = facts.account.last_serial if facts.account else None
    if last is not None and abs(number - last) > thresholds.serial_gap:
        yield _flag(
            "serial_gap",
            "Serial out of sequence",
            f"The last serial was {last}, {abs(number - last):,} away.",
            region=MICR_REGION,
            serial=facts.serial,
            last_serial=last,
        )


def _habits(facts: ItemFacts, thresholds: Thresholds) -> Iterator[FlagFound]:
    account = facts.account
    if account is None or not facts.on_us:
        return
    # Many checks are a business account's habit: a burst is many, and more than twice the week before.
    if account.checks_7d >= thresholds.checks_in_7_days and account.checks_7d > 2 * account.checks_week_before:
        yield _flag(
            "velocity",
            "Velocity",
            f"{account.checks_7d} checks in 7 days, {account.checks_week_before} in the week before.",
            checks_in_7_days=account.checks_7d,
            week_before=account.checks_week_before,
        )
    if account.returns_90d:
        yield _flag(
            "returned_before",
            "Returned before",
            "Checks of this account were returned in the last 90 days.",
            returned_in_90_days=account.returns_90d,
        )


def _positive_pay(facts: ItemFacts, thresholds: Thresholds) -> Iterator[FlagFound]:
    if facts.account is None or not facts.on_us or not facts.account.positive_pay:
        return
    issued = facts.issued
    if issued is None:
        yield _flag(
            "not_issued",
            "Not on the issued file",
            "The customer's issued file has no check of this serial.",
            serial=facts.serial,
        )
        return
    if issued.status == "void":
        yield _flag("void_check", "Voided by the customer", "The issued file says void.", serial=facts.serial)
    if issued.status == "paid":
        yield _flag("already_paid", "Already paid", "The issued file says paid.", serial=facts.serial)
    if issued.amount != facts.amount:
        yield _flag(
            "issued_amount_differs",
            "Amount not as issued",
            f"Issued for {issued.amount:,.2f}.",
            amount=facts.amount,
            issued_amount=issued.amount,
        )
    if facts.payee and not _same_payee(facts.payee, issued.payee):
        yield _flag(
            "issued_payee_differs",
            "Payee not as issued",
            f"Issued to {issued.payee}.",
            payee=facts.payee,
            issued_to=issued.payee,
        )
    if _months_between(issued.issued_on, facts.presented_on) >= thresholds.stale_months:
        yield _flag(
            "stale_dated",
            "Stale dated",
            f"Issued more than {thresholds.stale_months} months ago. It may be refused, and may be paid in good "
            "faith (UCC 4-404).",
            issued_on=issued.issued_on,
        )


def _machine(facts: ItemFacts, _: Thresholds) -> Iterator[FlagFound]:
    if not facts.routing_valid:
        yield _flag(
            "routing_invalid",
            "Routing number invalid",
            "The check digit of the routing number is wrong.",
            region=MICR_REGION,
            routing=facts.routing,
        )
    if facts.on_us and facts.account is None:
        yield _flag(
            "account_unknown",
            "Account not found",
            "No account with this number is known at our routing number.",
            region=MICR_REGION,
        )
    if facts.missing_sides:
        sides = " and ".join(facts.missing_sides)
        yield _flag("image_missing", "Image missing", f"The file holds no {sides} image.", missing=sides)
    if facts.undisplayable_sides:
        sides = " and ".join(facts.undisplayable_sides)
        yield _flag("image_unusable", "Image cannot be displayed", f"The {sides} view is no image.", sides=sides)
    if facts.unusable_fields:
        fields = ", ".join(facts.unusable_fields)
        yield _flag(
            "image_quality",
            "Poor image",
            f"The sender's image analysis says unusable: {fields} (record 54).",
            unusable=fields,
        )


def _same_payee(in_file: str, issued: str) -> bool:
    """Whether both name one payee, case and punctuation aside; the file cuts a long name off."""
    found, wanted = (
        "".join(letter for letter in text.lower() if letter.isalnum()) for text in (in_file[:PAYEE_COLUMNS], issued)
    )
    cut_off = len(in_file.rstrip()) >= PAYEE_COLUMNS - 1
    return wanted.startswith(found) if cut_off else wanted == found


def _months_between(start: date, end: date) -> int:
    return (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)


_RULES: tuple[Callable[[ItemFacts, Thresholds], Iterator[FlagFound]], ...] = (
    _stop,
    _duplicate,
    _positive_pay,
    _amount,
    _new_account,
    _serial,
    _habits,
    _machine,
)
