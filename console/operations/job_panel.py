"""A scheduled job and one of its runs as the Operations page shows them: a row of a table, and a dialog with all of it
and with what may be done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from nicegui import ui
from nicegui.element import Element

from console.access.ask_panel import ask_reason
from console.access.permissions import Permission, may
from console.actor import Actor
from console.operations import jobs
from console.operations.jobs import JobShown, RunShown
from console.ui.format import clock, count, handling_time, in_full
from console.ui.item_table import Column, ItemRow
from console.ui.page import ConsolePage
from console.ui.pieces import ActionButton, Text

# Reads and shows anew what the page shows.
Reread = Callable[[Actor], Awaitable[Any]]
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


def job_row(job: JobShown, zone: ZoneInfo, now: datetime) -> ItemRow:
    """A job's row."""
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


def run_row(run: RunShown, zone: ZoneInfo, now: datetime) -> ItemRow:
    """A run's row."""
    asked = f"asked for by {run.asked_by}" if run.asked_by else ""
    values = {
        "id": key_of_run(run),
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


def key_of_run(run: RunShown) -> str:
    """By what a run's row is known."""
    return f"{run.job} {run.due_at.isoformat()} {run.attempt}"


def open_job(page: ConsolePage, job: JobShown, reread: Reread) -> None:
    """Show a job with all that is known of it, and what one may do to it."""
    acts = partial(_draw_acts, page, job, reread) if may(page.actor, Permission.OPERATIONS_MANAGE) else None
    _dialog(page, f"Job: {job.name}", _job_facts(job, page.institution.zone), acts)


def open_run(page: ConsolePage, run: RunShown) -> None:
    """Show a run with all that is known of it."""
    _dialog(page, f"Run: {run.job}", _run_facts(run, page.institution.zone), None)


def _dialog(
    page: ConsolePage, title: str, facts: list[tuple[str, str]], draw_acts: Callable[[ui.dialog], None] | None
) -> None:
    with page.client, ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column"):
        dialog.props["aria-label"] = title
        Text(title, tag="h2")
        with Element("dl").classes("crc-facts"):
            for term, words in facts:
                with Element("div"):
                    Text(term, tag="dt")
                    Text(words, tag="dd").props["title"] = words
        with Element("div").classes("crc-row"):
            if draw_acts is not None:
                draw_acts(dialog)
            close = ActionButton("Close", dialog.close)
            close.props["autofocus"] = True
    dialog.on("hide", dialog.delete)


def _draw_acts(page: ConsolePage, job: JobShown, reread: Reread, dialog: ui.dialog) -> None:
    async def act(actor: Actor, work: Any, told: str) -> None:
        await work(actor, job.name)
        page.tell(told)
        await reread(actor)

    async def run_now() -> None:
        dialog.close()
        await page.run(act, jobs.run_now, f"“{job.name}” runs as soon as a worker looks, within seconds.")

    async def resume() -> None:
        dialog.close()
        await page.run(act, jobs.resume, f"“{job.name}” runs at its times again.")

    def ask() -> None:
        dialog.close()
        words = f"Until somebody resumes it, this is not done: {job.meaning} A run under way ends."
        ask_reason(page, f"Pause “{job.name}”", words, "Pause", pause)

    async def pause(actor: Actor, reason: str) -> None:
        await jobs.pause(actor, job.name, reason)
        await reread(actor)

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
