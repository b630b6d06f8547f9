"""The Operations page, and what it calls: seen, run, paused and resumed, on record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from sqlalchemy import select

from console.access.permissions import NotAllowed
from console.audit.verify import verify
from console.operations import jobs as service
from console.operations.checks import CheckName, keep, note_backup
from console.operations.jobs import JobNotFound, JobUnchanged
from console.settings import Settings
from db.engine import transaction
from db.models import AuditEntry
from jobs.schedule import Job
from jobs.scheduler import JOBS
from jobs.worker import JobWorker
from tests.accessibility import expect_accessible
from tests.browser.site import BRIEF, CHROMIUM, Site, in_a_thread, make_enrolled_bank
from tests.factories import make_bank

HOUR = timedelta(hours=1)
# As far from now as may be: no other hour begins during the test.
AT = timedelta(minutes=(datetime.now(UTC).minute + 30) % 60)


def test_jobs_are_run_paused_and_resumed_on_record(run: Callable) -> None:
    ran: list[int] = []

    async def once() -> int:
        ran.append(1)
        return len(ran)

    async def story() -> None:
        bank = await make_bank()
        admin = bank.administrator
        worker = JobWorker([Job("a job", HOUR, once, at=AT)])

        async def looked() -> list[int]:
            await worker.look()
            await worker.stop(60)
            return ran

        assert await looked() == [1]
        (shown,) = await service.list_jobs(admin)
        assert (shown.schedule, shown.failures, shown.last.done if shown.last else None) == ("every 1 h", 0, 1)
        await service.pause(admin, "a job", "the mail server moves")
        with pytest.raises(JobUnchanged, match="paused already, by"):
            await service.pause(admin, "a job", "again")
        await service.run_now(admin, "a job")
        with pytest.raises(JobUnchanged, match="about to run"):
            await service.run_now(admin, "a job")
        assert await looked() == [1, 1] and await looked() == [1, 1]
        runs, more = await service.list_runs(admin)
        assert ([one.asked_by for one in runs], more) == ([admin.name, None], None)
        await service.resume(admin, "a job")
        with pytest.raises(JobUnchanged, match="not paused"):
            await service.resume(admin, "a job")
        with pytest.raises(JobNotFound):
            await service.run_now(admin, "no job")
        for work in (service.run_now(bank.auditor, "a job"), service.list_jobs(bank.supervisor)):
            with pytest.raises(NotAllowed):
                await work
        assert await service.list_jobs(bank.auditor)
        async with transaction(bank.system) as session:
            query = select(AuditEntry).where(AuditEntry.object_type == "job").order_by(AuditEntry.sequence)
            entries = list(await session.scalars(query))
        assert [one.action for one in entries] == ["job.paused", "job.asked_for", "job.resumed"]
        assert entries[0].after == {"reason": "the mail server moves"} and entries[2].before["paused_by"] == admin.name
        assert (await verify(bank.auditor)).ok

    run(story())


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(BRIEF))
        context = chromium.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(20_000)
        expect.set_options(timeout=20_000)
        yield context.new_page()
        chromium.close()


def test_the_page_shows_them_and_carries_out_what_is_asked(console: Settings, page: Page, tmp_path: Path) -> None:
    run = in_a_thread(console)

    async def fails() -> int:
        raise ConnectionRefusedError(111, "the mail server refused the connection")

    async def prepare() -> Any:
        bank = await make_enrolled_bank()
        worker = JobWorker([*JOBS, Job("send reports", HOUR, fails)])
        await worker.look()
        await worker.stop(60)
        await worker.beat()
        await note_backup(None, "base backup and WAL, 1.2 GB, to s3://backups")
        await keep(CheckName.CERTIFICATE, ok=False, detail="https://console.example: until 2026-11-30 12:00 UTC")
        return bank

    bank = run(prepare())
    with Site.serving(console, tmp_path) as site:
        site.sign_in(page, bank.administrator, "/operations")
        table = page.get_by_role("grid").or_(page.get_by_role("table")).first
        expect(table).to_contain_text("commit decisions")
        # What fails comes first.
        expect(table.locator("tbody tr").first).to_contain_text("send reports")
        expect(page.get_by_text("base backup and WAL")).to_be_visible()
        expect_accessible(page)
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        table.locator("tbody tr").first.dblclick()
        dialog = page.get_by_role("dialog", name="Job: send reports")
        expect(dialog).to_contain_text("the mail server refused the connection")
        dialog.get_by_role("button", name="Pause").click()
        ask = page.get_by_role("dialog", name="Pause “send reports”")
        ask.get_by_label("Reason").fill("the mail server moves")
        ask.get_by_role("button", name="Pause").click()
        expect(table.locator("tbody tr").first).to_contain_text("paused")
        page.get_by_role("button", name="Runs that did something").click()
        expect(page.get_by_text("ConnectionRefusedError")).to_be_visible()
    (first, *_) = run(service.list_jobs(bank.administrator))
    assert (first.name, first.paused_by) == ("send reports", "administrator")
