"""What is on a piece of paper: the complete, plain description from which a check's front and back are drawn."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in inches from the top left corner of the check."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height


class LayoutName(StrEnum):
    """Where things are printed on the stock."""

    PERSONAL_CLASSIC = "personal_classic"
    PERSONAL_MODERN = "personal_modern"
    PERSONAL_SCENIC = "personal_scenic"
    BUSINESS_CLASSIC = "business_classic"
    BUSINESS_LASER = "business_laser"


class Pattern(StrEnum):
    """The light background printed under everything."""

    PLAIN = "plain"
    WAVES = "waves"
    GUILLOCHE = "guilloche"
    LINEN = "linen"
    DOTS = "dots"
    HILLS = "hills"


@dataclass(frozen=True, slots=True)
class Bank:
    """A fictitious bank. `logo` names a drawing in `stationery`."""

    name: str
    routing: str
    city: str
    logo: str


@dataclass(frozen=True, slots=True)
class Stock:
    """Check stock as one customer ordered it."""

    layout: LayoutName
    pattern: Pattern
    bank: Bank
    drawer: str
    address: tuple[str, str]


class Forgery(StrEnum):
    """Who really wrote a signature."""

    NONE = "none"
    SKILLED = "skilled"
    """Traced or practised: the right shape, but slow, trembling, lifted."""
    UNSKILLED = "unskilled"
    """The name in another hand, by somebody who never saw the genuine one."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A name as signed; `signer` is the key of the hand it belongs to."""

    name: str
    signer: str
    forgery: Forgery = Forgery.NONE


class Ink(StrEnum):
    """How a field was filled in."""

    PEN = "pen"
    PRINTED = "printed"


class Tampering(StrEnum):
    """What happened to a field after it was written."""

    WASHED = "washed"
    """The old ink was dissolved, a faint rest of it lies under the new."""
    RAISED = "raised"
    """Characters were squeezed in before the old writing, which is the end of the new."""


@dataclass(frozen=True, slots=True)
class Alteration:
    """One field (`payee`, `figures`, `words`, `date`) that once said something else."""

    field: str
    original: str
    tampering: Tampering


class EndorsementStyle(StrEnum):
    """How the back is endorsed."""

    SIGNATURE = "signature"
    STAMP = "stamp"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Endorsement:
    """The back of a check: the payee's endorsement and the bank of first deposit's stamp."""

    style: EndorsementStyle
    name: str
    signature: Signature | None
    deposit_only: bool
    account: str
    bank_of_first_deposit: Bank
    deposited_on: date
    sequence: str


@dataclass(frozen=True, slots=True)
class CheckSpec:
    """Everything on one paper check.

    `paper_seed` fixes every stroke, so the same paper scanned twice differs only by `scan_seed`.
    `micr_routing` is what the MICR line says; on counterfeit stock it need not match the printed bank.
    """

    stock: Stock
    micr_routing: str
    account_number: str
    serial: str
    written_on: date
    payee: str
    figures: Decimal
    words: str
    memo: str
    ink: Ink
    writer: str
    signature: Signature | None
    endorsement: Endorsement
    paper_seed: str
    scan_seed: str
    alterations: tuple[Alteration, ...] = field(default=())
    encoded_amount: Decimal | None = None
    counterfeit: bool = False
