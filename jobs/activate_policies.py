"""Versions of the policy whose moment has come become active."""

from console.actor import system_actor
from console.institution import institution_ids
from console.policy.activation import activate_due


async def activate_policies() -> int:
    """How many became active, over all institutions."""
    return sum([await activate_due(system_actor(one, "policy activation")) for one in await institution_ids()])
