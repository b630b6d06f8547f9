"""The bell of every page: how much is unread, the list, and a word when something comes."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from nicegui import background_tasks, ui
from nicegui.element import Element

from console import live
from console.actor import Actor
from console.notices import inbox
from console.notices.inbox import Key, NoticeShown, Standing
from console.notices.lines_panel import BESIDE, FOLLOW, told
from console.notices.toasts_panel import Toasts
from console.notices.words import leads_to
from console.ui.pieces import ActionButton, Text, icon
from console.ui.still import Still, node

if TYPE_CHECKING:
    from console.ui.page import ConsolePage

# What comes at once is shown at once, and what comes after that together: where many are told of many things, each of
# their pages would read for each of them.
REST_SECONDS: Final = 2.0


class Bell:
    """The button with its count, the list that it opens, and the toasts of this page.

    `go(path)` leads to a check, at once or awaited; it may ask the page first, as links of the rail do.
    """

    def __init__(self, page: ConsolePage, standing: Standing, go: Callable[[str], Any], settings_path: str) -> None:
        self._page, self._go = page, go
        self._newest = standing.newest
        self._shown: list[NoticeShown] = []
        self._next: Key | None = None
        self._behind = self._catching_up = False
        with Element("button").classes("crc-bell") as self._button:
            self._button.props["type"] = "button"
            icon("notifications")
            self._count = Text("", classes="crc-bell-count")
            self._menu = (
                ui.menu()
                .classes("crc-menu crc-notices")
                .props(
                    'anchor="bottom right" self="top right" :offset="[0, 6]" role="dialog" aria-label="Notifications"'
                )
            )
        self._menu.on("before-show", lambda: page.run(self._open), [])
        with self._menu:
            with Element("div").classes("crc-notices-head"):
                Text("Notifications", tag="h2")
                self._all = ActionButton("Mark all as read", page.handler(self._mark_all), kind="quiet")
            self._lines = Still(on_act=self._act).classes("crc-notices-lines")
            with Element("div").classes("crc-notices-foot"):
                self._more = ActionButton("Show earlier ones", page.handler(self._earlier), kind="quiet")
                with Element("a").classes("crc-notices-settings") as link:
                    link.props["href"] = settings_path
                    Text("What to be told, and how")
        self._toasts = Toasts(page.institution.zone, lambda notice: page.run(self._follow, notice))
        self._show_count(standing.unread)
        live.notices_changed.subscribe(self._changed)

    def _changed(self, user_ids: frozenset[UUID]) -> None:
        if user_ids and self._page.actor.user_id not in user_ids:
            return
        self._behind = True
        if not self._catching_up:
            self._catching_up = True
            background_tasks.create(self._catch_up(), name="the bell catches up")

    async def _catch_up(self) -> None:
        try:
            while self._behind:
                self._behind = False
                await self._page.refresh(self._read_again)
                await asyncio.sleep(REST_SECONDS)
        finally:
            self._catching_up = False

    async def _read_again(self, actor: Actor) -> None:
        standing = await inbox.standing(actor)
        self._show_count(standing.unread)
        if standing.newest is not None and standing.newest != self._newest:
            arrived = await inbox.list_arrived(actor, self._newest)
            self._newest = standing.newest
            if not self._menu.value:
                self._toasts.add(reversed(arrived))
        if self._menu.value:
            await self._read(actor)

    async def _open(self, actor: Actor) -> None:
        self._toasts.clear()  # the list shows them all
        self._shown = []
        await self._read(actor)

    async def _read(self, actor: Actor) -> None:
        page = await inbox.list_notices(actor, limit=max(inbox.PAGE, len(self._shown)))
        self._shown, self._next = list(page.notices), page.next
        self._draw()

    async def _earlier(self, actor: Actor) -> None:
        page = await inbox.list_notices(actor, after=self._next)
        self._shown += page.notices
        self._next = page.next
        self._draw()

    async def _mark_all(self, actor: Actor) -> None:
        if self._shown:
            await inbox.mark_all_read(actor, self._shown[0].key)
            await self._after_reading(actor)

    async def _mark_one(self, actor: Actor, notice: NoticeShown) -> None:
        await inbox.mark_read(actor, notice.id)
        await self._after_reading(actor)

    async def _after_reading(self, actor: Actor) -> None:
        self._show_count((await inbox.standing(actor)).unread)
        await self._read(actor)

    async def _follow(self, actor: Actor, notice: NoticeShown) -> None:
        await inbox.mark_read(actor, notice.id)
        target = leads_to(notice.kind, notice.item_id, notice.values)
        if target is None:
            await self._after_reading(actor)
            return
        self._menu.close()
        going = self._go(target)
        if inspect.isawaitable(going):
            await going

    def _show_count(self, unread: int) -> None:
        self._count.set_text("" if unread == 0 else str(unread) if unread < inbox.MOST_COUNTED else "99+")
        self._button.props["aria-label"] = f"Notifications, {unread} unread" if unread else "Notifications"

    def _draw(self) -> None:
        zone = self._page.institution.zone
        nothing = node("span", "Nothing yet. What concerns you comes here by itself.", class_="crc-notices-none")
        self._lines.show([told(notice, zone) for notice in self._shown] or [nothing])
        self._all.set_enabled(any(notice.unread for notice in self._shown))
        self._more.set_visibility(self._next is not None)

    def _act(self, act: str) -> Any:
        notice = next((one for one in self._shown if act in {f"{FOLLOW}{one.id}", f"{BESIDE}{one.id}"}), None)
        if notice is None:
            return None
        return self._page.run(self._follow if act.startswith(FOLLOW) else self._mark_one, notice)
