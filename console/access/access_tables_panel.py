"""The tables of the access review: who holds what, the campaigns, and a campaign's lines."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from console.access.access_export import NOBODY, limit_text, moment_text, reach_text
from console.access.access_report import ReportLine, ReportPage
from console.access.access_review_list import Line, LinePage, Review, ReviewPage
from console.ui.format import count, day
from console.ui.item_table import MOVE, Column, ItemRow, ItemTable

REPORT_COLUMNS: Final = (
    Column("person", "Person", "190px", sortable=False),
    Column("username", "Username", "150px", sortable=False),
    Column("role", "Role", "130px", sortable=False),
    Column("limit", "Up to", "104px", "right", sortable=False),
    Column("reach", "Queues and types", "150px", sortable=False),
    Column("may", "May", sortable=False),
    Column("since", "Since", "134px", sortable=False),
    Column("by", "Granted by", "150px", sortable=False),
    Column("used", "Last used", "134px", sortable=False),
)
REVIEW_COLUMNS: Final = (
    Column("name", "Access review", sortable=False),
    Column("state", "State", "110px", sortable=False),
    Column("due", "Due", "110px", sortable=False),
    Column("left", "To decide", "90px", "right", sortable=False),
    Column("confirmed", "Confirmed", "90px", "right", sortable=False),
    Column("revoked", "Revoked", "90px", "right", sortable=False),
    Column("started", "Started", "134px", sortable=False),
    Column("by", "By", "160px", sortable=False),
)
LINE_COLUMNS: Final = (
    Column("person", "Person", "190px", sortable=False),
    Column("username", "Username", "150px", sortable=False),
    Column("role", "Role", "130px", sortable=False),
    Column("since", "Since", "134px", sortable=False),
    Column("by", "Granted by", "150px", sortable=False),
    Column("used", "Last used", "134px", sortable=False),
    Column("outcome", "Outcome", "130px", sortable=False),
    Column("decided_by", "Decided by", "150px", sortable=False),
    Column("note", "Note", sortable=False),
)

Answer = Awaitable[None] | None


class ReportTable(ItemTable):
    """Every role that somebody holds. `on_open(line)`: one was opened."""

    def __init__(
        self, zone: ZoneInfo, *, on_open: Callable[[ReportLine], Answer], on_more: Callable[[], Answer]
    ) -> None:
        super().__init__(
            label="Who can do what",
            columns=REPORT_COLUMNS,
            on_open=lambda line_id: on_open(self._lines[line_id]) if line_id in self._lines else None,
            on_more=on_more,
            hints=(MOVE, ("row_open", "what it allows"), ("search", "search")),
            empty="Nobody holds such a role.",
        )
        self._zone = zone
        self._lines: dict[str, ReportLine] = {}

    def show(self, page: ReportPage, total: int) -> None:
        """Show these lines instead of the present ones."""
        self._lines = {}
        self.set_rows(self._drawn(page.lines), now=datetime.now(UTC), total=total, more=page.next is not None)

    def add(self, page: ReportPage) -> None:
        """Add a page at the end."""
        self.append_rows(self._drawn(page.lines), more=page.next is not None)

    def _drawn(self, lines: Iterable[ReportLine]) -> list[ItemRow]:
        rows = {_line_id(line): line for line in lines}
        self._lines |= rows
        return [_row(self._line(line)) for line in rows.values()]

    def _line(self, line: ReportLine) -> dict[str, Any]:
        permissions = ", ".join(sorted(line.grant.permissions))
        return {
            "id": _line_id(line),
            "person": line.display_name,
            "person_title": line.display_name,
            "username": line.username,
            "username_title": line.username,
            "role": line.role_name,
            "role_title": line.role_name,
            "limit": limit_text(line) or "—",
            "reach": reach_text(line),
            "reach_title": reach_text(line),
            "may": permissions,
            "may_title": permissions,
            "since": moment_text(line.granted_at, self._zone),
            "by": line.granted_by or NOBODY,
            "by_title": line.granted_by or NOBODY,
            "used": moment_text(line.last_used_at, self._zone),
        }


class ReviewsTable(ItemTable):
    """The campaigns, the latest first. `on_open(id)`: one was opened."""

    def __init__(self, zone: ZoneInfo, *, on_open: Callable[[str], Answer], on_more: Callable[[], Answer]) -> None:
        super().__init__(
            label="Access reviews",
            columns=REVIEW_COLUMNS,
            on_open=on_open,
            on_more=on_more,
            hints=(MOVE, ("row_open", "open")),
            empty="No access review was started yet.",
        )
        self._zone = zone

    def show(self, page: ReviewPage) -> None:
        """Show these campaigns instead of the present ones."""
        self.set_rows([self._drawn(one) for one in page.reviews], now=datetime.now(UTC), more=page.next is not None)

    def add(self, page: ReviewPage) -> None:
        """Add a page at the end."""
        self.append_rows([self._drawn(one) for one in page.reviews], more=page.next is not None)

    def _drawn(self, review: Review) -> ItemRow:
        return _row(
            {
                "id": str(review.id),
                "name": review.name,
                "name_title": review.name,
                "state": state_of(review),
                "due": day(review.due_on),
                "left": count(review.left),
                "confirmed": count(review.confirmed),
                "revoked": count(review.revoked),
                "started": moment_text(review.started_at, self._zone),
                "by": review.started_by or "the console",
            }
        )


class LinesTable(ItemTable):
    """A campaign's lines. `on_open(id)`: one was opened, to be decided."""

    def __init__(
        self, zone: ZoneInfo, *, on_open: Callable[[str], Answer], on_more: Callable[[], Answer], decides: bool
    ) -> None:
        super().__init__(
            label="Lines of the review",
            columns=LINE_COLUMNS,
            on_open=on_open,
            on_more=on_more,
            hints=(MOVE, ("row_open", "decide")) if decides else (MOVE,),
            empty="There is no such line.",
        )
        self._zone = zone

    def show(self, page: LinePage, total: int) -> None:
        """Show these lines instead of the present ones."""
        rows = [self._drawn(line) for line in page.lines]
        self.set_rows(rows, now=datetime.now(UTC), total=total, more=page.next is not None)

    def add(self, page: LinePage) -> None:
        """Add a page at the end."""
        self.append_rows([self._drawn(line) for line in page.lines], more=page.next is not None)

    def _drawn(self, line: Line) -> ItemRow:
        outcome = line.outcome or ("to decide" if line.held else "no longer held")
        return _row(
            {
                "id": str(line.id),
                "person": line.display_name,
                "person_title": line.display_name,
                "username": line.username,
                "username_title": line.username,
                "role": line.role_name,
                "role_title": line.role_name,
                "since": moment_text(line.granted_at, self._zone),
                "by": line.granted_by or NOBODY,
                "by_title": line.granted_by or NOBODY,
                "used": moment_text(line.last_used_at, self._zone),
                "outcome": outcome,
                "decided_by": line.decided_by or "",
                "note": line.note or "",
                "note_title": line.note or "",
            }
        )


def state_of(review: Review) -> str:
    """Where a campaign stands, in a word."""
    if review.closed_at is not None:
        return "closed"
    return "overdue" if review.overdue else "under way"


def _line_id(line: ReportLine) -> str:
    return f"{line.user_id} {line.role}"


def _row(values: dict[str, Any]) -> ItemRow:
    """A row of columns of our own: the table draws whatever its columns name."""
    return cast("ItemRow", values)
