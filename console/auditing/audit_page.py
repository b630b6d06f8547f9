"""The Audit page: who did what to what, when and from where, for what the address names; each entry with its proof."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Final, cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from nicegui import ui
from nicegui.element import Element

from console.access.permissions import Permission, may
from console.actor import Actor
from console.auditing.chain_panel import ChainPanel, awaited
from console.auditing.chosen import Chosen, chosen_of
from console.auditing.entry_panel import EntryPanel
from console.auditing.errors import TrailRefused
from console.auditing.filter_panel import FilterPanel
from console.auditing.proof import read_entry
from console.auditing.shown import Entry
from console.auditing.standing import Archived, read_standing
from console.auditing.trail import TrailPage, read_trail
from console.auditing.trail_export import export_trail
from console.auditing.words import object_words
from console.insight.periods import Window
from console.operations.chain_checks import ask_to_verify
from console.operations.jobs import JobNotFound, JobUnchanged
from console.ui.format import count, day, in_full
from console.ui.hotkeys import Hotkeys
from console.ui.item_table import MOVE, Column, ItemRow, ItemTable
from console.ui.keys import list_keys
from console.ui.page import ConsolePage, console_page, show_to_people
from console.ui.pieces import ActionButton

PATH: Final = "/audit"
COLUMNS: Final = (
    Column("number", "No.", "80px", "right", sortable=False),
    Column("at", "When", "142px", sortable=False),
    Column("who", "Who", "170px", sortable=False),
    Column("what", "What", sortable=False),
    Column("object", "Object", "250px", sortable=False),
    Column("address", "From", "118px", sortable=False),
)
# Beside an open entry, which says from where.
COLUMNS_BESIDE: Final = (
    Column("number", "No.", "72px", "right", sortable=False),
    Column("at", "When", "132px", sortable=False),
    Column("who", "Who", "148px", sortable=False),
    Column("what", "What", sortable=False),
    Column("object", "Object", "212px", sortable=False),
)
_NOTHING: Final = "Nothing of this happened on these days."
REFRESH_SECONDS: Final = 3.0
show_to_people(TrailRefused, JobUnchanged, JobNotFound)


@console_page(PATH, permission=Permission.AUDIT_READ, title="Audit")
async def audit_page(page: ConsolePage) -> None:
    """The part of the trail, and the entry, that the address names."""
    given = dict(page.client.request.query_params)
    opened = given.pop("entry", "")
    chosen, left_out = chosen_of(given)
    view = AuditView(
        page, chosen, int(opened) if opened.isascii() and opened.isdecimal() and len(opened) < 19 else None
    )
    if opened and view.opened is None:
        left_out = (*left_out, "entry")
    ui.timer(0.05, lambda: view.begin(left_out), once=True)


class AuditView:
    """One open Audit page. `opened`: the number of the entry that is open beside the list."""

    def __init__(self, page: ConsolePage, chosen: Chosen, opened: int | None) -> None:
        self._page, self.opened = page, opened
        self._next: int | None = None
        self._asked = 0
        self._awaits = False
        self._archived: Archived | None = None
        with page.frame("Audit", page.institution.name, path=PATH) as shell:
            self._days = shell.subtitle
            with shell.actions:
                ActionButton("CSV", page.handler(self._export), icon_name="download").props["aria-label"] = (
                    "Export what is listed as CSV"
                )
            self._filter = FilterPanel(page, chosen, page.handler(self._changed))
            self._chain = ChainPanel(page, page.handler(self._verify))
            places = may(page.actor, Permission.SESSION_READ)
            self._columns = COLUMNS if places else tuple(one for one in COLUMNS if one.key != "address")
            with Element("div").classes("crc-trail") as both:
                self._table = ItemTable(
                    label="Audit trail", columns=self._columns, hints=(MOVE, ("row_open", "open")),
                    on_open=lambda row: page.run(self._open, int(row)), on_select=self._selected,
                    on_more=page.handler(self._more), on_retry=page.handler(self._read),
                    empty=_NOTHING,
                )  # fmt: skip
                self._entry = EntryPanel(
                    page.institution.zone, narrow=self._filter.choose, on_close=page.handler(self._close)
                )
            both.on("keydown.escape", page.handler(self._close), [])
            Hotkeys(list_keys())
            ui.timer(REFRESH_SECONDS, self._look_again, immediate=False)

    async def begin(self, left_out: tuple[str, ...]) -> None:
        """Read what the address names, and say what in it means nothing. The page is on screen by then."""
        page = self._page
        if left_out:
            names = ", ".join(name.replace("_", " ") for name in left_out)
            page.tell(f"The address names something that there is not ({names}): it was left out.", bad=True)
        await page.refresh(self._show_standing)
        await page.refresh(self._read)
        if self.opened is not None:
            await page.refresh(self._open, self.opened)

    async def _changed(self, actor: Actor) -> None:
        self._set_address()
        await self._read(actor)

    async def _read(self, actor: Actor) -> None:
        self._asked += 1
        asked = self._asked
        self._table.set_status("loading")
        try:
            found = await read_trail(actor, self._filter.chosen)
        except BaseException as error:
            if asked == self._asked:
                told = str(error) if isinstance(error, TrailRefused) else "The trail could not be read."
                self._next = None
                self._table.set_rows([], now=datetime.now(UTC), more=False)
                self._table.set_status("error", told)
            raise
        if asked != self._asked:
            return  # something else was chosen meanwhile
        self._next = found.next
        self._days.set_text(f"{self._page.institution.name} · {_days(found.window)}")
        empty = _empty(found.window, self._archived)
        self._table.set_rows(self._rows(found), now=datetime.now(UTC), more=found.next is not None, empty=empty)
        # Where both go to the browser at once, rows come before words: the last word must not be that it waits.
        self._table.set_status("ready")
        self._name_person(found)
        self._filter.found(found.window.days[0], found.window.days[-1])

    def _name_person(self, found: TrailPage) -> None:
        person = self._filter.chosen.person
        names = [one.who for one in found.entries if one.actor_id == person]
        if person is not None and names:
            self._filter.name_person(names[0])

    async def _more(self, actor: Actor) -> None:
        if self._next is None:
            return
        asked = self._asked
        found = await read_trail(actor, self._filter.chosen, before=self._next)
        if asked == self._asked:
            self._next = found.next
            self._table.append_rows(self._rows(found), more=found.next is not None)

    async def _selected(self, row: str) -> None:
        # The open entry goes along with the arrow keys.
        if self.opened is not None and self.opened != int(row):
            await self._page.run(self._open, int(row))

    async def _open(self, actor: Actor, sequence: int) -> None:
        proved = await read_entry(actor, sequence)
        self.opened = sequence
        self._entry.show(proved)
        self._table.set_columns(COLUMNS_BESIDE)
        self._set_address()

    async def _close(self, actor: Actor) -> None:
        if self.opened is not None:
            self.opened = None
            self._entry.close()
            self._table.set_columns(self._columns)
            self._set_address()

    async def _export(self, actor: Actor) -> None:
        file = await export_trail(actor, self._filter.chosen)
        with self._page.client:
            ui.download.content(file.content, file.name, file.media_type)
        if file.cut:
            words = (
                f"There is more than a file takes: it holds the newest {count(file.lines)} entries. Choose fewer days."
            )
            self._page.tell(words, bad=True)

    async def _verify(self, actor: Actor) -> None:
        await ask_to_verify(actor)
        await self._show_standing(actor)

    async def _look_again(self) -> None:
        # A verification that somebody waits for; otherwise nothing here changes by itself.
        if self._awaits:
            await self._page.refresh(self._show_standing)

    async def _show_standing(self, actor: Actor) -> None:
        standing = await read_standing(actor)
        self._awaits, self._archived = awaited(standing), standing.archived
        self._chain.show(standing)

    def _set_address(self) -> None:
        values = self._filter.chosen.query() | ({} if self.opened is None else {"entry": str(self.opened)})
        address = json.dumps(f"{PATH}?{urlencode(values)}".rstrip("?"))
        self._page.client.run_javascript(f"history.replaceState(history.state, '', {address})")

    def _rows(self, found: TrailPage) -> list[ItemRow]:
        return [_row(one, self._page.institution.zone) for one in found.entries]


def _row(one: Entry, zone: ZoneInfo) -> ItemRow:
    local = one.at.astimezone(zone)
    what = object_words(one.object_type)
    known = "" if one.object_name == one.object_id and len(one.object_id) >= 32 else one.object_name
    values = {
        "id": str(one.sequence),
        "number": count(one.sequence),
        "at": f"{local.day} {local:%b %H:%M:%S}",
        "at_title": in_full(one.at, zone),
        "who": one.who,
        "who_title": one.wrote,
        "what": one.what,
        "what_title": f"{one.what} · {one.action}",
        "object": f"{what} {known}".rstrip(),
        "object_title": f"{what} {one.object_id}",
        "address": one.address or "",
    }
    return cast("ItemRow", values)


def _days(window: Window) -> str:
    first, last = window.days[0], window.days[-1]
    return day(first) if first == last else f"{day(first)} – {day(last)}"


def _empty(window: Window, archived: Archived | None) -> str:
    """What is said where nothing was found: that is no proof of days whose entries are elsewhere."""
    if archived is None or (window.days[0].year, window.days[0].month) > (archived.last.year, archived.last.month):
        return _NOTHING
    return f"Nothing of this is at hand. What happened up to {archived.last:%B %Y} is in the archived months."
