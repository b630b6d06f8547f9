"""What changed anywhere reaches the pages of this process: Redis messages become events.

A message that is lost costs nothing but time: pages also read again every RESYNC_SECONDS, and at once when the
connection to Redis comes back.
"""

from __future__ import annotations

import asyncio
import json
from uuid import UUID

import structlog
from nicegui import Event, background_tasks

from console.access.sessions import ENDED_CHANNEL
from console.hints import CHANNEL, NOTICES_CHANNEL, POLICIES_CHANNEL
from db.redis_pool import REDIS_ERRORS, subscribed

RESYNC_SECONDS = 15.0
# Changes are gathered for so long, so that a busy second redraws a page five times and not five hundred.
COALESCE_SECONDS = 0.2
RECONNECT_SECONDS = 1.0

# (institution, ids of items that changed; empty: read everything again)
items_changed: Event[UUID, frozenset[UUID]] = Event()
# The same with the requests in which each item was changed ("": one that does not tell), for pages that know their own.
items_changed_in: Event[UUID, dict[UUID, frozenset[str]]] = Event()
# (ids of people who were told something, or have read it; empty: anybody)
notices_changed: Event[frozenset[UUID]] = Event()
# (institution, version of its policy that changed or that somebody came to or left; None: any of them)
policies_changed: Event[UUID, UUID | None] = Event()
# (public reference of the session, why it ended)
session_ended: Event[str, str] = Event()

_log = structlog.get_logger(__name__)
# What each institution's pages are told next: the items with the requests that changed them; None: everything.
_waiting: dict[UUID, dict[UUID, set[str]] | None] = {}


async def listen() -> None:
    """Turn messages into events until cancelled; reconnects by itself."""
    while True:
        try:
            async with subscribed(CHANNEL, NOTICES_CHANNEL, POLICIES_CHANNEL, ENDED_CHANNEL) as channel:
                _everything_changed()
                while True:
                    message = await channel.get_message(timeout=RESYNC_SECONDS)
                    if message is not None:
                        _take(message["channel"].decode(), message["data"])
        except REDIS_ERRORS as error:
            _log.warning("live messages interrupted", error=type(error).__name__)
            await asyncio.sleep(RECONNECT_SECONDS)


def _take(channel: str, data: bytes) -> None:
    if channel == ENDED_CHANNEL:
        reference, _, reason = data.decode().partition(" ")
        session_ended.emit(reference, reason)
        return
    if channel == NOTICES_CHANNEL:
        notices_changed.emit(frozenset(UUID(one) for one in json.loads(data)))
        return
    message = json.loads(data)
    institution = UUID(message["institution"])
    if channel == POLICIES_CHANNEL:
        policies_changed.emit(institution, UUID(message["version"]))
        return
    changed = [UUID(item) for item in message["items"]]
    if institution not in _waiting:
        _waiting[institution] = {}
        background_tasks.create(_emit_soon(institution), name="items changed")
    gathered = _waiting[institution]
    # No ids, or too many to ask for one by one: everything.
    if not changed or gathered is None or len(gathered) > 100:
        _waiting[institution] = None
    else:
        for item in changed:
            gathered.setdefault(item, set()).add(message.get("by", ""))


async def _emit_soon(institution: UUID) -> None:
    await asyncio.sleep(COALESCE_SECONDS)
    _tell(institution, _waiting.pop(institution) or {})


def _tell(institution: UUID, changed: dict[UUID, set[str]]) -> None:
    items_changed.emit(institution, frozenset(changed))
    items_changed_in.emit(institution, {item: frozenset(requests) for item, requests in changed.items()})


def _everything_changed() -> None:
    """After a reconnection nobody knows what was missed."""
    for institution in list(_known):
        _tell(institution, {})
        policies_changed.emit(institution, None)
    notices_changed.emit(frozenset())


_known: set[UUID] = set()


def watch(institution: UUID) -> None:
    """Remember an institution whose pages are open here, so that a reconnection refreshes them."""
    _known.add(institution)
