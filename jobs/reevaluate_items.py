"""Open checks are judged anew by the version of the policy that became active, where its approver chose so."""

from console.actor import Actor
from console.review.reevaluation import reevaluate_open
from jobs.each import as_each

# The next run goes on: a million checks do not keep the other jobs of an institution waiting.
_MOST = 5_000


async def reevaluate_items() -> int:
    """How many were judged, over all institutions."""
    return await as_each("policy re-evaluation", _reevaluate)


async def _reevaluate(actor: Actor) -> int:
    return await reevaluate_open(actor, _MOST)
