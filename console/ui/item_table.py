"""The table of check items: one component in the browser, fed with plain rows.

Rows are drawn by the browser and only where they are in view, so ten thousand cost what fifty do. The clocks run
there too. The server is asked for three things only: another order, more rows, and opening a row.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Literal, NotRequired, TypedDict

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from console.ui.format import epoch_ms
from console.ui.keys import Scope, key_of
from console.ui.page_keys import mine

Align = Literal["left", "right"]
TableStatus = Literal["ready", "loading", "error"]
Answer = Awaitable[None] | None


class ItemRow(TypedDict):
    """One row as the browser gets it: words ready to be shown, moments in epoch milliseconds.

    ``due_ms`` is ``None`` while the SLA clock is paused. ``account`` is masked already. ``held_by`` is the name of
    whoever holds the item, ``held_by_me`` whether that is the person looking. In the hour before ``return_ms``, the
    last minute to return the item, that is counted down in place of ``return_by``. ``maker`` and ``recommends`` are of
    the columns of the approvals.
    """

    id: str
    due_ms: int | None
    warn_ms: NotRequired[int | None]
    return_by: str
    return_by_title: NotRequired[str]
    return_ms: NotRequired[int | None]
    amount: str
    type: str
    account: str
    serial: str
    flags: Sequence[str]
    priority: str
    status: str
    held_by: str | None
    held_by_me: NotRequired[bool]
    assigned: NotRequired[str]
    received_ms: int
    maker: NotRequired[str]
    recommends: NotRequired[str]
    recommends_title: NotRequired[str]


@dataclass(frozen=True, slots=True)
class Column:
    """A column by the key of its value; ``width`` in CSS units, empty for the one that takes what is left."""

    key: str
    label: str
    width: str = ""
    align: Align = "left"
    sortable: bool = True


QUEUE_COLUMNS: Final[tuple[Column, ...]] = (
    Column("sla", "SLA", "96px"),
    Column("return_by", "Return by", "110px"),
    Column("amount", "Amount", "118px", "right"),
    Column("type", "Type", "64px"),
    Column("account", "Account", "90px"),
    Column("serial", "Serial", "76px", "right"),
    Column("flags", "Flags", sortable=False),
    Column("priority", "Priority", "74px"),
    Column("status", "Status", "126px"),
    Column("held_by", "Held by", "148px", sortable=False),
    Column("assigned", "Assigned", "92px", sortable=False),
    Column("age", "Age", "54px", "right"),
)

# For the hints of a table in which one moves.
MOVE: Final = ("row_up row_down", "move")
# So many rows are remembered that were here lately.
_VANISHED: Final = 500


@dataclass(frozen=True, slots=True)
class Sort:
    """The order of the rows: by one column, ascending or not."""

    column: str
    descending: bool = False


class ItemTable(Element, component="item_table.js", dependencies=["crc_clock.js"]):
    """The queue table.

    ``on_open(id)``: Enter or a double click on a row. ``on_sort(Sort)``: a click on a head, the rows then come by
    :meth:`set_rows`. ``on_more()``: the end of the rows is near and more exist, answer with :meth:`append_rows`.
    ``on_select(id)`` comes after the selection rested for a moment, so a page can prefetch.
    ``on_retry()``: the button of the error state. With ``on_check(ids)`` rows have a box and can be chosen, for
    something to be done with all of them; it comes with every change of what is chosen.

    ``hints`` name actions of the queue's scope and say what they do here; the foot shows the person's keys for them.
    The page's keys act on the table that has the cursor, or else on the first one on the screen.
    """

    def __init__(
        self,
        *,
        label: str,
        on_open: Callable[[str], Answer],
        on_sort: Callable[[Sort], Answer] | None = None,
        on_more: Callable[[], Answer] | None = None,
        on_select: Callable[[str], Answer] | None = None,
        on_retry: Callable[[], Answer] | None = None,
        on_check: Callable[[tuple[str, ...]], Answer] | None = None,
        columns: Sequence[Column] = QUEUE_COLUMNS,
        hints: Sequence[tuple[str, str]] = (),
        empty: str = "Nothing is waiting here.",
    ) -> None:
        super().__init__()
        self.classes("crc-table")
        self._columns = {column.key: column for column in columns}
        self.props["label"] = label
        self.props["columns"] = [asdict(column) for column in columns]
        self.props["hints"] = [[self._caps(actions), words] for actions, words in hints]
        self.props["empty"] = empty
        self.props["choosing"] = on_check is not None
        self.props["page"] = {"seq": 0, "rows": [], "total": None, "more": False, "now": None}
        self.props["sort"] = None
        self.props["status"] = "loading"
        self.props["fault"] = ""
        self._rows: dict[str, ItemRow] = {}
        # Rows that were here: whoever opens one in the moment in which it vanishes has still seen it.
        self._vanished: dict[str, None] = {}
        self.on("open", lambda event: self._with_id(event, on_open))
        if on_select:
            self.on("select", lambda event: self._with_id(event, on_select))
        if on_sort:
            self.on("sort", lambda event: self._with_sort(event, on_sort))
        if on_more:
            self.on("more", lambda _: on_more(), [])
        if on_retry:
            self.on("retry", lambda _: on_retry(), [])
        if on_check:
            self.on("check", lambda event: on_check(self._known(event.args)))

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the rows given so far, in their order."""
        return tuple(self._rows)

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show these columns."""
        self._columns = {column.key: column for column in columns}
        self.props["columns"] = [asdict(column) for column in columns]

    def clear_checks(self) -> None:
        """Let no row be chosen any more."""
        self.run_method("clearChecks")

    def set_rows(
        self,
        rows: Iterable[ItemRow],
        *,
        now: datetime,
        total: int | None = None,
        more: bool = False,
        sort: Sort | None = None,
        empty: str = "",
    ) -> None:
        """Show these rows instead of the present ones; the selected row stays selected where it is among them.

        ``now`` is the server's clock, ``total`` how many rows the query has, ``more`` whether some are left. From now
        on ``empty`` is said where there is none.
        """
        if empty:
            self.props["empty"] = empty
        before, self._rows = self._rows, {row["id"]: row for row in rows}
        self._forget(*(key for key in before if key not in self._rows))
        self.props["sort"] = None if sort is None else asdict(sort)
        self.props["status"] = "ready"
        self._send(now=now, total=total, more=more)

    def append_rows(self, rows: Iterable[ItemRow], *, more: bool, total: int | None = None) -> None:
        """Add rows at the end. Rows that are there already keep their place and take the new values."""
        added = list(rows)
        self._rows |= {row["id"]: row for row in added}
        self._change("append", added, more=more, total=total)

    def insert(self, row: ItemRow, *, before: str | None = None) -> None:
        """Add a row in front of ``before``, or at the end; a row that is there already moves."""
        rest = {key: value for key, value in self._rows.items() if key != row["id"]}
        ids = list(rest)
        ids.insert(ids.index(before) if before in rest else len(ids), row["id"])
        self._rows = {key: row if key == row["id"] else rest[key] for key in ids}
        self._change("insert", row, before)

    def patch_rows(self, patches: Mapping[str, Mapping[str, Any]]) -> None:
        """Change values of rows that are shown: ``{id: {"held_by": "j.ito"}}``. Other ids are passed over."""
        known = {key: dict(patch) for key, patch in patches.items() if key in self._rows}
        for key, patch in known.items():
            self._rows[key] = {**self._rows[key], **patch}  # type: ignore[typeddict-item]
        if known:
            self._change("patch", known)

    def remove_row(self, row_id: str) -> None:
        """Let a row vanish; the selection moves to the row that takes its place."""
        if self._rows.pop(row_id, None) is not None:
            self._forget(row_id)
            total = self.props["page"]["total"]
            self._change("remove", row_id, total=None if total is None else max(0, total - 1))

    def set_status(self, status: TableStatus, fault: str = "") -> None:
        """``loading`` (rows on their way), ``error`` with words on what happened and what to do, ``ready``."""
        with self.props.suspend_updates():  # an update would send every row again
            self.props["status"] = status
            self.props["fault"] = fault
        self.run_method("setStatus", status, fault)

    def _caps(self, actions: str) -> str:
        return " ".join(mine(self.client, key_of(action, Scope.QUEUE)).cap for action in actions.split())

    def _send(self, *, now: datetime, total: int | None, more: bool) -> None:
        seq = self.props["page"]["seq"] + 1
        rows = list(self._rows.values())
        self.props["page"] = {"seq": seq, "rows": rows, "total": total, "more": more, "now": epoch_ms(now)}

    def _change(self, method: str, *args: Any, more: bool | None = None, total: int | None = None) -> None:
        """Change rows in the browser without sending the others again; what a reload would get changes too."""
        page = self.props["page"]
        page["rows"] = list(self._rows.values())
        if more is not None:
            page["more"] = more
        if total is not None:
            page["total"] = total
        self.run_method(method, *args, {"more": page["more"], "total": page["total"]})

    def _forget(self, *row_ids: str) -> None:
        self._vanished |= dict.fromkeys(row_ids)
        for oldest in list(self._vanished)[:-_VANISHED]:
            del self._vanished[oldest]

    def _with_id(self, event: GenericEventArguments, handler: Callable[[str], Answer]) -> Answer:
        # What a browser sends is a claim, not a fact: only ids this table was given are passed on.
        row_id = event.args
        known = isinstance(row_id, str) and (row_id in self._rows or row_id in self._vanished)
        return handler(row_id) if known else None

    def _known(self, ids: object) -> tuple[str, ...]:
        return tuple(one for one in ids if one in self._rows) if isinstance(ids, list) else ()

    def _with_sort(self, event: GenericEventArguments, handler: Callable[[Sort], Answer]) -> Answer:
        match event.args:
            case {"column": str(key), "descending": bool(descending)}:
                column = self._columns.get(key)
                return handler(Sort(key, descending)) if column and column.sortable else None
        return None
