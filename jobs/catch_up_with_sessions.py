"""The history of sessions learns what became of them: last activity, and ends that nobody caused."""

from console.access import session_history
from console.institution import institution_ids


async def catch_up_with_sessions() -> int:
    """How many sessions had ended by themselves, over all institutions."""
    return sum([await session_history.catch_up(one) for one in await institution_ids()])
