"""The flags of a check, each with what it says and on which values, and the reviewer's answer to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

from nicegui import ui
from nicegui.element import Element

from console.review.advice_panel import draw_advice
from console.review.draft import Draft
from console.review.flag_answers import MAX_REASON, Answer
from console.review.flag_places import place_of
from console.review.item_view import FlagShown, ItemView
from console.ui.keys import Scope, key_of
from console.ui.pieces import ActionButton, Chip, Text, Tone

OnAnswer = Callable[[UUID, Answer | None, str], Awaitable[Any]]
_SAID: Final = {"confirmed": "Confirmed", "dismissed": "Dismissed", "cannot_tell": "Cannot tell"}
_ICONS: Final = {"confirmed": "check", "dismissed": "close", "cannot_tell": "help_outline"}


class FlagsPanel:
    """The middle of the right column. `on_answer(flag, answer, reason)` saves an answer; None takes it back."""

    def __init__(self, on_answer: OnAnswer) -> None:
        self._on_answer = on_answer
        self._view: ItemView | None = None
        self._answers = False
        self._first = True
        self._current: UUID | None = None
        # Where the flag whose dismissal is being explained is kept, and the words so far.
        self._draft = Draft()
        self._cards: dict[UUID, Element] = {}
        self._box = Element("section").classes("crc-flags")
        self._box.props["aria-label"] = "Flags"

    def show(self, view: ItemView, draft: Draft, *, answers: bool, first: bool = True) -> None:
        """Show the flags of a check; `answers` says whether this person may answer them. What the first of two people
        answered stands: without `first` no answer can be taken back here."""
        if self._view is None or self._view.id != view.id:
            self._current = draft.flag
        self._view, self._draft, self._answers, self._first = view, draft, answers, first
        if any(flag.id == draft.flag and flag.answer is not None for flag in view.flags):
            draft.flag, draft.flag_reason = None, ""  # explained
        open_ids = [flag.id for flag in view.flags if flag.answer is None]
        if self._current not in open_ids:
            self._current = open_ids[0] if open_ids else None
        self._draw()

    def focus(self, flag_id: UUID) -> None:
        """Bring a flag to the reviewer: it becomes the one that the keys answer."""
        self._current = flag_id
        self._draw()
        self._scroll_to(flag_id)

    async def key(self, action: str) -> None:
        """Do what a key of the group “Flags” says with the current flag."""
        if self._view is None or not self._answers or self._current is None:
            return
        match action:
            case "flag_confirm":
                await self._answer(self._current, Answer.CONFIRMED)
            case "flag_cannot_tell":
                await self._answer(self._current, Answer.CANNOT_TELL)
            case "flag_dismiss":
                self._dismiss(self._current)
            case "flag_next":
                ids = [flag.id for flag in self._view.flags]
                self.focus(ids[(ids.index(self._current) + 1) % len(ids)])

    async def _answer(self, flag_id: UUID, answer: Answer | None, reason: str = "") -> None:
        await self._on_answer(flag_id, answer, reason)

    def _dismiss(self, flag_id: UUID) -> None:
        self._current = self._draft.flag = flag_id
        self._draft.flag_reason = ""
        self._draw()
        self._scroll_to(flag_id)

    def _cancel(self) -> None:
        self._draft.flag, self._draft.flag_reason = None, ""
        self._draw()

    async def _explained(self, flag_id: UUID) -> None:
        await self._answer(flag_id, Answer.DISMISSED, self._draft.flag_reason)

    def _flag(self, flag_id: UUID) -> FlagShown:
        assert self._view is not None
        return next(flag for flag in self._view.flags if flag.id == flag_id)

    def _draw(self) -> None:
        view = self._view
        assert view is not None
        self._box.clear()
        self._cards = {}
        with self._box:
            with Element("div").classes("crc-row"):
                Text("Flags", tag="h2")
                answered = sum(flag.answer is not None for flag in view.flags)
                if view.flags:
                    Chip(f"{answered} of {len(view.flags)} answered", tone=self._tone(answered, len(view.flags)))
            if not view.flags:
                Text("No rule found anything unusual on this check.", tag="p", classes="crc-soft")
            if view.advice is not None:
                draw_advice(view.advice)
            for flag in view.flags:
                self._card(flag)
            self._rules(view)
            self._findings(view)

    @staticmethod
    def _tone(answered: int, total: int) -> Tone:
        return Tone.OK if answered == total else Tone.PLAIN

    def _rules(self, view: ItemView) -> None:
        fired = [rule for rule in view.rules if rule.fired]
        if not fired:
            return
        Text(f"Rules of policy {view.policy_number}", tag="h2")
        with Element("ul").classes("crc-findings crc-rules"):
            for rule in fired:
                Text(f"{rule.name}: {', '.join(rule.does)}. Because {'; '.join(rule.because)}.", tag="li")

    def _findings(self, view: ItemView) -> None:
        if not view.findings:
            return
        Text("Findings of the file", tag="h2")
        with Element("ul").classes("crc-findings"):
            for finding in view.findings:
                Text(finding, tag="li")

    def _card(self, flag: FlagShown) -> None:
        card = Element("article").classes("crc-flag-card")
        self._cards[flag.id] = card
        card.props["data-flag"] = flag.code
        card.props["data-answer"] = flag.answer or "open"
        card.props["tabindex"] = "-1"
        if self._answers and flag.id == self._current:
            card.props["data-current"] = "true"
        place = place_of(flag)
        if place:
            card.props["data-shows-region"] = place
        with card:
            with Element("div").classes("crc-flag-head"):
                Text(flag.title, tag="h3")
                if place:
                    self._place_button(flag, place)
                weight = f"{flag.source} {flag.confidence:.2f}" if flag.confidence is not None else flag.source
                Text(weight, classes="crc-soft")
            Text(flag.explanation, tag="p", classes="crc-soft")
            _values(flag)
            if flag.id == self._draft.flag and flag.answer is None and self._answers:
                self._reason_field(flag)
            else:
                self._answer_row(flag)

    def _place_button(self, flag: FlagShown, place: str) -> None:
        """Shows the place on the check; the viewer hears it by its attribute."""
        key = key_of("show_flag", Scope.REVIEW) if self._answers and flag.id == self._current else None
        button = ActionButton("Show", key=key, kind="quiet").classes("crc-show")
        button.props["data-shows-region"] = place
        button.props["aria-label"] = f"Show on the check: {flag.title}"

    def _answer_row(self, flag: FlagShown) -> None:
        with Element("div").classes("crc-answers"):
            if flag.answer is not None:
                tone = {"confirmed": Tone.FLAG, "dismissed": Tone.OK}.get(flag.answer, Tone.PLAIN)
                Chip(_SAID[flag.answer], tone=tone, icon_name=_ICONS[flag.answer])
                if flag.answer_reason:
                    Text(flag.answer_reason, classes="crc-soft crc-cut").props["title"] = flag.answer_reason
                if self._answers and self._first:
                    undo = ActionButton("undo", lambda: self._answer(flag.id, None), kind="quiet")
                    undo.props["aria-label"] = f"Take back the answer to {flag.title}"
                return
            if not self._answers:
                Text("not answered", classes="crc-soft")
                return
            self._button(flag, "Confirm", "flag_confirm", lambda: self._answer(flag.id, Answer.CONFIRMED))
            self._button(flag, "Dismiss", "flag_dismiss", lambda: self._dismiss(flag.id))
            self._button(flag, "Cannot tell", "flag_cannot_tell", lambda: self._answer(flag.id, Answer.CANNOT_TELL))

    def _button(self, flag: FlagShown, label: str, action: str, on_click: Callable[[], Any]) -> None:
        # Only the current flag's buttons have the keys: these are what the keys do now.
        key = key_of(action, Scope.REVIEW) if flag.id == self._current else None
        ActionButton(label, on_click, key=key).props["data-answer"] = action

    def _reason_field(self, flag: FlagShown) -> None:
        with Element("div").classes("crc-answers"):
            field = ui.input(
                placeholder="Why does it not matter here?", value=self._draft.flag_reason, on_change=self._typed
            )
            field.classes("crc-grow").props(f"dense outlined autofocus maxlength={MAX_REASON} data-focus=flag_reason")
            field.props["aria-label"] = f"Why {flag.title} does not matter here"
            field.on("keydown.enter.prevent", lambda _: self._explained(flag.id), [])
            ActionButton("Dismiss", lambda: self._explained(flag.id))
            ActionButton("Cancel", self._cancel, kind="quiet")

    def _typed(self, event: Any) -> None:
        self._draft.flag_reason = event.value or ""

    def _scroll_to(self, flag_id: UUID) -> None:
        card = self._cards[flag_id]
        # The dismissal's field takes the focus by itself.
        focus = "" if flag_id == self._draft.flag else ".focus({preventScroll: true})"
        card.client.run_javascript(
            f"const card = document.getElementById('{card.html_id}');"
            "card?.scrollIntoView({block: 'nearest'});" + (f"card?{focus}" if focus else "")
        )


def _values(flag: FlagShown) -> None:
    """The values on which the flag rests."""
    with Element("dl").classes("crc-values"):
        for field in flag.evidence.get("fields", ()):
            with Element("div"):
                Text(str(field["label"]), tag="dt")
                Text(str(field["value"]), tag="dd")
