"""The review of one check after another: look, answer the flags, decide, and the next one is there.

A page of its own shows it (`review_page`), or the queue does in place (`review_in_place_panel`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from nicegui import Client, background_tasks

from console.actor import Actor
from console.review.approvals import beside_approval, claim_next_approval
from console.review.beside import beside
from console.review.claims import claim
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
from console.review.giving_back import release
from console.review.opening import Opened, account_number, open_item
from console.review.opinions import record_opinion
from console.review.queue import QueueName
from console.review.reach import APPROVALS
from console.review.review_upkeep_panel import ReviewUpkeep
from console.review.second_panel import ResumePanel, SecondPanel
from console.review.states import Status
from console.review.submission import Stage, Submission, second_signature
from console.review.undo import Submitted, submit, undo
from console.review.undo_panel import DONE
from console.ui.format import money
from console.ui.page import ConsolePage
from console.ui.shell import Shell


class Review:
    """The review of one check after another, drawn in a frame: what it shows changes in place.

    Of checks of `queue` (None: of all), until `come_from` names another. They can be escalated to `targets`; `home` is
    the path of the list to which it leads back. `on_leave(path)` goes there, or elsewhere, once the check is given
    back.
    """

    def __init__(
        self,
        page: ConsolePage,
        frame: Shell,
        queue: QueueName | None,
        targets: tuple[QueueName, ...],
        *,
        home: str = "/queue",
        on_leave: Callable[[str], None],
    ) -> None:
        self._page, self._queue, self._home, self._on_leave = page, queue, home, on_leave
        self._opened: Opened | None = None
        self._busy = False
        self._desk = Desk(page, frame, targets, self, home=home)
        self._upkeep = ReviewUpkeep(page, self._desk, self)

    @property
    def opened(self) -> Opened | None:
        """The check that is on the screen."""
        return self._opened

    @property
    def busy(self) -> bool:
        """Whether something that the person does is under way."""
        return self._busy

    @property
    def approving(self) -> bool:
        """Who comes from the approvals goes on there: they are a view of every queue."""
        return self._queue is not None and self._queue.key == APPROVALS

    @property
    def queue_key(self) -> str | None:
        """The queue whose checks come; None for all."""
        return None if self._queue is None or self.approving else self._queue.key

    def come_from(self, queue: QueueName | None) -> None:
        """The next checks are this queue's."""
        self._queue = queue

    def address_of(self, item_id: UUID) -> str:
        """The path under which a page of its own shows this check of this queue."""
        return f"/review/{item_id}" + (f"?queue={self._queue.key}" if self._queue else "")

    async def begin(self, actor: Actor, opened: Opened) -> None:
        """Show the first check of a page that is being built; what is around it is read once it is connected."""
        await self.read_undo(actor)
        self._page.preload(self._desk.viewer.addresses(actor, opened.view))
        await self._show(actor, opened)

    async def show(self, actor: Actor, opened: Opened) -> None:
        """Show a check, or the same one as it is now."""
        await self._show(actor, opened)
        # Nobody waits for what is around it: the check comes first.
        background_tasks.create(self._page.follow(actor, self._upkeep.look_around), name="look around")

    async def _show(self, actor: Actor, opened: Opened) -> None:
        item_id = opened.view.id
        if self._opened is None or self._opened.view.id != item_id:
            self._page.client.run_javascript(f"history.replaceState(history.state, '', '{self.address_of(item_id)}')")
            self._upkeep.came()
        self._opened = opened
        self._upkeep.was_read()
        await self._desk.show(actor, opened, self._queue_name)

    async def _reload(self, actor: Actor, *, take: bool = False) -> None:
        if self._opened is not None:
            await self.show(actor, await open_item(actor, self._opened.view.id, take=take))

    async def read_undo(self, actor: Actor) -> None:
        """Show what this person can take back at this moment."""
        await self._desk.undo.read(actor)

    # --- what the person does --------------------------------------------------------------------------------------

    async def used(self, actor: Actor) -> None:
        """The pointer moved, a key was pressed: somebody is here."""
        self._upkeep.in_use = True

    async def key(self, actor: Actor, action: str) -> None:
        """A key of this page."""
        self._upkeep.in_use = True
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
            await self.leave(actor, self._home)
            return
        if self._opened is None:
            return
        here, forward = self._opened.view.id, action == "next"
        if self.approving:
            target = await beside_approval(actor, here, forward=forward)
        else:
            target = await beside(actor, self.queue_key, here, forward=forward)
        if target is None:
            self._page.tell("There is no further check here that you could take.")
        else:
            await self.give_back(actor)
            await self.show(actor, await open_item(actor, target))

    async def leave(self, actor: Actor, path: str) -> None:
        """To another page of the console."""
        await self.give_back(actor)
        self._on_leave(path)

    def close(self) -> None:
        """The page shows something else from now on; `leave` came before."""
        self._opened = None
        self._desk.close()

    async def take(self, actor: Actor) -> None:
        """Claim the check that is shown."""
        if self._opened is not None and self._desk.is_for(self._opened):
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
        if self._opened is None or self._busy or not self._desk.is_for(self._opened):
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
                actor, opened.view.id, submission, seen, draft=draft, then_next=first, queue=self.queue_key
            )
        self._upkeep.did(actor)
        if submitted.commit_at is None:
            self._page.tell(f"{DONE[submitted.status]}: {money(opened.view.amount)}.")
        else:
            self._commit_later(actor.institution_id, opened, submitted)
            self._desk.undo.add(submitted.waiting(opened.view.amount))
        if submitted.opened is not None:
            await self.show(actor, submitted.opened)
        elif first:
            where = f" in {self._queue_name}" if self.queue_key else ""
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
                self._upkeep.forget_own()
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
        self._desk.show_empty(words, self._queue_name)

    async def give_back(self, actor: Actor) -> None:
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

    @property
    def _queue_name(self) -> str:
        return self._queue.name if self._queue else "All queues"
