"""What a policy says of one item: queue, priority, hours, one person or two. No I/O."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from console.policy.actions import Priority
from console.policy.model import PolicyDocument

# The queues that a judgement names: they cannot be closed.
QUEUES_NAMED = frozenset({"standard", "high_priority"})

# Flags that say that money may leave twice or against the customer's order.
URGENT_FLAGS = frozenset({"stop_payment", "duplicate_presentment", "already_paid", "not_issued", "void_check"})


@dataclass(frozen=True)
class Judgement:
    queue: str
    priority: Priority
    sla_hours: Decimal
    warning_minutes: int
    two_people: bool


def judge(document: PolicyDocument, amount: Decimal, flags: Collection[str]) -> Judgement:
    """The policy's word on an item of `amount` dollars that carries these flag codes."""
    thresholds = document.thresholds
    large = amount >= thresholds.high_priority_amount
    urgent = bool(URGENT_FLAGS.intersection(flags))
    if large and flags:
        priority = Priority.CRITICAL
    elif large or urgent:
        priority = Priority.HIGH
    else:
        priority = Priority.MEDIUM if flags else Priority.LOW
    return Judgement(
        queue="high_priority" if priority <= Priority.HIGH else "standard",
        priority=priority,
        sla_hours=thresholds.sla_hours,
        warning_minutes=thresholds.warning_minutes,
        two_people=needs_two_people(document, amount),
    )


def needs_two_people(document: PolicyDocument, amount: Decimal) -> bool:
    """Whether an amount in dollars needs a second person."""
    return amount >= document.thresholds.dual_control_amount
