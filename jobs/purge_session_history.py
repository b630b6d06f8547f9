"""The history of sessions is kept for SESSION_HISTORY_DAYS and no longer."""

from console.access import session_history
from console.institution import institution_ids


async def purge_session_history() -> int:
    """How many rows were deleted, over all institutions."""
    return sum([await session_history.purge(one) for one in await institution_ids()])
