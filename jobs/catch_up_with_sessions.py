"""The history of sessions learns what became of them: last activity, and ends that nobody caused."""

from console.access import session_history
from jobs.each import each_institution


async def catch_up_with_sessions() -> int:
    """How many sessions had ended by themselves, over all institutions."""
    return await each_institution(session_history.catch_up)
