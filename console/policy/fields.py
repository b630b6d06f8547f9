"""The catalogue of fields that conditions may name: one entry each, and nothing else to add one. No I/O.

An entry says how the fact is read from what the intake knows (`ItemFacts`). It is kept with the item under the
entry's name, and both engines read it there. A field that is newer than an item is missing on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from console.policy.facts import AccountFacts, IssuedLine, ItemFacts
from console.policy.operators import NUMERIC, OPERATORS, FieldType, Operator

_MONEY, _NUMBER, _INTEGER = FieldType.MONEY, FieldType.NUMBER, FieldType.INTEGER
_TEXT, _CHOICE, _YES_NO, _DATE, _SET = (
    FieldType.TEXT,
    FieldType.CHOICE,
    FieldType.YES_NO,
    FieldType.DATE,
    FieldType.SET,
)

# What a built-in flag is called; the conditions under which it is raised: `console.policy.flag_conditions`.
FLAG_CODES: Final = (
    "stop_payment",
    "duplicate_presentment",
    "not_issued",
    "void_check",
    "already_paid",
    "issued_amount_differs",
    "issued_payee_differs",
    "stale_dated",
    "unusual_amount",
    "exceeds_balance",
    "new_account_large",
    "serial_zero",
    "serial_duplicate",
    "serial_gap",
    "velocity",
    "returned_before",
    "routing_invalid",
    "account_unknown",
    "image_missing",
    "image_unusable",
    "image_quality",
)
# What record 54 of a file says of an image, each a defect or a part that cannot be read.
IMAGE_DEFECTS: Final = (
    "image quality", "image usability", "partial image", "excessive skew", "piggyback", "too light or dark",
    "streaks or bands", "below minimum size", "above maximum size", "date usability", "payee usability",
    "amount usability", "legal amount usability", "signature usability", "payor name usability", "micr usability",
    "memo usability", "payor bank usability", "payee endorsement usability", "bofd endorsement usability",
    "transit endorsement usability",
)  # fmt: skip
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Field:
    """A fact of an item. `read` takes it from what the intake knows; None: the policy itself works it out.

    `label` is the field in a sentence, `unit` what its number counts, `source` where the fact comes from, and
    `choices` the words that a choice or a set may hold, empty where they are open.
    """

    name: str
    label: str
    type: FieldType
    unit: str
    description: str
    source: str
    nullable: bool
    read: Callable[[ItemFacts], Any] | None
    choices: tuple[str, ...] = ()

    @property
    def operators(self) -> tuple[Operator, ...]:
        """What can be asked of it."""
        return OPERATORS[self.type]

    @property
    def numeric(self) -> bool:
        """Whether it can be compared with a multiple of another numeric field."""
        return self.type in NUMERIC


def _account(read: Callable[[AccountFacts], Any]) -> Callable[[ItemFacts], Any]:
    return lambda item: read(item.account) if item.account else None


def _issued(read: Callable[[IssuedLine, ItemFacts], Any]) -> Callable[[ItemFacts], Any]:
    return lambda item: read(item.issued_line, item) if item.issued_line else None


_FILE: Final = "the file"
_MICR: Final = "the MICR line"
_IMAGES: Final = "the images in the file"
_ACCOUNT: Final = "the core banking system"
_ISSUED: Final = "the customer's issued file"
_CONSOLE: Final = "the console"

_CATALOGUE: Final = (
    Field("amount", "amount", _MONEY, "dollars", "The amount of the check.", _FILE, False, lambda item: item.amount),
    Field(
        "item_type", "item type", _CHOICE, "", "Drawn on us (on_us) or deposited with us (transit).", _MICR, False,
        lambda item: "on_us" if item.on_us else "transit", ("on_us", "transit"),
    ),
    Field(
        "kind", "kind", _CHOICE, "", "A check, or a return that came back to us.", _FILE, False,
        lambda item: item.kind, ("check", "return"),
    ),
    Field("payee", "payee", _TEXT, "", "The payee's name, as the file has it.", _FILE, True, lambda item: item.payee),
    Field(
        "routing", "routing number", _TEXT, "", "The paying bank's routing number.", _MICR, True,
        lambda item: item.routing or None,
    ),
    Field(
        "routing_valid", "routing number is valid", _YES_NO, "", "Whether its check digit is right.", _MICR, False,
        lambda item: item.routing_valid,
    ),
    Field(
        "account_number", "account number", _TEXT, "", "The drawer's account number.", _MICR, True,
        lambda item: item.account_number or None,
    ),
    Field(
        "depositary_routing", "bank of first deposit", _TEXT, "", "Routing number of the bank of first deposit.",
        _FILE, True, lambda item: item.depositary_routing or None,
    ),
    Field(
        "return_reason", "return reason", _TEXT, "", "The reason for which a return came back.", _FILE, True,
        lambda item: item.return_reason or None,
    ),
    Field(
        "business_date", "business date", _DATE, "", "The business date of the cash letter.", _FILE, True,
        lambda item: item.business_date,
    ),
    Field(
        "received_hour", "hour received", _INTEGER, "hour of the day", "0 to 23, in the institution's time zone.",
        _CONSOLE, True, lambda item: item.received_at.hour if item.received_at else None,
    ),
    Field(
        "received_weekday", "day received", _CHOICE, "", "The day of the week, in the institution's time zone.",
        _CONSOLE, True, lambda item: WEEKDAYS[item.received_at.weekday()] if item.received_at else None, WEEKDAYS,
    ),
    Field(
        "account_known", "account is known", _YES_NO, "", "Whether the customer's account is one of ours.", _ACCOUNT,
        False, lambda item: item.account is not None,
    ),
    Field(
        "account_type", "account type", _TEXT, "", "The type of the customer's account.", _ACCOUNT, True,
        _account(lambda account: account.account_type),
    ),
    Field(
        "account_age_days", "account open for", _INTEGER, "days", "Days since the account was opened.", _ACCOUNT,
        True, lambda item: item.account_age_days,
    ),
    Field(
        "balance", "balance", _MONEY, "dollars", "The account's balance.", _ACCOUNT, True,
        _account(lambda account: account.balance),
    ),
    Field(
        "over_balance", "amount above the balance", _MONEY, "dollars",
        "The amount less the balance: negative where the balance covers it.", _ACCOUNT, True,
        lambda item: item.over_balance,
    ),
    Field(
        "average_90", "usual check", _MONEY, "dollars", "The account's average check of the last 90 days.", _ACCOUNT,
        True, _account(lambda account: account.average_90),
    ),
    Field(
        "times_usual", "amount against the usual check", _NUMBER, "times",
        "The amount as a multiple of the account's average check of the last 90 days.", _ACCOUNT, True,
        lambda item: item.times_usual,
    ),
    Field(
        "checks_7d", "checks in 7 days", _INTEGER, "checks",
        "The account's checks of the last 7 days, those of the same file included.", _ACCOUNT, True,
        _account(lambda account: account.checks_7d),
    ),
    Field(
        "checks_week_before", "checks in the week before", _INTEGER, "checks",
        "The account's checks of the 7 days before those.", _ACCOUNT, True,
        _account(lambda account: account.checks_week_before),
    ),
    Field(
        "returns_90d", "returned in 90 days", _INTEGER, "checks", "The account's returned checks of the last 90 days.",
        _ACCOUNT, True, _account(lambda account: account.returns_90d),
    ),
    Field(
        "nsf_90d", "not sufficient funds in 90 days", _INTEGER, "times",
        "How often in 90 days the balance did not suffice.", _ACCOUNT, True, _account(lambda account: account.nsf_90d),
    ),
    Field(
        "overdrafts_90d", "overdrafts in 90 days", _INTEGER, "times", "The account's overdrafts of the last 90 days.",
        _ACCOUNT, True, _account(lambda account: account.overdrafts_90d),
    ),
    Field(
        "payroll", "payroll account", _YES_NO, "", "Whether wages are paid from or into the account.", _ACCOUNT, True,
        _account(lambda account: account.payroll),
    ),
    Field(
        "direct_deposit", "direct deposit", _YES_NO, "", "Whether the account gets direct deposits.", _ACCOUNT, True,
        _account(lambda account: account.direct_deposit),
    ),
    Field(
        "positive_pay", "positive pay", _YES_NO, "", "Whether the customer sends us the checks that they issue.",
        _ACCOUNT, True, _account(lambda account: account.positive_pay),
    ),
    Field(
        "serial", "serial", _TEXT, "", "The serial as it is written.", _MICR, True, lambda item: item.serial or None
    ),
    Field(
        "serial_number", "serial number", _INTEGER, "", "The serial as a number; missing where it has no digits.",
        _MICR, True, lambda item: item.serial_number,
    ),
    Field(
        "last_serial", "last serial", _INTEGER, "", "The last serial that was presented on the account.", _ACCOUNT,
        True, _account(lambda account: account.last_serial),
    ),
    Field(
        "serial_distance", "serial gap", _INTEGER, "serials", "How far the serial is from the last one, either way.",
        _ACCOUNT, True, lambda item: item.serial_distance,
    ),
    Field(
        "serial_seen_before", "serial seen before", _YES_NO, "",
        "Whether this serial was presented on the account earlier, with another amount.", _ACCOUNT, False,
        lambda item: item.serial_seen_amount is not None,
    ),
    Field(
        "duplicate_days_ago", "seen before", _INTEGER, "days ago",
        "Days since a check of the same account, serial and amount was last seen; missing where none was.", _CONSOLE,
        True, lambda item: item.duplicate_days_ago,
    ),
    Field(
        "stopped", "stop payment ordered", _YES_NO, "", "Whether the customer has ordered not to pay it.", _ACCOUNT,
        False, lambda item: item.stopped,
    ),
    Field(
        "on_issued_file", "on the issued file", _YES_NO, "",
        "Whether the issued file has this serial; missing where the customer sends none.", _ISSUED, True,
        lambda item: item.on_issued_file,
    ),
    Field(
        "issued_status", "status on the issued file", _CHOICE, "", "What the issued file says of the check.", _ISSUED,
        True, _issued(lambda line, _: line.status), ("outstanding", "void", "paid"),
    ),
    Field(
        "issued_amount", "issued amount", _MONEY, "dollars", "The amount for which the check was issued.", _ISSUED,
        True, _issued(lambda line, _: line.amount),
    ),
    Field(
        "issued_amount_differs", "amount not as issued", _YES_NO, "", "Whether it was issued for another amount.",
        _ISSUED, True, _issued(lambda line, item: line.amount != item.amount),
    ),
    Field(
        "issued_payee_differs", "payee not as issued", _YES_NO, "", "Whether it was issued to somebody else.", _ISSUED,
        True, lambda item: item.issued_payee_differs,
    ),
    Field(
        "issued_months_ago", "issued", _INTEGER, "months ago", "Full calendar months since the check was issued.",
        _ISSUED, True, lambda item: item.issued_months_ago,
    ),
    Field(
        "missing_sides", "missing images", _SET, "", "Sides of which the file holds no image.", _IMAGES, False,
        lambda item: item.missing_sides, ("front", "back"),
    ),
    Field(
        "undisplayable_sides", "images that cannot be shown", _SET, "", "Sides whose image is none.", _IMAGES, False,
        lambda item: item.undisplayable_sides, ("front", "back"),
    ),
    Field(
        "unusable_fields", "defects of the image", _SET, "",
        "What the sender's image analysis says is defective or unusable (record 54).", _IMAGES, False,
        lambda item: item.unusable_fields, IMAGE_DEFECTS,
    ),
    Field(
        "flags", "flags", _SET, "", "The flags that this policy's thresholds raise; not those that rules add.",
        _CONSOLE, False, None, FLAG_CODES,
    ),
)  # fmt: skip

FIELDS: Final[dict[str, Field]] = {one.name: one for one in _CATALOGUE}
# Those that are kept with an item.
KEPT: Final = tuple(one for one in _CATALOGUE if one.read is not None)
FLAGS: Final = FIELDS["flags"]
