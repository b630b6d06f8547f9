"""Brings the object store's legal holds up to the console's, in every institution, and keeps how it stands for the
pages."""

from __future__ import annotations

import structlog

from console.institution import institution_ids
from console.operations.checks import CheckName, keep
from console.retention.object_holds import ObjectHolds, keep_object_holds

_log = structlog.get_logger(__name__)


class HoldsIncomplete(Exception):
    """The store does not hold yet all that legal holds cover; it is tried again."""


async def keep_holds() -> int:
    """How many objects the store was told to hold, or to let go of. Raises HoldsIncomplete."""
    found: list[ObjectHolds] = []
    failed: list[Exception] = []
    for institution_id in await institution_ids():
        try:
            found.append(await keep_object_holds(institution_id))
        except Exception as error:
            _log.exception("legal holds not brought to the store")
            failed.append(error)
    waiting, missing = sum(one.waiting for one in found), sum(one.missing for one in found)
    supported = all(one.supported for one in found)
    detail = "; ".join([_words(waiting, missing, supported), *(str(error) or type(error).__name__ for error in failed)])
    figures = {"waiting": waiting, "missing": missing, "supported": supported}
    ok = not failed and not missing
    await keep(CheckName.OBJECT_HOLDS, ok=ok, detail=detail, figures=figures)
    if failed:
        raise HoldsIncomplete(detail)
    return sum(one.held + one.released for one in found)


def _words(waiting: int, missing: int, supported: bool) -> str:
    if not supported:
        return f"the bucket has no object lock: the console alone keeps {waiting:,} objects that legal holds cover"
    if missing:
        return f"{missing:,} objects that legal holds cover are not in the store: see `main.py restore-images`"
    return f"{waiting:,} objects wait to be held or let go of" if waiting else "the store holds what legal holds cover"
