"""The Intake page: hand over files, watch them come in, read what came of every one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from nicegui import ui
from nicegui.element import Element

from console import live
from console.access.permissions import Permission, may
from console.actor import Actor
from console.intake import arrivals, file_list
from console.intake.arrivals import NAME_HEADER, UPLOAD_PATH, Arrival
from console.intake.arrivals_panel import ArrivalsPanel
from console.intake.file_list import FileKey, FindingKey
from console.intake.files_panel import FilesTable, FindingsPanel
from console.intake.report import ImportStatus
from console.intake.upload_panel import UploadPanel
from console.settings import settings
from console.ui.format import count, money
from console.ui.hotkeys import Hotkeys
from console.ui.keys import list_keys
from console.ui.page import ConsolePage, console_page
from console.ui.pieces import ActionButton, Figure, Tone

WATCH_SECONDS: Final = 0.4


@console_page("/intake", permission=Permission.FILE_READ, title="Intake")
async def intake(page: ConsolePage) -> None:
    """Files that came in; for those who may, the place to hand over more."""
    view = IntakeView(page)
    with page.frame("Intake", page.institution.name, path="/intake"):
        view.draw(uploads=may(page.actor, Permission.FILE_IMPORT))
    await view.load(page.actor)
    view.show_arrivals(page.actor)
    view.watch()


class IntakeView:
    """What one visitor sees. It keeps keys and ids, never rows: the database has them."""

    def __init__(self, page: ConsolePage) -> None:
        self._page = page
        self._zone = page.institution.zone
        self._next_file: FileKey | None = None
        self._next_finding: FindingKey | None = None
        self._open_file: UUID | None = None
        self._total: int | None = None
        self._stamp: int | None = None
        self._done: set[UUID] = set()
        self._clear: ActionButton | None = None

    def draw(self, *, uploads: bool) -> None:
        """Lay out the page: hand over and figures above, work under way, then the list and the findings."""
        page = self._page
        with Element("div").classes("crc-strip"):
            if uploads:
                UploadPanel(
                    url=UPLOAD_PATH,
                    name_header=NAME_HEADER,
                    limit_mb=settings().intake_max_file_mb,
                    on_refused=lambda words: page.tell(words, bad=True),
                )
            self._files = Figure("0", "files today")
            self._checks = Figure("0", "checks and returns today")
            self._amount = Figure("0", "amount today")
            self._refused = Figure("0", "refused today")
        self._arrivals = ArrivalsPanel(self._zone, on_findings=page.handler(self._open))
        with Element("div").classes("crc-split"):
            self._table = FilesTable(
                self._zone, on_choose=page.handler(self._choose), on_more=page.handler(self._more_files)
            )
            Hotkeys(list_keys())
            self._findings = FindingsPanel(on_more=page.handler(self._more_findings), on_close=self._close)
        if uploads and page.shell:
            with page.shell.actions:
                self._clear = ActionButton("Clear finished", page.handler(self._dismiss), icon_name="done_all")
                self._clear.set_visibility(False)

    def watch(self) -> None:
        """Follow what comes in: uploads of this process closely, all else by live messages and now and then."""
        live.watch(self._page.actor.institution_id)
        live.items_changed.subscribe(self._on_change)
        ui.timer(WATCH_SECONDS, self._tick)
        ui.timer(live.RESYNC_SECONDS, lambda: self._page.refresh(self.load))

    async def load(self, actor: Actor) -> None:
        """Read figures and files; as many files as are shown, up to a page's limit."""
        today = await file_list.received_since(actor, self._page.institution.day_start(datetime.now(UTC)))
        self._files.set(count(today.files + today.refused))
        self._checks.set(count(today.checks + today.returns))
        self._amount.set(money(today.amount))
        self._refused.set(count(today.refused), tone=Tone.BREACH if today.refused else Tone.PLAIN)
        total = await file_list.count_files(actor)
        if total != self._total:
            self._total = total
            found = await file_list.list_files(actor, limit=max(file_list.PAGE, len(self._table.ids)))
            self._next_file = found.next
            self._table.show(found, total)

    def show_arrivals(self, actor: Actor) -> list[Arrival]:
        """Bring the lines of what is under way up to date; those that ended since the last time."""
        self._stamp = arrivals.stamp(actor.institution_id)
        known = arrivals.arrivals(actor)
        self._arrivals.show(known)
        done = {one.id for one in known if not one.unfinished}
        ended = [one for one in known if one.id in done - self._done]
        self._done = done
        if self._clear:
            own = any(one.brought_by == actor.user_id and not one.unfinished for one in known)
            self._clear.set_visibility(own)
        return ended

    async def _tick(self) -> None:
        if arrivals.stamp(self._page.actor.institution_id) != self._stamp:
            await self._page.refresh(self._follow)

    async def _follow(self, actor: Actor) -> None:
        ended = self.show_arrivals(actor)
        if ended:
            await self.load(actor)
        for one in ended:
            # A refusal is shown with every problem at once to whoever brought the file.
            if one.report and one.report.status is ImportStatus.REFUSED and one.brought_by == actor.user_id:
                await self._open(actor, one.report.file_id)

    async def _on_change(self, institution_id: UUID, _: frozenset[UUID]) -> None:
        if institution_id == self._page.actor.institution_id:
            await self._page.refresh(self.load)

    async def _choose(self, actor: Actor, file_id: str) -> None:
        await self._open(actor, UUID(file_id))

    async def _open(self, actor: Actor, file_id: UUID | None) -> None:
        if file_id is None or file_id == self._open_file:
            return
        file = await file_list.find_file(actor, file_id)
        if file is None:
            return
        found = await file_list.list_findings(actor, file_id)
        self._open_file, self._next_finding = file_id, found.next
        self._findings.show(file, found)

    def _close(self) -> None:
        self._open_file = self._next_finding = None
        self._findings.close()

    async def _more_files(self, actor: Actor) -> None:
        if self._next_file is not None:
            found = await file_list.list_files(actor, after=self._next_file)
            self._next_file = found.next
            self._table.add(found)

    async def _more_findings(self, actor: Actor) -> None:
        if self._next_finding is not None and self._open_file is not None:
            found = await file_list.list_findings(actor, self._open_file, after=self._next_finding)
            self._next_finding = found.next
            self._findings.add(found)

    async def _dismiss(self, actor: Actor) -> None:
        arrivals.dismiss(actor)
        self.show_arrivals(actor)
