"""The approvals: recommendations that wait for a second signature of the person who looks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from nicegui import background_tasks, ui
from nicegui.element import Element

from console import live
from console.access.permissions import Permission, may
from console.actor import Actor
from console.review.approvals import PAGE, ApprovalRow, claim_next_approval, count_approvals, list_approvals
from console.review.queue import Key as Place
from console.review.queue import QueueName, escalation_targets, queue_names
from console.review.reach import APPROVALS
from console.review.reasons import REASONS
from console.review.review_in_place_panel import ReviewInPlace
from console.ui.format import clock, count, epoch_ms, in_full, money, zone_letters
from console.ui.hotkeys import Hotkeys
from console.ui.item_table import MOVE, Column, ItemRow, ItemTable
from console.ui.keys import Key, Scope, key_of, keys_for
from console.ui.page import ConsolePage, console_page
from console.ui.pieces import ActionButton, Figure, Tone
from console.ui.shell import part_of, put_away

_COLUMNS: Final = (
    Column("sla", "SLA", "104px", sortable=False),
    Column("return_by", "Return by", "112px", sortable=False),
    Column("amount", "Amount", "118px", "right", sortable=False),
    Column("maker", "Recommended by", "136px", sortable=False),
    Column("recommends", "Recommends", "206px", sortable=False),
    Column("type", "Type", "76px", sortable=False),
    Column("account", "Account", "104px", sortable=False),
    Column("flags", "Flags", sortable=False),
    Column("held_by", "Held by", "110px", sortable=False),
    Column("age", "Waits", "62px", "right", sortable=False),
)
_HINTS: Final = (MOVE, ("row_open", "open"), ("start", "start"))
_KEYS: Final = {"row_up", "row_down", "row_open", "start", "sheet"}
_TYPES: Final = {"on_us": "on-us", "transit": "transit"}
_ACTS: Final = {"pay": "Pay", "return": "Return", "reject": "Reject", "": "hidden until you have chosen"}


@console_page("/approvals", permission=Permission.ITEM_APPROVE)
async def approvals(page: ConsolePage) -> None:
    """What awaits a second signature that this person may give."""
    targets = await escalation_targets(page.actor) if may(page.actor, Permission.ITEM_DECIDE) else ()
    await ApprovalsPage(page, await queue_names(page.actor), targets).open()


class ApprovalsPage:
    """One open page of approvals, kept true by live messages."""

    def __init__(self, page: ConsolePage, queues: tuple[QueueName, ...], targets: tuple[QueueName, ...]) -> None:
        self._page = page
        self._rows: dict[UUID, ApprovalRow] = {}
        self._next: Place | None = None
        self._changed = False
        self._catching_up = False
        # Whoever may be here goes on here, also where they see the queues of a part of the work only.
        self._view = next((one for one in queues if one.key == APPROVALS), QueueName(APPROVALS, "Approvals"))
        with page.frame("Approvals", self._subtitle(), path="/approvals", on_leave=page.handler(self._leave)) as whole:
            self._shell = shell = part_of(whole)
            self._review = ReviewInPlace(page, whole, targets, self._review_shown, home="/approvals")
        with shell.main:
            with shell.actions:
                ActionButton("Start", page.handler(self._start), key=key_of("start", Scope.QUEUE), kind="primary")
            with Element("div").classes("crc-row crc-figures"):
                self._waiting = Figure("0", "await your signature")
                self._breached = Figure("0", "SLA breached")
                self._warning = Figure("0", "due soon")
                self._taken = Figure("0", "in the hands of others")
            opens = page.handler(self._open)
            self._table = ItemTable(
                label="Recommendations that await your signature",
                columns=_COLUMNS,
                on_open=lambda item: opens(UUID(item)),
                on_more=page.handler(self._more),
                on_retry=page.handler(self._read),
                hints=_HINTS,
                empty="Nothing awaits your signature. What others recommend appears here by itself.",
            )
            self._hotkeys = Hotkeys(self._keys(), page.handler(self._key))
            ui.timer(live.RESYNC_SECONDS, self._resync, immediate=False)
            live.watch(page.actor.institution_id)
            live.items_changed.subscribe(self._items_changed)

    async def open(self) -> None:
        """Fill the page."""
        await self._read(self._page.actor)

    async def _read(self, actor: Actor) -> None:
        """Read as many rows as are shown; the browser hears of them only where something differs."""
        figures = await count_approvals(actor)
        self._waiting.set(count(figures.waiting))
        self._breached.set(count(figures.breached), tone=Tone.BREACH if figures.breached else Tone.PLAIN)
        self._warning.set(count(figures.warning), tone=Tone.WARNING if figures.warning else Tone.PLAIN)
        self._taken.set(count(figures.taken))
        rows: dict[UUID, ApprovalRow] = {}
        after: Place | None = None
        while True:
            found = await list_approvals(actor, after=after, limit=max(PAGE, len(self._rows) - len(rows)))
            rows |= {row.id: row for row in found.rows}
            after = found.next
            if after is None or len(rows) >= len(self._rows):
                break
        if list(rows.items()) == list(self._rows.items()) and after == self._next and rows:
            return
        self._rows, self._next = rows, after
        drawn = [self._drawn(actor, row) for row in rows.values()]
        total = len(rows) if after is None else figures.waiting
        self._table.set_rows(drawn, now=datetime.now(UTC), total=total, more=after is not None)

    async def _more(self, actor: Actor) -> None:
        if self._next is None:
            return
        found = await list_approvals(actor, after=self._next)
        self._next = found.next
        self._rows |= {row.id: row for row in found.rows}
        total = len(self._rows) if self._next is None else None
        self._table.append_rows(
            [self._drawn(actor, row) for row in found.rows], more=self._next is not None, total=total
        )

    async def _key(self, actor: Actor, action: str) -> None:
        if action == "start":
            await self._start(actor)

    async def _start(self, actor: Actor) -> None:
        held = await claim_next_approval(actor)
        if held is None:
            self._page.tell("Nothing awaits your signature that nobody works on.")
        else:
            await self._open(actor, held.item_id)

    def _keys(self) -> list[Key]:
        return [key for key in keys_for(Scope.QUEUE) if key.action in _KEYS]

    async def _open(self, actor: Actor, item_id: UUID) -> None:
        await self._review.open(actor, item_id, self._view, "/approvals")

    async def _leave(self, actor: Actor, path: str) -> None:
        await self._review.leave(actor, path)

    def _review_shown(self, shown: bool) -> None:
        """The review has taken this page's place, or the approvals are to be seen again, as they are now."""
        put_away(self._shell, shown)
        self._hotkeys.set_keys(() if shown else self._keys())
        if not shown:
            self._shell.title.set_text("Approvals")
            background_tasks.create(self._resync(), name="approvals page comes back")

    def _items_changed(self, institution_id: UUID, item_ids: frozenset[UUID]) -> None:
        if institution_id == self._page.actor.institution_id:
            self._changed = True
            if not self._catching_up and not self._review.is_open:
                self._catching_up = True
                background_tasks.create(self._catch_up(), name="approvals page catches up")

    async def _catch_up(self) -> None:
        """Read what has changed until nothing is left: changes that come meanwhile are taken together."""
        try:
            while self._changed:
                self._changed = False
                await self._page.refresh(self._read)
        finally:
            self._catching_up = False

    async def _resync(self) -> None:
        if self._review.is_open:
            return
        self._shell.subtitle.set_text(self._subtitle())
        self._items_changed(self._page.actor.institution_id, frozenset())

    def _subtitle(self) -> str:
        now = datetime.now(self._page.institution.zone)
        return f"{self._page.institution.name} · {now:%H:%M} {zone_letters(now)}"

    def _drawn(self, actor: Actor, row: ApprovalRow) -> ItemRow:
        zone = self._page.institution.zone
        return ItemRow(
            id=str(row.id),
            due_ms=epoch_ms(row.sla_due_at),
            warn_ms=epoch_ms(row.sla_warning_at),
            return_by=clock(row.return_by, zone, now=datetime.now(UTC)) if row.return_by else "",
            return_ms=epoch_ms(row.return_by) if row.return_by else None,
            return_by_title=in_full(row.return_by, zone) if row.return_by else "",
            amount=money(row.amount),
            maker=row.maker,
            recommends=_recommends(row),
            recommends_title=_recommends(row),
            type=_TYPES[row.item_type],
            account=row.account,
            serial=row.serial or "—",
            flags=row.flags,
            priority="",
            status="committing" if row.committing else "",
            held_by=row.holder,
            held_by_me=row.holder_id is not None and row.holder_id == actor.user_id,
            received_ms=epoch_ms(row.recommended_at),
        )


def _recommends(row: ApprovalRow) -> str:
    """What is recommended, in a line."""
    named = [f"{REASONS[key].code} {REASONS[key].text}" for key in row.reasons if key in REASONS]
    if row.committing:
        return "being committed"
    return " · ".join([_ACTS.get(row.act, row.act), *named])
