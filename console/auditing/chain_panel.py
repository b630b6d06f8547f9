"""The line above the list: how the chain stands, and having it verified."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from nicegui.element import Element

from console.access.permissions import Permission, may
from console.auditing.standing import Standing
from console.ui.format import clock, count, in_full
from console.ui.page import ConsolePage
from console.ui.pieces import ActionButton, Chip, Text, Tone


class ChainPanel:
    """What the last verification found, whether one is under way, and what is archived. `on_verify()`: have one."""

    def __init__(self, page: ConsolePage, on_verify: Callable[[], Awaitable[Any]]) -> None:
        self._page = page
        self._drawn: Standing | None = None
        with Element("section").classes("crc-panel crc-trail-chain") as section:
            section.props["aria-label"] = "The chain"
            self._words = Element("div").classes("crc-trail-standing")
            self._words.props["role"] = "status"
            self._button = None
            if may(page.actor, Permission.AUDIT_VERIFY):
                self._button = ActionButton("Verify the whole chain", on_verify, icon_name="verified_user")

    def show(self, standing: Standing) -> None:
        """Show how it stands, where that is not on the screen already."""
        if standing == self._drawn:
            return
        self._drawn = standing
        if self._button:
            self._button.set_enabled(not awaited(standing))
        self._words.clear()
        with self._words:
            self._draw_checked(standing)
            self._draw_archived(standing)

    def _draw_checked(self, standing: Standing) -> None:
        checked = standing.checked
        if standing.running:
            Chip("being verified …", tone=Tone.ACCENT, icon_name="hourglass_empty")
        elif standing.asked_by:
            Chip(f"asked for by {standing.asked_by}, waits for a worker", tone=Tone.ACCENT, icon_name="hourglass_empty")
        if checked is None:
            Text("Not verified as a whole in the last three months.", classes="crc-soft")
            return
        seen = f"{count(checked.entries)} entries and {count(checked.decisions)} decisions"
        if checked.fault:
            Chip("fault", tone=Tone.BREACH, icon_name="gpp_bad")
            Text(f"{checked.fault}; up to there {seen} are as they were written", classes="crc-strong")
        else:
            Chip("the chain holds", tone=Tone.OK, icon_name="verified")
            Text(f"{seen} are as they were written")
        zone = self._page.institution.zone
        when = Text(f"verified {clock(checked.at, zone, now=datetime.now(UTC))}", classes="crc-soft")
        when.props["title"] = in_full(checked.at, zone)

    def _draw_archived(self, standing: Standing) -> None:
        archived = standing.archived
        if archived is None:
            return
        months = "1 archived month" if archived.months == 1 else f"{count(archived.months)} archived months"
        words = Text(
            f"The trail is here from entry {count(archived.sequence + 1)} on; those before, up to "
            f"{archived.last:%B %Y}, are {months} in the object store, the last as {archived.export or 'a file'}",
            classes="crc-soft",
        )
        words.props["title"] = "An archived month proves itself: main.py verify-archive FILE"


def awaited(standing: Standing) -> bool:
    """Whether a verification is asked for or under way."""
    return standing.running or standing.asked_by is not None
