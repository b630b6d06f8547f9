"""One threshold swept over a range, as curves; a point that is picked sets the draft."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from nicegui import background_tasks, ui
from nicegui.element import Element

from console.access.permissions import Permission, may
from console.actor import Actor
from console.lab.errors import BadTrial
from console.lab.replay import MAX_DAYS
from console.lab.sweep import SWEPT, Sweep, run_sweep, set_threshold, start_sweep
from console.lab.trial_bar_panel import TrialBar
from console.lab.trials import Trial, TrialKind, latest_trial
from console.policy.drafting import open_draft
from console.policy.threshold_words import THRESHOLDS, shown
from console.ui.charts import axis, draw_chart, draw_table, line
from console.ui.format import count, money
from console.ui.page import ConsolePage
from console.ui.pieces import ActionButton, Text, panel

DAYS: Final = 90
# Ends that are offered: as many times the present value.
_RANGE: Final = (Decimal("0.4"), Decimal("2.5"))


class SweepPanel:
    """The sweep of a version's thresholds. `may_set`: picking a point may change the draft."""

    def __init__(
        self, page: ConsolePage, version_id: UUID, thresholds: dict[str, Any], *, may_start: bool, may_set: bool
    ) -> None:
        self._page, self._version_id, self._thresholds = page, version_id, thresholds
        edits = may(page.actor, Permission.POLICY_EDIT)
        self._may_start, self._may_set = may_start and edits, may_set and edits
        self._sweep: Sweep | None = None
        self._revision = 0
        self._drawn: tuple[UUID, Any] | None = None
        with panel("Sensitivity", classes="crc-lab-sweep"), Element("div").classes("crc-part"):
            if self._may_start:
                self._draw_start()
            self._bar = TrialBar(page, self.read)
            self._curves = Element("div")
            self._picked = Element("div").classes("crc-row crc-lab-picked")
            self._picked.props["aria-live"] = "polite"

    def _draw_start(self) -> None:
        names = {name: THRESHOLDS[name].label for name in SWEPT}
        self._threshold = ui.select(names, value="dual_control_amount", label="Threshold")
        self._threshold.props("dense outlined options-dense")
        self._threshold.on_value_change(lambda _: self._offer())
        with Element("div").classes("crc-lab-start"):
            self._low, self._high = ui.input("From"), ui.input("To")
            self._days = ui.number("Days", value=DAYS, min=1, max=MAX_DAYS, precision=0)
            for field in (self._low, self._high, self._days):
                field.props("dense outlined")
            for field in (self._low, self._high):
                field.props("inputmode=decimal maxlength=18")
            self._start = ActionButton("Sweep", self._page.handler(self._begin), icon_name="ssid_chart")
        self._offer()

    def _offer(self) -> None:
        now = Decimal(str(self._thresholds[self._threshold.value]))
        whole = isinstance(self._thresholds[self._threshold.value], int)
        low, high = (now * times for times in _RANGE)
        for field, value in ((self._low, max(low, Decimal(1))), (self._high, max(high, Decimal(10)))):
            field.value = f"{value.quantize(Decimal(1)):f}" if whole or value >= 100 else f"{value.normalize():f}"

    async def _begin(self, actor: Actor) -> None:
        try:
            low, high = (Decimal(str(field.value).replace(",", "")) for field in (self._low, self._high))
        except InvalidOperation:
            raise BadTrial("Write both ends of the range as numbers.") from None
        if not (low.is_finite() and high.is_finite()) or self._days.value is None:
            raise BadTrial("Write both ends of the range, and the days, as numbers.")
        days = int(self._days.value)
        trial_id = await start_sweep(actor, self._version_id, str(self._threshold.value), low, high, days)
        background_tasks.create(run_sweep(actor, trial_id), name="sweep")
        await self.read(actor)

    async def read(self, actor: Actor) -> None:
        """Show the last sweep."""
        trial = await latest_trial(actor, self._version_id, TrialKind.SWEEP)
        self._bar.show(trial)
        if self._may_start:
            self._start.set_enabled(trial is None or not trial.running)
        if trial is None:
            self._curves.clear()
            with self._curves:
                Text("Choose a threshold: its curve says what every other value would have meant.", tag="p",
                     classes="crc-soft")  # fmt: skip
        elif trial.result:
            opened = await open_draft(actor, self._version_id)
            self._revision, self._thresholds = opened.revision, opened.document["thresholds"]
            self._draw(trial, Sweep.model_validate(trial.result))

    def _draw(self, trial: Trial, sweep: Sweep) -> None:
        now = self._thresholds[sweep.threshold]
        if self._drawn == (trial.id, now):
            return
        self._drawn, self._sweep = (trial.id, now), sweep
        self._curves.clear()
        self._picked.clear()
        with self._curves:
            words = THRESHOLDS[sweep.threshold].label
            Text(f"{words} · last {sweep.days} days · {count(sweep.items)} checks", tag="h3")
            _draw_curves(sweep, now, self._pick if self._may_set else None)
            _draw_values(sweep)
            if self._may_set:
                values = {at: shown(sweep.threshold, one.value) for at, one in enumerate(sweep.points)}
                pick = ui.select(values, label="Pick a point", clearable=True).props("dense outlined options-dense")
                pick.on_value_change(lambda event: None if event.value is None else self._pick(event.value))

    def _pick(self, at: int) -> None:
        if self._sweep is None or not 0 <= at < len(self._sweep.points):
            return
        point = self._sweep.points[at]
        self._picked.clear()
        with self._picked:
            value = shown(self._sweep.threshold, point.value)
            Text(f"{value}: {_a_day(point.reviewed, self._sweep)} reviewed and {_a_day(point.two_people, self._sweep)} "
                 "by two people a day.")  # fmt: skip
            ActionButton(f"Set the draft to {value}", self._page.handler(self._set), kind="primary")
        self._at = at

    async def _set(self, actor: Actor) -> None:
        if self._sweep is None:
            return
        point = self._sweep.points[self._at]
        await set_threshold(actor, self._version_id, self._sweep.threshold, point.value, self._revision)
        self._page.tell(f"The draft's threshold is {shown(self._sweep.threshold, point.value)} now. It is saved.")
        await self.read(actor)


def _a_day(items: int, sweep: Sweep) -> str:
    return f"{items / _days(sweep):,.1f}"


def _days(sweep: Sweep) -> int:
    """Those on which checks came, as a replay counts them."""
    return max(sweep.busy or sweep.days, 1)


def _draw_curves(sweep: Sweep, now: Any, on_pick: Any) -> None:
    values = [float(one.value) for one in sweep.points]  # a place on an axis, no amount

    def per_day(name: str) -> list[list[float]]:
        days = _days(sweep)
        return [[at, round(getattr(one, name) / days, 2)] for at, one in zip(values, sweep.points, strict=True)]

    def each(name: str) -> list[list[float]]:
        return [[at, getattr(one, name)] for at, one in zip(values, sweep.points, strict=True)]

    mark = {
        "symbol": "none", "silent": True, "data": [{"xAxis": float(now)}],
        "lineStyle": {"color": "var(--ink-soft)", "type": "dashed"},
        "label": {"formatter": "draft", "color": "var(--ink-soft)", "fontSize": 11},
    }  # fmt: skip
    options = {
        "xAxis": axis(type="value", min=values[0], max=values[-1], splitLine={"show": False}),
        "yAxis": [axis(type="value", name="a day", nameGap=8),
                  axis(type="value", name="known fraud", nameGap=8, minInterval=1, splitLine={"show": False},
                       nameTextStyle={"color": "var(--ink-soft)", "fontSize": 11, "align": "right"})],
        "grid": {"left": 6, "right": 10, "top": 66, "bottom": 8, "containLabel": True},
        "series": [
            line("reviewed a day", per_day("reviewed"), "accent", markLine=mark),
            line("two people a day", per_day("two_people"), "two", symbol="rect"),
            line("fraud caught", each("fraud_caught"), "flag", yAxisIndex=1, symbol="triangle"),
            line("fraud missed", each("fraud_missed"), "breach", yAxisIndex=1, symbol="diamond"),
        ],
    }  # fmt: skip
    label = f"What each value of “{THRESHOLDS[sweep.threshold].label}” would have meant; the table below says the same"
    draw_chart(label, options, 250, on_point=on_pick)


def _draw_values(sweep: Sweep) -> None:
    rows = [
        (shown(sweep.threshold, one.value), _a_day(one.reviewed, sweep), _a_day(one.two_people, sweep),
         f"{count(one.fraud_caught)} of {count(sweep.fraud)}", count(one.fraud_missed), money(one.one_person_amount))
        for one in sweep.points
    ]  # fmt: skip
    headings = ("Value", "Reviewed a day", "Two people", "Fraud caught", "Missed", "Before one person")
    draw_table("The points as a table", headings, rows)
