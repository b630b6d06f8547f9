"""The queue: what waits, how urgent it is, who holds it, and the way into the most urgent check."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

from nicegui import background_tasks, ui
from nicegui.element import Element

from console import live
from console.access.held import InvalidPerson, PersonNotFound
from console.access.permissions import Permission, may
from console.actor import Actor
from console.review.claims import claim_next
from console.review.errors import ReviewRefused
from console.review.item_view import ItemNotFound
from console.review.queue import QueueName, escalation_targets, queue_names
from console.review.queue_bulk_panel import BulkBar, may_change_several
from console.review.queue_counts import MOST_COUNTED, Counts, counts
from console.review.queue_filter import Filter, Sort
from console.review.queue_filter_panel import QueueFilter, tabs_of
from console.review.queue_people import people_at_work
from console.review.queue_settings import Candidate
from console.review.queue_table_panel import QueueTable
from console.review.queue_view import View, view_of
from console.review.queue_views_panel import ViewsMenu
from console.review.review_in_place_panel import ReviewInPlace
from console.review.saved_views import list_views
from console.review.states import IllegalTransition
from console.ui.format import count, handling_time, zone_letters
from console.ui.hotkeys import Hotkeys
from console.ui.keys import Key, Scope, key_of, keys_for
from console.ui.page import ConsolePage, console_page, show_to_people
from console.ui.pieces import ActionButton, Figure, Tone
from console.ui.shell import part_of, put_away

show_to_people(ReviewRefused, ItemNotFound, IllegalTransition, InvalidPerson, PersonNotFound)


@console_page("/queue", permission=Permission.QUEUE_READ)
async def queue(page: ConsolePage) -> None:
    """The queue of the institution, in the view that the address names or the one that the person begins with."""
    address = dict(page.client.request.query_params)
    begins = next((one.view for one in await list_views(page.actor) if one.default), View())
    targets = await escalation_targets(page.actor) if may(page.actor, Permission.ITEM_DECIDE) else ()
    view = view_of(address) if address else begins
    await QueuePage(page, await queue_names(page.actor), targets, view).open()


class QueuePage:
    """One open queue page."""

    def __init__(
        self, page: ConsolePage, queues: tuple[QueueName, ...], targets: tuple[QueueName, ...], view: View
    ) -> None:
        self._page = page
        self._works = may(page.actor, Permission.ITEM_CLAIM)
        approves = may(page.actor, Permission.ITEM_APPROVE)
        self._changed: set[UUID] = set()
        self._everything = False
        self._catching_up = False
        self._queues = {one.key: one for one in queues}
        asked = page.client.request.url
        self._address = f"/queue?{asked.query}" if asked.query else "/queue"
        with page.frame("Queue", self._subtitle(), path="/queue", on_leave=page.handler(self._leave)) as whole:
            self._shell = shell = part_of(whole)
            self._review = ReviewInPlace(page, whole, targets, self._review_shown)
        with shell.main:
            with shell.actions:
                if may(page.actor, Permission.QUEUE_MANAGE):
                    ActionButton("Queues", lambda: page.client.open("/queues"), icon_name="tune")
                if self._works:
                    start = key_of("start", Scope.QUEUE)
                    ActionButton("Start", page.handler(self._start), key=start, kind="primary")
            self._figures = _Figures()
            tabs = tabs_of(queues, works=self._works, approves=approves)
            self._filter = QueueFilter(tabs, view, self._people, page.handler(self._filter_changed))
            with self._filter.row:
                ViewsMenu(page, lambda: self._filter.view, self._open_view)
            several = may_change_several(page.actor)
            self._bulk = BulkBar(page, queues, self._choose_none) if several else None
            self._table = QueueTable(
                page,
                page.handler(self._open_item),
                self._sorted,
                can_start=self._works,
                on_check=self._bulk.choose if self._bulk else None,
            )
            self._hotkeys = Hotkeys(self._keys(), page.handler(self._key))
            ui.timer(live.RESYNC_SECONDS, self._resync, immediate=False)
            live.watch(page.actor.institution_id)
            live.items_changed.subscribe(self._items_changed)

    async def open(self) -> None:
        """Fill the page."""
        await self._read(self._page.actor)

    def _keys(self) -> list[Key]:
        absent = set() if self._works else {"start"}
        absent |= set() if self._bulk else {"row_check", "row_check_range"}
        return [key for key in keys_for(Scope.QUEUE) if key.action not in absent]

    async def _read(self, actor: Actor) -> None:
        figures = await self._count(actor)
        await self._table.show(actor, self._chosen(), self._filter.view, self._filter.total(figures))

    def _chosen(self) -> Filter:
        return self._filter.view.filter(self._filter.tab.chosen, datetime.now(UTC), self._page.institution.zone)

    async def _count(self, actor: Actor) -> Counts:
        figures = await counts(actor, self._page.institution.day_start(datetime.now(UTC)))
        self._figures.show(figures)
        self._filter.set_counts(figures)
        return figures

    async def _filter_changed(self, actor: Actor) -> None:
        self._show_address()
        self._choose_none()
        await self._read(actor)

    async def _open_view(self, actor: Actor, view: View) -> None:
        self._filter.show(view)
        await self._filter_changed(actor)

    def _sorted(self, order: Sort, descending: bool) -> None:
        view = self._filter.view.model_copy(update={"sort": order, "descending": descending})
        self._filter.view = view
        self._show_address()

    def _show_address(self) -> None:
        """Let the address name the view, so that it can be kept, sent and reloaded."""
        self._address = f"/queue?{urlencode(self._filter.view.query()) or 'tab=all'}"
        self._page.client.run_javascript(f"history.replaceState(history.state, '', {json.dumps(self._address)})")

    async def _people(self) -> list[Candidate]:
        found: list[Candidate] = []

        async def read(actor: Actor) -> None:
            found.extend(await people_at_work(actor))

        await self._page.run(read)
        return found

    def _choose_none(self) -> None:
        if self._bulk:
            self._table.choose_none()
            self._bulk.choose(())

    async def _key(self, actor: Actor, action: str) -> None:
        if action == "start":
            await self._start(actor)

    async def _start(self, actor: Actor) -> None:
        chosen = self._filter.tab.chosen.queue
        held = await claim_next(actor, chosen)
        if held is None:
            self._page.tell("Nothing waits here that you may decide. New checks appear by themselves.")
        else:
            await self._open_item(actor, held.item_id)

    async def _open_item(self, actor: Actor, item_id: UUID) -> None:
        queue = self._queues.get(self._filter.tab.chosen.queue or "")
        await self._review.open(actor, item_id, queue, self._address)

    async def _leave(self, actor: Actor, path: str) -> None:
        await self._review.leave(actor, path)

    def _review_shown(self, shown: bool) -> None:
        """The review has taken this page's place, or the queue is to be seen again, as it is now."""
        put_away(self._shell, shown)
        self._hotkeys.set_keys(() if shown else self._keys())
        if not shown:
            self._shell.title.set_text("Queue")
            self._everything = True
            background_tasks.create(self._resync(), name="queue page comes back")

    def _items_changed(self, institution_id: UUID, item_ids: frozenset[UUID]) -> None:
        if institution_id != self._page.actor.institution_id:
            return
        self._changed |= item_ids
        self._everything |= not item_ids
        if not self._catching_up and not self._review.is_open:
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
        if self._review.is_open:
            return
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
            self._warning = Figure("0", "due soon")
            self._second = Figure("0", "await a second person")
            self._decided = Figure("0", "decided today")

    def show(self, figures: Counts) -> None:
        self._waiting.set(count(figures.waiting))
        self._breached.set(_most(figures.breached), tone=Tone.BREACH if figures.breached else Tone.PLAIN)
        self._warning.set(_most(figures.warning), tone=Tone.WARNING if figures.warning else Tone.PLAIN)
        self._second.set(count(figures.second_person))
        # Recommendations take time too, and are no decisions yet.
        taken = figures.median_ms if figures.decided_today else None
        median = "" if taken is None else f" · {handling_time(taken)} median"
        self._decided.set(count(figures.decided_today), f"decided today{median}")


def _most(number: int) -> str:
    return f"{count(number)}+" if number >= MOST_COUNTED else count(number)
