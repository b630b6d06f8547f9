"""The review of one check after another: look, answer the flags, decide, and the next one is there."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from uuid import UUID

from fastapi.responses import Response
from nicegui import background_tasks, ui

from console import live
from console.access.permissions import Permission
from console.actor import Actor
from console.review.beside import beside
from console.review.choices import Choice
from console.review.claims import claim, peek_next, release, touch
from console.review.decision_panel import DecisionPanel
from console.review.decisions import Outcome, confirm, decide, resume, send_back
from console.review.desk_panel import HOLDS, Desk
from console.review.errors import IncompleteChoice, NotYours, StaleItem, UnansweredFlag
from console.review.evidence import Seen
from console.review.flag_answers import Answer, answer_flag
from console.review.item_view import ItemNotFound
from console.review.opening import Opened, Standing, account_number, open_item
from console.review.queue import Filter, QueueName, list_items, queue_names
from console.review.queue_counts import neighbours
from console.review.second_panel import ResumePanel, SecondPanel
from console.review.states import Status
from console.ui.format import money
from console.ui.page import ConsolePage, console_page, refusal

# How often a page that is in use says so; well below the shortest claim timeout of a minute.
BEAT_SECONDS: Final = 20.0
_DONE: Final = {
    Status.APPROVED: "Paid",
    Status.RETURNED: "Returned",
    Status.REJECTED: "Rejected",
    Status.HELD: "Held",
    Status.ESCALATED: "Escalated",
    Status.NEEDS_INFO: "Asked for information about",
    Status.PENDING_APPROVAL: "Recommended, a second person confirms",
    Status.NEW: "Sent back",
}


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
        self._queue = queue
        self._opened: Opened | None = None
        self._busy = False
        self._in_use = False
        self._desk = Desk(page, queue, queues, self)
        ui.timer(BEAT_SECONDS, lambda: page.refresh(self._beat), immediate=False)
        ui.timer(live.RESYNC_SECONDS, lambda: page.refresh(self._look_again), immediate=False)
        live.watch(page.actor.institution_id)
        live.items_changed.subscribe(self._items_changed)

    async def show(self, actor: Actor, opened: Opened) -> None:
        """Show a check, or the same one as it is now."""
        view = opened.view
        if self._opened is None or self._opened.view.id != view.id:
            self._page.client.run_javascript(f"history.replaceState(history.state, '', '{self._path(view.id)}')")
        self._opened = opened
        place = await neighbours(actor, self._queue.key if self._queue else None, view.id)
        self._desk.show(actor, opened, place)
        background_tasks.create(self._page.refresh(self._look_ahead), name="look ahead")

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
        else:
            await self._desk.key(action)

    async def go(self, actor: Actor, action: str) -> None:
        """To the next or previous check, or back to the queue; an undecided check is given back."""
        if action == "queue":
            await self.leave(actor, "/queue")
            return
        if self._opened is None:
            return
        queue = self._queue.key if self._queue else None
        target = await beside(actor, queue, self._opened.view.id, forward=action == "next")
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
        except (StaleItem, NotYours) as refused:
            await self._reload(actor, take=True)
            self._page.tell(str(refused), bad=True)
        except UnansweredFlag as refused:
            self._page.tell(str(refused), bad=True)
            self._desk.flags.focus(refused.flag_id)
        except IncompleteChoice as refused:
            self._page.tell(str(refused), bad=True)
            self._desk.focus(refused.field)
        finally:
            self._busy = False

    async def _submit(self, actor: Actor, opened: Opened) -> None:
        form, view = self._desk.form, opened.view
        seen = Seen(view.version, view.digest, await self._desk.viewer.viewed_ms())
        if isinstance(form, DecisionPanel):
            await self._decide(actor, opened, form.choice(), seen)
        elif isinstance(form, SecondPanel):
            note = form.draft.note
            if form.draft.agree is None:
                raise IncompleteChoice("act", "Confirm the recommendation, or send it back.")
            work = confirm(actor, view.id, seen, note) if form.draft.agree else send_back(actor, view.id, seen, note)
            self._say(opened, await work)
            await self._next_recommendation(actor)
        elif isinstance(form, ResumePanel):
            await resume(actor, view.id, form.draft.note)
            self._desk.drafts.forget(view.id)
            self._page.tell("The check is back in its queue.")
            await self._reload(actor)

    async def _decide(self, actor: Actor, opened: Opened, choice: Choice, seen: Seen) -> None:
        queue = self._queue.key if self._queue else None
        outcome = await decide(actor, opened.view.id, choice, seen, then_next=True, queue=queue)
        self._say(opened, outcome)
        if outcome.next is None:
            where = f" in {self._queue.name}" if self._queue else ""
            self._nothing_waits(f"Nothing more waits{where} that you may decide.")
        else:
            await self.show(actor, await open_item(actor, outcome.next.item_id, take=False))

    async def _next_recommendation(self, actor: Actor) -> None:
        """The most urgent recommendation that this person may confirm."""
        waiting = await list_items(actor, Filter(status=Status.PENDING_APPROVAL))
        for row in waiting.rows:
            if row.holder_id in {None, actor.user_id}:
                opened = await open_item(actor, row.id)
                if opened.standing is Standing.CONFIRM:
                    await self.show(actor, opened)
                    return
        self._nothing_waits("No more recommendations wait for your signature.")

    def _say(self, opened: Opened, outcome: Outcome) -> None:
        self._desk.drafts.forget(opened.view.id)
        self._page.tell(f"{_DONE[outcome.status]}: {money(opened.view.amount)}.")

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
            kept = await self._desk.drafts.put_away(opened.view.id)
            await release(actor, opened.view.id)
        except Exception:
            self._opened = opened  # nothing has changed: the person is still at it
            raise
        if kept:
            self._page.tell(f"{money(opened.view.amount)} is back in its queue. Your draft of it is kept.")

    # --- what happens elsewhere ------------------------------------------------------------------------------------

    def _items_changed(self, institution_id: UUID, item_ids: frozenset[UUID]) -> None:
        opened = self._opened
        if opened is None or institution_id != self._page.actor.institution_id:
            return
        if not item_ids or opened.view.id in item_ids:
            background_tasks.create(self._page.refresh(self._look_again), name="look again")

    async def _look_again(self, actor: Actor) -> None:
        """Read the check again; where it changed, show that, and say so to who was working on it."""
        before = self._opened
        if before is None or self._busy:
            return
        now = await open_item(actor, before.view.id, take=False)
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
        """Keep the claim of a page that is in use, and the next check's images at hand."""
        opened, used = self._opened, self._in_use
        self._in_use = False
        if opened is None or opened.standing not in HOLDS:
            return
        if used and not await touch(actor, opened.view.id):
            await self._look_again(actor)
        await self._look_ahead(actor)

    async def _look_ahead(self, actor: Actor) -> None:
        """Have the browser fetch the images of the check that a decision would bring, without claiming it."""
        opened = self._opened
        if opened is None or opened.standing is not Standing.DECIDE:
            return
        queue = self._queue.key if self._queue else None
        following = await peek_next(actor, queue, skip=(opened.view.id,))
        if following is not None:
            self._desk.viewer.prefetch(actor, (await open_item(actor, following, take=False)).view)

    def _path(self, item_id: UUID) -> str:
        return f"/review/{item_id}" + (f"?queue={self._queue.key}" if self._queue else "")


def _same(before: Opened, now: Opened) -> bool:
    return (before.view.version, before.standing, before.view.holder and before.view.holder.user_id) == (
        now.view.version,
        now.standing,
        now.view.holder and now.view.holder.user_id,
    )
