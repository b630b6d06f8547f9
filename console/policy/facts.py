"""What is known of one item when it comes in: the facts that flags and rules are judged by. Plain data, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

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
class Sighting:
    """Where the same identity (account, serial, amount) was seen before, and how many days ago."""

    words: str
    days_ago: int


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
    nsf_90d: int | None = None
    overdrafts_90d: int | None = None
    payroll: bool | None = None
    direct_deposit: bool | None = None


@dataclass(frozen=True)
class ItemFacts:
    """What is on the item and beside it. `duplicates`: where the same identity was seen before, as far back as any
    policy may look. `received_at` is in the institution's zone; None: not known, as of everything that may be None.
    """

    amount: Decimal
    serial: str
    routing: str
    routing_valid: bool
    on_us: bool
    payee: str | None
    presented_on: date
    account: AccountFacts | None
    serial_seen_amount: Decimal | None
    duplicates: tuple[Sighting, ...]
    stopped: bool
    issued: IssuedLine | None
    missing_sides: tuple[str, ...]
    undisplayable_sides: tuple[str, ...]
    unusable_fields: tuple[str, ...]
    kind: str = "check"
    account_number: str = ""
    depositary_routing: str | None = None
    return_reason: str | None = None
    business_date: date | None = None
    received_at: datetime | None = None

    @property
    def serial_number(self) -> int | None:
        """The serial as a number; None: it has no digits."""
        return int(self.serial) if self.serial.isdecimal() else None

    @property
    def account_age_days(self) -> int | None:
        """Days since the account was opened."""
        return (self.presented_on - self.account.opened_on).days if self.account else None

    @property
    def times_usual(self) -> Decimal | None:
        """The amount as a multiple of the account's average check of 90 days, to four decimals."""
        usual = self.account.average_90 if self.account else None
        return (self.amount / usual).quantize(Decimal("0.0001")) if usual else None

    @property
    def over_balance(self) -> Decimal | None:
        """By how much the amount is above the balance; negative: below it."""
        balance = self.account.balance if self.account else None
        return None if balance is None else self.amount - balance

    @property
    def serial_distance(self) -> int | None:
        """How far the serial is from the last one of the account, either way."""
        last, number = self.account.last_serial if self.account else None, self.serial_number
        return None if last is None or number is None else abs(number - last)

    @property
    def duplicate_days_ago(self) -> int | None:
        """Days since the same identity was last seen; None: never."""
        return min((one.days_ago for one in self.duplicates), default=None)

    @property
    def on_issued_file(self) -> bool | None:
        """Whether the customer's issued file has this serial; None: there is no such file for this item."""
        if self.account is None or not self.on_us or not self.account.positive_pay:
            return None
        return self.issued is not None

    @property
    def issued_line(self) -> IssuedLine | None:
        """The line of the issued file that counts for this item."""
        return self.issued if self.on_issued_file else None

    @property
    def issued_payee_differs(self) -> bool | None:
        """Whether the issued file names somebody else; None: one of both names is not known."""
        if self.issued_line is None or not self.payee:
            return None
        return not same_payee(self.payee, self.issued_line.payee)

    @property
    def issued_months_ago(self) -> int | None:
        """Full calendar months since the check was issued."""
        return months_between(self.issued_line.issued_on, self.presented_on) if self.issued_line else None


def same_payee(in_file: str, issued: str) -> bool:
    """Whether both name one payee, case and punctuation aside; the file cuts a long name off."""
    found, wanted = (
        "".join(letter for letter in text.lower() if letter.isalnum()) for text in (in_file[:PAYEE_COLUMNS], issued)
    )
    cut_off = len(in_file.rstrip()) >= PAYEE_COLUMNS - 1
    return wanted.startswith(found) if cut_off else wanted == found


def months_between(start: date, end: date) -> int:
    """Full calendar months from one day to another."""
    return (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)
