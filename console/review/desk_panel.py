"""The layout of the review page and its parts; what the person does goes to the page."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Final, Protocol
from uuid import UUID

from nicegui.element import Element

from console.access.permissions import Permission, may
from console.actor import Actor
from console.review.account_panel import AccountPanel
from console.review.clocks import Hours
from console.review.decision_panel import DecisionPanel, OpinionPanel
from console.review.draft import Draft
from console.review.draft_panel import DraftKeeper
from console.review.flag_answers import Answer
from console.review.flags_panel import FlagsPanel
from console.review.item_panel import ItemPanel
from console.review.item_view import ItemView
from console.review.opening import Opened, Standing
from console.review.people_here import Person, offer_people
from console.review.queue import QueueName
from console.review.review_bar_panel import ReviewBar
from console.review.second_panel import LookPanel, ResumePanel, SecondPanel, draw_hidden, steps
from console.review.timeline_panel import TimelinePanel
from console.review.undo_panel import UndoPanel
from console.review.viewer_panel import ViewerPanel
from console.ui.hotkeys import Hotkeys
from console.ui.keys import Key, Scope, choosing_first_keys, keys_for, looking_keys, second_person_keys
from console.ui.page import ConsolePage
from console.ui.pieces import ActionButton, Text, icon
from console.ui.shell import Shell
from console.ui.still import Still
from console.ui.viewer_state import Side

_ACTIVITY_SECONDS = 15.0
# Time in which what was changed so far leaves for the browser.
_ON_ITS_WAY: Final = 0.001
_LEADS: Final = frozenset(key.action for key in keys_for(Scope.REVIEW) if key.leads)
# What somebody holds while they work on it.
HOLDS: Final = {Standing.DECIDE, Standing.CONFIRM, Standing.CHOOSE_FIRST}
Form = DecisionPanel | SecondPanel | ResumePanel | LookPanel


class Reviewing(Protocol):
    """What a page does when the person acts."""

    async def used(self, actor: Actor) -> None: ...
    async def key(self, actor: Actor, action: str) -> None: ...
    async def leave(self, actor: Actor, path: str) -> None: ...
    async def take(self, actor: Actor) -> None: ...
    async def show_account(self, actor: Actor) -> None: ...
    async def answer(self, actor: Actor, flag_id: UUID, answer: Answer | None, reason: str) -> None: ...
    async def submit(self, actor: Actor) -> None: ...


class Desk:
    """Everything on the screen. `form` is what the present standing asks for, `undo` what can be taken back; `targets`
    are the queues to which checks can be escalated."""

    form: Form

    def __init__(
        self, page: ConsolePage, frame: Shell, targets: tuple[QueueName, ...], reviewing: Reviewing, *, home: str
    ) -> None:
        self._page, self._targets, self._reviewing, self._home = page, targets, reviewing, home
        self._zone = page.institution.zone
        self.drafts = DraftKeeper(page, self._drafts_held)
        # The check that comes on the screen, and the one whose every part is there: for a moment, two.
        self._shown: Opened | None = None
        self._drawn: Opened | None = None
        # Whoever decides has one form, and above it what was done before, for one check after another.
        self._decides: DecisionPanel | None = None
        self._steps: Still
        with frame.main:
            name = "Queue" if home == "/queue" else "Approvals"
            self._bar = ReviewBar(frame, self._zone, self._in_turn, home=name)
            self._desk = Element("div").classes("crc-desk")
            self._empty = Element("div").classes("crc-empty crc-away")
            with self._desk:
                self._draw_desk()
            with self._empty:
                self._draw_empty()
            self.undo = UndoPanel(partial(self._in_turn, "undo"))
            self._heard, self._turn, self._sending = page.handler(reviewing.key), asyncio.Lock(), False
            self._hotkeys = Hotkeys((), self._in_turn)
        self._arrived = asyncio.Event()
        self._arrived.set()
        self._desk.on("pointermove", page.handler(reviewing.used), [], throttle=_ACTIVITY_SECONDS)

    async def show(self, actor: Actor, opened: Opened, queue_name: str) -> None:
        """Show a check of a queue; parts that did not change stay as they are, with what is typed in them."""
        self._shown = opened
        draft = self._draft(opened)
        self.viewer.show(actor, opened.view, draft.viewer, draft.viewed)
        self._desk.classes(remove="crc-away")
        self._empty.classes(add="crc-away")
        if not self._is_drawn(opened) and self._page.client.has_socket_connection:
            # The image is what a reviewer waits for: it is on its way before the rest is drawn. What is typed
            # meanwhile is for this check, and its fields are not there yet.
            self._arriving(True)
            self._hotkeys.set_keys(_keys(opened.standing))
            await asyncio.sleep(_ON_ITS_WAY)
            if self._shown is not opened:
                return
        try:
            self._draw_around(opened, draft, queue_name)
        finally:
            self._arriving(False)

    def _draw_around(self, opened: Opened, draft: Draft, queue_name: str) -> None:
        """What stands around the image, as far as it differs from what is there."""
        view, before = opened.view, self._drawn if self._is_drawn(opened) else None
        self._bar.show(opened, queue_name)
        if before is None or before.view.notes != view.notes:
            self.item.show(view)
        self.timeline.show(view)
        if before is None or (before.view.account, before.view.earlier) != (view.account, view.earlier):
            self._account.show(view)
        self.flags.show(view, draft, answers=opened.standing in HOLDS, first=opened.standing is Standing.DECIDE)
        if before is None or _form_of(before) != _form_of(opened):
            self._draw_form(opened)
        if before is None:
            self._restored.set_visibility(opened.draft is not None and opened.draft.chosen and draft is opened.draft)
        self._drawn = opened

    def is_for(self, opened: Opened) -> bool:
        """Whether the form on the screen is this check's, and not that of the one before."""
        return self._shown is opened and self._is_drawn(opened)

    def close(self) -> None:
        """Nothing is on this desk any more, and no key is heard: the page shows something else."""
        self._shown = self._drawn = None
        self._arriving(False)
        self._hotkeys.set_keys(())
        # Whoever comes back sees another check: nothing of this one for a moment before it.
        self._bar.clear("")
        self._desk.classes(add="crc-away")

    def _is_drawn(self, opened: Opened) -> bool:
        return self._drawn is not None and self._drawn.view.id == opened.view.id

    def _arriving(self, arriving: bool) -> None:
        """Say to the browser, and to keys that have come, whether the form is still that of the check before."""
        if arriving:
            self._form.props["data-arriving"] = True
            self._arrived.clear()
        else:
            self._form.props.pop("data-arriving", None)
            self._arrived.set()

    def place(self, place: tuple[int, int]) -> None:
        """Say the how manieth check of how many this one is."""
        self._bar.place(place)

    def renew_links(self, actor: Actor, view: ItemView) -> None:
        """Give out new addresses of the images before the old ones end: some are only fetched when they are wanted."""
        if self.viewer.renew_links(actor, view):
            self._account.show(view)

    def show_empty(self, words: str, queue_name: str) -> None:
        """Show that nothing waits in a queue, in these words."""
        self._shown = self._drawn = None
        self._arriving(False)
        self._empty_words.set_text(words)
        self._bar.clear(queue_name)
        self._hotkeys.set_keys(key for key in looking_keys() if key.action in {"queue", "sheet", "undo"})
        self._desk.classes(add="crc-away")
        self._empty.classes(remove="crc-away")

    def focus(self, field: str) -> None:
        """Put the cursor where something is missing."""
        self.form.focus(field)

    async def _in_turn(self, action: str) -> None:
        """Keys and what leads to another check act in the order in which they came, whoever has to be asked first; what
        is pressed while a decision is on its way was not meant for the check that follows it."""
        try:
            if not self._sending:
                await self._take_turn(action)
        finally:
            if action in _LEADS:
                self._hotkeys.arrived()

    async def _take_turn(self, action: str) -> None:
        submits = action == "submit"
        self._sending = submits
        try:
            async with self._turn:
                await self._arrived.wait()
                await self._heard(action)
        finally:
            if submits:
                self._sending = False

    async def key(self, action: str) -> None:
        """Do what a key of flags or form says."""
        if action == "timeline":
            await self.timeline.toggle()
        elif action.startswith("flag_"):
            await self.flags.key(action)
        elif isinstance(self.form, DecisionPanel | SecondPanel):
            self.form.key(action)

    def _draw_desk(self) -> None:
        page, reviewing = self._page, self._reviewing
        self.timeline = TimelinePanel(page)
        with Element("div").classes("crc-column"):
            self.viewer = ViewerPanel(self._zone, self._looked, self._seen)
            self._account = AccountPanel(self._zone, lambda image: self.viewer.link(page.actor, image))
        with Element("div").classes("crc-panel crc-side"):
            may_show = may(page.actor, Permission.ACCOUNT_NUMBER_READ)
            show_account = page.handler(reviewing.show_account)
            self.item = ItemPanel(self._zone, show_account, self.timeline.toggle, may_show=may_show)
            self.flags = FlagsPanel(page.handler(reviewing.answer))
            with Element("section").classes("crc-form") as self._form:
                self._form.props["aria-label"] = "Decision"
                # Whoever leaves a field may leave the machine next.
                self._form.on("focusout", self.drafts.save, [])
                self._restored = _quiet("Draft restored: this is what you had chosen and typed.")
                self._held = _quiet("Your draft cannot be saved at present. It is kept on this page until it can.")
                self._form_box = Element("div").classes("crc-form-parts")

    def _draw_empty(self) -> None:
        with Element("div").classes("crc-state") as state:
            state.props["role"] = "status"
            icon("done_all", classes="crc-state-icon")
            self._empty_words = Text("", tag="p", classes="crc-strong")
            Text("What you decided is saved. New checks appear in the queue by themselves.", tag="p")
            words = "Back to the queue" if self._home == "/queue" else "Back to the approvals"
            ActionButton(words, lambda: self._page.run(self._reviewing.leave, self._home), kind="primary")

    def _draw_form(self, opened: Opened) -> None:
        page, reviewing, draft = self._page, self._reviewing, self._draft(opened)
        if self._decides is not None and opened.standing is Standing.DECIDE:
            # The form of the check before: drawing it anew would be most of what the next check costs.
            self._steps.show(steps(opened, self._zone))
            self._decides.show(opened, draft)
            self._hotkeys.set_keys(_keys(opened.standing))
            return
        self._decides = None
        submit = page.handler(reviewing.submit)
        self._form_box.clear()
        with self._form_box:
            match opened.standing:
                case Standing.DECIDE:
                    self._steps = Still().classes("crc-contents")
                    self._steps.show(steps(opened, self._zone))
                    self.form = self._decides = self._decision_form(opened, draft)
                case Standing.CHOOSE_FIRST:
                    draw_hidden(opened)
                    self.form = self._decision_form(opened, draft, OpinionPanel)
                case Standing.CONFIRM:
                    self.form = SecondPanel(opened, draft, self._zone, submit)
                case Standing.RESUME:
                    self.form = ResumePanel(opened, draft, self._zone, submit)
                case Standing.LOOK:
                    self.form = LookPanel(opened, draft, self._zone, page.handler(reviewing.take))
        self._hotkeys.set_keys(_keys(opened.standing))

    def _decision_form(self, opened: Opened, draft: Draft, kind: type[DecisionPanel] = DecisionPanel) -> DecisionPanel:
        bank, page = self._page.institution, self._page
        office = Hours(bank.zone, bank.opens_at, bank.closes_at, bank.cut_off_at, bank.closed)
        submit = page.handler(self._reviewing.submit)

        async def find(text: str) -> list[Person]:
            found: list[Person] = []

            async def look(actor: Actor) -> None:
                if self._shown is not None:
                    found.extend(await offer_people(actor, self._shown.view.id, text, Permission.ITEM_NOTE))

            await page.run(look)
            return found

        return kind(opened, draft, office=office, targets=self._targets, find=find, on_submit=submit)

    def _draft(self, opened: Opened) -> Draft:
        return self.drafts.draft(opened.view.id, opened.draft)

    async def _looked(self, item_id: UUID, state: dict[str, Any]) -> None:
        shown = self._shown
        if shown is not None and shown.view.id == item_id and shown.standing in HOLDS:
            self._draft(shown).viewer = state

    def _seen(self, item_id: UUID, viewed_ms: dict[Side, int]) -> None:
        shown = self._shown
        if shown is not None and shown.view.id == item_id and shown.standing in HOLDS:
            self._draft(shown).viewed = dict(viewed_ms)

    def _drafts_held(self, held: bool) -> None:
        self._held.set_visibility(held)


def _quiet(words: str) -> Text:
    line = Text(words, tag="p", classes="crc-soft crc-quiet")
    line.props["role"] = "status"
    line.set_visibility(False)
    return line


def _form_of(opened: Opened) -> tuple[object, ...]:
    """What the form depends on."""
    view = opened.view
    return (
        opened.standing,
        view.status,
        opened.two_people,
        opened.why,
        opened.may_take,
        len(view.steps),
        view.advice and view.advice.id,
    )


def _keys(standing: Standing) -> tuple[Key, ...]:
    match standing:
        case Standing.DECIDE:
            return keys_for(Scope.REVIEW)
        case Standing.CHOOSE_FIRST:
            return choosing_first_keys()
        case Standing.CONFIRM:
            return second_person_keys()
    return looking_keys(writes=standing is Standing.RESUME)
