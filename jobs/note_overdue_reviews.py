"""Access reviews that passed their due date undecided are put on record, each once."""

from console.access.access_review import note_overdue
from jobs.each import as_each


async def note_overdue_reviews() -> int:
    """How many campaigns became overdue, over all institutions."""
    return await as_each("access reviews", note_overdue)
