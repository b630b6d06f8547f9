"""Held items return to the queue on their release date, by the institution's own calendar day."""

from datetime import datetime

from console.actor import Actor
from console.institution import institution_of
from console.review.decisions import resume_due_holds
from jobs.each import as_each


async def release_holds() -> int:
    """How many items were put back, over all institutions."""
    return await as_each("holds", _release)


async def _release(actor: Actor) -> int:
    today = datetime.now((await institution_of(actor)).zone).date()
    return await resume_due_holds(actor, today)
