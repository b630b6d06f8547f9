"""Holds on deposited checks: how long, for which of Regulation CC's exceptions, and what the customer is told. No I/O.

The amounts change every five years and are data with the days from which they hold (12 CFR 229.11).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from console.review.clocks import add_banking_days, is_banking_day
from console.review.errors import IncompleteChoice

# Funds of a check are available by the second business day after the banking day of deposit (12 CFR 229.12(b)).
REGULAR_DAYS: Final = 2
# First 30 calendar days (12 CFR 229.13(a)(2)).
NEW_ACCOUNT_DAYS: Final = 30
# 229.13(d): negative on so many banking days of the last six months.
OVERDRAWN_DAYS: Final = 6
_ACCOUNT: Final = re.compile(r"[0-9]{4,20}")

# 229.13(b) and (a)(1)(ii): day from which, dollars; the latest first.
_LARGE_DEPOSIT: Final = (
    (date(2025, 7, 1), Decimal("6725.00")),
    (date(2020, 7, 1), Decimal("5525.00")),
    (date(1988, 9, 1), Decimal("5000.00")),
)


# 229.13(e)(2): otherwise no fee may be charged for what the hold makes come back.
_FEES: Final = (
    "If this check is paid, you may ask us to refund overdraft or returned-check fees that the delay alone caused."
)


class HoldReason(StrEnum):
    """The exceptions of 12 CFR 229.13."""

    NEW_ACCOUNT = "new_account"
    LARGE_DEPOSIT = "large_deposit"
    REDEPOSITED = "redeposited"
    REPEATED_OVERDRAFT = "repeated_overdraft"
    REASONABLE_CAUSE = "reasonable_cause"
    EMERGENCY = "emergency"


@dataclass(frozen=True)
class HoldRule:
    """An exception: `days` are the business days after the banking day of deposit within which it is reasonable
    without more (229.13(h): five beyond the regular two; 229.13(a): nine). `notice` tells the customer."""

    label: str
    cite: str
    days: int
    notice: str


HOLD_RULES: Final[dict[HoldReason, HoldRule]] = {
    HoldReason.NEW_ACCOUNT: HoldRule(
        "New account", "12 CFR 229.13(a)", 9, "Your account has been open for less than 30 days."
    ),
    HoldReason.LARGE_DEPOSIT: HoldRule(
        "Large deposit", "12 CFR 229.13(b)", 7, "The checks deposited on this day exceed {threshold}."
    ),
    HoldReason.REDEPOSITED: HoldRule(
        "Redeposited check", "12 CFR 229.13(c)", 7, "The check was returned unpaid before and was deposited again."
    ),
    HoldReason.REPEATED_OVERDRAFT: HoldRule(
        "Repeated overdrafts", "12 CFR 229.13(d)", 7, "Your account was overdrawn repeatedly in the last six months."
    ),
    HoldReason.REASONABLE_CAUSE: HoldRule(
        "Reasonable cause to doubt", "12 CFR 229.13(e)", 7, "We have reason to believe that the check will not be paid."
    ),
    HoldReason.EMERGENCY: HoldRule(
        "Emergency", "12 CFR 229.13(f)", 7, "An emergency beyond our control delays the collection of checks."
    ),
}


@dataclass(frozen=True)
class Deposit:
    """What is known of the deposit. `amount` in dollars; `opened_on` and `overdrafts` (of 90 days) are the deposit
    account's, None: not known here. `must_decide_by` is the last day on which a check drawn on us can be returned."""

    amount: Decimal
    day: date
    opened_on: date | None
    overdrafts: int | None
    seen_before: bool
    must_decide_by: date | None

    @property
    def age_days(self) -> int:
        """Days for which the account had been open on the day of deposit; 0 where that is not known."""
        return (self.day - self.opened_on).days if self.opened_on else 0


@dataclass(frozen=True)
class Hold:
    """A hold as a person chooses it. Without a reason it lies within the regular schedule.

    `account` is the number of the account to which the check was deposited.
    """

    release_on: date
    reason: HoldReason | None = None
    account: str = ""

    @property
    def account_ending(self) -> str:
        """What names the account to its customer: four digits at most (229.13(g)(1)(i))."""
        return self.account[-4:]


def large_deposit_threshold(on: date) -> Decimal:
    """Dollars a day above which a deposit is large, on this day (229.13(b))."""
    return next((amount for since, amount in _LARGE_DEPOSIT if on >= since), _LARGE_DEPOSIT[-1][1])


def check_hold(hold: Hold, deposit: Deposit, today: date, note: str) -> None:
    """Raise IncompleteChoice unless this hold can be placed on this deposit.

    Where what the bank knows does not show the reason, the note must.
    """
    if hold.release_on <= today:
        raise IncompleteChoice("release_on", "Choose the day on which the hold ends, after today.")
    if not is_banking_day(hold.release_on):
        raise IncompleteChoice("release_on", f"{hold.release_on:%a %d %b} is no banking day. Choose one that is.")
    if deposit.must_decide_by is not None and hold.release_on > deposit.must_decide_by:
        last = f"{deposit.must_decide_by:%a} {deposit.must_decide_by.day} {deposit.must_decide_by:%b}"
        raise IncompleteChoice(
            "release_on", f"This check is drawn on us and must be returned by {last}: hold no longer."
        )
    if hold.reason is None:
        if hold.release_on > add_banking_days(deposit.day, REGULAR_DAYS):
            raise IncompleteChoice(
                "hold_reason", "Beyond the second business day a hold needs an exception: choose it."
            )
        return
    if not _ACCOUNT.fullmatch(hold.account):
        raise IncompleteChoice("account", "Give the number of the account to which it was deposited, digits alone.")
    _check_reason(hold.reason, deposit, bool(note.strip()))
    rule = HOLD_RULES[hold.reason]
    if hold.release_on > add_banking_days(deposit.day, rule.days) and not note.strip():
        raise IncompleteChoice("note", f"Longer than {rule.days} business days: write why that is reasonable.")


def doubt(reason: HoldReason, deposit: Deposit) -> str:
    """Why what the bank knows does not show that the reason holds; empty where it does."""
    threshold = large_deposit_threshold(deposit.day)
    match reason:
        case HoldReason.NEW_ACCOUNT if deposit.opened_on is None:
            return "when the account was opened is not known here"
        case HoldReason.NEW_ACCOUNT if deposit.age_days >= NEW_ACCOUNT_DAYS:
            return f"the account was {deposit.age_days} days old on the day of deposit"
        case HoldReason.LARGE_DEPOSIT if deposit.amount <= threshold:
            return f"this check alone does not exceed {threshold:,.2f}"
        case HoldReason.REDEPOSITED if not deposit.seen_before:
            return "no earlier presentment of this check is known"
        case HoldReason.REPEATED_OVERDRAFT if deposit.overdrafts is None or deposit.overdrafts < OVERDRAWN_DAYS:
            return f"{OVERDRAWN_DAYS} overdrawn days are not known here"
        case HoldReason.REASONABLE_CAUSE:
            return "the customer must be told the cause"
        case HoldReason.EMERGENCY:
            return "the customer must be told the emergency"
    return ""


def amount_delayed(reason: HoldReason, deposit: Deposit) -> Decimal:
    """The part of the check, in dollars, that the exception delays: of a large deposit what exceeds the threshold."""
    threshold = large_deposit_threshold(deposit.day)
    if reason is HoldReason.LARGE_DEPOSIT and deposit.amount > threshold:
        return deposit.amount - threshold
    return deposit.amount


def _check_reason(reason: HoldReason, deposit: Deposit, explained: bool) -> None:
    if reason is HoldReason.NEW_ACCOUNT and deposit.opened_on is not None and doubt(reason, deposit):
        raise IncompleteChoice("hold_reason", f"Not a new account: {doubt(reason, deposit)}. Choose another reason.")
    if not explained and (why := doubt(reason, deposit)):
        label = HOLD_RULES[reason].label.lower()
        raise IncompleteChoice("note", f"Explain “{label}” in the note: {why}.")


def notice_lines(
    hold: Hold, deposit: Deposit, *, bank: str, holder: str, note: str, today: date
) -> tuple[tuple[str, str], ...]:
    """The notice to the customer, line by line: what 12 CFR 229.13(g)(1)(i) demands, each with its name.

    `note` is told where the exception's own words do not say enough. The hold must have a reason.
    """
    assert hold.reason is not None
    rule = HOLD_RULES[hold.reason]
    why = rule.notice.format(threshold=f"${large_deposit_threshold(deposit.day):,.2f}")
    told = {HoldReason.REASONABLE_CAUSE, HoldReason.EMERGENCY}
    cause = f" {note.strip()}" if hold.reason in told and note.strip() else ""
    return (
        ("Bank", bank),
        ("Date of this notice", _day(today)),
        ("To", holder or "The holder of the account"),
        ("Account", f"ending in {hold.account_ending}"),
        ("Date of deposit", _day(deposit.day)),
        ("Amount of the check", f"${deposit.amount:,.2f}"),
        ("Amount delayed", f"${amount_delayed(hold.reason, deposit):,.2f}"),
        ("Reason", f"{why}{cause} ({rule.cite})"),
        ("Available for withdrawal", f"on {_day(hold.release_on)}"),
        *((("Fees", _FEES),) if hold.reason is HoldReason.REASONABLE_CAUSE else ()),
    )


def offered_days(today: date, deposit: Deposit, count: int = 20) -> tuple[date, ...]:
    """The banking days after today on which a hold may end, the first ones."""
    days = [add_banking_days(today, n) for n in range(1, count + 1)]
    return tuple(day for day in days if deposit.must_decide_by is None or day <= deposit.must_decide_by)


def needs_note(reason: HoldReason | None, deposit: Deposit) -> bool:
    """Whether the reason must be explained."""
    return reason is not None and bool(doubt(reason, deposit))


def _day(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B %Y}"


def seen_before(kind: str, flags: Collection[str]) -> bool:
    """Whether the check is known to have been presented earlier."""
    return kind == "return" or bool({"duplicate_presentment", "already_paid"} & set(flags))
