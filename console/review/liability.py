"""Altered or forged: who bears the loss between the banks, asked where a return reason moves it. No I/O.

A proven alteration is usually the depositary bank's loss, by its warranties (UCC 4-208); a forged or counterfeit
check is the paying bank's (UCC 3-418). Where the original paper cannot be examined, a dispute between banks presumes
an alteration; that ends where the original is made available to all of them (Reg CC, 12 CFR 229.38(i)).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from console.review.errors import IncompleteChoice
from console.review.reasons import REASONS, Side

# Reasons that say forged, whatever else is said.
_SAYS_FORGED = frozenset({"customer:L", "customer:Z"})


class Original(StrEnum):
    """Whether the original paper check can be examined."""

    AVAILABLE = "available"
    GONE = "gone"
    UNKNOWN = "unknown"


class Finding(StrEnum):
    """What the reviewer says happened to the check."""

    ALTERED = "altered"
    FORGED = "forged"


@dataclass(frozen=True)
class Liability:
    """The reviewer's answer; kept with the decision."""

    original: Original
    finding: Finding


def is_asked(reasons: Collection[str]) -> bool:
    """Whether one of these reasons moves the loss, so that the answer is needed."""
    return any(REASONS[key].moves_loss for key in reasons if key in REASONS)


def finding_of(reasons: Collection[str]) -> Finding | None:
    """What the reasons say by themselves: L and Z say forged; N alone says either, so the reviewer must."""
    asked = [key for key in reasons if key in REASONS and REASONS[key].moves_loss]
    return Finding.FORGED if asked and set(asked) <= _SAYS_FORGED else None


def check_answered(reasons: Collection[str], liability: Liability | None) -> None:
    """Raise IncompleteChoice unless there is an answer where one is asked for, and only there."""
    if not is_asked(reasons):
        if liability is not None:
            raise IncompleteChoice("liability", "Altered or forged is asked for N, L and Z alone.")
        return
    if liability is None:
        raise IncompleteChoice("liability", "Say whether the original paper can be examined: it decides who is liable.")
    if finding_of(reasons) not in {None, liability.finding}:
        raise IncompleteChoice("liability", "L and Z say that the check is forged. Choose N for an alteration.")


def consequence(side: Side, liability: Liability) -> str:
    """What the answer means for the loss, in a sentence."""
    altered, forged = ("The depositary bank", "our bank") if side is Side.PAYING else ("Our bank", "the paying bank")
    if liability.finding is Finding.ALTERED:
        if liability.original is Original.AVAILABLE:
            return f"{altered} usually bears an alteration; with the original at hand it must be shown, not presumed."
        return f"Presumed altered without the original: {altered[0].lower()}{altered[1:]} usually bears the loss."
    if liability.original is Original.AVAILABLE:
        return f"With the original at hand nothing is presumed; {forged} usually bears a forgery."
    return f"Without the original an alteration is presumed; saying forged gives that up, and {forged} bears the loss."
