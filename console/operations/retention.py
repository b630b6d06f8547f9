"""Applies every retention rule, in every institution, and keeps what came of it for the pages.

A rule that fails (a store that does not answer) keeps no other from being applied; the run fails after all of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

import structlog

from console.access import session_history
from console.institution import institution_ids
from console.notices import retention as notices
from console.operations.checks import CheckName, keep
from console.retention.object_purge import purge_objects
from console.review import deadline_alerts

_log = structlog.get_logger(__name__)


class RetentionIncomplete(Exception):
    """Some rules could not be applied; they are tried again."""

    def __init__(self, failed: list[str]) -> None:
        super().__init__(f"Not applied: {', '.join(failed)}. What the others destroyed is in the audit trail.")


async def apply_retention() -> int:
    """How many rows, images and attachments were destroyed, over all institutions. Raises RetentionIncomplete."""
    destroyed: dict[str, int] = {}
    held = locked = 0
    failed: list[str] = []
    for institution_id in await institution_ids():
        for what, purge in _RULES.items():
            try:
                destroyed[what] = destroyed.get(what, 0) + await purge(institution_id)
            except Exception as error:
                _log.exception("retention rule failed", rule=what)
                failed.append(f"{what} ({type(error).__name__})")
        try:
            found = await purge_objects(institution_id)
            destroyed["images"] = destroyed.get("images", 0) + found.images
            destroyed["attachments"] = destroyed.get("attachments", 0) + found.attachments
            held, locked = held + found.held, locked + found.locked
        except Exception as error:
            _log.exception("retention rule failed", rule="images and attachments")
            failed.append(f"images and attachments ({type(error).__name__})")
    detail = _words(destroyed, held, locked) + (f". Not applied: {', '.join(failed)}" if failed else "")
    figures = {**destroyed, "held": held, "locked": locked}
    await keep(CheckName.RETENTION, ok=not failed, detail=detail, figures=figures)
    if failed:
        raise RetentionIncomplete(failed)
    return sum(destroyed.values())


async def _sessions(institution_id: UUID) -> int:
    return await session_history.purge(institution_id)


async def _notices(institution_id: UUID) -> int:
    await deadline_alerts.forget_alerts(institution_id)
    return await notices.purge_notices(institution_id)


_RULES: Final[dict[str, Callable[[UUID], Awaitable[int]]]] = {"sessions": _sessions, "notices": _notices}


def _words(destroyed: dict[str, int], held: int, locked: int) -> str:
    parts = [f"{count:,} {what}" for what, count in destroyed.items()] or ["nothing"]
    kept = [f"{held:,} images and attachments kept by a legal hold"] if held else []
    kept += [f"{locked:,} kept by the store's lock"] if locked else []
    return f"destroyed {', '.join(parts)}" + (f"; {', '.join(kept)}" if kept else "")
