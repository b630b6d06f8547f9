"""The statutory clock of an item drawn on us: by when it must be returned, and which rule says so. It never pauses.
No I/O.

The two deadlines usually stand a night apart, the midnight deadline first. A day on which the institution alone is
closed is no *banking day* of its own and moves the midnight deadline; it is a *business day* all the same and does not
move Reg CC's: then Reg CC's may come first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from console.review.clocks import Hours, add_banking_days, day_of_receipt


class ReturnRule(StrEnum):
    MIDNIGHT = "midnight"
    EXPEDITIOUS = "expeditious"


@dataclass(frozen=True)
class Law:
    """A rule as people are told it: what it asks, and where it stands."""

    words: str
    citation: str


LAW: Final[dict[ReturnRule, Law]] = {
    ReturnRule.MIDNIGHT: Law("midnight deadline: midnight of the banking day after receipt", "UCC 4-302, 4-104(a)(10)"),
    ReturnRule.EXPEDITIOUS: Law(
        "expeditious return: 2 p.m. on the second business day after presentment", "12 CFR 229.31(b)"
    ),
}
_TWO_PM: Final = time(14)


def rule_words(rule: str | None) -> str:
    """A stored rule in words, with its citation; empty for none."""
    return f"{LAW[ReturnRule(rule)].words} ({LAW[ReturnRule(rule)].citation})" if rule else ""


def cited(rule: str | None) -> str | None:
    """Where a stored rule stands; None for none."""
    return LAW[ReturnRule(rule)].citation if rule else None


@dataclass(frozen=True)
class ReturnDeadline:
    """The last safe minute (UTC) to return an item, and the rule that sets it."""

    at: datetime
    rule: ReturnRule

    @property
    def citation(self) -> str:
        """Where the rule stands."""
        return LAW[self.rule].citation


def return_deadline(received: datetime, office: Hours) -> ReturnDeadline:
    """By when the paying bank must return an item that came in at this moment.

    The earlier of the midnight deadline, midnight of the banking day after receipt (UCC 4-104(a)(10), 4-302), and
    2 p.m. local time on the second business day after presentment (Reg CC, 12 CFR 229.31(b)). Reg CC means the
    depositary bank's local time, which a check does not say: ours is taken.
    """
    return deadline_of(day_of_receipt(received, office), office)


def deadline_of(receipt: date, office: Hours) -> ReturnDeadline:
    """`return_deadline` of an item that counts as received on this banking day."""
    midnight = office.at(office.next_banking_day(receipt) + timedelta(days=1), time(0)) - timedelta(minutes=1)
    two_pm = office.at(add_banking_days(receipt, 2), _TWO_PM)
    if two_pm < midnight:
        return ReturnDeadline(two_pm, ReturnRule.EXPEDITIOUS)
    return ReturnDeadline(midnight, ReturnRule.MIDNIGHT)


@dataclass(frozen=True)
class NoticeRule:
    """From when on a notice of nonpayment is owed, from which amount (dollars), and by when it must be there."""

    effective: date
    amount: Decimal
    business_days: int
    local_time: time
    citation: str


# Looked up for this table: the rule that took effect on 1 July 2018 (82 FR 27552) moved the notice of nonpayment from
# 229.33(a), with 2,500 and 4 p.m., to 229.31(c), and raised the amount to 5,000. That amount is not among those of
# 229.11 that are adjusted every five years, so the adjustment of 1 July 2025 left it as it is.
NONPAYMENT: Final = (
    NoticeRule(date(1988, 9, 1), Decimal(2500), 2, time(16), "12 CFR 229.33(a)"),
    NoticeRule(date(2018, 7, 1), Decimal(5000), 2, _TWO_PM, "12 CFR 229.31(c)"),
)


@dataclass(frozen=True)
class NonpaymentNotice:
    """By when (UTC) the depositary bank must have been told that a check will not be paid."""

    at: datetime
    citation: str


def nonpayment_notice(amount: Decimal, received: datetime, office: Hours) -> NonpaymentNotice | None:
    """The notice owed if a check of this amount, in dollars, is returned; None where none is owed.

    A returned check that is there by then is notice enough. By the rule in effect on the day of receipt.
    """
    receipt = day_of_receipt(received, office)
    rule = next((one for one in reversed(NONPAYMENT) if one.effective <= receipt), None)
    if rule is None or amount < rule.amount:
        return None
    return NonpaymentNotice(office.at(add_banking_days(receipt, rule.business_days), rule.local_time), rule.citation)
