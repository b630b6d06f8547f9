"""The Views menu: open a view, keep the present one under a name, begin with one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui
from nicegui.element import Element

from console.access.permissions import Permission, may
from console.actor import Actor
from console.review.managing import manages_all
from console.review.queue_view import View
from console.review.saved_views import MAXIMUM_NAME, Saved, delete_view, list_views, save_view, set_default
from console.ui.page import ConsolePage
from console.ui.pieces import ActionButton, Text


class ViewsMenu:
    """The button and its menu. `view()` is what is shown now; `on_open(actor, view)` shows another."""

    def __init__(
        self, page: ConsolePage, view: Callable[[], View], on_open: Callable[[Actor, View], Awaitable[Any]]
    ) -> None:
        self._page, self._view, self._on_open = page, view, on_open
        button = ActionButton("Views", page.handler(self._draw), icon_name="bookmarks")
        button.props["aria-haspopup"] = "dialog"
        with button, ui.menu().props('anchor="bottom right" self="top right" :offset="[0, 6]"') as self._menu:
            self._menu.classes("crc-filter-sheet crc-views")
            self._menu.props["role"] = "dialog"
            self._menu.props["aria-label"] = "Views"
            self._body = Element("div").classes("crc-column")

    async def _draw(self, actor: Actor) -> None:
        saved = await list_views(actor)
        self._body.clear()
        with self._body:
            Text("Views", tag="h2")
            self._line_of_all(default=not any(one.default for one in saved))
            for one in saved:
                self._line(one)
            ActionButton("Save this view…", self._ask_save, icon_name="bookmark_add")

    def _line_of_all(self, *, default: bool) -> None:
        with Element("div").classes("crc-row"):
            ActionButton("The whole queue", lambda: self._open(View()), kind="quiet")
            Element("span").classes("crc-gap")
            self._default_button("The whole queue", None, on=default)

    def _line(self, one: Saved) -> None:
        with Element("div").classes("crc-row"):
            ActionButton(one.name, lambda: self._open(one.view), kind="quiet")
            Element("span").classes("crc-gap")
            if one.shared:
                Text("shared" if one.own else f"of {one.owner}", classes="crc-soft")
            self._default_button(one.name, one, on=one.default)
            manages = may(self._page.actor, Permission.QUEUE_MANAGE) and manages_all(self._page.actor)
            if one.own or (one.shared and manages):
                gone = ActionButton("", lambda: self._page.run(self._delete, one), kind="quiet", icon_name="delete")
                gone.props["aria-label"] = f"Delete the view {one.name}"

    def _default_button(self, name: str, one: Saved | None, *, on: bool) -> None:
        star = ActionButton(
            "", lambda: self._page.run(self._begin_with, one), kind="quiet", icon_name="star" if on else "star_border"
        )
        star.props["aria-label"] = f"Begin with {name}"
        star.props["title"] = "your queue opens with it" if on else "let your queue open with it"
        star.set_chosen(on)

    async def _open(self, view: View) -> None:
        self._menu.close()
        await self._page.run(self._on_open, view)

    async def _begin_with(self, actor: Actor, one: Saved | None) -> None:
        await set_default(actor, one.id if one else None)
        await self._draw(actor)

    async def _delete(self, actor: Actor, one: Saved) -> None:
        await delete_view(actor, one.id)
        await self._draw(actor)

    def _ask_save(self) -> None:
        self._menu.close()
        with self._page.client, ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column"):
            dialog.props["aria-label"] = "Save this view"
            Text("Save this view", tag="h2")
            Text("Tab, filters, search, order and columns are kept. A view of yours of that name is replaced.", tag="p")
            name = ui.input("Name").props(f"outlined dense autofocus maxlength={MAXIMUM_NAME}")
            share = ui.checkbox("Share with everybody").props("dense")
            share.set_visibility(may(self._page.actor, Permission.QUEUE_MANAGE))

            async def save(actor: Actor) -> None:
                await save_view(actor, name.value or "", self._view(), shared=bool(share.value))
                dialog.close()
                self._page.tell("Kept. It is in the Views menu.")

            with Element("div").classes("crc-row"):
                ActionButton("Save", self._page.handler(save), kind="primary")
                ActionButton("Cancel", dialog.close)
        dialog.on("hide", dialog.delete)
