"""One's own keys: the list of the registry, each with the key that does it, and a way to change it by pressing one."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import Final

from nicegui import ui
from nicegui.element import Element

from console.actor import Actor
from console.ui.key_capture import KeyCapture
from console.ui.keys import REGISTRY, Key, Scope, with_own
from console.ui.own_keys import KeyTaken, change_key, own_keys, reset_keys
from console.ui.page import ACCOUNT, ConsolePage, console_page, show_to_people
from console.ui.pieces import ActionButton, Text, key_cap, panel

show_to_people(KeyTaken)

PATH: Final = f"{ACCOUNT}/keys"
_WHERE: Final = {
    Scope.REVIEW: "on a check",
    Scope.CONFIRM: "as second person",
    Scope.QUEUE: "in the queue",
    Scope.POLICY: "in a draft of the policy",
    Scope.ANYWHERE: "anywhere",
}


@console_page(PATH, permission=None, title="Your keys")
async def keys(page: ConsolePage) -> None:
    """The keys of whoever is signed in."""
    view = KeysView(page)
    with page.frame("Your keys", page.actor.name, path=ACCOUNT):
        view.lay_out()
    await view.read(page.actor)


class KeysView:
    """One open page of keys, drawn again after each change."""

    def __init__(self, page: ConsolePage) -> None:
        self._page = page
        self._own: dict[str, str] = {}

    def lay_out(self) -> None:
        """Draw what stays."""
        with Element("div").classes("crc-row"):
            Text("Choose what is easy for your hands. Open pages take it over when they are loaded again.", tag="p")
            Element("span").classes("crc-gap")
            self._all = ActionButton("Reset all", self._page.handler(self._reset_all))
        self._list = Element("div").classes("crc-keys")

    async def read(self, actor: Actor) -> None:
        """Read the person's keys and show them."""
        self._own = await own_keys(actor)
        self._all.set_enabled(bool(self._own))
        self._list.clear()
        with self._list:
            for group, members in groupby(sorted(REGISTRY, key=_group), key=_group):
                with panel(group), Element("ul").classes("crc-key-list"):
                    for key in members:
                        self._draw(key)

    def _draw(self, key: Key) -> None:
        own = with_own(key, self._own)
        with Element("li") as line:
            line.props["data-key-of"] = key.action
            Text(_named(key))
            for stroke in own.strokes:
                key_cap(_cap(own, stroke))
            change = ActionButton("Change", partial(self._ask, key), kind="quiet")
            change.props["aria-label"] = f"Change the key for {_named(key)}"
            if key.action in self._own:
                reset = ActionButton("Reset", self._page.handler(partial(self._reset, action=key.action)), kind="quiet")
                reset.props["aria-label"] = f"Reset the key for {_named(key)}"

    def _ask(self, key: Key) -> None:
        with self._page.client, ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column"):
            dialog.props["aria-label"] = f"Key for {_named(key)}"
            Text(_named(key), tag="h2")
            wrong = Text("", tag="p", classes="crc-wrong")
            wrong.props["role"] = "alert"

            async def take(actor: Actor, pressed: str) -> None:
                try:
                    await change_key(actor, key.action, pressed)
                except KeyTaken as refused:
                    wrong.set_text(str(refused))
                    return
                capture.delete()  # while the dialog goes, the next one may already be hearing
                dialog.close()
                await self.read(actor)

            async def heard(pressed: str) -> None:
                if pressed:
                    await self._page.run(take, pressed)
                else:
                    dialog.close()

            capture = KeyCapture("Press the new key; Esc leaves it as it is", heard)
        dialog.on("hide", dialog.delete)

    async def _reset(self, actor: Actor, action: str) -> None:
        await reset_keys(actor, action)
        await self.read(actor)

    async def _reset_all(self, actor: Actor) -> None:
        await reset_keys(actor)
        await self.read(actor)


def _group(key: Key) -> str:
    return f"{key.group}, {_WHERE[key.scope]}"


def _named(key: Key) -> str:
    """An action in words; the common reasons share theirs, and are told apart by their places."""
    place = key.action.removeprefix("reason_")
    return f"{key.label} ({place})" if place.isdigit() else key.label


def _cap(key: Key, stroke: str) -> str:
    return with_own(key, {key.action: stroke}).cap
