"""The Operations page: scheduled jobs and their runs, who runs them, and what regular checks found."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from nicegui import ui
from nicegui.element import Element

from console.access.ask_panel import ask_reason
from console.access.permissions import Permission, may
from console.actor import Actor
from console.operations import jobs
from console.operations.jobs import CheckShown, JobNotFound, JobShown, JobUnchanged, Key, RunShown, WorkerShown
from console.operations.replica import read_replica
from console.operations.replica_panel import ReplicaPanel
from console.operations.workers import SILENT
from console.ui.format import clock, count, handling_time, in_full
from console.ui.item_table import Column, ItemRow, ItemTable
from console.ui.page import ConsolePage, console_page, show_to_people
from console.ui.pieces import ActionButton, Chip, Text, Tone, panel

show_to_people(JobNotFound, JobUnchanged)

REFRESH_SECONDS: Final = 5.0
JOB_COLUMNS: Final = (
    Column("name", "Job", sortable=False),
    Column("schedule", "When", "180px", sortable=False),
    Column("state", "State", "150px", sortable=False),
    Column("last", "Last run", "110px", sortable=False),
    Column("took", "Took", "80px", "right", sortable=False),
    Column("did", "Did", "70px", "right", sortable=False),
)
RUN_COLUMNS: Final = (
    Column("name", "Job", "210px", sortable=False),
    Column("state", "Outcome", "110px", sortable=False),
    Column("last", "Began", "110px", sortable=False),
    Column("took", "Took", "80px", "right", sortable=False),
    Column("did", "Did", "70px", "right", sortable=False),
    Column("error", "Error, or who asked for it", sortable=False),
)


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
                hints=(("↑↓", "move"), ("Enter", "open")),
                on_open=self._open_run if self._runs else self._open_job,
                on_more=self._page.handler(self._more),
                empty="Nothing yet: no worker has run here.",
            )

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
            self._table.set_rows([_job_row(one, zone, now) for one in found], now=now, total=len(found), more=False)
        elif not keep_runs:
            runs, self._next = await jobs.list_runs(actor)
            self._shown = {_key(one): one for one in runs}
            rows = [_run_row(one, zone, now) for one in runs]
            self._table.set_rows(rows, now=now, total=len(rows), more=self._next is not None)
        self._show_checks(await jobs.list_checks(actor), zone, now)
        self._show_workers(await jobs.list_workers(actor), zone, now)
        self._replica.show(await read_replica(actor))

    async def _more(self, actor: Actor) -> None:
        if self._runs and self._next is not None:
            runs, self._next = await jobs.list_runs(actor, after=self._next)
            self._shown |= {_key(one): one for one in runs}
            now, zone = datetime.now(UTC), self._page.institution.zone
            self._table.append_rows([_run_row(one, zone, now) for one in runs], more=self._next is not None)

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
            self._dialog(f"Job: {job.name}", _job_facts(job, self._page.institution.zone), job)

    def _open_run(self, key: str) -> None:
        run = self._shown.get(key)
        if run is not None:
            self._dialog(f"Run: {run.job}", _run_facts(run, self._page.institution.zone), None)

    def _dialog(self, title: str, facts: list[tuple[str, str]], job: JobShown | None) -> None:
        page = self._page
        with page.client, ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column"):
            dialog.props["aria-label"] = title
            Text(title, tag="h2")
            with Element("dl").classes("crc-facts"):
                for term, words in facts:
                    with Element("div"):
                        Text(term, tag="dt")
                        Text(words, tag="dd").props["title"] = words
            with Element("div").classes("crc-row"):
                if job is not None and may(page.actor, Permission.OPERATIONS_MANAGE):
                    self._buttons(job, dialog)
                close = ActionButton("Close", dialog.close)
                close.props["autofocus"] = True
        dialog.on("hide", dialog.delete)

    def _buttons(self, job: JobShown, dialog: ui.dialog) -> None:
        async def act(actor: Actor, work: Any, told: str) -> None:
            await work(actor, job.name)
            self._page.tell(told)
            await self.read(actor)

        async def run_now() -> None:
            dialog.close()
            await self._page.run(act, jobs.run_now, f"“{job.name}” runs as soon as a worker looks, within seconds.")

        async def resume() -> None:
            dialog.close()
            await self._page.run(act, jobs.resume, f"“{job.name}” runs at its times again.")

        def ask() -> None:
            dialog.close()
            words = f"Until somebody resumes it, this is not done: {job.meaning} A run under way ends."
            ask_reason(self._page, f"Pause “{job.name}”", words, "Pause", pause)

        async def pause(actor: Actor, reason: str) -> None:
            await jobs.pause(actor, job.name, reason)
            await self.read(actor)

        ActionButton("Run now", run_now, kind="primary", icon_name="play_arrow")
        if job.paused_at is None:
            ActionButton("Pause", ask, kind="danger", icon_name="pause")
        else:
            ActionButton("Resume", resume, icon_name="replay")


def _state(job: JobShown) -> str:
    if job.last is not None and job.last.outcome == "running":
        return "running"
    if job.asked_by:
        return "asked for"
    if job.paused_at is not None:
        return "paused"
    return f"failed {job.failures} times" if job.failures > 1 else "failed" if job.failures else "well"


def _took(run: RunShown | None) -> str:
    if run is None or run.finished_at is None:
        return ""
    milliseconds = round((run.finished_at - run.started_at).total_seconds() * 1000)
    return f"{milliseconds} ms" if milliseconds < 1000 else handling_time(milliseconds)


def _job_row(job: JobShown, zone: ZoneInfo, now: datetime) -> ItemRow:
    last = job.last
    values = {
        "id": job.name,
        "name": job.name,
        "name_title": job.meaning,
        "schedule": job.schedule,
        "state": _state(job),
        "state_title": (last.error or "") if last and job.failures else "",
        "last": clock(last.started_at, zone, now=now) if last else "never",
        "last_title": in_full(last.started_at, zone) if last else "",
        "took": _took(last),
        "did": count(last.done) if last and last.done is not None else "",
    }
    return cast("ItemRow", values)


def _run_row(run: RunShown, zone: ZoneInfo, now: datetime) -> ItemRow:
    asked = f"asked for by {run.asked_by}" if run.asked_by else ""
    values = {
        "id": _key(run),
        "name": run.job,
        "state": run.outcome,
        "last": clock(run.started_at, zone, now=now),
        "last_title": in_full(run.started_at, zone),
        "took": _took(run),
        "did": count(run.done) if run.done is not None else "",
        "error": run.error or asked,
        "error_title": run.error or asked,
    }
    return cast("ItemRow", values)


def _key(run: RunShown) -> str:
    return f"{run.job} {run.due_at.isoformat()} {run.attempt}"


def _job_facts(job: JobShown, zone: ZoneInfo) -> list[tuple[str, str]]:
    facts = [("What it does", job.meaning), ("When", job.schedule), ("State", _state(job))]
    if job.paused_at is not None:
        facts.append(("Paused", f"by {job.paused_by}, {in_full(job.paused_at, zone)}"))
    if job.last_done_at is not None:
        facts.append(("Went well", in_full(job.last_done_at, zone)))
    if job.retry_at is not None:
        facts.append(("Tries again", in_full(job.retry_at, zone)))
    if job.last is not None and job.last.error:
        facts.append(("Last error", job.last.error))
    return facts


def _run_facts(run: RunShown, zone: ZoneInfo) -> list[tuple[str, str]]:
    facts = [
        ("Due", in_full(run.due_at, zone)),
        ("Attempt", str(run.attempt)),
        ("Began", in_full(run.started_at, zone)),
        ("Took", _took(run) or "is running"),
        ("Outcome", run.outcome),
        ("Worker", run.worker or "unknown"),
    ]
    if run.done is not None:
        facts.append(("Did", count(run.done)))
    if run.asked_by:
        facts.append(("Asked for by", run.asked_by))
    if run.error:
        facts.append(("Error", run.error))
    return facts
