"""The small things of `pieces`, as nodes of a part that only shows: icons, chips, key caps, buttons.

They look and read as those do. What a button does is told by its act.
"""

from __future__ import annotations

from nicegui import Client

from console.ui.keys import Key
from console.ui.page_keys import mine
from console.ui.pieces import Tone
from console.ui.still import Node, node


def icon(name: str, *, classes: str = "") -> Node:
    """A decorative icon by its Material name (outlined)."""
    look = f"q-icon notranslate material-icons-outlined crc-icon {classes}".rstrip()
    return node("i", name, class_=look, aria_hidden="true", role="presentation")


def chip(content: str, *, tone: Tone = Tone.PLAIN, icon_name: str | None = None) -> Node:
    """A short fact with a frame."""
    drawn = icon(icon_name) if icon_name else None
    return node("span", drawn, node("span", content), class_="crc-chip", data_tone=tone.value)


def button(
    client: Client,
    label: str,
    act: str | None,
    *,
    key: Key | None = None,
    kind: str = "plain",
    icon_name: str | None = None,
    classes: str = "",
    **attributes: str | None,
) -> Node:
    """A native button that tells `act` (None: what it does is somebody else's, who finds it by its attributes), with
    the cap of its key as the person of the page has it."""
    own = mine(client, key) if key else None
    return node(
        "button",
        icon(icon_name) if icon_name else None,
        node("span", label, class_="crc-button-text"),
        node("kbd", own.cap, class_="crc-cap", aria_hidden="true") if own else None,
        class_=f"crc-button crc-{kind} {classes}".rstrip(),
        type="button",
        data_action=own.action if own else None,
        aria_keyshortcuts=own.key.replace("Ctrl", "Control") if own else None,
        data_act=act,
        **attributes,
    )


def choice(client: Client, label: str, act: str, *, key: Key, chosen: bool, tone: Tone = Tone.ACCENT) -> Node:
    """One of several buttons of which one may be chosen."""
    return button(
        client, label, act, key=key, kind="choice", aria_pressed="true" if chosen else "false", data_tone=tone.value
    )
