"""People and businesses who write checks: what they usually write, on what stock, in which hand."""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from console.intake.demo.chance import stream
from console.intake.demo.model import AccountType, HistoryCheck
from console.intake.demo.names import BUSINESS_MEMOS, MEMOS, STREETS, businesslike
from console.intake.demo.paper import (
    Bank,
    CheckSpec,
    Endorsement,
    EndorsementStyle,
    Ink,
    LayoutName,
    Pattern,
    Signature,
    Stock,
)
from console.intake.demo.words import legal_amount

_PERSONAL_LAYOUTS = (LayoutName.PERSONAL_CLASSIC, LayoutName.PERSONAL_MODERN, LayoutName.PERSONAL_SCENIC)
_BUSINESS_LAYOUTS = (LayoutName.BUSINESS_CLASSIC, LayoutName.BUSINESS_LASER)
_PATTERNS = (Pattern.WAVES, Pattern.GUILLOCHE, Pattern.LINEN, Pattern.DOTS, Pattern.PLAIN)


@dataclass(slots=True)
class Drawer:
    """An account as the one who writes its checks, and what has been written so far.

    `typical` is the usual amount in dollars, `spread` how far amounts stray from it (sigma of their logarithm),
    `monthly` how many checks a month.
    """

    account_type: AccountType
    bank: Bank
    number: str
    holder: str
    signer: str
    signer_key: str
    stock: Stock
    ink: Ink
    opened_on: date
    typical: int
    spread: float
    monthly: float
    payees: tuple[str, ...]
    next_serial: int
    history: list[HistoryCheck] = field(default_factory=list)
    skipped: list[tuple[int, date]] = field(default_factory=list)
    busy: bool = False
    """Reserved for a scenario that lives in the account's history, so that no other scenario disturbs it."""

    @property
    def business(self) -> bool:
        return self.account_type is AccountType.BUSINESS

    def take_serial(self) -> str:
        """The next serial number of the checkbook."""
        serial = self.next_serial
        self.next_serial += 1
        return str(serial)

    def usual_amount(self, rng: random.Random) -> Decimal:
        """An amount within this drawer's habit."""
        percent = min(600, round(100 * rng.lognormvariate(0, self.spread)))
        cents = 0 if rng.random() < 0.35 else rng.randrange(100)
        return Decimal(max(5, self.typical * percent // 100)) + Decimal(cents).scaleb(-2)


def stock_for(rng: random.Random, bank: Bank, drawer: str, business: bool) -> Stock:
    """Stock as ordered once by this drawer."""
    layout = rng.choice(_BUSINESS_LAYOUTS if business else _PERSONAL_LAYOUTS)
    pattern = Pattern.HILLS if layout is LayoutName.PERSONAL_SCENIC else rng.choice(_PATTERNS)
    address = (f"{rng.randint(1, 999)} {rng.choice(STREETS)}", bank.city)
    return Stock(layout, pattern, bank, drawer, address)


@dataclass(frozen=True, slots=True)
class Deposit:
    """Where a check was deposited, and by whom it was endorsed."""

    bank: Bank
    account: str
    on: date
    sequence: str
    signer_key: str | None = None
    """Key of the endorser's hand when the endorser is one of our customers."""


def endorsement(payee: str, deposit: Deposit, rng: random.Random) -> Endorsement:
    """The regular endorsement of that payee: businesses stamp, people sign."""
    stamped = businesslike(payee)
    return Endorsement(
        style=EndorsementStyle.STAMP if stamped else EndorsementStyle.SIGNATURE,
        name=payee,
        signature=None if stamped else Signature(payee, deposit.signer_key or f"person/{payee}"),
        deposit_only=stamped or rng.random() < 0.55,
        account=deposit.account,
        bank_of_first_deposit=deposit.bank,
        deposited_on=deposit.on,
        sequence=deposit.sequence,
    )


def write_check(
    drawer: Drawer, serial: str, amount: Decimal, payee: str, written_on: date, deposit: Deposit, seed: str
) -> CheckSpec:
    """A regular check of this drawer."""
    rng = stream("write", seed)
    return CheckSpec(
        stock=drawer.stock,
        micr_routing=drawer.bank.routing,
        account_number=drawer.number,
        serial=serial,
        written_on=written_on,
        payee=payee,
        figures=amount,
        words=legal_amount(amount),
        memo=rng.choice(BUSINESS_MEMOS if drawer.business else MEMOS),
        ink=drawer.ink,
        writer=drawer.signer_key,
        signature=Signature(drawer.signer, drawer.signer_key),
        endorsement=endorsement(payee, deposit, rng),
        paper_seed=f"paper/{seed}",
        scan_seed=f"scan/{seed}",
        # Since image exchange few items are still encoded with their amount.
        encoded_amount=amount if rng.random() < 0.3 else None,
    )


def banking_day(day: date) -> date:
    """The day itself, or the Friday before a weekend."""
    return day - timedelta(days=max(0, day.weekday() - 4))
