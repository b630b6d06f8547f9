"""What a demo bank is made of: accounts with their history, stop payments, issued files, a day's items, the truth."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from console.intake.demo.paper import Bank, Box, CheckSpec


class AccountType(StrEnum):
    """Who the account belongs to."""

    PERSONAL = "personal"
    BUSINESS = "business"


class Outcome(StrEnum):
    """What became of an earlier check."""

    PAID = "paid"
    RETURNED = "returned"


class ItemKind(StrEnum):
    """Drawn on our customer's account, or deposited by our customer."""

    ON_US = "on_us"
    TRANSIT = "transit"


class IssuedStatus(StrEnum):
    """State of a check in the file of checks that a business says it issued."""

    OUTSTANDING = "outstanding"
    PAID = "paid"
    VOID = "void"


class Scenario(StrEnum):
    """What is wrong with an item, if anything."""

    CLEAN = "clean"
    COUNTERFEIT_STOCK = "counterfeit_stock"
    FORGED_SIGNATURE = "forged_signature"
    FORGED_ENDORSEMENT = "forged_endorsement"
    MISSING_ENDORSEMENT = "missing_endorsement"
    ALTERED_AMOUNT = "altered_amount"
    WASHED = "washed"
    PAYEE_MISMATCH = "payee_mismatch"
    SERIAL_OUT_OF_SEQUENCE = "serial_out_of_sequence"
    SERIAL_DUPLICATE = "serial_duplicate"
    SERIAL_ZERO = "serial_zero"
    AMOUNT_MISMATCH = "amount_mismatch"
    UNUSUAL_AMOUNT = "unusual_amount"
    VELOCITY = "velocity"
    NEW_ACCOUNT_LARGE = "new_account_large"
    STALE_DATED = "stale_dated"
    POST_DATED = "post_dated"
    DUPLICATE_PRESENTMENT = "duplicate_presentment"
    KITING = "kiting"
    STOP_PAYMENT = "stop_payment"
    NOT_ISSUED = "positive_pay_not_issued"
    ISSUED_AMOUNT = "positive_pay_amount"
    ISSUED_PAYEE = "positive_pay_payee"
    ISSUED_VOID = "positive_pay_void"
    ISSUED_STALE = "positive_pay_stale"
    ISSUED_PAID = "positive_pay_already_paid"


class Side(StrEnum):
    """Side of the check on which something is to be seen."""

    FRONT = "front"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Truth:
    """What is really the case. `region` is on the scan, in inches; None when only the data show it."""

    scenario: Scenario
    what_is_wrong: str
    side: Side | None = None
    region: Box | None = None


@dataclass(frozen=True, slots=True)
class HistoryCheck:
    """An earlier check of an account; `front` (TIFF) only for the latest six."""

    account_number: str
    serial: str
    amount: Decimal
    written_on: date
    presented_on: date
    payee: str
    outcome: Outcome
    return_code: str | None
    paper: CheckSpec
    front: bytes | None = None


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """One of the institution's accounts with everything a reviewer is shown about it."""

    routing: str
    number: str
    holder: str
    account_type: AccountType
    opened_on: date
    balance: Decimal
    average_balance_30d: Decimal
    has_payroll: bool
    has_direct_deposit: bool
    returns_90d: int
    nsf_90d: int
    overdrafts_90d: int
    positive_pay: bool
    signer: str
    signer_key: str
    history: tuple[HistoryCheck, ...]
    signature_card: bytes = b""


@dataclass(frozen=True, slots=True)
class StopPayment:
    """An order not to pay. `amount` None stops the serial at any amount."""

    account_number: str
    serial: str
    amount: Decimal | None
    payee: str
    placed_on: date
    expires_on: date
    reason: str


@dataclass(frozen=True, slots=True)
class IssuedCheck:
    """A row of an issued file (positive pay)."""

    account_number: str
    serial: str
    amount: Decimal
    payee: str
    issued_on: date
    status: IssuedStatus
    status_on: date


@dataclass(frozen=True, slots=True)
class DemoItem:
    """One presented check: its record 25 values, its paper, both images (TIFF) and the truth about it.

    `account_number` is our customer's: the drawer's account on us, the depositor's for transit items.
    """

    sequence: int
    kind: ItemKind
    account_number: str
    routing: str
    on_us: str
    auxiliary_on_us: str
    serial: str
    amount: Decimal
    payee: str
    paper: CheckSpec
    truth: Truth
    front: bytes = b""
    back: bytes = b""


@dataclass(frozen=True, slots=True)
class DemoBank:
    """A bank, and the checks presented to it on one business date."""

    seed: int
    business_date: date
    institution: Bank
    accounts: tuple[DemoAccount, ...]
    items: tuple[DemoItem, ...]
    stop_payments: tuple[StopPayment, ...]
    issued: tuple[IssuedCheck, ...]
