"""What each person did, as a table: names are read, not looked at."""

from __future__ import annotations

from nicegui.element import Element

from console.insight import report_sheets
from console.insight.definitions import Report
from console.insight.people import People
from console.insight.report_panel import Export, ReportPanel
from console.insight.values_panel import shown
from console.ui.page import ConsolePage
from console.ui.still import Still, node


class PeoplePanel:
    """Draws its panel where it is made."""

    def __init__(self, page: ConsolePage, export: Export) -> None:
        self.panel = ReportPanel(page, Report.PEOPLE, export, classes="crc-full")

    def show(self, found: People) -> None:
        """Show these people's figures."""
        sheet = report_sheets.people(found)
        rows = [[shown(value) for value in row] for row in sheet.rows]

        def draw() -> None:
            head = node("tr", *(node("th", one, scope="col") for one in sheet.heads))
            body = [node("tr", node("th", row[0], scope="row"), *(node("td", one) for one in row[1:])) for row in rows]
            with Element("div").classes("crc-matrix crc-workload") as box:
                box.props["tabindex"] = "0"
                box.props["role"] = "region"
                box.props["aria-label"] = "Figures by person"
                Still().show([node("table", node("thead", head), node("tbody", *body))])

        self.panel.show(sheet, draw, empty="" if found else "Nobody decided anything on these days.", folded=False)
