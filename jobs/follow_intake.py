"""Versions of the policy in shadow judge what came in; trials whose process died are marked as interrupted."""

from console.actor import system_actor
from console.institution import institution_ids
from console.lab.shadow import follow_intake as follow


async def follow_intake() -> int:
    """How many items were judged, over all institutions and shadows."""
    return sum([await follow(system_actor(one, "shadow policy")) for one in await institution_ids()])
