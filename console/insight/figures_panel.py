"""The figures at the top of the reports, each with its change."""

from __future__ import annotations

from collections.abc import Sequence

from console.insight.headline import Headline
from console.insight.sheets import Share, Span
from console.insight.values_panel import shown, span
from console.ui.format import MINUS
from console.ui.still import Node, Still, node

_TONES = {True: "ok", False: "breach", None: None}
_WORDS = {True: "better", False: "worse", None: ""}


class FiguresPanel:
    """Nothing until it is shown figures."""

    def __init__(self) -> None:
        self._waits = True
        self._place = Still(root="ul")
        self._place.classes("crc-reports-figures").props["aria-label"] = "Figures"

    def wait(self) -> None:
        """Keep what is shown until others are read."""
        self._waits = True

    def fail(self) -> None:
        """Show nothing, if others are still awaited: what is shown is of other days."""
        if self._waits:
            self.show(())

    def show(self, figures: Sequence[Headline]) -> None:
        """Show these in place of what was there."""
        self._waits = False
        self._place.show(_tile(one) for one in figures)


def _tile(one: Headline) -> Node:
    before = f"{one.help}\nBefore: {shown(one.before)}."
    change = node("span", change_words(one), class_="crc-reports-change", data_tone=_TONES[one.better])
    return node("li", node("strong", shown(one.now)), change, node("span", one.label), title=before)


def change_words(one: Headline) -> str:
    """``+12 %``, ``−1.3 points worse``; ``as before`` where nothing changed, empty where nothing is known."""
    if one.change is None:
        return ""
    if not one.change:
        return "as before"
    size = abs(one.change)
    sign = "+" if one.change > 0 else MINUS
    if isinstance(one.now, Share):
        amount = f"{size:.1f} points"
    elif isinstance(one.now, Span):
        amount = span(Span(int(size), hours=True))
    elif one.relative is not None:
        amount = f"{abs(one.relative):,} %"
    else:
        amount = f"{int(size):,}"
    return f"{sign}{amount} {_WORDS[one.better]}".rstrip()
