"""The flags of a check, each with what it says and on which values, and the reviewer's answer to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

from nicegui import ui
from nicegui.element import Element

from console.review.advice_panel import advice_card
from console.review.draft import Draft
from console.review.flag_answers import MAX_REASON, Answer
from console.review.flag_places import place_of
from console.review.item_view import FlagShown, ItemView
from console.ui.keys import Scope, key_of
from console.ui.pieces import ActionButton, Tone
from console.ui.still import Node, Still, node
from console.ui.still_pieces import button, chip

OnAnswer = Callable[[UUID, Answer | None, str], Awaitable[Any]]
_SAID: Final = {"confirmed": "Confirmed", "dismissed": "Dismissed", "cannot_tell": "Cannot tell"}
# What a card's buttons say and tell; an answer is told with its flag.
_BUTTONS: Final = (("Confirm", "flag_confirm"), ("Dismiss", "flag_dismiss"), ("Cannot tell", "flag_cannot_tell"))
_UNDO: Final = "flag_undo"
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
        # The flag with the field as it is drawn, which flag was the current one then, and whose words are in it.
        self._explained: tuple[FlagShown, UUID | None] | None = None
        self._explained_draft = self._draft
        self._box = Element("section").classes("crc-flags")
        self._box.props["aria-label"] = "Flags"
        with self._box:
            # What only shows is one part; a flag whose dismissal is being explained has a field in it.
            self._before = Still(on_act=self._clicked).classes("crc-contents")
            self._explained_box = Element("div").classes("crc-contents")
            self._after = Still(on_act=self._clicked).classes("crc-contents")

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
        if self._draft.flag != flag_id:
            self._draft.flag_reason = ""
        self._current = self._draft.flag = flag_id
        self._draw()
        self._scroll_to(flag_id)

    def _cancel(self) -> None:
        self._draft.flag, self._draft.flag_reason = None, ""
        self._draw()

    async def _explain(self, flag_id: UUID) -> None:
        await self._answer(flag_id, Answer.DISMISSED, self._draft.flag_reason)

    def _flag(self, flag_id: UUID) -> FlagShown:
        assert self._view is not None
        return next(flag for flag in self._view.flags if flag.id == flag_id)

    def _draw(self) -> None:
        view = self._view
        assert view is not None
        at = next((at for at, flag in enumerate(view.flags) if self._is_explained(flag)), len(view.flags))
        before, explained, after = view.flags[:at], view.flags[at : at + 1], view.flags[at + 1 :]
        self._before.show([self._head(view), *map(self._still_card, before)])
        self._draw_explained(explained[0] if explained else None)
        self._after.show([*map(self._still_card, after), *_rules(view), *_findings(view)])

    def _draw_explained(self, flag: FlagShown | None) -> None:
        """Draw the flag with its field; where nothing of it changed it stays, because somebody types in it."""
        now = (flag, self._current) if flag else None
        if now == self._explained and self._explained_draft is self._draft:
            return
        self._explained, self._explained_draft = now, self._draft
        if self._explained_box.default_slot.children:
            self._explained_box.clear()
        if flag:
            with self._explained_box:
                self._explaining_card(flag)

    def _still_card(self, flag: FlagShown) -> Node:
        return node("article", *self._said(flag), self._answer_row(flag), **self._card(flag))

    def _head(self, view: ItemView) -> Node:
        answered = sum(flag.answer is not None for flag in view.flags)
        tone = Tone.OK if answered == len(view.flags) else Tone.PLAIN
        count = chip(f"{answered} of {len(view.flags)} answered", tone=tone) if view.flags else None
        none = "Nothing on this check raises a flag."
        return node(
            "div",
            node("div", node("h2", "Flags"), count, class_="crc-row"),
            None if view.flags else node("p", none, class_="crc-soft"),
            advice_card(view.advice) if view.advice else None,
            class_="crc-contents",
        )

    def _is_explained(self, flag: FlagShown) -> bool:
        return flag.id == self._draft.flag and flag.answer is None and self._answers

    def _explaining_card(self, flag: FlagShown) -> None:
        attributes = self._card(flag)
        with Element("article").classes(attributes.pop("class_") or "") as card:
            card.props.update({name.replace("_", "-"): value for name, value in attributes.items() if value})
            Still().classes("crc-contents").show(self._said(flag))
            self._reason_field(flag)

    def _card(self, flag: FlagShown) -> dict[str, str | None]:
        """The attributes of a flag's card, by which viewer, styles and focus find it."""
        return {
            "class_": "crc-flag-card",
            "data_card": str(flag.id),
            "data_flag": flag.code,
            "data_answer": flag.answer or "open",
            "tabindex": "-1",
            "data_current": "true" if self._answers and flag.id == self._current else None,
            "data_shows_region": place_of(flag) or None,
        }

    def _said(self, flag: FlagShown) -> list[Node]:
        place = place_of(flag)
        weight = f"{flag.source} {flag.confidence:.2f}" if flag.confidence is not None else flag.source
        return [
            node(
                "div",
                node("h3", flag.title),
                self._place_button(flag, place) if place else None,
                node("span", weight, class_="crc-soft"),
                class_="crc-flag-head",
            ),
            node("p", flag.explanation, class_="crc-soft"),
            _values(flag),
        ]

    def _place_button(self, flag: FlagShown, place: str) -> Node:
        """Shows the place on the check; the viewer hears it by its attribute."""
        return button(
            self._box.client,
            "Show",
            None,
            key=key_of("show_flag", Scope.REVIEW) if self._answers and flag.id == self._current else None,
            kind="quiet",
            classes="crc-show",
            data_shows_region=place,
            aria_label=f"Show on the check: {flag.title}",
        )

    def _answer_row(self, flag: FlagShown) -> Node:
        if flag.answer is not None:
            tone = {"confirmed": Tone.FLAG, "dismissed": Tone.OK}.get(flag.answer, Tone.PLAIN)
            reason, undo = flag.answer_reason, None
            if self._answers and self._first:
                words = f"Take back the answer to {flag.title}"
                undo = button(self._box.client, "undo", f"{_UNDO} {flag.id}", kind="quiet", aria_label=words)
            return node(
                "div",
                chip(_SAID[flag.answer], tone=tone, icon_name=_ICONS[flag.answer]),
                node("span", reason, class_="crc-soft crc-cut", title=reason) if reason else None,
                undo,
                class_="crc-answers",
            )
        if not self._answers:
            return node("div", node("span", "not answered", class_="crc-soft"), class_="crc-answers")
        return node("div", *(self._button(flag, *one) for one in _BUTTONS), class_="crc-answers")

    def _button(self, flag: FlagShown, label: str, action: str) -> Node:
        # Only the current flag's buttons have the keys: these are what the keys do now.
        key = key_of(action, Scope.REVIEW) if flag.id == self._current else None
        return button(self._box.client, label, f"{action} {flag.id}", key=key, data_answer=action)

    async def _clicked(self, told: str) -> None:
        """A button of a card; what it tells names the flag."""
        act, _, given = told.partition(" ")
        flag_id = UUID(given)
        if act == "flag_dismiss":
            self._dismiss(flag_id)
        else:
            answers = {"flag_confirm": Answer.CONFIRMED, "flag_cannot_tell": Answer.CANNOT_TELL}
            await self._answer(flag_id, answers.get(act))

    def _reason_field(self, flag: FlagShown) -> None:
        with Element("div").classes("crc-answers"):
            field = ui.input(
                placeholder="Why does it not matter here?", value=self._draft.flag_reason, on_change=self._typed
            )
            field.classes("crc-grow").props(f"dense outlined autofocus maxlength={MAX_REASON} data-focus=flag_reason")
            field.props["aria-label"] = f"Why {flag.title} does not matter here"
            field.on("keydown.enter.prevent", lambda _: self._explain(flag.id), [])
            ActionButton("Dismiss", lambda: self._explain(flag.id))
            ActionButton("Cancel", self._cancel, kind="quiet")

    def _typed(self, event: Any) -> None:
        self._draft.flag_reason = event.value or ""

    def _scroll_to(self, flag_id: UUID) -> None:
        # The dismissal's field takes the focus by itself.
        focus = "" if flag_id == self._draft.flag else ".focus({preventScroll: true})"
        self._box.client.run_javascript(
            f"const card = document.querySelector('[data-card=\"{flag_id}\"]');"
            "card?.scrollIntoView({block: 'nearest'});" + (f"card?{focus}" if focus else "")
        )


def _rules(view: ItemView) -> list[Node]:
    fired = [rule for rule in view.rules if rule.fired]
    if not fired:
        return []
    lines = (node("li", f"{one.name}: {', '.join(one.does)}. Because {'; '.join(one.because)}.") for one in fired)
    return [
        node("h2", f"Rules of policy {view.policy_number}"),
        node("ul", *lines, class_="crc-findings crc-rules"),
    ]


def _findings(view: ItemView) -> list[Node]:
    if not view.findings:
        return []
    lines = (node("li", finding) for finding in view.findings)
    return [node("h2", "Findings of the file"), node("ul", *lines, class_="crc-findings")]


def _values(flag: FlagShown) -> Node:
    """The values on which the flag rests."""
    pairs = ((str(field["label"]), str(field["value"])) for field in flag.evidence.get("fields", ()))
    return node(
        "dl", *(node("div", node("dt", label), node("dd", value)) for label, value in pairs), class_="crc-values"
    )
