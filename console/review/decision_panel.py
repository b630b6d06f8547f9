"""The form of a decision: the act, what it needs beside it, and a button whose words say what will happen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any, ClassVar, Final

from nicegui import ui
from nicegui.element import Element

from console.review.advice_panel import OverridePanel, override_of
from console.review.choices import MAX_NOTE, Choice
from console.review.clocks import Hours, day_of_receipt, next_banking_day
from console.review.draft import Draft
from console.review.fitting import deposit_of
from console.review.hold_panel import HoldPanel
from console.review.holds import Deposit, seen_before
from console.review.opening import Opened
from console.review.overrides import needs_why, overrides
from console.review.question_panel import Find, QuestionPanel
from console.review.queue import QueueName
from console.review.reasons import COMMON, side_of
from console.review.return_panel import ReturnPanel, liability_of
from console.review.states import FINAL_ACTS, Act
from console.ui.format import money
from console.ui.keys import Scope, key_of
from console.ui.pieces import Text, Tone
from console.ui.still import Node, Still
from console.ui.still_pieces import button, choice

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
# An act is told with the check that it is meant for.
_OF: Final = " of "


class DecisionPanel:
    """The bottom of the right column for who holds the item.

    `find(text)` finds colleagues whom a question can ask; `office` is by which the day of deposit is known, `targets`
    are the queues to which checks can be escalated. The same panel shows one check after another. What somebody clicks
    or types names the check that it was meant for: what comes too late does nothing to the next one.
    """

    buttons: ClassVar[Sequence[tuple[Act, str, Tone]]] = _BUTTONS

    def __init__(
        self,
        opened: Opened,
        draft: Draft,
        *,
        office: Hours,
        targets: Sequence[QueueName],
        find: Find,
        on_submit: Callable[[], Awaitable[Any]],
    ) -> None:
        self._office, self._find, self._on_submit = office, find, on_submit
        self._queues = {one.key: one.name for one in targets}
        self._acts = Still(on_act=self._clicked).classes("crc-acts")
        self._needs = Element("div").classes("crc-needs")
        self._against = Element("div").classes("crc-needs")
        self._note_box = Element("div").classes("crc-contents")
        self._submit = Still(on_act=lambda _: self._on_submit()).classes("crc-contents")
        self.show(opened, draft)

    def show(self, opened: Opened, draft: Draft) -> None:
        """Show another check, or this one as it is now."""
        self._opened, self.draft = opened, draft
        self._side = side_of(opened.view.kind, opened.view.item_type)
        # A field of its own for each check: what is typed into this one stays with it.
        self._note_box.clear()
        with self._note_box:
            self._note = ui.textarea("Note", value=draft.note, on_change=self._noted)
            self._note.props(f"dense outlined autogrow rows=1 maxlength={MAX_NOTE} data-focus=note")
        self._draw()

    def _clicked(self, act: str) -> Any:
        return self.choose(Act(act.partition(_OF)[0]))

    def choose(self, act: Act) -> None:
        """Choose what to do; nothing happens before it is submitted."""
        self.draft.act = act
        if act is Act.HOLD and not self.draft.release_on:
            self.draft.release_on = next_banking_day(self._today()).isoformat()
        if act is Act.ESCALATE and self.draft.queue is None:
            self.draft.queue = next((key for key in (_ESCALATION, *self._queues) if key in self._targets()), None)
        self._draw()
        if act in _NEEDS_NOTE and not self.draft.note.strip():
            self.focus("asks" if act is Act.ASK and not self._asked() else "note")

    def toggle_reason(self, reason: str) -> None:
        """Add a return reason, or take it away; choosing one chooses to return."""
        if self._return is None:
            self.choose(Act.RETURN)
        if self._return is not None:
            self._return.toggle(reason)

    def key(self, action: str) -> None:
        """Do what a key of the group “Decide” says."""
        if action == "reason_search":
            if self._return is None:
                self.choose(Act.RETURN)
                self.focus("reasons")
        elif action.startswith("reason_"):
            self.toggle_reason(COMMON[self._side][int(action.removeprefix("reason_")) - 1].key)
        elif action.startswith(("original_", "finding_")):
            if self._return is not None:
                self._return.answer(action)
        else:
            self.choose(Act(action))

    def choice(self) -> Choice:
        """What was chosen, as the service takes it; a lack is the service's to name."""
        draft = self.draft
        act = draft.act or Act.CLAIM  # no decision: refused with words
        holds, asks = act is Act.HOLD, act is Act.ASK
        return Choice(
            act,
            reasons=draft.reasons if act is Act.RETURN else (),
            note=draft.note,
            release_on=_date(draft.release_on) if holds else None,
            queue=draft.queue if act is Act.ESCALATE else None,
            liability=liability_of(draft) if act is Act.RETURN else None,
            hold_reason=draft.hold_reason if holds else None,
            deposit_account=draft.deposit_account.strip() if holds and draft.hold_reason else "",
            asks=draft.asks if asks else None,
            asks_team=draft.asks_team if asks and draft.asks is None else "",
            override=override_of(draft) if self._needs_why(act) else None,
        )

    def focus(self, name: str) -> None:
        """Put the cursor where something is missing: the name of a field, as IncompleteChoice gives it."""
        if name == "note":
            self._note.run_method("focus")
        elif name in {"reasons", "liability"} and self._return is not None:
            self._return.focus(name)
        elif name == "queue" and self._target is not None:
            self._target.run_method("focus")
        elif name == "override" and self._override is not None:
            self._override.focus()
        elif name == "asks" and self._question is not None:
            self._question.focus()
        elif self._hold is not None:
            self._hold.focus(name)

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
            Act.ASK: f"Ask {self._asked() or 'for information'}",
        }[act]

    def _asked(self) -> str:
        return self.draft.asks_name or self.draft.asks_team

    def _today(self) -> date:
        return datetime.now(UTC).astimezone(self._office.zone).date()

    def _draw(self) -> None:
        self._acts.show(self._act_button(*one) for one in self.buttons)
        self._say()
        self._return: ReturnPanel | None = None
        self._hold: HoldPanel | None = None
        self._question: QuestionPanel | None = None
        self._target: ui.select | None = None
        self._override: OverridePanel | None = None
        _empty(self._against)
        if self._needs_why(self.draft.act):
            with self._against:
                against = overrides(self.draft.act, self._opened.view.advice)
                self._override = OverridePanel(self.draft, against=against)
        _empty(self._needs)
        with self._needs:
            match self.draft.act:
                case Act.RETURN:
                    self._return = ReturnPanel(self.draft, self._side, self._say)
                case Act.HOLD:
                    self._hold = HoldPanel(self.draft, self._deposit(), self._today(), self._say)
                case Act.ASK:
                    self._question = QuestionPanel(self.draft, self._find, self._say, lambda: self.focus("note"))
                case Act.ESCALATE:
                    targets = self._targets()
                    # A queue of the draft may be closed by now, or the check in it.
                    if self.draft.queue not in targets:
                        self.draft.queue = None
                    self._target = ui.select(
                        targets, label="Escalate to", value=self.draft.queue, on_change=self._targeted
                    )
                    self._target.props("dense outlined options-dense")
                    if not targets:
                        Text("There is no other queue to escalate to.", tag="p", classes="crc-soft")

    def _targets(self) -> dict[str, str]:
        """The queues to which this check can be escalated, by key."""
        return {key: name for key, name in self._queues.items() if key != self._opened.view.queue_key}

    def _needs_why(self, act: Act | None) -> bool:
        return needs_why(act, self._opened.view.advice, self._opened.view.required)

    def _deposit(self) -> Deposit:
        view = self._opened.view
        seen = seen_before(view.kind, [flag.code for flag in view.flags])
        day = day_of_receipt(view.received_at, self._office)
        return deposit_of(view.amount, day, self._office.zone, return_by=view.return_by, seen=seen)

    def _act_button(self, act: Act, label: str, tone: Tone) -> Node:
        told, key = f"{act.value}{_OF}{self._opened.view.id}", key_of(act.value, Scope.REVIEW)
        return choice(self._acts.client, label, told, key=key, chosen=act is self.draft.act, tone=tone)

    def _say(self) -> None:
        key, told = key_of("submit", Scope.REVIEW), f"submit{_OF}{self._opened.view.id}"
        self._submit.show([button(self._submit.client, self.words(), told, key=key, kind="primary")])

    def _noted(self, event: Any) -> None:
        self.draft.note = event.value or ""

    def _targeted(self, event: Any) -> None:
        self.draft.queue = event.value
        self._say()


class OpinionPanel(DecisionPanel):
    """For the second of two people where the review is blind: what they would do, before they see what the first one
    recommends."""

    buttons: ClassVar[Sequence[tuple[Act, str, Tone]]] = tuple(one for one in _BUTTONS if one[0] in FINAL_ACTS)

    def words(self) -> str:
        """What submitting will do."""
        act = self.draft.act
        if act not in _NOUNS:
            return "Choose what you would do"
        return f"Record my {_NOUNS[act]}, show the recommendation"


def _empty(box: Element) -> None:
    if box.default_slot.children:
        box.clear()


def _date(given: str) -> date | None:
    try:
        return date.fromisoformat(given)
    except ValueError:
        return None
