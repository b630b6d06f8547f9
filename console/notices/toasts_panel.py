"""What has just come, at the edge of the screen for some seconds; it stays behind the bell."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final
from zoneinfo import ZoneInfo

from nicegui import context

from console.notices.inbox import NoticeShown
from console.notices.lines_panel import BESIDE, FOLLOW, toast
from console.ui.still import Still

SECONDS: Final = 12.0
# Where much comes at once, the newest push out the ones before them: more would cover what somebody works on.
MOST: Final = 4


class Toasts:
    """The toasts of one page; `follow(notice)` is told of a click on one."""

    def __init__(self, zone: ZoneInfo, follow: Callable[[NoticeShown], Any]) -> None:
        self._zone, self._follow = zone, follow
        # Each until it ends, by its notice's id, the oldest first.
        self._shown: dict[str, tuple[NoticeShown, asyncio.TimerHandle]] = {}
        self._client = context.client
        with self._client.layout:
            self._box = Still(on_act=self._act).classes("crc-toasts")
            self._box.props["role"] = "log"
            self._box.props["aria-label"] = "New notifications"

    def add(self, notices: Iterable[NoticeShown]) -> None:
        """Show these, the newest last."""
        loop = asyncio.get_running_loop()
        for notice in notices:
            self._drop(str(notice.id))
            self._shown[str(notice.id)] = notice, loop.call_later(SECONDS, self._end, str(notice.id))
        for oldest in list(self._shown)[:-MOST]:
            self._drop(oldest)
        self._show()

    def clear(self) -> None:
        """Show none of them any more."""
        for one in list(self._shown):
            self._drop(one)
        self._show()

    def _act(self, act: str) -> Any:
        shown = self._shown.get(act.removeprefix(FOLLOW).removeprefix(BESIDE))
        if shown is None:
            return None
        if act.startswith(FOLLOW):
            return self._follow(shown[0])
        self._end(str(shown[0].id))
        return None

    def _end(self, notice_id: str) -> None:
        self._drop(notice_id)
        self._show()

    def _drop(self, notice_id: str) -> None:
        if (shown := self._shown.pop(notice_id, None)) is not None:
            shown[1].cancel()

    def _show(self) -> None:
        if not self._client.is_deleted:
            self._box.show(toast(notice, self._zone) for notice, _ in self._shown.values())
