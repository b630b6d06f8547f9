"""Deciding against an advisory recommendation: when it asks for a reason, and the categories of reasons. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from console.review.errors import IncompleteChoice
from console.review.item_view import AdviceShown
from console.review.rules_shown import NOTHING, Required
from console.review.states import FINAL_ACTS, Act

MAX_OVERRIDE: Final = 500


class OverrideCategory(StrEnum):
    """Why a person decides otherwise than advised; counted, so the list is closed."""

    SIGNATURE_VERIFIED = "signature_verified"
    CUSTOMER_CONTACTED = "customer_contacted"
    KNOWN_PATTERN = "known_pattern"
    IMAGE_MISREAD = "image_misread"
    POLICY_EXCEPTION = "policy_exception"
    OTHER = "other"


OVERRIDE_WORDS: Final = {
    OverrideCategory.SIGNATURE_VERIFIED: "Signature verified with the customer",
    OverrideCategory.CUSTOMER_CONTACTED: "Customer contacted",
    OverrideCategory.KNOWN_PATTERN: "Known pattern of this account",
    OverrideCategory.IMAGE_MISREAD: "The advice misread the image",
    OverrideCategory.POLICY_EXCEPTION: "Exception by policy",
    OverrideCategory.OTHER: "Other",
}


@dataclass(frozen=True)
class Override:
    """A person's reason against the advice."""

    category: OverrideCategory
    text: str


def needs_why(act: Act | None, advice: AdviceShown | None, required: Required) -> bool:
    """Whether this act needs a reason with words: it goes against the advice, or a rule of the policy asks for one.

    A return has its return reason already; to hold, to ask or to escalate decides nothing yet.
    """
    return overrides(act, advice) or (required.reason and act in FINAL_ACTS and act is not Act.RETURN)


def overrides(act: Act | None, advice: AdviceShown | None) -> bool:
    """Whether this act goes against advice that counts as a finding.

    An act that ends the review otherwise than advised does; to hold, to ask or to escalate decides nothing yet.
    """
    return advice is not None and not advice.weak and act in FINAL_ACTS and act != advice.act


def check_override(
    act: Act, advice: AdviceShown | None, override: Override | None, required: Required = NOTHING
) -> None:
    """Raise IncompleteChoice unless there is a reason with words exactly where one is needed."""
    if not needs_why(act, advice, required):
        if override is not None:
            raise IncompleteChoice("override", "This does not go against any advice: no reason against it is needed.")
        return
    if override is None or not override.text.strip():
        against = overrides(act, advice)
        why = "This goes against the advice" if against else "A rule of the policy asks for a reason"
        raise IncompleteChoice("override", f"{why}: choose why, and say it in a few words.")
    if len(override.text) > MAX_OVERRIDE:
        raise IncompleteChoice("override", f"Say it in {MAX_OVERRIDE} characters at the most.")
