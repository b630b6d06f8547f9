"""The bar above a check: where in the queue, how long there is, who holds it, and the way to the others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from console.review.clocks import due_shown
from console.review.opening import Opened, Standing
from console.review.return_deadline import rule_words
from console.review.states import FINAL_STATUSES
from console.ui.countdown import Countdown
from console.ui.format import clock, count, in_full, zone_letters
from console.ui.keys import Scope, key_of
from console.ui.pieces import ActionButton, Tone
from console.ui.shell import Shell
from console.ui.still import Node, Still
from console.ui.still_pieces import chip

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
        now = datetime.now(UTC)
        with shell.chips:
            self._due = Countdown(None, now=now, prefix="SLA", suffix="left", over="SLA")
            self._return = Countdown(None, now=now, prefix="return within", over="too late to return", urgent=True)
            self._chips = Still(root="span").classes("crc-contents")
            self._due.set_visibility(False)
            self._return.set_visibility(False)
        with shell.actions:
            self._holder = Still(root="span")
            self._moves = [
                ActionButton(label, partial(on_action, action), key=key_of(action, Scope.REVIEW), repeats=True)
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
        over = view.status in FINAL_STATUSES
        due = due_shown(view.sla_due_at)
        self._due.set(due, now=now, warn_at=view.sla_warning_at if due else None)
        self._due.set_visibility(not over)
        self._return.set_visibility(not over and view.return_by is not None)
        if view.return_by:
            self._show_return(opened, view.return_by, now)
        chips = [chip(view.status.label, tone=Tone.OK, icon_name="task_alt")] if over else []
        if not over and opened.two_people:
            chips.append(chip("two people", tone=Tone.TWO_PEOPLE, icon_name="group"))
        if opened.on_legal_hold:
            chips.append(chip("legal hold", tone=Tone.WARNING, icon_name="gavel"))
        self._chips.show(chips)
        self._holder.show([_holder(opened)])

    def _show_return(self, opened: Opened, by: datetime, now: datetime) -> None:
        local, rule, notice = by.astimezone(self._zone), opened.view.return_rule, opened.nonpayment
        owed = ""
        if notice:
            owed = f". If returned: notice of nonpayment there by {in_full(notice.at, self._zone)} ({notice.citation})"
        rest = f"return by {clock(by, self._zone, now=now)} {zone_letters(local)}"
        self._return.set(by, now=now, warn_at=by - RETURN_NEAR, rest=rest)
        self._return.props["title"] = f"{in_full(by, self._zone)}: {rule_words(rule)}{owed}"

    def clear(self, queue_name: str) -> None:
        """Show that no check is open."""
        self._enable_moves(False)
        self._shell.title.set_text(queue_name)
        self._shell.subtitle.set_text("")
        self._due.set_visibility(False)
        self._return.set_visibility(False)
        self._chips.show([])
        self._holder.show([])

    def _enable_moves(self, enabled: bool) -> None:
        for button in self._moves:
            button.set_enabled(enabled)


def _holder(opened: Opened) -> Node:
    if opened.standing in {Standing.DECIDE, Standing.CONFIRM, Standing.CHOOSE_FIRST}:
        return chip("claimed by you", icon_name="person")
    if opened.view.holder is not None and opened.view.holder.commit_at is not None:
        return chip("committing", icon_name="hourglass_top", tone=Tone.WARNING)
    if opened.view.holder is not None:
        return chip(opened.view.holder.name, icon_name="lock", tone=Tone.WARNING)
    return chip("read only", icon_name="visibility")
