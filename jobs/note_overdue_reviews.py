"""Access reviews that passed their due date undecided are put on record, each once."""

from console.access.access_review import note_overdue
from console.actor import system_actor
from console.institution import institution_ids


async def note_overdue_reviews() -> int:
    """How many campaigns became overdue, over all institutions."""
    return sum([await note_overdue(system_actor(one, "access reviews")) for one in await institution_ids()])
