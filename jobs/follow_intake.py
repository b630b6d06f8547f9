"""Versions of the policy in shadow judge what came in; trials whose process died are marked as interrupted."""

from console.lab.shadow import follow_intake as follow
from jobs.each import as_each


async def follow_intake() -> int:
    """How many items were judged, over all institutions and shadows."""
    return await as_each("shadow policy", follow)
