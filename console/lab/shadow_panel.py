"""A version in shadow: begun and stopped, and what adds up of its differences."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from nicegui.element import Element

from console.access.permissions import Permission, may
from console.actor import Actor
from console.lab.figures import changes
from console.lab.shadow import MOST, start_shadow
from console.lab.tally import Tally
from console.lab.trial_bar_panel import TrialBar
from console.lab.trials import Trial, TrialKind, latest_trial
from console.ui.format import count
from console.ui.page import ConsolePage
from console.ui.pieces import ActionButton, panel
from console.ui.still import Still, node


class ShadowPanel:
    """Shows the last shadow run of a version. `on_list` is asked to list what differs."""

    def __init__(
        self,
        page: ConsolePage,
        version_id: UUID,
        *,
        may_start: bool,
        on_list: Callable[[Actor, Trial, Tally], Awaitable[None]],
    ) -> None:
        self._page, self._version_id, self._on_list = page, version_id, on_list
        self._may_start = may_start and may(page.actor, Permission.POLICY_EDIT)
        self._trial: Trial | None = None
        with panel("Shadow", classes="crc-lab-shadow"), Element("div").classes("crc-part"):
            self._bar = TrialBar(page, self.read)
            self._figures = Still()
            with Element("div").classes("crc-row"):
                if self._may_start:
                    self._start = ActionButton("Run in shadow", page.handler(self._begin), icon_name="contrast")
                self._list = ActionButton("List what differs", page.handler(self._show_list))

    async def read(self, actor: Actor) -> None:
        """Show how it stands now."""
        self._trial = trial = await latest_trial(actor, self._version_id, TrialKind.SHADOW)
        self._bar.show(trial)
        if self._may_start:
            self._start.set_visibility(trial is None or not trial.running)
        tally = Tally.model_validate(trial.result) if trial and trial.result else None
        self._list.set_visibility(bool(tally and tally.changed))
        if trial is None:
            words = f"It judges what comes in beside the active version, without effect. At most {MOST} at once."
            self._figures.show([node("p", words, class_="crc-soft")])
        elif tally is None or not tally.items:
            self._figures.show([node("p", "Nothing has come in since.", class_="crc-soft")])
        else:
            said = changes(tally)[1:]
            lines = [node("li", node("strong", count(number)), f" {words}") for _, words, number in said]
            head = node("p", node("strong", count(tally.changed)), f" of {count(tally.items)} checks differ.")
            self._figures.show([head, node("ul", *lines)])

    async def _begin(self, actor: Actor) -> None:
        await start_shadow(actor, self._version_id)
        await self.read(actor)

    async def _show_list(self, actor: Actor) -> None:
        if self._trial is not None and self._trial.result:
            await self._on_list(actor, self._trial, Tally.model_validate(self._trial.result))
