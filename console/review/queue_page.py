"""The queue: what waits, how urgent it is, who holds it, and the way into the most urgent check."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from nicegui import background_tasks, ui
from nicegui.element import Element

from console import live
from console.access.permissions import Permission, may
from console.actor import Actor
from console.review.claims import claim_next
from console.review.errors import ReviewRefused
from console.review.item_view import ItemNotFound
from console.review.queue import QueueName, queue_names
from console.review.queue_counts import Counts, counts
from console.review.queue_filter_panel import QueueFilter, tabs_of
from console.review.queue_table_panel import QueueTable
from console.review.states import IllegalTransition
from console.ui.format import count, zone_letters
from console.ui.hotkeys import Hotkeys
from console.ui.keys import Scope, key_of, keys_for
from console.ui.page import ConsolePage, console_page, show_to_people
from console.ui.pieces import ActionButton, Figure, Tone

show_to_people(ReviewRefused, ItemNotFound, IllegalTransition)


@console_page("/queue", permission=Permission.QUEUE_READ)
async def queue(page: ConsolePage) -> None:
    """The queue of the institution."""
    await QueuePage(page, await queue_names(page.actor)).open()


class QueuePage:
    """One open queue page."""

    def __init__(self, page: ConsolePage, queues: tuple[QueueName, ...]) -> None:
        self._page = page
        self._works = may(page.actor, Permission.ITEM_CLAIM)
        approves = may(page.actor, Permission.ITEM_APPROVE)
        self._changed: set[UUID] = set()
        self._everything = False
        self._catching_up = False
        with page.frame("Queue", self._subtitle(), path="/queue") as shell:
            self._shell = shell
            if self._works:
                with shell.actions:
                    start = key_of("start", Scope.QUEUE)
                    ActionButton("Start", page.handler(self._start), key=start, kind="primary")
            self._figures = _Figures()
            self._filter = QueueFilter(
                tabs_of(queues, works=self._works, approves=approves), page.handler(self._filter_changed)
            )
            self._table = QueueTable(page, self._open_item, can_start=self._works)
            keys = keys_for(Scope.QUEUE)
            chosen = keys if self._works else [key for key in keys if key.action != "start"]
            Hotkeys(chosen, page.handler(self._key))
            ui.timer(live.RESYNC_SECONDS, self._resync, immediate=False)
            live.watch(page.actor.institution_id)
            live.items_changed.subscribe(self._items_changed)

    async def open(self) -> None:
        """Fill the page."""
        await self._read(self._page.actor)

    async def _read(self, actor: Actor) -> None:
        figures = await self._count(actor)
        await self._table.show(actor, self._filter.chosen(), self._filter.total(figures))

    async def _count(self, actor: Actor) -> Counts:
        figures = await counts(actor, self._page.institution.day_start(datetime.now(UTC)))
        self._figures.show(figures)
        self._filter.set_counts(figures)
        return figures

    async def _filter_changed(self, actor: Actor) -> None:
        await self._read(actor)

    async def _key(self, actor: Actor, action: str) -> None:
        if action == "start":
            await self._start(actor)

    async def _start(self, actor: Actor) -> None:
        chosen = self._filter.tab.chosen.queue
        held = await claim_next(actor, chosen)
        if held is None:
            self._page.tell("Nothing waits here that you may decide. New checks appear by themselves.")
        else:
            self._open_item(held.item_id)

    def _open_item(self, item_id: UUID) -> None:
        chosen = self._filter.tab.chosen.queue
        self._page.client.open(f"/review/{item_id}" + (f"?queue={chosen}" if chosen else ""))

    def _items_changed(self, institution_id: UUID, item_ids: frozenset[UUID]) -> None:
        if institution_id != self._page.actor.institution_id:
            return
        self._changed |= item_ids
        self._everything |= not item_ids
        if not self._catching_up:
            self._catching_up = True
            background_tasks.create(self._catch_up(), name="queue page catches up")

    async def _catch_up(self) -> None:
        """Read what has changed until nothing is left: changes that come meanwhile are taken together."""
        try:
            while self._changed or self._everything:
                await self._page.refresh(self._apply)
        finally:
            self._catching_up = False

    async def _apply(self, actor: Actor) -> None:
        changed, everything = self._changed, self._everything
        self._changed, self._everything = set(), False
        if everything:
            await self._table.read_again(actor)
        else:
            await self._table.apply(actor, changed)
        self._table.set_total(self._filter.total(await self._count(actor)))

    async def _resync(self) -> None:
        self._shell.subtitle.set_text(self._subtitle())
        self._everything = True
        if not self._catching_up:
            self._catching_up = True
            await self._catch_up()

    def _subtitle(self) -> str:
        now = datetime.now(self._page.institution.zone)
        return f"{self._page.institution.name} · {now:%H:%M} {zone_letters(now)}"


class _Figures:
    """The row of figures above the table."""

    def __init__(self) -> None:
        with Element("div").classes("crc-row crc-figures"):
            self._waiting = Figure("0", "waiting")
            self._breached = Figure("0", "SLA breached")
            self._warning = Figure("0", "due within 30 min")
            self._second = Figure("0", "await a second person")
            self._decided = Figure("0", "decided today")

    def show(self, figures: Counts) -> None:
        self._waiting.set(count(figures.waiting))
        self._breached.set(count(figures.breached), tone=Tone.BREACH if figures.breached else Tone.PLAIN)
        self._warning.set(count(figures.warning), tone=Tone.WARNING if figures.warning else Tone.PLAIN)
        self._second.set(count(figures.second_person))
        self._decided.set(count(figures.decided_today))
