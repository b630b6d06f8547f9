"""The Operations page: scheduled jobs and their runs, who runs them, and what regular checks found."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from nicegui import ui
from nicegui.element import Element

from console.access.permissions import Permission
from console.actor import Actor
from console.operations import jobs
from console.operations.job_panel import JOB_COLUMNS, RUN_COLUMNS, job_row, key_of_run, open_job, open_run, run_row
from console.operations.jobs import CheckShown, JobNotFound, JobShown, JobUnchanged, Key, RunShown, WorkerShown
from console.operations.replica import read_replica
from console.operations.replica_panel import ReplicaPanel
from console.operations.workers import SILENT
from console.ui.format import clock, in_full
from console.ui.hotkeys import Hotkeys
from console.ui.item_table import MOVE, ItemTable
from console.ui.keys import list_keys
from console.ui.page import ConsolePage, console_page, show_to_people
from console.ui.pieces import ActionButton, Chip, Text, Tone, panel

show_to_people(JobNotFound, JobUnchanged)

REFRESH_SECONDS: Final = 5.0


@console_page("/operations", permission=Permission.OPERATIONS_READ, title="Operations")
async def operations(page: ConsolePage) -> None:
    """How the installation does."""
    view = OperationsView(page)
    with page.frame("Operations", page.institution.name, path="/operations"):
        view.draw()
        ui.timer(REFRESH_SECONDS, lambda: page.refresh(view.reread), immediate=False)
    await view.read(page.actor)


class OperationsView:
    """One open Operations page."""

    def __init__(self, page: ConsolePage) -> None:
        self._page = page
        self._runs = False
        self._jobs: dict[str, JobShown] = {}
        self._shown: dict[str, RunShown] = {}
        self._next: Key | None = None
        # What is on the screen, which is drawn again only when it changes.
        self._drawn: dict[str, Any] = {}

    def draw(self) -> None:
        """Lay out the page: jobs or runs at the left, checks and workers beside them."""
        with Element("div").classes("crc-row crc-filters"), Element("div").classes("crc-tabs") as tabs:
            tabs.props["role"] = "group"
            tabs.props["aria-label"] = "What to list"
            self._tabs = {
                runs: ActionButton(words, partial(self._page.run, self._switch, runs))
                for runs, words in ((False, "Jobs"), (True, "Runs that did something"))
            }
            self._tabs[False].set_chosen(True)
        with Element("div").classes("crc-operations"):
            self._left = Element("div").classes("crc-column")
            with Element("div").classes("crc-column"):
                with panel("Regular checks"):
                    self._checks = Element("ul").classes("crc-own-list crc-part")
                with panel("Workers"):
                    self._workers = Element("ul").classes("crc-own-list crc-part")
                self._replica = ReplicaPanel()
        self._draw_table()

    def _draw_table(self) -> None:
        self._left.clear()
        with self._left:
            self._table = ItemTable(
                label="Runs" if self._runs else "Jobs",
                columns=RUN_COLUMNS if self._runs else JOB_COLUMNS,
                hints=(MOVE, ("row_open", "open")),
                on_open=self._open_run if self._runs else self._open_job,
                on_more=self._page.handler(self._more),
                empty="Nothing yet: no worker has run here.",
            )
            Hotkeys(list_keys())

    async def _switch(self, actor: Actor, runs: bool) -> None:
        self._runs = runs
        for other, tab in self._tabs.items():
            tab.set_chosen(other is runs)
        self._draw_table()
        await self.read(actor)

    async def reread(self, actor: Actor) -> None:
        """As `read`, but the list of runs is left where it has been read to."""
        await self.read(actor, keep_runs=True)

    async def read(self, actor: Actor, *, keep_runs: bool = False) -> None:
        """Read everything anew."""
        now, zone = datetime.now(UTC), self._page.institution.zone
        if not self._runs:
            found = await jobs.list_jobs(actor)
            self._jobs = {one.name: one for one in found}
            self._table.set_rows([job_row(one, zone, now) for one in found], now=now, total=len(found), more=False)
        elif not keep_runs:
            runs, self._next = await jobs.list_runs(actor)
            self._shown = {key_of_run(one): one for one in runs}
            rows = [run_row(one, zone, now) for one in runs]
            self._table.set_rows(rows, now=now, total=len(rows), more=self._next is not None)
        self._show_checks(await jobs.list_checks(actor), zone, now)
        self._show_workers(await jobs.list_workers(actor), zone, now)
        self._replica.show(await read_replica(actor))

    async def _more(self, actor: Actor) -> None:
        if self._runs and self._next is not None:
            runs, self._next = await jobs.list_runs(actor, after=self._next)
            self._shown |= {key_of_run(one): one for one in runs}
            now, zone = datetime.now(UTC), self._page.institution.zone
            self._table.append_rows([run_row(one, zone, now) for one in runs], more=self._next is not None)

    def _show_checks(self, found: list[CheckShown], zone: ZoneInfo, now: datetime) -> None:
        if self._drawn.get("checks") == found:
            return
        self._drawn["checks"] = found
        self._checks.clear()
        with self._checks:
            if not found:
                Text("None was done yet.", tag="li")
            for one in found:
                with Element("li").classes("crc-check-line"):
                    Chip("well" if one.ok else "fault", tone=Tone.OK if one.ok else Tone.BREACH)
                    with Element("div"):
                        Text(f"{one.name[0].upper()}{one.name[1:]}", tag="strong")
                        Text(one.detail, tag="div")
                        moment = Text(clock(one.at, zone, now=now), tag="div", classes="crc-soft")
                        moment.props["title"] = in_full(one.at, zone)

    def _show_workers(self, found: list[WorkerShown], zone: ZoneInfo, now: datetime) -> None:
        standing = [(one.id, now - one.beat_at < SILENT) for one in found]
        if self._drawn.get("workers") == standing:
            return
        self._drawn["workers"] = standing
        self._workers.clear()
        with self._workers:
            if not found:
                Text("None: no job runs. Start one with main.py worker.", tag="li")
            for one in found:
                alive = now - one.beat_at < SILENT
                with Element("li").classes("crc-check-line"):
                    Chip("alive" if alive else "silent", tone=Tone.OK if alive else Tone.BREACH)
                    with Element("div"):
                        Text(one.id, tag="strong")
                        words = f"since {clock(one.started_at, zone, now=now)}"
                        if not alive:
                            words += f", last heard of {clock(one.beat_at, zone, now=now)}"
                        Text(words, tag="div", classes="crc-soft")

    def _open_job(self, name: str) -> None:
        job = self._jobs.get(name)
        if job is not None:
            open_job(self._page, job, self.read)

    def _open_run(self, key: str) -> None:
        run = self._shown.get(key)
        if run is not None:
            open_run(self._page, run)
