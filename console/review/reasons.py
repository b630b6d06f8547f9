"""Return reason codes of X9.100-188, by class and code: some letters mean different things in each class.

Who may use which is data as well. The standard leaves the choice to each institution; what each may say follows from
what it is to the item:

- the paying bank knows the account and the drawer's signature, so it may say everything;
- the bank at which a check of another bank was deposited refuses it for what can be read on the item. It does not
  know the drawer's account, and there is no bank yet to which an administrative return could go;
- of a return that came back to us, the customer reason was given by the paying bank; between banks it goes back for
  administrative reasons alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class ReasonClass(StrEnum):
    CUSTOMER = "customer"
    ADMINISTRATIVE = "administrative"


class Side(StrEnum):
    """What our bank is to an item."""

    PAYING = "paying"
    DEPOSITARY = "depositary"
    RETURNED = "returned"

    @property
    def label(self) -> str:
        return {"paying": "an on-us check", "depositary": "a deposited check", "returned": "a returned check"}[self]


def side_of(kind: str, item_type: str) -> Side:
    """What we are to an item: `kind` is `check` or `return`, `item_type` is `on_us` or `transit`."""
    if kind == "return":
        return Side.RETURNED
    return Side.PAYING if item_type == "on_us" else Side.DEPOSITARY


@dataclass(frozen=True)
class Reason:
    """A reason. The prompt of Reg CC 229.38(i) is due where it `moves_loss` between the banks."""

    reason_class: ReasonClass
    code: str
    text: str
    sides: frozenset[Side]
    moves_loss: bool = False

    @property
    def key(self) -> str:
        return f"{self.reason_class.value}:{self.code}"

    @property
    def named(self) -> str:
        """In a line: code, text, and the class where it is not the customer's."""
        administrative = " (administrative)" if self.reason_class is ReasonClass.ADMINISTRATIVE else ""
        return f"{self.code} {self.text}{administrative}"


_CUSTOMER: Final = {
    "A": "NSF, not sufficient funds",
    "B": "Uncollected funds hold",
    "C": "Stop payment",
    "D": "Closed account",
    "E": "Unable to locate account",
    "F": "Frozen or blocked account",
    "G": "Stale dated",
    "H": "Post dated",
    "I": "Endorsement missing",
    "J": "Endorsement irregular",
    "K": "Signature(s) missing",
    "L": "Signature(s) irregular, suspected forgery",
    "M": "Non-cash item",
    "N": "Altered, fictitious or counterfeit",
    "O": "Unable to process",
    "P": "Item exceeds stated maximum",
    "Q": "Not authorized",
    "R": "Branch or account sold",
    "S": "Refer to maker",
    "T": "Item cannot be re-presented",
    "U": "Unusable image",
    "W": "Cannot determine amount",
    "X": "Refer to image",
    "Y": "Duplicate presentment",
    "Z": "Forgery, affidavit available",
    "3": "Warranty breach",
    "4": "RCC warranty breach",
    "5": "Forged or counterfeit, warranty breach",
    "6": "Retired or ineligible routing number",
}
_ADMINISTRATIVE: Final = {
    "I": "Image missing",
    "Q": "Ineligible",
    "T": "Cannot be re-presented",
    "U": "Unusable image",
    "V": "Image fails security check",
    "Y": "Duplicate presentment",
    "1": "Does not conform to the TIFF standard",
    "2": "Does not conform to the clearing rules",
    "3": "Warranty breach",
    "4": "RCC warranty breach",
    "5": "Forged or counterfeit, warranty breach",
    "6": "Retired or ineligible routing number",
}
# Customer reasons that can be read on the item, without knowing the drawer's account.
_ON_THE_ITEM: Final = frozenset("GHIJKMNOPTUWXY6")
_MOVES_LOSS: Final = frozenset("LNZ")


def _customer(code: str, text: str) -> Reason:
    sides = {Side.PAYING} | ({Side.DEPOSITARY} if code in _ON_THE_ITEM else set())
    return Reason(ReasonClass.CUSTOMER, code, text, frozenset(sides), code in _MOVES_LOSS)


def _administrative(code: str, text: str) -> Reason:
    return Reason(ReasonClass.ADMINISTRATIVE, code, text, frozenset({Side.PAYING, Side.RETURNED}))


REASONS: Final[dict[str, Reason]] = {
    reason.key: reason
    for reason in (
        *(_customer(code, text) for code, text in _CUSTOMER.items()),
        *(_administrative(code, text) for code, text in _ADMINISTRATIVE.items()),
    )
}

# The reasons that a reviewer picks most, on the keys 1 to 9.
COMMON: Final[dict[Side, tuple[Reason, ...]]] = {
    side: tuple(REASONS[f"{reason_class}:{code}"] for code in codes)
    for side, reason_class, codes in (
        (Side.PAYING, "customer", "NLKACYIGX"),
        (Side.DEPOSITARY, "customer", "NIKJYGUWX"),
        (Side.RETURNED, "administrative", "YIUQTV123"),
    )
}


def reasons_for(side: Side) -> tuple[Reason, ...]:
    """The reasons that may be given for an item to which we are `side`, in their order."""
    return tuple(reason for reason in REASONS.values() if side in reason.sides)


def matching(searched: str, side: Side) -> list[Reason]:
    """The reasons that fit what is typed: those of that very code first, then those with all the words."""
    words = searched.casefold().split()
    fitting = [one for one in reasons_for(side) if words and all(word in one.named.casefold() for word in words)]
    return sorted(fitting, key=lambda one: one.code.casefold() != words[0])
