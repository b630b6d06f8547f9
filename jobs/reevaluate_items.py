"""Open checks are judged anew by the version of the policy that became active, where its approver chose so."""

from console.actor import system_actor
from console.institution import institution_ids
from console.review.reevaluation import reevaluate_open

# The next run goes on: a million checks do not keep the other jobs of an institution waiting.
_MOST = 5_000


async def reevaluate_items() -> int:
    """How many were judged, over all institutions."""
    done = 0
    for institution_id in await institution_ids():
        done += await reevaluate_open(system_actor(institution_id, "policy re-evaluation"), _MOST)
    return done
