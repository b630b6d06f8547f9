"""The list of received files and their findings, read by key in pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from console.access.permissions import NotAllowed
from console.intake.file_list import (
    FilePage,
    count_files,
    find_file,
    list_files,
    list_findings,
    received_since,
)
from console.intake.files import import_file
from console.intake.report import ImportReport
from console.intake.x9.records import Side, X9ImageView
from db.engine import transaction
from db.models import FileReceived
from tests.factories import Bank, import_items, make_bank, x9_item


async def with_findings(bank: Bank, folder: Path, count: int) -> ImportReport:
    """A file whose `count` items each have one view that is no image."""
    broken = X9ImageView(side=Side.FRONT, data=b"no image at all")
    items = [replace(x9_item(n, "10.00", bank.routing), views=(broken,)) for n in range(1, count + 1)]
    return await import_items(bank, folder, items)


async def refused(bank: Bank, folder: Path) -> ImportReport:
    path = folder / "broken.x9"
    path.write_bytes(b"this is no X9 file")
    return await import_file(bank.supervisor, path, path.name)


async def at_moments(bank: Bank, moments: list[datetime]) -> list[UUID]:
    """Refused files received at these moments, by nobody in particular."""
    ids = [uuid4() for _ in moments]
    async with transaction(bank.system) as session:
        for file_id, moment in zip(ids, moments, strict=True):
            about = {"name": "f", "sha256": file_id.bytes * 2, "size": 1, "status": "refused", "received_at": moment}
            session.add(FileReceived(id=file_id, institution_id=bank.institution_id, **about))
    return ids


def test_a_file_is_listed_with_what_came_of_it(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        taken = await import_items(bank, tmp_path, [x9_item(n, "12.50", bank.routing) for n in (1, 2)])
        not_taken = await refused(bank, tmp_path)
        files = (await list_files(bank.auditor)).rows
        assert [(one.id, one.status) for one in files] == [(not_taken.file_id, "refused"), (taken.file_id, "imported")]
        assert (files[1].checks, files[1].images_stored, files[1].images_displayable) == (2, 4, 4)
        assert (files[1].amount, files[1].received_by, files[1].findings) == (Decimal("25.00"), "Supervisor", 0)
        assert files[0].findings == 1
        assert await find_file(bank.auditor, files[1].id) == files[1]
        assert await find_file(bank.auditor, uuid4()) is None

    run(story())


def test_pages_hold_every_file_once_also_where_moments_are_equal(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        start = datetime(2026, 11, 20, 12, tzinfo=UTC)
        # Seven files, three of them in the very same moment.
        moments = [start + timedelta(minutes=m) for m in (0, 1, 2, 2, 2, 3, 4)]
        ids = await at_moments(bank, moments)
        seen: list[UUID] = []
        page = FilePage((), None)
        for _ in range(4):
            page = await list_files(bank.supervisor, after=page.next, limit=2)
            seen += [row.id for row in page.rows]
        assert page.next is None
        assert len(seen) == 7 == await count_files(bank.supervisor)
        assert set(seen) == set(ids)
        by_id = dict(zip(ids, moments, strict=True))
        assert [by_id[one] for one in seen] == sorted(moments, reverse=True)

    run(story())


def test_findings_come_in_the_order_of_the_file_each_once(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        report = await with_findings(bank, tmp_path, 5)
        assert report.file_id is not None
        file = await find_file(bank.supervisor, report.file_id)
        assert file is not None
        # Views that cannot be displayed count like what the reader found.
        assert (file.findings, file.images_stored, file.images_displayable) == (report.findings_total, 5, 0)
        rows = []
        after = None
        while True:
            page = await list_findings(bank.supervisor, report.file_id, after=after, limit=2)
            assert page.kept == len(report.findings) >= 5
            rows += page.rows
            after = page.next
            if after is None:
                break
        assert len({row.id for row in rows}) == len(rows) == len(report.findings)
        assert [(row.record, row.offset) for row in rows] == sorted((f.record, f.offset) for f in report.findings)
        assert all(row.item_id and row.problem and row.field for row in rows)

    run(story())


def test_figures_count_from_the_moment_on(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        await import_items(bank, tmp_path, [x9_item(1, "12.50", bank.routing)])
        await refused(bank, tmp_path)
        since = await received_since(bank.supervisor, datetime.now(UTC) - timedelta(minutes=5))
        assert (since.files, since.refused, since.checks, since.amount) == (1, 1, 1, Decimal("12.50"))
        later = await received_since(bank.supervisor, datetime.now(UTC) + timedelta(minutes=5))
        assert (later.files, later.refused, later.checks, later.amount) == (0, 0, 0, Decimal(0))

    run(story())


def test_files_are_for_those_who_may_read_them(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        for reading in (
            list_files(bank.reviewer),
            count_files(bank.reviewer),
            find_file(bank.administrator, uuid4()),
            list_findings(bank.reviewer, uuid4()),
            received_since(bank.reviewer, datetime.now(UTC)),
        ):
            with pytest.raises(NotAllowed):
                await reading

    run(story())
