"""The dialogs in which a version is approved or activated: when, and what becomes of the checks that are open then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from nicegui import ui
from nicegui.element import Element

from console.actor import Actor
from console.policy.activation import When, activate, schedule
from console.policy.reviewing import approve
from console.policy.version_list import VersionShown
from console.review.reevaluation_effect import Effect, preview_reevaluation
from console.ui.format import count
from console.ui.page import ConsolePage
from console.ui.pieces import ActionButton, Text

_NOW, _ON, _LATER = "now", "on", "later"
_APPROVAL: Final = {_NOW: "Now", _ON: "At a moment", _LATER: "By hand, later on"}
_ACTIVATION: Final = {_NOW: "Now", _ON: "At a moment", _LATER: "Without a date, by hand later on"}

Done = Callable[[Actor, str], Awaitable[Any]]


async def ask_approval(page: ConsolePage, actor: Actor, shown: VersionShown, changes: str, on_done: Done) -> None:
    """Ask when the version is to be active, and approve it; a fresh code is asked for where the last one is old."""

    async def work(acting: Actor, when: When, reevaluate: bool) -> str:
        await approve(acting, shown.row.id, shown.row.revision, when, reevaluate=reevaluate)
        return f"Approved{_said(when)}."

    effect = await preview_reevaluation(actor, shown.row.id)
    with page.client:
        _Dialog(page, f"Approve version {shown.row.number}", changes, _APPROVAL, effect, work, on_done, "Approve")


async def ask_activation(page: ConsolePage, actor: Actor, shown: VersionShown, changes: str, on_done: Done) -> None:
    """Ask when an approved version is to be active, and activate it or set its moment."""

    async def work(acting: Actor, when: When, reevaluate: bool) -> str:
        if when.now:
            await activate(acting, shown.row.id, reevaluate=reevaluate)
        else:
            await schedule(acting, shown.row.id, when.at, reevaluate=reevaluate)
        return f"Done{_said(when)}."

    effect = await preview_reevaluation(actor, shown.row.id)
    with page.client:
        title = f"Activate version {shown.row.number}"
        _Dialog(page, title, changes, _ACTIVATION, effect, work, on_done, "Set", shown.row.reevaluate)


def _said(when: When) -> str:
    return " and active" if when.now else " for its moment" if when.at else ", without a date"


def effect_lines(effect: Effect | None) -> list[str]:
    """What judging open checks anew would change, in lines."""
    if effect is None:
        return ["They are too many to be counted in time: a replay in the lab says how many differ."]
    said = {
        "queue": "into another queue",
        "more_urgent": "more urgent",
        "less_urgent": "less urgent",
        "two": "to be signed by two people",
        "one": "to be signed by one person alone",
        "hours": "due at another time",
    }
    lines = [f"{count(getattr(effect, name))} {words}" for name, words in said.items() if getattr(effect, name)]
    return lines or ["None of them would be judged otherwise."]


class _Dialog:
    def __init__(
        self,
        page: ConsolePage,
        title: str,
        changes: str,
        choices: dict[str, str],
        effect: Effect | None,
        work: Callable[[Actor, When, bool], Awaitable[str]],
        on_done: Done,
        button: str,
        reevaluate: bool = False,
    ) -> None:
        self._page, self._work, self._on_done = page, work, on_done
        with ui.dialog(value=True) as self._dialog, ui.card().classes("crc-ask crc-column"):
            self._dialog.props["aria-label"] = title
            Text(title, tag="h2")
            Text(changes, tag="p")
            self._draw_when(choices)
            self._draw_open_checks(effect, reevaluate)
            self._wrong = Text("", tag="p", classes="crc-wrong")
            self._wrong.props["role"] = "alert"
            with Element("div").classes("crc-row"):
                ActionButton(button, page.handler(self._do), kind="primary")
                ActionButton("Cancel", self._dialog.close)
        self._dialog.on("hide", self._dialog.delete)

    def _draw_when(self, choices: dict[str, str]) -> None:
        tomorrow = datetime.now(self._page.institution.zone).date() + timedelta(days=1)
        Text("It becomes active", tag="h3")
        self._choice = ui.radio(choices, value=_NOW).props("dense").classes("crc-approve-when")
        self._choice.props["aria-label"] = "When it becomes active"
        with Element("div").classes("crc-row") as moment:
            self._day = ui.input("Day", value=tomorrow.isoformat()).props("type=date dense outlined stack-label")
            self._time = ui.input("Time", value="08:00").props("type=time dense outlined stack-label")
            Text(str(self._page.institution.zone), classes="crc-soft")
        moment.bind_visibility_from(self._choice, "value", value=_ON)

    def _draw_open_checks(self, effect: Effect | None, reevaluate: bool) -> None:
        Text(f"Open checks: {count(effect.open)}" if effect else "Open checks", tag="h3")
        self._anew = ui.checkbox("Judge them anew when it becomes active", value=reevaluate).props("dense")
        with Element("ul").classes("crc-lines"):
            for line in effect_lines(effect):
                Text(line, tag="li")
            if effect and effect.in_hands:
                Text(f"{count(effect.in_hands)} in somebody's hands: they follow once they are put back", tag="li")
        Text("Off: they keep the version that judged them, and so do their decisions.", classes="crc-soft")

    async def _do(self, actor: Actor) -> None:
        try:
            when = self._when()
        except ValueError:
            self._wrong.set_text("Give the day and the time at which it becomes active.")
            return
        words = await self._work(actor, when, bool(self._anew.value))
        self._dialog.close()
        await self._on_done(actor, words)

    def _when(self) -> When:
        if self._choice.value == _NOW:
            return When.immediately()
        if self._choice.value != _ON:
            return When()
        day, at = date.fromisoformat(self._day.value or ""), time.fromisoformat(self._time.value or "")
        return When.on(datetime.combine(day, at, tzinfo=self._page.institution.zone))
