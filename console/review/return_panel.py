"""What a return needs: its reasons, by key or by search, and the answer where a reason moves the loss."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from nicegui.element import Element

from console.review.choices import MAX_REASONS
from console.review.draft import Draft
from console.review.liability import Finding, Liability, Original, consequence, finding_of, is_asked
from console.review.reasons import COMMON, REASONS, Side, matching
from console.ui.keys import Scope, key_of
from console.ui.page_keys import mine
from console.ui.pick_list import Offer, PickList
from console.ui.pieces import ActionButton, Text, Tone

# Reasons offered for what is typed: as many as there are common ones, so that nothing jumps.
_OFFERED: Final = 8
_ORIGINALS: Final = (
    (Original.AVAILABLE, "on hand", "original_available"),
    (Original.GONE, "gone", "original_gone"),
    (Original.UNKNOWN, "not known", "original_unknown"),
)
_FINDINGS: Final = (
    (Finding.ALTERED, "altered", "finding_altered"),
    (Finding.FORGED, "forged or counterfeit", "finding_forged"),
)
_PROMPT: Final = "Altered or forged? It moves the loss between the banks (Reg CC, 12 CFR 229.38(i))."


def liability_of(draft: Draft) -> Liability | None:
    """The answer so far, where it is whole and a reason asks for it."""
    finding = finding_of(draft.reasons) or draft.finding
    if not is_asked(draft.reasons) or draft.original is None or finding is None:
        return None
    return Liability(draft.original, finding)


class ReturnPanel:
    """Search, reasons and prompt. What is chosen goes into the draft; `on_change()` comes after it."""

    def __init__(self, draft: Draft, side: Side, on_change: Callable[[], Any]) -> None:
        self._draft, self._side, self._on_change = draft, side, on_change
        self._all = False
        self._chosen = Element("div").classes("crc-chosen")
        self._list = PickList(
            f"Return reason: {self._cap('reason_1')}–{self._cap('reason_9')}, or {self._cap('reason_search')} and type",
            name="reason_search",
            offers=self._offers,
            on_take=self.toggle,
            nothing=lambda text: f"No reason to return {side.label} matches “{text}”.",
            group="Reasons",
            tone=Tone.BREACH,
        )
        self._liability = Element("div").classes("crc-liability")
        self.draw()

    def draw(self) -> None:
        """Show what is chosen, what is offered, and the prompt where it is due."""
        self._draw_chosen()
        self._list.show(self._offers(self._list.text))
        self._draw_liability()

    def focus(self, name: str) -> None:
        """Put the cursor where something is missing."""
        if name == "liability":
            self._liability.run_method("scrollIntoView")
        else:
            self._list.focus()

    def toggle(self, key: str) -> None:
        """Add a reason, or take it away."""
        chosen = self._draft.reasons
        if key in chosen:
            self._draft.reasons = tuple(one for one in chosen if one != key)
        elif len(chosen) < MAX_REASONS:
            self._draft.reasons = (*chosen, key)
        self._all = False
        self._list.empty()
        self.draw()
        self._on_change()

    def answer(self, action: str) -> None:
        """Answer the prompt, where it is due; `action` is that of a key."""
        if not is_asked(self._draft.reasons):
            return
        for original, _, own in _ORIGINALS:
            if own == action:
                self._draft.original = original
        for finding, _, own in _FINDINGS:
            if own == action:
                self._draft.finding = finding
        self._draw_liability()

    def _offers(self, text: str) -> list[Offer]:
        taken = self._draft.reasons
        if text:
            return [Offer(one.key, one.named, taken=one.key in taken) for one in matching(text, self._side)[:_OFFERED]]
        if taken and not self._all:
            return []
        common = COMMON[self._side]
        return [
            Offer(one.key, one.named, self._cap(f"reason_{place}"), one.key in taken)
            for place, one in enumerate(common, start=1)
        ]

    def _cap(self, action: str) -> str:
        return mine(self._chosen.client, key_of(action, Scope.REVIEW)).cap

    def _draw_chosen(self) -> None:
        self._chosen.clear()
        with self._chosen:
            for key in self._draft.reasons:
                reason = REASONS[key]
                button = ActionButton(reason.named, partial(self.toggle, key), icon_name="close")
                button.props["aria-label"] = f"Take away {reason.named}"
            if self._draft.reasons and not self._all and len(self._draft.reasons) < MAX_REASONS:
                ActionButton("Another", self._show_all, kind="quiet")

    def _show_all(self) -> None:
        self._all = True
        self.draw()

    def _draw_liability(self) -> None:
        self._liability.clear()
        asked = is_asked(self._draft.reasons)
        self._liability.set_visibility(asked)
        if not asked:
            return
        said = finding_of(self._draft.reasons)
        with self._liability:
            self._draw_row("Original", "Whether the original paper can be examined", _ORIGINALS, self._draft.original)
            if said is None:
                self._draw_row("It is", "What happened to the check", _FINDINGS, self._draft.finding)
            answer = liability_of(self._draft)
            words = consequence(self._side, answer) if answer else _PROMPT
            Text(words, tag="p").props["role"] = "status"

    def _draw_row(self, lead: str, label: str, options: tuple[tuple[Any, str, str], ...], chosen: Any) -> None:
        with Element("div").classes("crc-liability-row") as row:
            row.props["role"] = "group"
            row.props["aria-label"] = label
            Text(lead)
            for value, words, action in options:
                button = ActionButton(words, partial(self.answer, action), key=key_of(action, Scope.REVIEW))
                button.set_chosen(value is chosen, tone=Tone.TWO_PEOPLE)
