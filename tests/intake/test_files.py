"""A file is taken whole or refused whole, through the one service that takes files."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from console.access.permissions import NotAllowed
from console.images.store import ImageStore, StoreUnavailable, image_store, open_store
from console.intake import images
from console.intake.files import import_file
from console.intake.report import ImportStatus
from console.settings import settings
from db.engine import transaction
from db.models import AuditEntry, CheckItem, FileFinding, FileReceived, Flag, Image
from tests.factories import Bank, import_items, make_bank, x9_file, x9_item

REAL = Path(__file__).parents[3] / "shared" / "data" / "x9"
needs_real_files = pytest.mark.skipif(not REAL.is_dir(), reason="the real X9 files are not beside this clone")


async def count(bank: Bank, *models: type) -> list[int]:
    async with transaction(bank.system) as session:
        return [(await session.execute(select(func.count()).select_from(model))).scalar_one() for model in models]


def test_import_stores_items_and_original_bytes(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        items = [x9_item(n, f"{n}00.25", bank.routing) for n in range(1, 6)]
        report = await import_items(bank, tmp_path, items)
        assert report.status is ImportStatus.IMPORTED
        assert (report.checks, report.images_stored, report.images_displayable) == (5, 10, 10)
        assert report.amount_cents == 150125
        async with transaction(bank.system) as session:
            rows = list(await session.scalars(select(CheckItem).order_by(CheckItem.ordinal)))
            images = list(await session.scalars(select(Image).order_by(Image.item_id, Image.ordinal)))
        assert [row.amount for row in rows] == [Decimal(f"{n}00.25") for n in range(1, 6)]
        assert {row.item_type for row in rows} == {"on_us"}
        assert all(row.return_by > row.received_at and row.sla_due_at > row.received_at for row in rows)
        originals = {hashlib.sha256(view.data).digest(): view.data for item in items for view in item.views}
        for image in images:
            assert image_store().get(bank.institution_id, image.sha256) == originals[image.sha256]
            assert (image.width, image.height, image.dpi, image.problem) == (1200, 540, 200, None)

    run(story())


def test_pictures_come_in_behind_everything_else_of_the_machine(
    run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[int] = set()
    put, inspect = ImageStore.put, images.inspect_all

    def now() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def putting(*values: Any) -> None:
        seen.add(now())
        put(*values)

    def inspecting(views: list[bytes]) -> Any:
        seen.add(now())
        return inspect(views)

    async def story() -> None:
        bank = await make_bank()
        monkeypatch.setattr(ImageStore, "put", putting)
        monkeypatch.setattr(images, "inspect_all", inspecting)
        before = now()
        report = await import_items(bank, tmp_path, [x9_item(n, "10.00", bank.routing) for n in range(1, 4)])
        assert report.images_stored == 6
        assert seen == {10} and before < 10
        assert now() == before

    run(story())


def test_same_bytes_again_make_nothing(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        items = [x9_item(n, "10.00", bank.routing) for n in range(1, 4)]
        await import_items(bank, tmp_path, items)
        before = await count(bank, CheckItem, Image, FileReceived, AuditEntry)
        again = await import_file(bank.supervisor, tmp_path / "items-1.x9", "other-name.x9")
        assert again.status is ImportStatus.DUPLICATE
        assert "already imported on" in again.message
        assert await count(bank, CheckItem, Image, FileReceived, AuditEntry) == before

    run(story())


def test_same_file_twice_at_once_is_imported_once(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        path = tmp_path / "twice.x9"
        path.write_bytes(x9_file([x9_item(n, "10.00", bank.routing) for n in range(1, 9)]))
        reports = await asyncio.gather(*(import_file(bank.supervisor, path, path.name) for _ in range(3)))
        assert sorted(report.status for report in reports) == ["duplicate", "duplicate", "imported"]
        assert await count(bank, CheckItem) == [8]

    run(story())


def test_truncated_file_is_refused_whole(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        path = tmp_path / "cut.x9"
        path.write_bytes(x9_file([x9_item(n, "10.00", bank.routing) for n in range(1, 4)])[:-300])
        report = await import_file(bank.supervisor, path, path.name)
        assert report.status is ImportStatus.REFUSED
        assert report.findings and report.findings[0].record > 1 and report.findings[0].offset > 0
        assert await count(bank, CheckItem, Image) == [0, 0]
        async with transaction(bank.system) as session:
            row = (await session.execute(select(FileReceived))).scalar_one()
            finding = (await session.scalars(select(FileFinding))).first()
        assert row.status == "refused"
        assert finding is not None and finding.problem

    run(story())


def test_odd_things_are_findings_on_their_item(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        from dataclasses import replace

        good = x9_item(1, "10.00", bank.routing)
        stub = x9_item(2, "20.00", bank.routing)
        stub = replace(stub, views=(replace(stub.views[0], data=b"no image, only words"), stub.views[1]))
        bad_routing = x9_item(3, "30.00", "123456789")
        bare = x9_item(4, "40.00", bank.routing, images=False)
        report = await import_items(bank, tmp_path, [good, stub, bad_routing, bare])
        assert report.status is ImportStatus.IMPORTED
        assert (report.images_stored, report.images_displayable) == (6, 5)
        async with transaction(bank.system) as session:
            rows = await session.execute(
                select(CheckItem.ordinal, FileFinding.field, FileFinding.record, FileFinding.offset)
                .join(CheckItem, CheckItem.id == FileFinding.item_id)
                .order_by(CheckItem.ordinal)
            )
            found = {row.ordinal: row for row in rows}
        assert 1 not in found
        assert found[2].field == "image data" and found[2].record > 3 and found[2].offset > 100
        assert "routing" in found[3].field
        assert 4 in found

    run(story())


def test_store_down_leaves_no_row(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        open_store(settings().model_copy(update={"object_store_endpoint": "http://127.0.0.1:9"}))
        with pytest.raises(StoreUnavailable):
            await import_items(bank, tmp_path, [x9_item(1, "10.00", bank.routing)])
        assert await count(bank, CheckItem, FileReceived) == [0, 0]

    run(story())


def test_reviewer_may_not_import(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        path = tmp_path / "file.x9"
        path.write_bytes(b"")
        with pytest.raises(NotAllowed):
            await import_file(bank.reviewer, path, path.name)

    run(story())


def test_a_duplicate_across_batches_of_one_file_is_told_once(
    run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.intake.rows._BATCH", 2)

    async def story() -> None:
        bank = await make_bank()
        items = [x9_item(n, "10.00", bank.routing) for n in range(1, 6)]
        await import_items(bank, tmp_path, [*items, items[0]])
        async with transaction(bank.system) as session:
            flag = (await session.execute(select(Flag).where(Flag.code == "duplicate_presentment"))).scalar_one()
        seen = next(field["value"] for field in flag.evidence["fields"] if field["label"] == "seen")
        assert seen == "item 1 of this file"

    run(story())


@needs_real_files
def test_real_files(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        reports = {
            path.name: await import_file(bank.supervisor, path, path.name) for path in sorted(REAL.glob("*.[xi]*"))
        }
        for name, report in reports.items():
            assert report.status is ImportStatus.IMPORTED or name.endswith(".json"), (name, report.message)
        sample = reports["x9ware-sample__x937_dstu.x9"]
        assert (sample.checks, sample.images_stored, sample.images_displayable) == (10, 20, 20)
        assert sample.amount_cents == sum(10000 + 2 * n for n in range(10))
        mixed = reports["moov__BNK20180905121042882-A_len4.icl"]
        assert (mixed.checks, mixed.returns) == (4, 4)
        assert mixed.images_displayable == 0 and mixed.findings
        assert reports["moov__creditRecord61.icl"].credits == 1

    run(story())
