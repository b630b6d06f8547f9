"""The bar above a check: where in the queue, how long there is, who holds it, and the way to the others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from nicegui.element import Element

from console.review.clocks import due_shown
from console.review.opening import Opened, Standing
from console.review.return_deadline import rule_words
from console.review.states import FINAL_STATUSES
from console.ui.countdown import Countdown
from console.ui.format import clock, count, in_full, zone_letters
from console.ui.keys import Scope, key_of
from console.ui.pieces import ActionButton, Chip, Tone
from console.ui.shell import Shell

Act = Callable[[str], Awaitable[Any]]
# The sheet is the browser's own: no round trip.
_SHOW_KEYS: Final = (
    "() => window.dispatchEvent(new CustomEvent('crc:command', { detail: { target: 'sheet', action: 'sheet' } }))"
)


# As in `item_table.js`: from then on the last minute to return is red and counted down.
RETURN_NEAR: Final = timedelta(hours=1)


class ReviewBar:
    """Fills the shell's bar. `on_action(action)` comes for ``previous``, ``next`` and ``queue``; `home` names the list
    to which the last leads."""

    def __init__(self, shell: Shell, zone: ZoneInfo, on_action: Act, *, home: str = "Queue") -> None:
        self._shell, self._zone = shell, zone
        self._chips = shell.chips
        with shell.actions:
            self._holder = Element("span")
            self._moves = [
                ActionButton(label, partial(on_action, action), key=key_of(action, Scope.REVIEW))
                for action, label in (("previous", "Previous"), ("next", "Next"))
            ]
            ActionButton(home, partial(on_action, "queue"), key=key_of("queue", Scope.REVIEW))
            keys = ActionButton("Keys", key=key_of("sheet", Scope.REVIEW))
            keys.on("click", js_handler=_SHOW_KEYS)

    def place(self, place: tuple[int, int]) -> None:
        """Say the how manieth check of how many this one is."""
        self._shell.subtitle.set_text(f"{count(place[0])} of {count(place[1])}" if place[0] else "")

    def show(self, opened: Opened, queue_name: str) -> None:
        """Show where this check stands."""
        view = opened.view
        now = datetime.now(UTC)
        self._enable_moves(True)
        self._shell.title.set_text(queue_name)
        self._chips.clear()
        with self._chips:
            if view.status in FINAL_STATUSES:
                Chip(view.status.label, tone=Tone.OK, icon_name="task_alt")
            else:
                due = due_shown(view.sla_due_at)
                warn = view.sla_warning_at if due else None
                Countdown(due, now=now, warn_at=warn, prefix="SLA", suffix="left", over="SLA")
                if view.return_by:
                    self._draw_return(opened, view.return_by, now)
            if opened.two_people and view.status not in FINAL_STATUSES:
                Chip("two people", tone=Tone.TWO_PEOPLE, icon_name="group")
        self._holder.clear()
        with self._holder:
            self._draw_holder(opened)

    def _draw_return(self, opened: Opened, by: datetime, now: datetime) -> None:
        local, rule, notice = by.astimezone(self._zone), opened.view.return_rule, opened.nonpayment
        owed = ""
        if notice:
            owed = f". If returned: notice of nonpayment there by {in_full(notice.at, self._zone)} ({notice.citation})"
        chip = Countdown(
            by,
            now=now,
            warn_at=by - RETURN_NEAR,
            prefix="return within",
            over="too late to return",
            rest=f"return by {clock(by, self._zone, now=now)} {zone_letters(local)}",
            urgent=True,
        )
        chip.props["title"] = f"{in_full(by, self._zone)}: {rule_words(rule)}{owed}"

    def clear(self, queue_name: str) -> None:
        """Show that no check is open."""
        self._enable_moves(False)
        self._shell.title.set_text(queue_name)
        self._shell.subtitle.set_text("")
        self._chips.clear()
        self._holder.clear()

    def _enable_moves(self, enabled: bool) -> None:
        for button in self._moves:
            button.set_enabled(enabled)

    @staticmethod
    def _draw_holder(opened: Opened) -> None:
        if opened.standing in {Standing.DECIDE, Standing.CONFIRM, Standing.CHOOSE_FIRST}:
            Chip("claimed by you", icon_name="person")
        elif opened.view.holder is not None and opened.view.holder.commit_at is not None:
            Chip("committing", icon_name="hourglass_top", tone=Tone.WARNING)
        elif opened.view.holder is not None:
            Chip(opened.view.holder.name, icon_name="lock", tone=Tone.WARNING)
        else:
            Chip("read only", icon_name="visibility")
