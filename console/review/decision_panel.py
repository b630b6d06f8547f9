"""The form of a decision: the act, what it needs beside it, and a button whose words say what will happen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from nicegui import ui
from nicegui.element import Element

from console.review.choices import MAX_NOTE, MAX_REASONS, Choice
from console.review.clocks import next_banking_day
from console.review.draft import Draft
from console.review.opening import Opened
from console.review.queue import QueueName
from console.review.reasons import COMMON, LIABILITY_PROMPT, REASONS, Reason, ReasonClass
from console.review.states import FINAL_ACTS, Act
from console.ui.format import money
from console.ui.keys import Scope, key_of
from console.ui.pieces import ActionButton, Text, Tone, key_cap

_BUTTONS: Final = (
    (Act.PAY, "Pay", Tone.OK),
    (Act.RETURN, "Return", Tone.BREACH),
    (Act.REJECT, "Reject", Tone.BREACH),
    (Act.HOLD, "Hold", Tone.WARNING),
    (Act.ESCALATE, "Escalate", Tone.TWO_PEOPLE),
    (Act.ASK, "Ask", Tone.ACCENT),
)
_NOUNS: Final = {Act.PAY: "payment", Act.RETURN: "return", Act.REJECT: "rejection"}
_NEEDS_NOTE: Final = {Act.REJECT, Act.ESCALATE, Act.ASK}
_ESCALATION: Final = "escalation"
# Reasons offered for what is typed: as many as there are common ones, so that nothing jumps.
_OFFERED: Final = 8
_NO_TARGETS: Final = {"standard", "approvals"}


class DecisionPanel:
    """The bottom of the right column for who holds the item."""

    def __init__(
        self,
        opened: Opened,
        draft: Draft,
        *,
        zone: ZoneInfo,
        queues: Sequence[QueueName],
        on_submit: Callable[[], Awaitable[Any]],
    ) -> None:
        self._opened, self.draft = opened, draft
        self._zone = zone
        self._queues = {one.key: one.name for one in queues if one.key not in _NO_TARGETS}
        self._act_buttons: dict[Act, ActionButton] = {}
        with Element("div").classes("crc-acts"):
            for act, label, _ in _BUTTONS:
                key = key_of(act.value, Scope.REVIEW)
                self._act_buttons[act] = ActionButton(label, partial(self.choose, act), key=key, kind="choice")
        self._needs = Element("div").classes("crc-needs")
        self._note = ui.textarea("Note", value=draft.note, on_change=self._noted)
        self._note.props(f"dense outlined autogrow rows=1 maxlength={MAX_NOTE} data-focus=note")
        self._submit = ActionButton("", on_submit, key=key_of("submit", Scope.REVIEW), kind="primary")
        self._draw()

    def choose(self, act: Act) -> None:
        """Choose what to do; nothing happens before it is submitted."""
        self.draft.act = act
        if act is Act.HOLD and not self.draft.release_on:
            self.draft.release_on = next_banking_day(self._today()).isoformat()
        if act is Act.ESCALATE and self.draft.queue is None:
            own = self._opened.view.queue_key
            self.draft.queue = next(key for key in (_ESCALATION, *self._queues) if key in self._queues and key != own)
        self._draw()
        if act in _NEEDS_NOTE and not self.draft.note.strip():
            self.focus("note")

    def toggle_reason(self, reason: str) -> None:
        """Add a return reason, or take it away; choosing one chooses to return."""
        chosen = self.draft.reasons
        if reason in chosen:
            self.draft.reasons = tuple(one for one in chosen if one != reason)
        elif len(chosen) < MAX_REASONS:
            self.draft.reasons = (*chosen, reason)
        if self.draft.act is Act.RETURN and self._search is not None:
            self._search.set_value("")
            self._draw_choices()
        else:
            self.choose(Act.RETURN)

    def key(self, action: str) -> None:
        """Do what a key of the group “Decide” says."""
        if action == "reason_search":
            if self.draft.act is not Act.RETURN:
                self.choose(Act.RETURN)
                self.focus("reasons")
        elif action.startswith("reason_"):
            self.toggle_reason(COMMON[int(action.removeprefix("reason_")) - 1])
        else:
            self.choose(Act(action))

    def choice(self) -> Choice:
        """What was chosen, as the service takes it; a lack is the service's to name."""
        draft = self.draft
        act = draft.act or Act.CLAIM  # no decision: refused with words
        return Choice(
            act,
            reasons=draft.reasons if act is Act.RETURN else (),
            note=draft.note,
            release_on=_date(draft.release_on) if act is Act.HOLD else None,
            queue=draft.queue if act is Act.ESCALATE else None,
        )

    def focus(self, name: str) -> None:
        """Put the cursor where something is missing: ``note``, ``reasons``, ``release_on``, ``queue`` or ``act``."""
        fields = {"note": self._note, "reasons": self._search, "release_on": self._release, "queue": self._target}
        target = fields.get(name)
        if target is not None:
            target.run_method("focus")

    def words(self) -> str:
        """What submitting will do."""
        act = self.draft.act
        if act is None:
            return "Choose a decision"
        if act in FINAL_ACTS and self._opened.two_people:
            return f"Recommend {_NOUNS[act]}, ask a second person"
        amount = money(self._opened.view.amount)
        release = _date(self.draft.release_on)
        return {
            Act.PAY: f"Pay {amount}",
            Act.RETURN: f"Return {amount}",
            Act.REJECT: f"Reject {amount}",
            Act.HOLD: f"Hold until {release:%a} {release.day} {release:%b}" if release else "Hold",
            Act.ESCALATE: f"Escalate to {self._queues.get(self.draft.queue or '', '…')}",
            Act.ASK: "Ask for information",
        }[act]

    def _today(self) -> date:
        return datetime.now(UTC).astimezone(self._zone).date()

    def _draw(self) -> None:
        for act, _, tone in _BUTTONS:
            self._act_buttons[act].set_chosen(act is self.draft.act, tone=tone)
        self._submit.set_label(self.words())
        self._search: ui.input | None = None
        self._release: ui.input | None = None
        self._target: ui.select | None = None
        self._needs.clear()
        with self._needs:
            if self.draft.act is Act.RETURN:
                self._draw_reasons()
            elif self.draft.act is Act.HOLD:
                self._release = ui.input("Hold until", value=self.draft.release_on, on_change=self._dated)
                self._release.props(f"dense outlined type=date stack-label min={self._today().isoformat()}")
            elif self.draft.act is Act.ESCALATE:
                self._target = ui.select(
                    self._queues, label="Escalate to", value=self.draft.queue, on_change=self._targeted
                )
                self._target.props("dense outlined options-dense")

    def _draw_reasons(self) -> None:
        self._search = ui.input("Return reason: 1–9, or / and type", on_change=lambda _: self._draw_choices())
        self._search.props("dense outlined data-focus=reason_search autocomplete=off maxlength=40")
        self._search.on("keydown.enter.exact.prevent", lambda _: self._pick_first(), [])
        self._choices = Element("div").classes("crc-needs")
        self._draw_choices()

    def _draw_choices(self) -> None:
        """The reasons chosen, then those that match what is typed, or else the common ones with their keys."""
        searched = self._searched()
        offered = matching(searched)[:_OFFERED] if searched else [REASONS[key] for key in COMMON]
        self._choices.clear()
        with self._choices:
            elsewhere = [REASONS[key] for key in self.draft.reasons if REASONS[key] not in offered]
            with Element("div").classes("crc-chosen"):
                for reason in elsewhere:
                    self._draw_chosen(reason)
            with Element("div").classes("crc-common") as group:
                group.props["role"] = "group"
                group.props["aria-label"] = "Reasons that match" if searched else "Common reasons"
                for place, reason in enumerate(offered):
                    cap = ("Enter" if place == 0 else "") if searched else str(place + 1)
                    self._draw_offer(reason, cap)
            if searched and not offered:
                Text(f"No return reason matches “{searched}”.", tag="p", classes="crc-soft")
            if any(REASONS[key].moves_loss for key in self.draft.reasons):
                Text(LIABILITY_PROMPT, tag="p", classes="crc-liability").props["role"] = "note"

    def _draw_chosen(self, reason: Reason) -> None:
        chosen = ActionButton(named(reason), partial(self.toggle_reason, reason.key), icon_name="close")
        chosen.props["aria-label"] = f"Take away {named(reason)}"

    def _draw_offer(self, reason: Reason, cap: str) -> None:
        offer = ActionButton(named(reason), partial(self.toggle_reason, reason.key))
        offer.props["title"] = named(reason)
        offer.set_chosen(reason.key in self.draft.reasons, tone=Tone.BREACH)
        if cap:
            with offer:
                key_cap(cap)

    def _searched(self) -> str:
        return (self._search.value or "").strip() if self._search else ""

    def _pick_first(self) -> None:
        found = matching(self._searched())
        if found and found[0].key not in self.draft.reasons:
            self.toggle_reason(found[0].key)

    def _noted(self, event: Any) -> None:
        self.draft.note = event.value or ""

    def _dated(self, event: Any) -> None:
        self.draft.release_on = event.value or ""
        self._submit.set_label(self.words())

    def _targeted(self, event: Any) -> None:
        self.draft.queue = event.value
        self._submit.set_label(self.words())


def _date(given: str) -> date | None:
    try:
        return date.fromisoformat(given)
    except ValueError:
        return None


def named(reason: Reason) -> str:
    """A reason in a line: code, text, and the class where it is not the customer's."""
    administrative = " (administrative)" if reason.reason_class is ReasonClass.ADMINISTRATIVE else ""
    return f"{reason.code} {reason.text}{administrative}"


def matching(searched: str) -> list[Reason]:
    """The reasons that fit what is typed: those of that very code first, then those with all the words."""
    words = searched.casefold().split()
    fitting = [one for one in REASONS.values() if words and all(word in named(one).casefold() for word in words)]
    return sorted(fitting, key=lambda one: one.code.casefold() != words[0])
