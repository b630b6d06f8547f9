"""People with a half-written note in a check, each in a browser of their own, while replicas stop and are killed."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from playwright.sync_api import Browser, BrowserContext, Page, expect

from console.actor import Actor
from console.review.drafts import read_draft
from console.review.states import Act
from tests.browser.site import watch
from tests.deploy.edge import Edge, Replica

Run = Callable[[Coroutine[Any, Any, Any]], Any]
# Checks drawn on another bank carry no flag.
TRANSIT: Final = "061000146"
# A page that stood at this moment; one that was loaded anew knows nothing of it.
_MARK: Final = "window.crc_stood_before = true"
_LIVE: Final = (
    "window.socket && window.socket.connected && window.did_handshake && document.querySelector('.crc-amount')"
)
# The browser's own remark on the line that broke, which it is to do here.
_BROKEN_LINE: Final = "WebSocket connection to"


@dataclass
class AtWork:
    """Somebody at a check; `note` is all that they have typed."""

    person: Actor
    item: UUID
    context: BrowserContext
    page: Page
    note: str
    faults: list[str]

    def replica(self) -> str:
        """The cookie that names the replica."""
        return next(one["value"] for one in self.context.cookies() if one["name"] == "__Host-console_replica")

    def type(self, more: str) -> None:
        """Write on at the end of the note, as a person does."""
        self.page.get_by_label("Note").click()
        self.page.keyboard.press("End")
        self.page.keyboard.type(more)
        self.note += more

    def mark(self) -> None:
        self.page.evaluate(_MARK)

    def await_live(self, *, anew: bool) -> None:
        """Until the page is live on its check; `anew`: loaded again since `mark`. Nobody is asked to sign in."""
        fresh = "!window.crc_stood_before && " if anew else ""
        self.page.wait_for_function(f"() => {fresh}{_LIVE}", timeout=60_000)
        assert self.page.url.endswith(f"/review/{self.item}"), self.page.url

    def check(self) -> None:
        """Everything typed is there, the page has no fault."""
        expect(self.page.get_by_label("Note")).to_have_value(self.note)
        assert [fault for fault in self.faults if not fault.startswith(_BROKEN_LINE)] == []


def sit_down(running: Edge, chromium: Browser, person: Actor, item: UUID) -> AtWork:
    """Sign in through TLS in a new browser, open the check and begin a note."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, ignore_https_errors=True)
    context.set_default_timeout(30_000)
    page = context.new_page()
    faults = watch(page)
    running.site.sign_in(page, person, f"/review/{item}")
    one = AtWork(person, item, context, page, "", faults)
    page.keyboard.press("Shift+N")
    page.keyboard.type(f"thought of {person.name}")
    one.note = f"thought of {person.name}"
    return one


def await_kept(run: Run, people: Iterable[AtWork]) -> None:
    """Until what everybody typed is kept, which takes half a second after the last key."""

    async def missing(waiting: list[AtWork]) -> list[AtWork]:
        drafts = [(one, await read_draft(one.person, one.item)) for one in waiting]
        return [one for one, draft in drafts if draft is None or draft.note != one.note]

    deadline, waiting = time.monotonic() + 60, list(people)
    while waiting := run(missing(waiting)):
        assert time.monotonic() < deadline, [one.note for one in waiting]
        time.sleep(0.1)


def await_choice_kept(run: Run, one: AtWork, act: Act) -> None:
    """Until the draft holds this choice."""
    deadline = time.monotonic() + 60
    while (draft := run(read_draft(one.person, one.item))) is None or draft.act is not act:
        assert time.monotonic() < deadline, draft
        time.sleep(0.1)


def on_replica(running: Edge, replica: Replica, people: Iterable[AtWork]) -> list[AtWork]:
    """Those whose page lives in this replica, by the cookie that nginx gave them."""
    return [one for one in people if running.cookie_of(replica) == one.replica()]


def restart(running: Edge, replica: Replica, people: list[AtWork], run: Run) -> float:
    """Stop it in order while everybody works on elsewhere, and start it again; seconds until the last page was back."""
    theirs = on_replica(running, replica, people)
    return _go_and_come_back(replica.stop, replica, theirs, people, run)


def kill(running: Edge, replica: Replica, people: list[AtWork], run: Run) -> float:
    """As `restart`, with kill -9."""
    theirs = on_replica(running, replica, people)
    return _go_and_come_back(replica.kill, replica, theirs, people, run)


def _go_and_come_back(
    end: Callable[[], None], replica: Replica, theirs: list[AtWork], people: list[AtWork], run: Run
) -> float:
    for one in people:
        one.mark()
    began = time.monotonic()
    end()
    for one in theirs:
        one.await_live(anew=True)
    seconds = time.monotonic() - began
    for one in people:
        one.await_live(anew=False)
        one.type(" more")
    await_kept(run, people)
    for one in people:
        one.check()
    replica.start()
    return seconds
