"""Whose a queue is to set. Whoever manages queues may be bounded to some of them, as they are for checks.

Theirs is then how such a queue works by itself: its name, hours, members, and how many of its checks one person may
hold. What reaches further is for whoever manages all of them: which queues there are and in which order they are asked,
what a queue takes in by its criteria (it takes that from the others, and so would widen the bounds), who gives second
signatures, the institution's hours, and views that others share. A queue is nobody's who is bounded to some item types:
its settings hold for all of its checks.
"""

from __future__ import annotations

from console.access.permissions import Permission, reaches
from console.actor import Actor
from console.review.errors import NotYoursToSet
from console.review.reach import APPROVALS


def manages(actor: Actor, queue: str) -> bool:
    """Whether the settings of a queue, given by its key, are the actor's to change."""
    parts = reaches(actor, Permission.QUEUE_MANAGE)
    if parts is None:
        return True
    own = (part for part in parts if part.item_types is None)
    return queue != APPROVALS and any(part.queues is None or queue in part.queues for part in own)


def manages_all(actor: Actor, permission: Permission = Permission.QUEUE_MANAGE) -> bool:
    """Whether what holds for all queues is the actor's to change."""
    return reaches(actor, permission) is None


def check_manages(actor: Actor, queue: str, name: str) -> None:
    """Raise NotYoursToSet unless the queue's settings are the actor's to change."""
    if not manages(actor, queue):
        raise NotYoursToSet(f"the queue {name}")


def check_manages_all(actor: Actor, what: str, permission: Permission = Permission.QUEUE_MANAGE) -> None:
    """Raise NotYoursToSet unless what holds for all queues, in words, is the actor's to change."""
    if not manages_all(actor, permission):
        raise NotYoursToSet(what)
