"""Versions of the policy whose moment has come become active."""

from console.policy.activation import activate_due
from jobs.each import as_each


async def activate_policies() -> int:
    """How many became active, over all institutions."""
    return await as_each("policy activation", activate_due)
