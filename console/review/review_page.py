"""The review of one check after another: look, answer the flags, decide, and the next one is there."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Final
from uuid import UUID

from fastapi.responses import Response
from nicegui import Client, background_tasks, ui

from console import live
from console.access.permissions import Permission
from console.actor import Actor
from console.review.approvals import beside_approval, claim_next_approval
from console.review.beside import beside
from console.review.claims import claim, release, touch
from console.review.clearing import pull_in
from console.review.committing import Committed, commit_when_due
from console.review.decision_panel import DecisionPanel, OpinionPanel
from console.review.decisions import resume
from console.review.desk_panel import HOLDS, Desk
from console.review.errors import (
    AlreadySubmitted,
    IncompleteChoice,
    NotYours,
    SideNotViewed,
    StaleItem,
    TooLate,
    UnansweredFlag,
)
from console.review.evidence import Seen
from console.review.flag_answers import Answer, answer_flag
from console.review.item_view import ItemNotFound
from console.review.opening import Opened, Standing, account_number, open_item
from console.review.opinions import record_opinion
from console.review.queue import QueueName, queue_names
from console.review.reach import APPROVALS
from console.review.second_panel import ResumePanel, SecondPanel
from console.review.states import Status
from console.review.submission import Stage, Submission, second_signature
from console.review.surroundings import look_ahead, look_around
from console.review.undo import Submitted, submit, undo
from console.review.undo_panel import DONE
from console.ui.format import money
from console.ui.page import ConsolePage, console_page, refusal

# How often a page that is in use says so; twice this is below the shortest claim timeout of a minute.
BEAT_SECONDS: Final = 20.0
# How often a page looks whether what it shows was read too long ago.
_LOOK_SECONDS: Final = live.RESYNC_SECONDS / 3
_OWN_REQUESTS: Final = 8


@console_page("/review/{item_id}", permission=Permission.ITEM_READ)
async def review(page: ConsolePage, item_id: UUID, queue: str = "") -> Response | None:
    """A check, claimed for who opens it where that person may work on it. `queue` is where the reviewer came from."""
    queues = await queue_names(page.actor)
    chosen = next((one for one in queues if one.key == queue), None)
    try:
        opened = await open_item(page.actor, item_id)
    except ItemNotFound as error:
        return refusal(HTTPStatus.NOT_FOUND, str(error))
    await ReviewPage(page, chosen, queues).show(page.actor, opened)
    return None


class ReviewPage:
    """One open review page: what it shows changes in place, from check to check."""

    def __init__(self, page: ConsolePage, queue: QueueName | None, queues: tuple[QueueName, ...]) -> None:
        self._page = page
        # Who comes from the approvals goes on there: they are a view of every queue.
        self._approving = queue is not None and queue.key == APPROVALS
        self._queue = None if self._approving else queue
        self._opened: Opened | None = None
        # The requests in which this page itself changed something last: it knows what came of them.
        self._own: deque[str] = deque(maxlen=_OWN_REQUESTS)
        self._busy = False
        self._in_use = False
        # When the check that is shown was read last, and when it came to this page, just claimed.
        self._read_at = self._came_at = 0.0
        self._desk = Desk(page, queue, queues, self)
        ui.timer(BEAT_SECONDS, self._beat_when_due, immediate=False)
        ui.timer(_LOOK_SECONDS, self._look_again_when_due, immediate=False)
        page.client.on_connect(lambda: page.refresh(self._look_around))
        live.watch(page.actor.institution_id)
        live.items_changed_in.subscribe(self._items_changed)

    async def show(self, actor: Actor, opened: Opened) -> None:
        """Show a check, or the same one as it is now."""
        view = opened.view
        if self._opened is None or self._opened.view.id != view.id:
            self._page.client.run_javascript(f"history.replaceState(history.state, '', '{self._path(view.id)}')")
            self._came_at = time.monotonic()
        first, self._opened, self._read_at = self._opened is None, opened, time.monotonic()
        if first:
            await self._desk.undo.read(actor)
            self._page.preload(self._desk.viewer.addresses(actor, view))
        await self._desk.show(actor, opened)
        # Nobody waits for what is around it: the check comes first, and before that the page.
        if not first:
            background_tasks.create(self._page.follow(actor, self._look_around), name="look around")

    async def _look_around(self, actor: Actor) -> None:
        """What is good to know of a check but nobody waits for: its place in the queue, and the one that comes next."""
        opened = self._opened
        if opened is None:
            return
        if self._approving:
            self._desk.place((0, 0))
            return
        ahead = opened.standing is Standing.DECIDE
        around = await look_around(actor, self._queue_key, opened.view.id, ahead=ahead)
        if self._opened is opened:
            self._desk.place(around.place)
            self._desk.viewer.prefetch(actor, around.ahead)

    # --- what the person does --------------------------------------------------------------------------------------

    async def used(self, actor: Actor) -> None:
        """The pointer moved, a key was pressed: somebody is here."""
        self._in_use = True

    async def key(self, actor: Actor, action: str) -> None:
        """A key of this page."""
        self._in_use = True
        if action in {"next", "previous", "queue"}:
            await self.go(actor, action)
        elif action == "submit":
            await self.submit(actor)
        elif action == "undo":
            await self.undo(actor)
        else:
            await self._desk.key(action)

    async def go(self, actor: Actor, action: str) -> None:
        """To the next or previous check, or back to the queue; an undecided check is given back."""
        if action == "queue":
            await self.leave(actor, "/approvals" if self._approving else "/queue")
            return
        if self._opened is None:
            return
        here, forward = self._opened.view.id, action == "next"
        if self._approving:
            target = await beside_approval(actor, here, forward=forward)
        else:
            target = await beside(actor, self._queue_key, here, forward=forward)
        if target is None:
            self._page.tell("There is no further check here that you could take.")
        else:
            await self._let_go(actor)
            await self.show(actor, await open_item(actor, target))

    async def leave(self, actor: Actor, path: str) -> None:
        """To another page of the console."""
        await self._let_go(actor)
        self._page.client.open(path)

    async def take(self, actor: Actor) -> None:
        """Claim the check that is shown."""
        if self._opened is not None:
            await claim(actor, self._opened.view.id)
            await self._reload(actor)

    async def show_account(self, actor: Actor) -> None:
        """Show the full account number."""
        if self._opened is not None:
            self._desk.item.reveal(await account_number(actor, self._opened.view.id))

    async def answer(self, actor: Actor, flag_id: UUID, answer: Answer | None, reason: str) -> None:
        """Answer a flag of the check that is shown."""
        try:
            await answer_flag(actor, flag_id, answer, reason)
        except NotYours as lost:
            self._page.tell(str(lost), bad=True)
        await self._reload(actor)

    async def submit(self, actor: Actor) -> None:
        """Do what the button says. Where that is refused, nothing typed is lost."""
        if self._opened is None or self._busy:
            return
        self._busy = True
        try:
            await self._submit(actor, self._opened)
        except (StaleItem, NotYours, AlreadySubmitted) as refused:
            await self._reload(actor, take=True)
            self._page.tell(str(refused), bad=True)
        except UnansweredFlag as refused:
            self._page.tell(str(refused), bad=True)
            self._desk.flags.focus(refused.flag_id)
        except SideNotViewed as refused:
            self._page.tell(str(refused), bad=True)
            self._desk.viewer.bring(refused.side)
        except IncompleteChoice as refused:
            self._page.tell(str(refused), bad=True)
            self._desk.focus(refused.field)
        finally:
            self._busy = False

    async def undo(self, actor: Actor) -> None:
        """Take the last decision back: its check is on the screen again, and this one back in its queue."""
        last, opened = self._desk.undo.last, self._opened
        if last is None:
            self._page.tell("There is no decision of yours that could be taken back.")
        if last is None or self._busy:
            return
        self._busy = True
        try:
            await self._desk.drafts.save()
            other = opened if opened and opened.standing in HOLDS and opened.view.id != last.item_id else None
            await undo(actor, last.item_id, giving_back=other.view.id if other else None)
            if other:
                await self._desk.drafts.put_away(other.view.id)
            await self.show(actor, await open_item(actor, last.item_id, take=False))
            self._page.tell(f"Taken back: {money(last.amount)} is undecided, and in your hands.")
        except TooLate as late:
            self._page.tell(str(late), bad=True)
        finally:
            self._busy = False
            await self._desk.undo.read(actor)

    async def _submit(self, actor: Actor, opened: Opened) -> None:
        form, view = self._desk.form, opened.view
        seen = Seen(view.version, view.digest, await self._desk.viewer.viewed_ms())
        if isinstance(form, OpinionPanel):
            await self._say_first(actor, opened, form, seen)
        elif isinstance(form, DecisionPanel):
            await self._send(actor, opened, Submission(Stage.DECIDE, form.choice()), seen)
        elif isinstance(form, SecondPanel):
            if form.draft.agree is None:
                raise IncompleteChoice("act", "Confirm the recommendation, or send it back.")
            signature = second_signature(agree=form.draft.agree, note=form.draft.note)
            await self._send(actor, opened, signature, seen)
        elif isinstance(form, ResumePanel):
            put_back = pull_in if view.status is Status.CLEARED else resume
            await put_back(actor, view.id, form.draft.note)
            self._desk.drafts.forget(view.id)
            self._page.tell("The check is back in its queue.")
            await self._reload(actor)

    async def _say_first(self, actor: Actor, opened: Opened, form: OpinionPanel, seen: Seen) -> None:
        """Record what a second person would do; the recommendation is shown then, and what they said is no draft."""
        draft = form.draft
        await record_opinion(actor, opened.view.id, form.choice().act, form.choice().reasons, seen)
        draft.act, draft.reasons = None, ()
        await self._reload(actor)

    async def _send(self, actor: Actor, opened: Opened, submission: Submission, seen: Seen) -> None:
        """Submit, and bring the next check."""
        first, draft = submission.stage is Stage.DECIDE, self._desk.form.draft
        with self._desk.drafts.handed_over(opened.view.id):
            submitted = await submit(
                actor, opened.view.id, submission, seen, draft=draft, then_next=first, queue=self._queue_key
            )
        self._own.append(actor.request_id or "")
        if submitted.commit_at is None:
            self._page.tell(f"{DONE[submitted.status]}: {money(opened.view.amount)}.")
        else:
            self._commit_later(actor.institution_id, opened, submitted)
            self._desk.undo.add(submitted.waiting(opened.view.amount))
        if submitted.opened is not None:
            await self.show(actor, submitted.opened)
        elif first:
            where = f" in {self._queue.name}" if self._queue else ""
            self._nothing_waits(f"Nothing more waits{where} that you may decide.")
        else:
            await self._next_recommendation(actor)

    def _commit_later(self, institution_id: UUID, opened: Opened, submitted: Submitted) -> None:
        """Commit when the time to take it back is over, whatever becomes of this page until then."""

        async def commit() -> None:
            window = timedelta(seconds=submitted.undo_seconds)
            committed = await commit_when_due(institution_id, submitted.item_id, window)
            if self._page.client.id not in Client.instances:
                return
            if committed is None:
                # Somebody else has, or will: whatever comes of it is news.
                self._own.clear()
                await self._page.refresh(self._desk.undo.read)
            else:
                self._committed(opened, committed)

        background_tasks.create(commit(), name="commit a decision")

    def _committed(self, opened: Opened, committed: Committed) -> None:
        self._desk.undo.drop(committed.item_id)
        if committed.refused:
            what = f"{money(opened.view.amount)} was not committed, and is in your hands again with what you typed."
            self._page.tell(f"{what} {committed.refused}", bad=True)

    async def _next_recommendation(self, actor: Actor) -> None:
        """The most urgent recommendation that this person may confirm."""
        held = await claim_next_approval(actor)
        if held is None:
            self._nothing_waits("No more recommendations wait for your signature.")
        else:
            await self.show(actor, await open_item(actor, held.item_id, take=False))

    def _nothing_waits(self, words: str) -> None:
        self._opened = None
        self._desk.show_empty(words)

    async def _let_go(self, actor: Actor) -> None:
        """Give the check back, undecided; its draft waits for whoever typed it."""
        opened = self._opened
        if opened is None or opened.standing not in HOLDS:
            return
        # From here on its release is no surprise.
        self._opened = None
        try:
            await self._desk.drafts.save()
            await release(actor, opened.view.id)
        except Exception:
            self._opened = opened  # nothing has changed: the person is still at it
            raise
        if await self._desk.drafts.put_away(opened.view.id):
            self._page.tell(f"{money(opened.view.amount)} is back in its queue. Your draft of it is kept.")

    # --- what happens elsewhere ------------------------------------------------------------------------------------

    def _items_changed(self, institution_id: UUID, changed: dict[UUID, frozenset[str]]) -> None:
        if institution_id != self._page.actor.institution_id:
            return
        news = frozenset(item for item, requests in changed.items() if not requests.issubset(self._own))
        if changed and not news:
            return
        opened = self._opened
        if self._desk.undo.concerns(news):
            background_tasks.create(self._page.refresh(self._desk.undo.read), name="look what can be undone")
        if opened is not None and (not news or opened.view.id in news):
            background_tasks.create(self._page.refresh(self._look_again), name="look again")

    async def _look_again_when_due(self) -> None:
        """A lost message heals so. Who goes from check to check has just read this one: that costs nothing here."""
        if time.monotonic() - self._read_at >= live.RESYNC_SECONDS:
            await self._page.refresh(self._look_again)

    async def _beat_when_due(self) -> None:
        if time.monotonic() - self._came_at >= BEAT_SECONDS:
            await self._page.refresh(self._beat)

    async def _look_again(self, actor: Actor) -> None:
        """Read the check again; where it changed, show that, and say so to who was working on it."""
        before = self._opened
        if before is None or self._busy:
            return
        now = await open_item(actor, before.view.id, take=False)
        self._read_at = time.monotonic()
        # The person may have gone on to another check, or changed this one, while it was read.
        if self._opened is not before or self._busy or _same(before, now):
            return
        if before.standing in HOLDS and now.standing not in HOLDS:
            self._page.tell(f"This check is not in your hands any more. {now.why} What you typed is kept.", bad=True)
        await self.show(actor, now)

    async def _reload(self, actor: Actor, *, take: bool = False) -> None:
        if self._opened is not None:
            await self.show(actor, await open_item(actor, self._opened.view.id, take=take))

    async def _beat(self, actor: Actor) -> None:
        """Keep the claim of a page that is in use, its images' addresses good, and the next check's images at hand."""
        opened, used = self._opened, self._in_use
        self._in_use = False
        if opened is not None:
            self._desk.renew_links(actor, opened.view)
        if opened is None or opened.standing not in HOLDS:
            return
        if used and not await touch(actor, opened.view.id):
            await self._look_again(actor)
        await self._look_ahead(actor)

    async def _look_ahead(self, actor: Actor) -> None:
        """Read the check that a decision would bring and have the browser fetch its images, without claiming it."""
        opened = self._opened
        if opened is None or opened.standing is not Standing.DECIDE:
            return
        self._desk.viewer.prefetch(actor, await look_ahead(actor, self._queue_key, opened.view.id))

    @property
    def _queue_key(self) -> str | None:
        return self._queue.key if self._queue else None

    def _path(self, item_id: UUID) -> str:
        queue = APPROVALS if self._approving else self._queue and self._queue.key
        return f"/review/{item_id}" + (f"?queue={queue}" if queue else "")


def _same(before: Opened, now: Opened) -> bool:
    return _as_shown(before) == _as_shown(now)


def _as_shown(opened: Opened) -> tuple[object, ...]:
    holder = opened.view.holder
    # Who holds it until when changes with every beat and says nothing.
    content = replace(opened.view, holder=None, assigned=None)
    return content, opened.standing, holder and (holder.user_id, holder.commit_at)
