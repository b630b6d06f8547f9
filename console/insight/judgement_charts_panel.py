"""The charts of judgement: whether people agree with each other, with the advice and with the flags, and why they
return checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from console.insight import report_sheets
from console.insight.advised import Advice
from console.insight.agreement import Agreement
from console.insight.definitions import Report
from console.insight.drawing_panel import MOST_ACROSS, draw_across
from console.insight.flagged import FlagReport
from console.insight.report_panel import Export, ReportPanel
from console.insight.returns import Returns
from console.review.overrides import OVERRIDE_WORDS
from console.ui.charts import bars
from console.ui.page import ConsolePage

_AGREED: Final = ("ok", "flag")


class JudgementCharts:
    """Draws its panels where it is made."""

    def __init__(self, page: ConsolePage, export: Export) -> None:
        self._second = ReportPanel(page, Report.SECOND, export)
        self._advice = ReportPanel(page, Report.ADVICE, export)
        self._overrides = ReportPanel(page, Report.OVERRIDES, export)
        self._returns = ReportPanel(page, Report.RETURNS, export)
        self._flags = ReportPanel(page, Report.FLAGS, export, classes="crc-wide")
        self.of_agreement, self.of_advice = (self._second,), (self._advice, self._overrides)
        self.of_returns, self.of_flags = (self._returns,), (self._flags,)

    def show_agreement(self, found: Agreement) -> None:
        """Whether the second of two people agrees."""
        kinds = [(label, [one for one in found if one.blind is blind]) for label, blind in _KINDS]
        shown = [(label, part) for label, part in kinds if part]
        agreed = [sum(one.agreed for one in part) for _, part in shown]
        looks = [sum(one.looks for one in part) for _, part in shown]
        self._second.show(
            report_sheets.second_people(found),
            lambda: _draw_agreed("Second looks that agreed, blind and not", [name for name, _ in shown], agreed, looks),
            empty="" if found else "No second person answered a recommendation on these days.",
        )

    def show_advice(self, found: Advice) -> None:
        """Whether people decide as is advised, and why not."""
        names = [f"advised: {one.act.value}" for one in found.acts]
        agreed, decisions = [one.agreed for one in found.acts], [one.decisions for one in found.acts]
        self._advice.show(
            report_sheets.advice(found),
            lambda: _draw_agreed("Decisions as advised", names, agreed, decisions),
            empty="" if found.acts else "No advice stood on what was decided on these days.",
        )
        most = sorted(found.categories.items(), key=lambda one: -one[1])
        series = [bars("overrides", [items for _, items in most], "flag")]
        self._overrides.show(
            report_sheets.overrides(found),
            lambda: draw_across("Overrides by reason", [OVERRIDE_WORDS[category] for category, _ in most], series),
            empty="" if most else "Nobody gave a reason against advice on these days.",
        )

    def show_returns(self, found: Returns) -> None:
        """Why checks are returned."""
        most = found.reasons[:MOST_ACROSS]
        series = [bars("checks", [one.checks for one in most], "flag")]
        names = [report_sheets.reason_name(one.reason) for one in most]
        self._returns.show(
            report_sheets.returns(found),
            lambda: draw_across("Returned checks by reason", names, series),
            empty="" if found.checks else "Nothing was returned on these days.",
        )

    def show_flags(self, found: FlagReport) -> None:
        """What people answered to each flag."""
        most = found[:MOST_ACROSS]
        unanswered = [one.raised - one.confirmed - one.dismissed - one.cannot_tell for one in most]
        series = [
            bars("confirmed", [one.confirmed for one in most], "flag", stack="answers"),
            bars("dismissed", [one.dismissed for one in most], "line-strong", stack="answers"),
            bars("cannot tell", [one.cannot_tell for one in most], "two", stack="answers"),
            bars("not answered", unanswered, "line", stack="answers"),
        ]
        self._flags.show(
            report_sheets.flags(found),
            lambda: draw_across("Answers to each flag", [one.name for one in most], series),
            empty="" if found else "No flag stood on what was decided on these days.",
        )


_KINDS: Final = (("blind", True), ("not blind", False))


def _draw_agreed(label: str, names: Sequence[str], agreed: Sequence[int], whole: Sequence[int]) -> None:
    differed = [total - part for total, part in zip(whole, agreed, strict=True)]
    series = [
        bars(name, values, colour, stack="looks")
        for name, values, colour in zip(("agreed", "differed"), (agreed, differed), _AGREED, strict=True)
    ]
    draw_across(label, names, series)
