"""Notices that people want by e-mail go to the mail server."""

from console.institution import institution_ids
from console.notices import outbox


async def deliver_notices() -> int:
    """How many letters the mail server took, over all institutions."""
    return sum([await outbox.deliver(one) for one in await institution_ids()])
