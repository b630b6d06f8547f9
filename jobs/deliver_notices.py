"""Notices that people want by e-mail go to the mail server."""

from console.notices import outbox
from jobs.each import each_institution


async def deliver_notices() -> int:
    """How many letters the mail server took, over all institutions."""
    return await each_institution(outbox.deliver)
