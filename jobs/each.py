"""A job's work, one institution after the other: what fails in one of them keeps it from no other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

import structlog

from console.actor import Actor, system_actor
from console.institution import institution_ids

_log = structlog.get_logger(__name__)


async def each_institution(work: Callable[[UUID], Awaitable[int]]) -> int:
    """What the work counted, over all institutions.

    Raises, once all have had their turn, what was raised in one of them, or an ExceptionGroup of several.
    """
    done, failed, institutions = 0, list[Exception](), await institution_ids()
    for one in institutions:
        try:
            done += await work(one)
        except Exception as error:
            _log.exception("job failed in an institution", institution=str(one))
            failed.append(error)
    if len(failed) > 1:
        raise ExceptionGroup(f"{len(failed)} of {len(institutions)} institutions, {failed[0]}", failed)
    if failed:
        raise failed[0]
    return done


async def as_each(name: str, work: Callable[[Actor], Awaitable[int]]) -> int:
    """As `each_institution`, by a system actor of this name in each."""
    return await each_institution(lambda one: work(system_actor(one, name)))
