"""Return reason codes of X9.100-188, by class and code: some letters mean different things in each class."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ReasonClass(StrEnum):
    CUSTOMER = "customer"
    ADMINISTRATIVE = "administrative"


@dataclass(frozen=True)
class Reason:
    reason_class: ReasonClass
    code: str
    text: str
    # The prompt of Reg CC 229.38(i) is due where the choice moves the loss between the banks.
    moves_loss: bool = False

    @property
    def key(self) -> str:
        return f"{self.reason_class.value}:{self.code}"


_CUSTOMER = {
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
_ADMINISTRATIVE = {
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
_MOVES_LOSS = frozenset({"L", "N", "Z"})

REASONS: dict[str, Reason] = {
    reason.key: reason
    for reason in (
        *(Reason(ReasonClass.CUSTOMER, code, text, code in _MOVES_LOSS) for code, text in _CUSTOMER.items()),
        *(Reason(ReasonClass.ADMINISTRATIVE, code, text) for code, text in _ADMINISTRATIVE.items()),
    )
}

# The reasons a reviewer picks most, on the keys 1 to 9.
COMMON = tuple(f"customer:{code}" for code in "NLKACYIGX")

LIABILITY_PROMPT = (
    "When the original paper is gone, a dispute between banks presumes alteration: the depositary bank usually bears "
    "the loss (N). Forged or counterfeit (L, Z) leaves it with us. Reg CC, 12 CFR 229.38(i)."
)
