"""Held items return to the queue on their release date, by the institution's own calendar day."""

from datetime import datetime

from console.actor import system_actor
from console.institution import institution_ids, institution_of
from console.review.decisions import resume_due_holds


async def release_holds() -> int:
    """How many items were put back, over all institutions."""
    count = 0
    for institution_id in await institution_ids():
        actor = system_actor(institution_id, "holds")
        today = datetime.now((await institution_of(actor)).zone).date()
        count += await resume_due_holds(actor, today)
    return count
