"""Files on their way in, a line each: how far it is, then what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from nicegui.element import Element

from console.intake.arrivals import Arrival, State
from console.intake.report import ImportReport, ImportStatus
from console.ui.format import count, in_full, money
from console.ui.pieces import ActionButton, Chip, Text, Tone

_TONES: Final = {
    ImportStatus.IMPORTED: Tone.OK,
    ImportStatus.DUPLICATE: Tone.WARNING,
    ImportStatus.REFUSED: Tone.BREACH,
}
_STEPS: Final = 1000


class ArrivalsPanel(Element):
    """The lines of `arrivals`; hidden where there is none. `on_findings(file_id)`: somebody wants to read them."""

    def __init__(self, zone: ZoneInfo, *, on_findings: Callable[[UUID], Awaitable[None]]) -> None:
        super().__init__("ul")
        self.classes("crc-panel crc-work")
        self.props["aria-label"] = "Files on their way in"
        self.props["tabindex"] = "0"
        self._zone = zone
        self._on_findings = on_findings
        self._lines: dict[UUID, _Line] = {}
        self.set_visibility(False)

    def show(self, arrivals: Sequence[Arrival]) -> None:
        """Bring the lines up to date, the latest first."""
        ids = {one.id for one in arrivals}
        for gone in [key for key in self._lines if key not in ids]:
            self._lines.pop(gone).delete()
        for place, arrival in enumerate(arrivals):
            if arrival.id not in self._lines:
                with self:
                    line = self._lines[arrival.id] = _Line(arrival, self._zone, self._on_findings)
                line.move(self, place)
            self._lines[arrival.id].show(arrival)
        self.set_visibility(bool(arrivals))


class _Line(Element):
    def __init__(self, arrival: Arrival, zone: ZoneInfo, on_findings: Callable[[UUID], Awaitable[None]]) -> None:
        super().__init__("li")
        self._zone = zone
        self._on_findings = on_findings
        self._shown: State | None = None
        with self:
            Text(arrival.name, classes="crc-work-name").props["title"] = arrival.name
            Text(f"{arrival.by}, {arrival.started_at.astimezone(zone):%H:%M}", classes="crc-soft")
            self._bar = Element("progress")
            self._bar.props["aria-label"] = f"{arrival.name}: how far it is"
            self._bar.props["max"] = _STEPS
            self._words = Text("", classes="crc-work-words")
            self._end = Element("span").classes("crc-row")
            self._end.props["role"] = "status"

    def show(self, arrival: Arrival) -> None:
        if arrival.unfinished:
            fraction = arrival.fraction
            if fraction is None:
                self._bar.props.pop("value", None)
            else:
                self._bar.props["value"] = round(fraction * _STEPS)
            self._words.set_text(_doing(arrival))
        elif self._shown is not arrival.state:
            self._bar.delete()
            self.classes("crc-work-done")
            self._words.set_text(_came_of(arrival, self._zone))
            self._words.props["title"] = _came_of(arrival, self._zone)
            with self._end:
                self._draw_end(arrival)
        self._shown = arrival.state

    def _draw_end(self, arrival: Arrival) -> None:
        report = arrival.report
        if report is None:
            Chip("failed", tone=Tone.BREACH, icon_name="error_outline")
            return
        if report.file_id is not None and report.findings_total:
            label = "Problems" if report.status is ImportStatus.REFUSED else "Findings"
            file_id = report.file_id
            ActionButton(label, lambda: self._on_findings(file_id), count=count(report.findings_total))
        Chip(report.status.value, tone=_TONES[report.status])


def _doing(arrival: Arrival) -> str:
    fraction = arrival.fraction
    doing = arrival.progress.stage.value if arrival.state is State.IMPORTING else arrival.state.value
    if fraction is None:
        return doing
    return f"{doing}, {int(fraction * 100)} %"


def _came_of(arrival: Arrival, zone: ZoneInfo) -> str:
    return _result(arrival.report, zone) if arrival.report else arrival.fault


def _result(report: ImportReport, zone: ZoneInfo) -> str:
    if report.status is ImportStatus.IMPORTED:
        returns = f" and {_several(report.returns, 'return')}" if report.returns else ""
        amount = money(Decimal(report.amount_cents).scaleb(-2))
        return (
            f"{_several(report.checks, 'check')}{returns}, {amount} in all; {_several(report.images_stored, 'image')}"
        )
    if report.status is ImportStatus.DUPLICATE and report.imported_at is not None:
        return f"already imported on {in_full(report.imported_at, zone)}; nothing new was made"
    return report.message


def _several(number: int, noun: str) -> str:
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"
