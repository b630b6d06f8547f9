"""The part of the Operations page that says how the database's replica stands, where there is one."""

from __future__ import annotations

from nicegui.element import Element

from console.ui.format import handling_time
from console.ui.pieces import Chip, Text, Tone, panel
from db.replica import ReplicaState


class ReplicaPanel:
    """Nothing until it is shown a replica; drawn again only when that changes."""

    def __init__(self) -> None:
        self._place = Element("div")
        self._drawn: ReplicaState | None = None

    def show(self, state: ReplicaState | None) -> None:
        """Show how it stands now."""
        if state is None or state == self._drawn:
            return
        self._drawn = state
        self._place.clear()
        with (
            self._place,
            panel("Database replica"),
            Element("ul").classes("crc-own-list crc-part"),
            Element("li").classes("crc-check-line"),
        ):
            Chip("well" if state.usable else "fault", tone=Tone.OK if state.usable else Tone.BREACH)
            with Element("div"):
                Text("Reports, lab and exports", tag="strong")
                Text(words_of(state), tag="div")


def words_of(state: ReplicaState) -> str:
    """Where they are read, and how far the replica is behind."""
    if state.usable:
        return f"Read there; it is {state.lag_seconds or 0:.1f} s behind."
    behind = "" if state.lag_seconds is None else f" ({handling_time(round(state.lag_seconds * 1000))})"
    return f"Read at the primary: the replica {state.why}{behind}."
