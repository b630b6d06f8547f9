"""The open pages of this process, and what becomes of them when their session does.

Every CHECK_SECONDS Redis is asked about all their sessions at once. So a page learns within seconds that its session
ended, also where the message about it was lost or Redis let it expire; that another page has prolonged it; and that the
session service is away. Asking is no activity.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final, Protocol

import structlog
from nicegui import Client, background_tasks

from console.access.session_data import SessionServiceUnavailable
from console.access.sign_in import SIGN_IN
from console.access.standing import standings

CHECK_SECONDS: Final = 2.0
# The browser has left by then; a page that did not is emptied all the same.
_LEAVE_SECONDS: Final = 1.0
# Why, where nobody knows better: the time was over.
ENDED: Final = "ended"

# A field that is left is saved. Pages come back one after the other, and only where another process, or the next one
# at this address, is there: a browser's own error page would take with it what is on the screen.
_ELSEWHERE: Final = """
document.activeElement?.blur?.();
(async () => {
  await new Promise(r => setTimeout(r, 300 + Math.random() * 700));
  for (;;) {
    try { if ((await fetch('/health', {cache: 'no-store'})).ok) { location.reload(); return; } } catch {}
    await new Promise(r => setTimeout(r, 500));
  }
})();
"""
_ON_THEIR_WAY: Final = 0.5
_running = 0
_at_rest = asyncio.Event()
_at_rest.set()

_log = structlog.get_logger(__name__)


class Watcher(Protocol):
    """A page that shows how its session stands."""

    def session_stands(self, ends: datetime, *, final: bool) -> None:
        """The session lives; it ends then unless it is used, or in any case where `final`."""

    def session_service(self, *, available: bool) -> None:
        """Whether sessions can be asked about."""


# Which session a page was built for, by the page's id; the gate asks at every message.
_owners: dict[str, str] = {}
_watchers: dict[str, Watcher] = {}


def own(client: Client, reference: str) -> None:
    """The page was built for the session of this reference."""
    _owners[client.id] = reference
    client.on_delete(lambda: _forget(client.id))


def watch(client: Client, watcher: Watcher) -> None:
    """Tell this page how its session stands from now on."""
    _watchers[client.id] = watcher


def page_owner(page_id: str) -> str | None:
    """The session's public reference for which a page of this process was built."""
    return _owners.get(page_id)


def pages_of(reference: str) -> list[Client]:
    """The open pages of a session."""
    return [client for page_id, client in Client.instances.items() if _owners.get(page_id) == reference]


def close_pages(reference: str, reason: str = ENDED) -> None:
    """The session has ended: its pages lead to the sign-in, which says why, and take no event any more."""
    for client in pages_of(reference):
        _forget(client.id)
        background_tasks.create(_leave(client, reason), name="page of an ended session")


async def keep_watch() -> None:
    """Look after the open pages until cancelled."""
    while True:
        await asyncio.sleep(CHECK_SECONDS)
        try:
            await check()
        except Exception:
            # Whatever it was: without this watch pages would outlive their sessions.
            _log.exception("watch over open pages failed")


async def check() -> None:
    """Tell every page how its session stands; close those whose session has ended."""
    references = sorted(set(_owners.values()))
    try:
        found = await standings(references)
    except SessionServiceUnavailable:
        for watcher in list(_watchers.values()):
            watcher.session_service(available=False)
        return
    for page_id, watcher in list(_watchers.items()):
        standing = found.get(_owners.get(page_id, ""))
        if standing is not None and standing.ends is not None:
            watcher.session_service(available=True)
            watcher.session_stands(standing.ends, final=standing.final)
    for reference, standing in found.items():
        if standing.ends is None:
            close_pages(reference, standing.reason.value if standing.reason else ENDED)


async def send_elsewhere() -> None:
    """This process ends: every page saves what is typed, and is loaded anew as soon as somebody answers its address.

    Returns once what was running for them is done.
    """
    for page_id in list(_owners):
        if (client := Client.instances.get(page_id)) is not None:
            client.run_javascript(_ELSEWHERE)
    await asyncio.sleep(_ON_THEIR_WAY)
    await _at_rest.wait()


@contextmanager
def running() -> Iterator[None]:
    """Something is done for a page: the process waits for its end before its own."""
    global _running
    _running += 1
    _at_rest.clear()
    try:
        yield
    finally:
        _running -= 1
        if not _running:
            _at_rest.set()


async def _leave(client: Client, reason: str) -> None:
    client.run_javascript(
        f"location.replace('{SIGN_IN}?reason=' + encodeURIComponent({json.dumps(reason)})"
        " + '&next=' + encodeURIComponent(location.pathname + location.search))"
    )
    await asyncio.sleep(_LEAVE_SECONDS)
    if client.id in Client.instances:
        # Emptied rather than deleted: NiceGUI deletes it itself once the browser is gone.
        client.remove_all_elements()


def _forget(page_id: str) -> None:
    _owners.pop(page_id, None)
    _watchers.pop(page_id, None)
