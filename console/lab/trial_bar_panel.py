"""How a trial stands: its progress while it runs, with a way to stop it, and what is to be said of its result."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from nicegui import ui
from nicegui.element import Element

from console.access.permissions import Permission, may
from console.actor import Actor
from console.lab.trials import Trial, TrialKind, cancel_trial
from console.ui.format import clock, count
from console.ui.page import ConsolePage
from console.ui.pieces import ActionButton, Text

# While one runs, the page asks so often how far it is.
_EVERY_SECONDS: Final = 0.7


class TrialBar:
    """The line above a result; `read` reads the trial again and calls `show`."""

    def __init__(self, page: ConsolePage, read: Callable[[Actor], Awaitable[None]]) -> None:
        self._page, self._read = page, read
        self._trial: Trial | None = None
        with Element("div").classes("crc-lab-bar") as self._box:
            self._box.props["aria-live"] = "polite"
            self._words = Text("", tag="p", classes="crc-soft")
            self._progress = ui.linear_progress(0, show_value=False, size="6px").props("instant-feedback")
            self._progress.props["aria-label"] = "Progress"
            self._stop = ActionButton("Stop", page.handler(self._cancel), icon_name="stop")
        self._timer = ui.timer(_EVERY_SECONDS, lambda: page.refresh(self._read), active=False)

    def show(self, trial: Trial | None) -> None:
        """Say how this one stands; None: there was none."""
        self._trial = trial
        going = trial is not None and trial.running and trial.kind is not TrialKind.SHADOW
        self._timer.active = going
        self._box.set_visibility(trial is not None)
        self._progress.set_visibility(going)
        self._stop.set_visibility(trial is not None and trial.running and may(self._page.actor, Permission.POLICY_EDIT))
        if trial is not None:
            self._progress.value = trial.share
        self._words.set_text("" if trial is None else self._said(trial))

    def _said(self, trial: Trial) -> str:
        zone, now = self._page.institution.zone, trial.now
        when, who = clock(trial.started_at, zone, now=now), f" by {trial.started_by}" if trial.started_by else ""
        words = {
            "running": f"{_judged(trial)}; it goes on when you leave.",
            "finished": f"Done {when}{who}.",
            "cancelled": "It was stopped, so there is no result. Start it again when you like.",
            "interrupted": "Its process ended before it was done. Start it again.",
            "failed": trial.problem or "",
        }[trial.status]
        if trial.kind is TrialKind.SHADOW:
            words = f"{'Runs' if trial.running else 'Ran'} since {when}{who}: {count(trial.items)} checks. "
            words += trial.problem or ""
        if trial.stale:
            words += f" The draft has changed since (revision {trial.revision}): this is what it said then."
        if not trial.against_now:
            words += f" Version {trial.against}, against which it was held, is no longer the active one."
        return words.strip()

    async def _cancel(self, actor: Actor) -> None:
        if self._trial is not None:
            await cancel_trial(actor, self._trial.id)
        await self._read(actor)


def _judged(trial: Trial) -> str:
    if trial.total is None:
        return "The checks are being counted"
    return f"{count(trial.items)} of {count(trial.total)} checks judged"
