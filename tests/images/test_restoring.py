"""Images under object lock: what the console's own key, and even the store's keeper, cannot do to them; and bringing
back what was deleted or written over.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from minio import Minio
from minio.commonconfig import COMPLIANCE, GOVERNANCE
from minio.error import S3Error
from minio.retention import Retention
from minio.versioningconfig import SUSPENDED, VersioningConfig
from sqlalchemy import select

from console.images.restoring import restore_images
from console.images.store import StoreUnavailable, image_store
from console.settings import Settings
from db.engine import transaction
from db.models import AuditEntry, Image
from deploy.embedded.layout import Credentials, Layout
from deploy.embedded.object_store import BUCKET, ObjectStore
from deploy.embedded.processes import spawn, stop
from tests import warm
from tests.factories import Bank, import_items, make_bank, x9_item

DAY = timedelta(days=1)
Run = Callable[[Coroutine[Any, Any, None]], None]


@dataclass(frozen=True)
class Locked:
    """A store with an image in it, locked for a day; a client each for who may do least and most."""

    console: Minio
    keeper: Minio
    version: str

    def bytes(self) -> bytes:
        """What was locked, as it is now."""
        return bytes(self.keeper.get_object(BUCKET, "bank/image", version_id=self.version).data)


@contextmanager
def store_running(folder: Path, kind: type[ObjectStore] = ObjectStore) -> Iterator[tuple[ObjectStore, Credentials]]:
    """An object store of its own, and the console's credentials for it."""
    layout = Layout(folder)
    layout.make()
    made = Credentials.of(layout)
    store = kind(layout, made)
    store.prepare()
    server = store.server()
    process = spawn(server)
    try:
        deadline = time.monotonic() + 60
        while not store.is_ready():
            assert process.poll() is None and time.monotonic() < deadline, server.log.read_text()
            time.sleep(0.05)
        store.furnish()
        yield store, made
    finally:
        stop([(server, process)])


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Locked]:
    with store_running(tmp_path_factory.mktemp("store")) as (store, made):
        address = urlsplit(store.endpoints()["object_store_endpoint"]).netloc
        console = Minio(address, made.object_store_access_key, made.object_store_secret_key, secure=False)
        keeper = Minio(address, *store.keeper_keys(), secure=False)
        lock = Retention(COMPLIANCE, datetime.now(UTC) + DAY)
        put = console.put_object(BUCKET, "bank/image", io.BytesIO(b"as it was"), 9, retention=lock)
        yield Locked(console, keeper, str(put.version_id))


@pytest.mark.parametrize("who", ["console", "keeper"])
def test_nobody_destroys_or_changes_what_is_locked(locked: Locked, who: str) -> None:
    client: Minio = getattr(locked, who)
    soon = datetime.now(UTC) + timedelta(seconds=1)
    attempts: dict[str, Callable[[], object]] = {
        "delete": lambda: client.remove_object(BUCKET, "bank/image", version_id=locked.version),
        "shorten": lambda: client.set_object_retention(
            BUCKET, "bank/image", Retention(COMPLIANCE, soon), version_id=locked.version
        ),
        "weaken": lambda: client.set_object_retention(
            BUCKET, "bank/image", Retention(GOVERNANCE, datetime.now(UTC) + DAY), version_id=locked.version
        ),
        "keep no more versions": lambda: client.set_bucket_versioning(BUCKET, VersioningConfig(SUSPENDED)),
        "delete the bucket": lambda: client.remove_bucket(BUCKET),
    }
    for name, attempt in attempts.items():
        with pytest.raises(S3Error) as refused:
            attempt()
        assert refused.value.code in {"AccessDenied", "InvalidBucketState", "BucketNotEmpty"}, name
    # Encrypted by an intruder, then deleted: what was locked lies beneath.
    client.put_object(BUCKET, "bank/image", io.BytesIO(b"pay us"), 6)
    client.remove_object(BUCKET, "bank/image")
    assert locked.bytes() == b"as it was"


def test_the_console_may_nothing_about_buckets(locked: Locked) -> None:
    for attempt in (
        lambda: locked.console.delete_object_lock_config(BUCKET),
        lambda: locked.console.make_bucket("another"),
        lambda: locked.console.list_buckets(),
    ):
        try:
            found = attempt()
        except S3Error as refused:
            assert refused.code == "AccessDenied"
        else:
            assert found is not None and {bucket.name for bucket in found} <= {BUCKET}, "its own at most"


def test_without_its_buckets_lock_an_object_keeps_its_own(locked: Locked) -> None:
    locked.keeper.delete_object_lock_config(BUCKET)
    with pytest.raises(S3Error, match="AccessDenied"):
        locked.keeper.remove_object(BUCKET, "bank/image", version_id=locked.version)
    assert locked.bytes() == b"as it was"


def client_of(console: Settings) -> Minio:
    """With the console's key, which is what an intruder in it would have."""
    address = urlsplit(console.object_store_endpoint).netloc
    return Minio(
        address, console.object_store_access_key, console.object_store_secret_key.get_secret_value(), secure=False
    )


def test_deleted_and_overwritten_images_come_back(console: Settings, run: Run, tmp_path: Path) -> None:
    client, bucket = client_of(console), console.object_store_bucket

    async def story() -> None:
        bank = await make_bank()
        await import_items(bank, tmp_path, [x9_item(n, f"{n}0.00", bank.routing) for n in range(1, 4)])
        async with transaction(bank.system) as session:
            hashes = [bytes(one) for one in await session.scalars(select(Image.sha256).distinct())]
        assert len(hashes) == 6
        store, key = image_store(), lambda one: f"{bank.institution_id}/{one.hex()}"
        before = {one: store.get(bank.institution_id, one) for one in hashes}
        deleted, overwritten, both, twice = hashes[:4]
        client.remove_object(bucket, key(deleted))
        client.put_object(bucket, key(overwritten), io.BytesIO(b"pay us"), 6)
        client.put_object(bucket, key(both), io.BytesIO(b"pay us"), 6)
        client.remove_object(bucket, key(both))
        store.put(bank.institution_id, before[twice], twice)  # the same bytes again: nothing is wrong with it
        for one in (deleted, overwritten, both):
            with pytest.raises(StoreUnavailable):
                store.get(bank.institution_id, one)

        said = await asyncio.to_thread(warm.run, ["restore-images", "--json"], os.environ)
        assert said.returncode == 0, said.stderr
        found = json.loads(said.stdout)
        assert set(found.pop("restored")) == {one.hex() for one in (deleted, overwritten, both)}
        assert found == {"images": len(hashes), "lost": []}
        assert {one: store.get(bank.institution_id, one) for one in hashes} == before
        again = await restore_images()
        assert again.restored == [] == again.lost, "once is enough"
        # What was brought back is locked as it was.
        (newest,) = (versions[0] for one, versions in store.versions(bank.institution_id) if one == deleted)
        with pytest.raises(S3Error, match="AccessDenied"):
            client.remove_object(bucket, key(deleted), version_id=newest.id)
        await _on_record(bank)

    run(story())


async def _on_record(bank: Bank) -> None:
    async with transaction(bank.system) as session:
        entries = list(await session.scalars(select(AuditEntry).where(AuditEntry.action == "images.restored")))
    assert [entry.after["count"] for entry in entries if entry.after] == [3]


def test_what_has_no_right_version_is_named(console: Settings, run: Run, tmp_path: Path) -> None:
    client, bucket = client_of(console), console.object_store_bucket

    async def story() -> None:
        bank = await make_bank()
        lost = f"{bank.institution_id}/{'ab' * 32}"
        client.put_object(bucket, lost, io.BytesIO(b"never right"), 11)
        client.put_object(bucket, lost, io.BytesIO(b"nor now"), 7)
        found = await restore_images()
        assert found.lost == ["ab" * 32] and found.restored == []
        said = await asyncio.to_thread(warm.run, ["restore-images"], os.environ)
        assert said.returncode == 1 and f"LOST {'ab' * 32}" in said.stdout

    run(story())
