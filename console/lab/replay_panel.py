"""A version's last replay: begun, its progress, its figures beside the active version's, and the work by the hour.

It stands in the lab, where it is started, and on the page of a version, where its approver looks at it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from nicegui import background_tasks, ui
from nicegui.element import Element

from console.access.permissions import Permission, may
from console.actor import Actor
from console.lab.errors import BadTrial
from console.lab.figures import ByHour, by_hour, lines
from console.lab.replay import MAX_DAYS, run_replay, start_replay
from console.lab.tally import Tally
from console.lab.trial_bar_panel import TrialBar
from console.lab.trials import Trial, TrialKind, latest_trial
from console.policy.sentences import Names
from console.ui.charts import axis, bars, draw_chart, draw_table, line
from console.ui.format import count, day
from console.ui.page import ConsolePage
from console.ui.pieces import ActionButton, Text
from console.ui.still import Node, Still, node

DAYS: Final = 90
_TONES: Final = {True: "ok", False: "breach", None: None}


class ReplayPanel:
    """Shows the last replay of a version; with `may_start` it can be started, else `lab` is where that is done.

    `on_result` hears of a new one.
    """

    def __init__(
        self,
        page: ConsolePage,
        version_id: UUID,
        names: Names,
        *,
        may_start: bool,
        lab: str = "",
        on_result: Callable[[Actor, Trial | None], Awaitable[None]] | None = None,
    ) -> None:
        self._page, self._version_id, self._names = page, version_id, names
        self._may_start = may_start and may(page.actor, Permission.POLICY_EDIT)
        self._on_result = on_result
        self._shown: UUID | None = None
        with Element("section").classes("crc-panel crc-lab-replay") as section:
            section.props["aria-label"] = "Replay"
            with Element("div").classes("crc-panel-head"):
                Text("Replay", tag="h2")
                self._what = Text("")
                if not may_start and lab:
                    ui.link("Policy lab", lab)
            with Element("div").classes("crc-part"):
                if self._may_start:
                    self._draw_start()
                self._bar = TrialBar(page, self._read)
                self._figures = Still()
                self._hours = Element("div")

    async def begin(self, actor: Actor) -> None:
        """Show the last replay."""
        await self._read(actor)

    def _draw_start(self) -> None:
        with Element("div").classes("crc-lab-start"):
            self._days = ui.number("Days of history", value=DAYS, min=1, max=MAX_DAYS, precision=0)
            self._days.props("dense outlined")
            today = datetime.now(UTC).astimezone(self._page.institution.zone).date()
            self._day = ui.input("By the rules of", value=today.isoformat()).props("dense outlined type=date")
            self._start = ActionButton("Replay", self._page.handler(self._begin), kind="primary", icon_name="history")

    async def _begin(self, actor: Actor) -> None:
        if self._days.value is None:
            raise BadTrial(f"Choose between 1 and {MAX_DAYS} days.")
        try:
            when = date.fromisoformat(str(self._day.value))
        except ValueError:
            raise BadTrial("Choose the day whose rules are to judge.") from None
        trial_id = await start_replay(actor, self._version_id, int(self._days.value), when)
        # It goes on when this page is closed: what it finds is kept with the version.
        background_tasks.create(run_replay(actor, trial_id), name="replay")
        await self._read(actor)

    async def _read(self, actor: Actor) -> None:
        trial = await latest_trial(actor, self._version_id, TrialKind.REPLAY)
        self._bar.show(trial)
        if self._may_start:
            self._start.set_enabled(trial is None or not trial.running)
        if trial is None or trial.result is None:
            if trial is None:
                self._figures.show([node("p", _EMPTY, class_="crc-soft")])
            elif not trial.running:
                self._clear()
            return
        if trial.id != self._shown:
            self._shown = trial.id
            self._draw(trial, Tally.model_validate(trial.result))
            if self._on_result:
                await self._on_result(actor, trial)

    def _clear(self) -> None:
        self._figures.show([])
        self._hours.clear()

    def _draw(self, trial: Trial, tally: Tally) -> None:
        rules = f" · rules of {day(trial.day)}" if trial.day else ""
        self._what.set_text(f"last {trial.days} days · {count(tally.items)} checks{rules}")
        if not tally.items:
            self._clear()
            self._figures.show([node("p", "No check came in during these days.", class_="crc-soft")])
            return
        self._figures.show([_table(trial, tally), *_moves(tally, self._names)])
        self._hours.clear()
        with self._hours:
            _draw_hours(trial, by_hour(tally))


_EMPTY: Final = (
    "Not replayed yet. A replay judges the checks of past days by this version and by the active one, and shows what "
    "would have been different."
)


def _table(trial: Trial, tally: Tally) -> Node:
    head = node("tr", node("th", "figure", scope="col"), node("th", f"version {trial.against}", scope="col"),
                node("th", f"version {trial.version}", scope="col"), node("th", "difference", scope="col"))  # fmt: skip
    rows: list[Any] = []
    for one in lines(tally):
        words = {True: "better", False: "worse", None: ""}[one.better]
        said = node("span", f"{one.difference} {words}".strip(), data_tone=_TONES[one.better])
        rows.append(
            node("tr", node("th", one.label, node("small", one.unit), scope="row", title=one.help), node("td", one.was),
                 node("td", one.now), node("td", said))
        )  # fmt: skip
    return node("table", node("thead", head), node("tbody", *rows), class_="crc-lab-figures")


def _moves(tally: Tally, names: Names) -> list[Node]:
    """From which queue to which, the most first."""
    if not tally.moves:
        return []

    def words(move: str) -> str:
        return " → ".join(names.queues.get(key, key.replace("_", " ")) for key in move.split(">"))

    most = sorted(tally.moves.items(), key=lambda one: (-one[1], one[0]))
    lines = [node("li", words(move), " ", node("strong", count(number))) for move, number in most]
    return [node("h3", "Moved between queues"), node("ul", *lines, class_="crc-lab-moves")]


def _draw_hours(trial: Trial, hours: ByHour) -> None:
    names = f"due, version {trial.against}", f"due, version {trial.version}", f"comes in, version {trial.version}"
    clock = [f"{at}:00" for at in range(24)]
    Text(f"A day by the hour, in {hours.unit}", tag="h3")
    options = {
        "xAxis": axis(type="category", data=clock, splitLine={"show": False}),
        "yAxis": axis(type="value"),
        "series": [
            bars(names[0], hours.was, "line-strong"),
            bars(names[1], hours.now, "accent"),
            line(names[2], hours.comes, "flag", symbol="none", lineStyle={"color": "var(--flag)", "type": "dashed"}),
        ],
    }
    draw_chart(f"Work by the hour of the day, in {hours.unit}; the table below says the same", options, 190)
    rows = [
        (at, *(f"{value:,.2f}" for value in values))
        for at, *values in zip(clock, hours.was, hours.now, hours.comes, strict=True)
        if any(values)
    ]
    draw_table("The hours as a table", ("Hour", *names), rows)
