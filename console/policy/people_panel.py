"""Who else is on a draft, as chips in the bar: name, what they are at, and whether they have changed something."""

from __future__ import annotations

from collections.abc import Iterable

from nicegui.element import Element

from console.policy.presence import Present
from console.ui.pieces import Chip, Tone


def show_people(box: Element, people: Iterable[Present]) -> None:
    """Show these people in place of those shown before."""
    box.clear()
    with box:
        for one in people:
            words = f"{one.name} · {one.place}" if one.place else one.name
            icon_name = "edit" if one.unsaved else "visibility"
            chip = Chip(words, tone=Tone.TWO_PEOPLE, icon_name=icon_name).classes("crc-present")
            doing = "has changes that are not saved" if one.unsaved else "is looking"
            chip.props["title"] = f"{words}: is here too and {doing}."
