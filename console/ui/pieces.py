"""Small things pages are made of: text, chips, key caps, buttons, figures, panels.

Every text goes into the page as a text node, never as markup, so names, notes and payees need no escaping.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from console.ui.keys import Key
from console.ui.page_keys import mine


class Tone(StrEnum):
    """What a colour means. Whatever has a tone also says it in words or with an icon."""

    PLAIN = "plain"
    ACCENT = "accent"
    OK = "ok"
    WARNING = "warning"
    BREACH = "breach"
    TWO_PEOPLE = "two"
    FLAG = "flag"


class Text(TextElement):
    """Text in a tag of its own, ``span`` unless told otherwise."""

    def __init__(self, content: str, *, tag: str = "span", classes: str = "") -> None:
        super().__init__(tag=tag, text=content)
        self.classes(classes)


def icon(name: str, *, classes: str = "") -> Element:
    """A decorative icon by its Material name (outlined); the words beside it carry the meaning."""
    return ui.icon(f"o_{name}").classes(f"crc-icon {classes}")


def key_cap(label: str) -> Text:
    """The cap of a key, as on the buttons."""
    cap = Text(label, tag="kbd", classes="crc-cap")
    cap.props["aria-hidden"] = "true"  # the button's aria-keyshortcuts says it
    return cap


class Chip(Element):
    """A short fact with a frame; its text and tone may change in place."""

    def __init__(self, content: str, *, tone: Tone = Tone.PLAIN, icon_name: str | None = None) -> None:
        super().__init__("span")
        self.classes("crc-chip")
        self.props["data-tone"] = tone.value
        with self:
            if icon_name:
                icon(icon_name)
            self._label = Text(content)

    def set(self, content: str, tone: Tone | None = None) -> None:
        """Show ``content``, and ``tone`` where given."""
        self._label.set_text(content)
        if tone is not None:
            self.props["data-tone"] = tone.value


class ActionButton(Element):
    """A native button with words, and where given an icon, a count and the cap of its key.

    ``kind`` is ``plain``, ``primary``, ``danger``, ``quiet`` or ``choice`` (one of several that may be chosen). Of a
    double click the second half counts only where it ``repeats``.
    """

    def __init__(
        self,
        label: str,
        on_click: Callable[[], Any] | None = None,
        *,
        key: Key | None = None,
        kind: str = "plain",
        icon_name: str | None = None,
        count: str = "",
        repeats: bool = False,
    ) -> None:
        super().__init__("button")
        self.classes(f"crc-button crc-{kind}")
        self.props["type"] = "button"
        if repeats:
            self.props["data-repeats"] = True
        if key:
            key = mine(self.client, key)
            self.props["data-action"] = key.action
            self.props["aria-keyshortcuts"] = key.key.replace("Ctrl", "Control")
        with self:
            if icon_name:
                icon(icon_name)
            self._label = Text(label, classes="crc-button-text")
            self._count = Text(count, classes="crc-count") if count else None
            if key:
                key_cap(key.cap)
        if on_click:
            self.on("click", lambda _: on_click(), [])

    def set_label(self, label: str) -> None:
        """Change its words."""
        self._label.set_text(label)

    def set_count(self, count: str) -> None:
        """Change the number beside the words, of a button that was made with one."""
        if self._count is None:
            raise ValueError("this button was made without a count")
        self._count.set_text(count)

    def set_enabled(self, enabled: bool) -> None:
        """A disabled button stays in place, greyed, and cannot be clicked."""
        self._set_flag("disabled", not enabled)

    def set_chosen(self, chosen: bool, *, tone: Tone = Tone.ACCENT) -> None:
        """Mark it as the one chosen, by colour, weight and ``aria-pressed``."""
        self.props["aria-pressed"] = "true" if chosen else "false"
        self.props["data-tone"] = tone.value

    def _set_flag(self, name: str, on: bool) -> None:
        if on is bool(self.props.get(name)):
            return
        if on:
            self.props[name] = True
        else:
            self.props.pop(name, None)
        self.update()


class Figure(Element):
    """A figure and what it counts, as in the row above the queue."""

    def __init__(self, value: str, label: str, *, tone: Tone = Tone.PLAIN) -> None:
        super().__init__("div")
        self.classes("crc-panel crc-figure")
        self.props["data-tone"] = tone.value
        with self:
            self._value = Text(value, tag="strong")
            self._label = Text(label)

    def set(self, value: str, label: str | None = None, *, tone: Tone | None = None) -> None:
        """Show another value, and another label or tone where given."""
        self._value.set_text(value)
        if label is not None:
            self._label.set_text(label)
        if tone is not None:
            self.props["data-tone"] = tone.value


@contextmanager
def panel(title: str = "", *, aside: str = "", classes: str = "") -> Iterator[Element]:
    """A framed part of the page, named by its ``title`` for those who hear the page."""
    section = Element("section").classes(f"crc-panel {classes}")
    with section:
        if title:
            section.props["aria-label"] = title
            with Element("div").classes("crc-panel-head"):
                Text(title, tag="h2")
                if aside:
                    Text(aside)
        yield section
