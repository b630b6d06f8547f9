"""The thresholds in words: how each is called, what it counts, and what it means when it goes up or down. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final


class Unit(StrEnum):
    """What a threshold counts; YES_NO is on or off."""

    DOLLARS = "dollars"
    HOURS = "business hours"
    MINUTES = "minutes"
    SECONDS = "seconds"
    DAYS = "days"
    MONTHS = "months"
    TIMES = "times"
    CHECKS = "checks"
    SERIALS = "serials"
    CONFIDENCE = "0 to 1"
    YES_NO = ""


@dataclass(frozen=True)
class ThresholdWords:
    """A threshold. `more` and `less` say what a larger and a smaller value mean, or what on and off do."""

    label: str
    unit: Unit
    help: str
    more: str
    less: str


# In groups, in the order in which they are shown.
GROUPS: Final[dict[str, dict[str, ThresholdWords]]] = {
    "Amounts and two people": {
        "dual_control_amount": ThresholdWords(
            "Two people from", Unit.DOLLARS, "A second person must sign.",
            "Fewer checks need a second person.", "More checks need a second person.",
        ),
        "blind_second_review": ThresholdWords(
            "Second person chooses unseen", Unit.YES_NO,
            "Before they see the first one's recommendation.",
            "The second person no longer sees the first choice before their own.",
            "The second person sees the first choice at once.",
        ),
        "high_priority_amount": ThresholdWords(
            "High priority from", Unit.DOLLARS, "Such checks go before others.",
            "Fewer checks are of high priority.", "More checks are of high priority.",
        ),
    },
    "Clocks": {
        "sla_hours": ThresholdWords(
            "SLA", Unit.HOURS, "Where neither queue nor rule says otherwise.",
            "Checks that come in are due later.", "Checks that come in are due sooner.",
        ),
        "warning_minutes": ThresholdWords(
            "Warn before", Unit.MINUTES, "Before the SLA ends, unless its queue says.",
            "Checks are marked earlier.", "Checks are marked later.",
        ),
    },
    "Review": {
        "undo_seconds": ThresholdWords(
            "Undo window", Unit.SECONDS, "To take a decision back; 0: never.",
            "Decisions can be taken back longer.", "Decisions are committed sooner.",
        ),
        "view_both_sides": ThresholdWords(
            "Both sides must be seen", Unit.YES_NO,
            "Front and back, before a decision.",
            "Nobody decides without having seen both sides.", "A check can be decided from its front alone.",
        ),
    },
    "Flags": {
        "unusual_amount_factor": ThresholdWords(
            "Unusual amount from", Unit.TIMES, "The account's usual check of 90 days.",
            "Fewer amounts are flagged as unusual.", "More amounts are flagged as unusual.",
        ),
        "new_account_days": ThresholdWords(
            "New account for", Unit.DAYS, "Since it was opened (Reg CC 229.13: 30).",
            "Accounts count as new for longer.", "Accounts count as new for less long.",
        ),
        "new_account_amount": ThresholdWords(
            "Large on a new account from", Unit.DOLLARS, "Flagged while the account is new.",
            "Fewer checks on new accounts are flagged.", "More checks on new accounts are flagged.",
        ),
        "serial_gap": ThresholdWords(
            "Serial out of sequence from", Unit.SERIALS, "Away from the account's last serial.",
            "Fewer serials are flagged.", "More serials are flagged.",
        ),
        "checks_in_7_days": ThresholdWords(
            "Velocity from", Unit.CHECKS, "Of one account in 7 days.",
            "Fewer accounts are flagged for velocity.", "More accounts are flagged for velocity.",
        ),
        "duplicate_window_days": ThresholdWords(
            "Duplicates looked for", Unit.DAYS, "Same account, serial and amount.",
            "Duplicates are found farther back.", "Duplicates farther back are found no more.",
        ),
        "stale_months": ThresholdWords(
            "Stale after", Unit.MONTHS, "UCC 4-404: may be refused after 6.",
            "Fewer checks are flagged as stale.", "More checks are flagged as stale.",
        ),
    },
    "Advice of other systems": {
        "advisory_confidence": ThresholdWords(
            "A finding from", Unit.CONFIDENCE, "Must be answered; below it is a hint.",
            "Less advice must be answered.", "More advice must be answered.",
        ),
    },
}  # fmt: skip

THRESHOLDS: Final = {name: words for group in GROUPS.values() for name, words in group.items()}

# More are no threshold: “1e999999999” is short to type, and has a thousand million digits.
_MOST_DIGITS: Final = 20
_SHORT: Final = {Unit.HOURS: "h", Unit.MINUTES: "min", Unit.SECONDS: "s", Unit.TIMES: "×", Unit.CONFIDENCE: ""}


def shown(name: str, value: Any) -> str:
    """A threshold's value as people read it, with its unit: `7,500.00`, `4 h`, `6 months`, `off`."""
    words = THRESHOLDS[name]
    if words.unit is Unit.YES_NO:
        return "on" if value is True else "off"
    number = _number(value)
    if number is None:
        return str(value)
    if words.unit is Unit.DOLLARS:
        return f"{number:,.2f}"
    return f"{plain(number)} {_SHORT.get(words.unit, words.unit.value)}".strip()


def effect(name: str, before: Any, after: Any) -> str:
    """What the change means, in a sentence; empty where nothing changes, or `after` is no number yet."""
    words = THRESHOLDS[name]
    if words.unit is Unit.YES_NO:
        return "" if before is after else words.more if after is True else words.less
    old, new = _number(before), _number(after)
    if old is None or new is None:
        return ""
    return "" if old == new else words.more if new > old else words.less


def _number(value: Any) -> Decimal | None:
    """What stands there as a number that can be written out; None: it is none, as what somebody is typing may be."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < _MOST_DIGITS else None


def plain(number: Decimal) -> str:
    """A number without zeros at its end."""
    return f"{number.normalize():,f}"
