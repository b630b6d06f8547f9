"""The one table of statuses: which change of status exists, and which act makes it.

The database holds a copy (`item_transition`) and refuses every other change; a test compares the two.
"""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    NEW = "new"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    RETURNED = "returned"
    REJECTED = "rejected"
    HELD = "held"
    ESCALATED = "escalated"
    PENDING_APPROVAL = "pending_approval"
    NEEDS_INFO = "needs_info"
    # The policy let it pass: nobody needs to look at it.
    CLEARED = "cleared"
    CLOSED = "closed"

    @property
    def label(self) -> str:
        return "cleared without review" if self is Status.CLEARED else self.value.replace("_", " ")


class Act(StrEnum):
    """What moves an item. The first six are decisions; the others are not."""

    PAY = "pay"
    RETURN = "return"
    REJECT = "reject"
    HOLD = "hold"
    ESCALATE = "escalate"
    ASK = "ask"
    CLAIM = "claim"
    RELEASE = "release"
    RECOMMEND = "recommend"
    SEND_BACK = "send_back"
    RESUME = "resume"
    PULL_IN = "pull_in"
    CLOSE = "close"


OUTCOME: dict[Act, Status] = {
    Act.PAY: Status.APPROVED,
    Act.RETURN: Status.RETURNED,
    Act.REJECT: Status.REJECTED,
    Act.HOLD: Status.HELD,
    Act.ESCALATE: Status.ESCALATED,
    Act.ASK: Status.NEEDS_INFO,
}

# Acts that end the review of an item and so need a second person on large ones.
FINAL_ACTS = frozenset({Act.PAY, Act.RETURN, Act.REJECT})
FINAL_STATUSES = frozenset({Status.APPROVED, Status.RETURNED, Status.REJECTED, Status.CLEARED, Status.CLOSED})
# How an item begins: the policy lets pass what needs no review.
BEGINNINGS = frozenset({Status.NEW, Status.CLEARED})
# What waits for somebody to take it.
WAITING = frozenset({Status.NEW, Status.ESCALATED})
OPEN = frozenset(Status) - FINAL_STATUSES

# (from, act) -> every status it may lead to. A released item goes back to what it was before it was claimed.
TRANSITIONS: dict[tuple[Status, Act], frozenset[Status]] = {
    (Status.NEW, Act.CLAIM): frozenset({Status.IN_REVIEW}),
    (Status.ESCALATED, Act.CLAIM): frozenset({Status.IN_REVIEW}),
    (Status.IN_REVIEW, Act.RELEASE): frozenset({Status.NEW, Status.ESCALATED}),
    **{(Status.IN_REVIEW, act): frozenset({outcome}) for act, outcome in OUTCOME.items()},
    (Status.IN_REVIEW, Act.RECOMMEND): frozenset({Status.PENDING_APPROVAL}),
    **{(Status.PENDING_APPROVAL, act): frozenset({OUTCOME[act]}) for act in sorted(FINAL_ACTS)},
    (Status.PENDING_APPROVAL, Act.SEND_BACK): frozenset({Status.NEW}),
    # A supervisor has reviewed what the policy let pass.
    (Status.CLEARED, Act.PULL_IN): frozenset({Status.NEW}),
    (Status.HELD, Act.RESUME): frozenset({Status.NEW}),
    (Status.NEEDS_INFO, Act.RESUME): frozenset({Status.NEW}),
    **{(done, Act.CLOSE): frozenset({Status.CLOSED}) for done in sorted(FINAL_STATUSES - {Status.CLOSED})},
}

# The pairs alone, as the database holds them.
PAIRS: frozenset[tuple[Status, Status]] = frozenset(
    (before, after) for (before, _), outcomes in TRANSITIONS.items() for after in outcomes
)


class IllegalTransition(Exception):
    """The status does not allow this act."""

    def __init__(self, before: Status, act: Act) -> None:
        super().__init__(f"An item that is {before.label} cannot be changed by “{act.value.replace('_', ' ')}”.")
        self.before, self.act = before, act


def after(before: Status, act: Act, wanted: Status | None = None) -> Status:
    """The status to which `act` leads from `before`; `wanted` chooses where there are several.

    Raises IllegalTransition where the table has none.
    """
    outcomes = TRANSITIONS.get((before, act), frozenset())
    if wanted is None and len(outcomes) == 1:
        return next(iter(outcomes))
    if wanted is None or wanted not in outcomes:
        raise IllegalTransition(before, act)
    return wanted
