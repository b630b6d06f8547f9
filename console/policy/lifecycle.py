"""The one table of a version's life: which status it may have next, and which act brings it there. No I/O.

The database holds a copy of the pairs (`policy_transition`) and refuses every other change; a test compares the two.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class VersionStatus(StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    ACTIVE = "active"
    RETIRED = "retired"

    @property
    def label(self) -> str:
        """The status in a sentence."""
        return self.value.replace("_", " ")


class VersionAct(StrEnum):
    """What is done with a version. Those in TRANSITIONS move it; the others only stand in its history."""

    DRAFTED = "drafted"
    IMPORTED = "imported"
    SEND = "send"
    WITHDRAW = "withdraw"
    SEND_BACK = "send_back"
    APPROVE = "approve"
    SCHEDULE = "schedule"
    ACTIVATE = "activate"
    RETIRE = "retire"
    DISCARD = "discard"


_S, _A = VersionStatus, VersionAct

TRANSITIONS: Final[dict[tuple[VersionStatus, VersionAct], VersionStatus]] = {
    (_S.DRAFT, _A.SEND): _S.IN_REVIEW,
    (_S.DRAFT, _A.DISCARD): _S.RETIRED,
    # By its author; with a reason, as everything that takes a version a step back.
    (_S.IN_REVIEW, _A.WITHDRAW): _S.DRAFT,
    (_S.IN_REVIEW, _A.SEND_BACK): _S.DRAFT,
    (_S.IN_REVIEW, _A.APPROVE): _S.APPROVED,
    # Before it is active, whatever date was set for it. What changes then is approved again.
    (_S.APPROVED, _A.WITHDRAW): _S.DRAFT,
    (_S.APPROVED, _A.ACTIVATE): _S.ACTIVE,
    # Its successor becomes active in the same moment.
    (_S.ACTIVE, _A.RETIRE): _S.RETIRED,
}

PAIRS: Final = frozenset((before, after) for (before, _), after in TRANSITIONS.items())


def next_status(status: VersionStatus, act: VersionAct) -> VersionStatus | None:
    """The status that the act brings a version into; None: it cannot be done now."""
    return TRANSITIONS.get((status, act))
