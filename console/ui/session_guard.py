"""What a page says of its session: that it is about to end, and that the session service is away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from nicegui.element import Element

from console.ui.format import epoch_ms, zone_letters

WARN_BEFORE_END: Final = timedelta(minutes=2)
OnPerson = Callable[[], Awaitable[None]]


class SessionGuard(Element, component="session_guard.js", dependencies=["crc_clock.js", "crc_hold.js"]):
    """Warns two minutes before the end, with the keyboard on "Stay signed in"; says when nobody can be recognised.

    ``on_active`` is called when the person has used keyboard or mouse, every ACTIVE_SECONDS at most, and when they ask
    to stay: this is a person's activity, never a timer's. While the session service is away, fields can be typed in
    and nothing else can be done.
    """

    def __init__(self, ends: datetime, zone: ZoneInfo, *, on_active: OnPerson, on_sign_out: OnPerson) -> None:
        super().__init__()
        self.classes("crc-contents")
        self._ends = ends
        self._zone = zone
        self._final = False
        self.props["available"] = True
        self._show()
        self.on("active", on_active, [])
        self.on("leave", on_sign_out, [])

    def stands(self, ends: datetime, *, final: bool) -> None:
        """The session ends then unless it is used, or in any case where ``final``."""
        if abs(ends - self._ends) < timedelta(seconds=1) and final == self._final:
            return
        self._ends, self._final = ends, final
        self._show()

    def service(self, *, available: bool) -> None:
        """Whether the session service can be reached."""
        if self.props["available"] is not available:
            self.props["available"] = available

    def _show(self) -> None:
        now, local = datetime.now(UTC), self._ends.astimezone(self._zone)
        self.props["clock"] = {
            "due": epoch_ms(self._ends),
            "warn": epoch_ms(self._ends - WARN_BEFORE_END),
            "now": epoch_ms(now),
            "until": f"{local:%H:%M:%S} {zone_letters(local)}",
            "final": self._final,
        }
