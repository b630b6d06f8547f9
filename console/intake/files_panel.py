"""The list of received files, and beside it what was found in the one that is chosen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from nicegui.element import Element

from console.intake.file_list import FilePage, FindingPage, FindingRow, ReceivedFile
from console.ui.format import count, in_full, money
from console.ui.item_table import MOVE, Column, ItemRow, ItemTable
from console.ui.pieces import ActionButton, Chip, Text, Tone

FILE_COLUMNS: Final = (
    Column("name", "File", sortable=False),
    Column("received", "Received", "124px", sortable=False),
    Column("by", "By", "150px", sortable=False),
    Column("result", "Result", "92px", sortable=False),
    Column("checks", "Checks", "80px", "right", sortable=False),
    Column("returns", "Returns", "80px", "right", sortable=False),
    Column("credits", "Credits", "76px", "right", sortable=False),
    Column("images", "Images", "90px", "right", sortable=False),
    Column("displayable", "Displayable", "106px", "right", sortable=False),
    Column("amount", "Amount", "150px", "right", sortable=False),
    Column("findings", "Findings", "88px", "right", sortable=False),
)
FINDING_COLUMNS: Final = (
    Column("record", "Record", "82px", "right", sortable=False),
    Column("offset", "Byte offset", "110px", "right", sortable=False),
    Column("field", "Field", "200px", sortable=False),
    Column("problem", "Problem", sortable=False),
    Column("found", "Found", "200px", sortable=False),
    Column("expected", "Expected", "230px", sortable=False),
)
FILE_HINTS: Final = (MOVE, ("row_open", "findings"))

Answer = Awaitable[None] | None


class FilesTable(ItemTable):
    """The received files, the latest first. `on_choose(id)`: a file was clicked, reached or opened."""

    def __init__(self, zone: ZoneInfo, *, on_choose: Callable[[str], Answer], on_more: Callable[[], Answer]) -> None:
        super().__init__(
            label="Files received",
            columns=FILE_COLUMNS,
            hints=FILE_HINTS,
            on_open=on_choose,
            on_select=on_choose,
            on_more=on_more,
            empty="No file came in yet.",
        )
        self._zone = zone

    def show(self, page: FilePage, total: int) -> None:
        """Show these files instead of the present ones."""
        self.set_rows(self._drawn(page.rows), now=datetime.now(UTC), total=total, more=page.next is not None)

    def add(self, page: FilePage) -> None:
        """Add a page at the end."""
        self.append_rows(self._drawn(page.rows), more=page.next is not None)

    def _drawn(self, files: Sequence[ReceivedFile]) -> list[ItemRow]:
        today = datetime.now(self._zone).date()
        return [_row(self._file(file, today)) for file in files]

    def _file(self, file: ReceivedFile, today: Any) -> dict[str, Any]:
        moment = file.received_at.astimezone(self._zone)
        return {
            "id": str(file.id),
            "name": file.name,
            "name_title": f"{file.name}, {count(file.size)} bytes, SHA-256 {file.sha256.hex()}",
            "received": f"{moment:%H:%M}" if moment.date() == today else f"{moment.day} {moment:%b %H:%M}",
            "received_title": in_full(file.received_at, self._zone),
            "by": file.received_by or "the system",
            "result": file.status,
            "checks": count(file.checks),
            "returns": count(file.returns),
            "credits": count(file.credits),
            "images": count(file.images_stored),
            "displayable": count(file.images_displayable),
            "amount": money(file.amount),
            "findings": count(file.findings),
        }


class FindingsPanel(Element):
    """What was found in one file; hidden until there is one. `on_more()`: read on. `on_close()`: put it away."""

    def __init__(self, *, on_more: Callable[[], Answer], on_close: Callable[[], Answer]) -> None:
        super().__init__("section")
        self.classes("crc-panel crc-detail")
        self.props["aria-label"] = "Findings"
        with self:
            with Element("div").classes("crc-detail-head"):
                self._title = Text("", tag="h2")
                self._status = Chip("")
                self._facts = Text("", classes="crc-soft crc-work-words")
                ActionButton("Close", on_close, icon_name="close")
            self._table = ItemTable(
                label="Findings of the file",
                columns=FINDING_COLUMNS,
                on_open=lambda _: None,
                on_more=on_more,
                empty="Nothing odd was found in this file.",
            )
        self.set_visibility(False)

    def show(self, file: ReceivedFile, page: FindingPage) -> None:
        """Show a file's findings from the first one on."""
        refused = file.status == "refused"
        self._title.set_text(f"{'Problems' if refused else 'Findings'} of {file.name}")
        self._status.set(file.status, Tone.BREACH if refused else Tone.OK)
        self._facts.set_text(_facts(file, page.kept))
        self._table.set_rows(
            [_finding(row) for row in page.rows],
            now=datetime.now(UTC),
            total=page.kept,
            more=page.next is not None,
        )
        self.set_visibility(True)

    def add(self, page: FindingPage) -> None:
        """Add a page at the end."""
        self._table.append_rows([_finding(row) for row in page.rows], more=page.next is not None)

    def close(self) -> None:
        """Put it away."""
        self.set_visibility(False)


def _facts(file: ReceivedFile, kept: int) -> str:
    way = f"from {file.origin} to {file.destination}, " if file.origin and file.destination else ""
    rest = f", the first {count(kept)} of {count(file.findings)} are kept" if file.findings > kept else ""
    return f"{way}{count(file.size)} bytes{rest}"


def _finding(row: FindingRow) -> ItemRow:
    texts = {"field": row.field, "problem": row.problem, "found": row.found, "expected": row.expected}
    titles = {f"{name}_title": text for name, text in texts.items()}
    return _row({"id": str(row.id), "record": count(row.record), "offset": count(row.offset), **texts, **titles})


def _row(values: dict[str, Any]) -> ItemRow:
    """A row of columns of our own: the table draws whatever its columns name."""
    return cast("ItemRow", values)
