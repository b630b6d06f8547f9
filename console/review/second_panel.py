"""The right column's bottom for everybody but the first decider: confirm, put back, or read what was decided."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from nicegui import ui
from nicegui.element import Element

from console.review.blinding import HIDDEN
from console.review.choices import MAX_NOTE
from console.review.draft import Draft
from console.review.item_view import Step
from console.review.opening import Opened
from console.review.reasons import REASONS
from console.review.states import Status
from console.review.timeline_words import facts_of
from console.ui.format import clock, in_full, money
from console.ui.keys import Scope, key_of
from console.ui.pieces import ActionButton, Text, Tone, icon
from console.ui.still import Node, Still, node

_DONE: Final = {
    "pay": "paid",
    "return": "returned",
    "reject": "rejected",
    "hold": "held",
    "escalate": "escalated",
    "ask": "asked for information",
}
_RECOMMENDED: Final = {"pay": "payment", "return": "return", "reject": "rejection"}
_WORDS: Final = {"confirmation": "confirmed", "sent_back": "sent back", "resumed": "answered"}
Submit = Callable[[], Awaitable[Any]]


class NotePanel:
    """What the forms of this module share: a note and a button."""

    def __init__(self, opened: Opened, draft: Draft, zone: ZoneInfo) -> None:
        self._opened, self.draft, self._zone = opened, draft, zone
        self._field: ui.textarea | None = None

    def focus(self, name: str) -> None:
        """Put the cursor into the note, the only field there is."""
        if self._field is not None:
            self._field.run_method("focus")

    def _draw_note(self, label: str) -> None:
        self._field = ui.textarea(label, value=self.draft.note, on_change=self._noted)
        self._field.props(f"dense outlined autogrow rows=1 maxlength={MAX_NOTE} data-focus=note")

    def _noted(self, event: Any) -> None:
        self.draft.note = event.value or ""


class SecondPanel(NotePanel):
    """For the second of two people: what the first recommends, and confirm or send back."""

    def __init__(self, opened: Opened, draft: Draft, zone: ZoneInfo, on_submit: Submit) -> None:
        super().__init__(opened, draft, zone)
        draw_steps(opened, zone)
        _draw_opinions(opened)
        with Element("div").classes("crc-acts"):
            key = key_of("confirm", Scope.CONFIRM)
            self._confirm = ActionButton("Confirm", lambda: self.choose(agree=True), key=key, kind="choice")
            key = key_of("send_back", Scope.CONFIRM)
            self._back = ActionButton("Send back", lambda: self.choose(agree=False), key=key, kind="choice")
        self._draw_note("Note")
        self._submit = ActionButton("", on_submit, key=key_of("submit", Scope.REVIEW), kind="primary")
        self._draw()

    def choose(self, *, agree: bool) -> None:
        """Choose to confirm or to send back; nothing happens before it is submitted."""
        self.draft.agree = agree
        self._draw()
        if not agree and not self.draft.note.strip():
            self.focus("note")

    def key(self, action: str) -> None:
        """Do what a key of the second person says."""
        self.choose(agree=action == "confirm")

    def _draw(self) -> None:
        self._confirm.set_chosen(self.draft.agree is True, tone=Tone.OK)
        self._back.set_chosen(self.draft.agree is False, tone=Tone.WARNING)
        first = self._opened.view.first_signature
        what = _RECOMMENDED.get(first.action, first.action) if first else ""
        words = {
            None: "Choose a decision",
            True: f"Confirm the {what} of {money(self._opened.view.amount)}",
            False: f"Send back to {first.actor_name if first else 'the queue'}",
        }
        self._submit.set_label(words[self.draft.agree])


_RESUMED: Final = {
    Status.HELD: ("Why the hold ends", "End the hold, back to the queue"),
    Status.CLEARED: ("Why it is reviewed all the same", "Put it into its queue"),
}


class ResumePanel(NotePanel):
    """For an item that is held, waits for information or was let pass: the answer puts it into its queue."""

    def __init__(self, opened: Opened, draft: Draft, zone: ZoneInfo, on_submit: Submit) -> None:
        super().__init__(opened, draft, zone)
        draw_steps(opened, zone)
        asked, words = _RESUMED.get(opened.view.status, ("Answer", "Answer, back to the queue"))
        self._draw_note(asked)
        ActionButton(words, on_submit, key=key_of("submit", Scope.REVIEW), kind="primary")


class LookPanel(NotePanel):
    """For who decides nothing here: why that is so, what was done before, and a way to take it where there is one."""

    def __init__(self, opened: Opened, draft: Draft, zone: ZoneInfo, on_take: Submit) -> None:
        super().__init__(opened, draft, zone)
        draw_steps(opened, zone)
        notice = Text(opened.why, tag="p", classes="crc-notice")
        notice.props["role"] = "status"
        if opened.may_take:
            ActionButton("Take this check", on_take, kind="primary", icon_name="back_hand")


def _draw_opinions(opened: Opened) -> None:
    """What second people chose before they saw the recommendation, and whether that is the same."""
    first = opened.view.first_signature
    for opinion in opened.view.opinions:
        agrees = first is not None and opinion.act == first.action
        codes = ", ".join(REASONS[key].code for key in opinion.reasons if key in REASONS)
        said = f"{opinion.who} would {opinion.act}{f' ({codes})' if codes else ''}"
        with Element("p").classes("crc-opinion") as line:
            line.props["data-agrees"] = "true" if agrees else "false"
            icon("done_all" if agrees else "call_split")
            Text(f"{said}: {'the same' if agrees else 'not the same'} as {first.actor_name if first else 'the first'}.")


def draw_hidden(opened: Opened) -> None:
    """Where the second review is blind: that something is recommended, and not what."""
    first = opened.view.first_signature
    who = first.actor_name if first else "Somebody"
    words = f"{who} made a recommendation. It is shown to you once you have said what you would do yourself."
    Text(words, tag="p", classes="crc-notice").props["role"] = "status"


def draw_steps(opened: Opened, zone: ZoneInfo) -> None:
    """What was done with the item before, the latest last."""
    Still().classes("crc-contents").show(steps(opened, zone))


def steps(opened: Opened, zone: ZoneInfo) -> list[Node]:
    """The same as nodes; none where nothing was done."""
    if not opened.view.steps:
        return []
    lines = (_step(step, zone) for step in opened.view.steps)
    return [node("ol", *lines, class_="crc-steps", aria_label="What was done before", tabindex="0")]


def _step(step: Step, zone: ZoneInfo) -> Node:
    reasons = ((key, REASONS.get(key)) for key in step.reasons)
    return node(
        "li",
        node(
            "div",
            node("span", f"{step.who} {_said(step)}", class_="crc-strong"),
            node("span", class_="crc-gap"),
            node("span", clock(step.at, zone, now=datetime.now(UTC)), class_="crc-soft", title=in_full(step.at, zone)),
            class_="crc-row",
        ),
        *(node("p", f"{reason.code} · {reason.text}" if reason else key) for key, reason in reasons),
        *(node("p", fact) for fact in facts_of(step.details)),
        node("p", step.note, class_="crc-soft crc-said") if step.note else None,
    )


def _said(step: Step) -> str:
    if step.what == "recommendation" and step.action == HIDDEN:
        return "made a recommendation"
    if step.what == "recommendation":
        return f"recommends {_RECOMMENDED.get(step.action, step.action)}"
    if step.what == "confirmation":
        return f"confirmed: {_DONE.get(step.action, step.action)}"
    return _WORDS.get(step.what) or _DONE.get(step.action, step.action)
