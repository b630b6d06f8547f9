"""Saves a draft, says how it stands, and shows who else is on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from nicegui import Client, background_tasks, ui
from nicegui.element import Element

from console import live
from console.access.permissions import NotAllowed
from console.access.sessions import SessionServiceUnavailable, SignedOut
from console.actor import Actor
from console.policy.conflict_panel import ask_which
from console.policy.drafting import OpenedDraft, open_draft, save_draft
from console.policy.editor_state import EditorState
from console.policy.errors import ChangedMeanwhile
from console.policy.faults import InvalidDocument
from console.policy.keeping_panel import Keeper
from console.policy.people_panel import show_people
from console.policy.presence import BEAT_SECONDS, Present, be_here, leave
from console.policy.sentences import Names
from console.policy.working_copies import forget_unsaved
from console.ui.format import clock
from console.ui.page import ConsolePage
from console.ui.pieces import ActionButton, Chip, Text, Tone


class Saving:
    """The saving of one open draft. `on_other()` draws the page anew: the document is another one."""

    def __init__(
        self, page: ConsolePage, opened: OpenedDraft, state: EditorState, names: Names, *,
        chips: Element, notes: Element, on_other: Callable[[], Any],
    ) -> None:  # fmt: skip
        self._page, self._state, self._names, self._on_other = page, state, names, on_other
        self._id, self._saved_by = opened.id, opened.saved_by
        self._saved_at = opened.saved_at
        self._opened_at = opened.revision
        self._own_at = opened.own.saved_at if opened.own else None
        self._place, self._ended = "", False
        self._others: tuple[Present, ...] = ()
        self._notes = notes
        with chips:
            self._status = Chip("")
            self._status.props["role"] = "status"
            self._people = Element("div").classes("crc-row crc-people")
        self._keeper = Keeper(page, state, opened.id, on_kept=self.show, on_held=self._say_held)
        ui.timer(BEAT_SECONDS, lambda: page.refresh(self.beat), immediate=False)
        live.watch(page.actor.institution_id)
        live.policies_changed.subscribe(self._policy_changed)
        page.client.on_delete(lambda: background_tasks.create(self._leave(), name="leave a draft"))

    async def begin(self, actor: Actor) -> None:
        """Say that somebody came, and offer what they had not saved."""
        await self.beat(actor)
        self.show()
        if self._own_at and self._state.unsaved:
            at = clock(self._own_at, self._page.institution.zone, now=datetime.now(UTC))
            words = f"These are your changes of {at}, which are not saved yet."
            if self._opened_at > self._state.revision:
                words += (
                    f" {self._saved_by or 'Somebody'} has saved the draft since: saving yours will show what changed."
                )
            self._note(words, "Discard them", self._ask_discard)

    def show(self) -> None:
        """Show whether everything is saved."""
        if self._state.unsaved:
            self._status.set("Not saved, kept for you", Tone.WARNING)
            self._status.props["title"] = "Your changes are kept on the server for you alone, until you save them."
        else:
            at = clock(self._saved_at, self._page.institution.zone, now=datetime.now(UTC))
            self._status.set(f"Saved {at}", Tone.PLAIN)
            self._status.props["title"] = f"Saved {at} by {self._saved_by or 'nobody'}"

    def _say_held(self) -> None:
        self._status.set("Not kept: the server cannot be reached", Tone.BREACH)

    def at(self, place: str) -> None:
        """The person is at this part of the draft now; others are told."""
        if place != self._place:
            self._place = place
            background_tasks.create(self._page.refresh(self.beat), name="say where one is")

    # --- saving ----------------------------------------------------------------------------------------------------

    async def save(self, actor: Actor) -> None:
        """Save the draft. Faults are shown where they are; where somebody else saved meanwhile, it asks what now."""
        self._state.settle()
        await self._save(actor, self._state.revision)

    async def _save(self, actor: Actor, revision: int) -> None:
        sent = self._state.document
        async with self._keeper.paused():
            try:
                saved = await save_draft(actor, self._id, sent, revision)
            except InvalidDocument as refused:
                self._state.faults = refused.faults
                self._on_other()
                self._page.tell("Not saved, and nothing typed is lost: see what is to be corrected.", bad=True)
                return
            except ChangedMeanwhile as conflict:
                self._ask(conflict)
                return
            self._state.was_saved(saved, sent)
        self._saved_at, self._saved_by = saved.saved_at, "you"
        self._notes.clear()
        self._on_other()
        self.show()
        self._page.tell("Saved.")
        if self._state.unsaved:
            self._keeper.keep_soon()

    def _ask(self, conflict: ChangedMeanwhile) -> None:
        async def over(actor: Actor) -> None:
            await self._save(actor, conflict.revision)

        async def merged(actor: Actor, document: dict[str, Any]) -> None:
            self._state.change(document, "keeping both")
            self._on_other()
            await self._save(actor, conflict.revision)

        async def theirs(actor: Actor) -> None:
            self._take(conflict.document, conflict.revision, conflict.at, conflict.who)
            await forget_unsaved(actor, self._id)

        ask_which(self._page, self._state, conflict, self._names, theirs=theirs, over=over, merged=merged)

    def _take(self, document: dict[str, Any], revision: int, at: datetime, who: str | None) -> None:
        self._state.begin_again(document, revision)
        self._saved_at, self._saved_by = at, who
        self._keeper.cancel()
        self._notes.clear()
        self._on_other()
        self.show()

    def _ask_discard(self) -> None:
        async def discard(actor: Actor) -> None:
            opened = await open_draft(actor, self._id)
            self._take(opened.document, opened.revision, opened.saved_at, opened.saved_by)
            await forget_unsaved(actor, self._id)

        background_tasks.create(self._page.run(discard), name="discard changes")

    # --- others ----------------------------------------------------------------------------------------------------

    async def beat(self, actor: Actor) -> None:
        """Say where one is, hear who else is here, and see whether somebody has saved."""
        others = await be_here(actor, self._id, self._place, unsaved=self._state.unsaved)
        if others != self._others:
            self._others = others
            show_people(self._people, others)
        await self._look(actor)

    async def _look(self, actor: Actor) -> None:
        # Not while this page saves: its own revision would be somebody's.
        async with self._keeper.paused(cancel=False):
            self._compare(await open_draft(actor, self._id))

    def _compare(self, now: OpenedDraft) -> None:
        self._state.settle()  # what was typed a moment ago counts
        if not now.is_draft and not self._ended:
            self._ended = True
            self._note("This version is no draft any more: it cannot be changed. What you changed is kept.", "", None)
        elif now.revision > self._state.revision and not self._state.unsaved:
            self._take(now.document, now.revision, now.saved_at, now.saved_by)
            self._page.tell(f"{now.saved_by or 'Somebody'} saved this draft: it is shown as it is now.")
        elif now.revision > self._state.revision and self._saved_at != now.saved_at:
            self._saved_at = now.saved_at
            who = now.saved_by or "Somebody"
            self._note(f"{who} has saved this draft meanwhile. Saving yours will show what they changed.", "", None)

    def _policy_changed(self, institution_id: Any, version_id: Any) -> None:
        if institution_id == self._page.actor.institution_id and version_id in {None, self._id}:
            background_tasks.create(self._page.refresh(self.beat), name="look who is here")

    async def _leave(self) -> None:
        try:
            await leave(await self._page.session.actor(), self._id)
        except (NotAllowed, SignedOut, SessionServiceUnavailable):
            return  # the time of their last word says it soon

    def _note(self, words: str, button: str, work: Callable[[], Any] | None) -> None:
        if self._page.client.id not in Client.instances:
            return
        self._notes.clear()
        with self._notes, Element("div").classes("crc-policy-note") as note:
            note.props["role"] = "status"
            Text(words, classes="crc-grow")
            if work:
                ActionButton(button, work)
