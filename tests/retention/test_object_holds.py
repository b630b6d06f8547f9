"""Legal holds in the object store itself: put on, taken off with the last hold, caught up after whatever failed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from minio import Minio
from minio.error import S3Error
from pydantic import SecretStr
from sqlalchemy import func, select, text

from console.audit.verify import verify
from console.images.object_lock import HoldNotAllowed
from console.images.store import ImageStore, StoreUnavailable, image_store
from console.operations.checklist import Rule
from console.operations.checks import CheckName
from console.operations.compliance import Found, State, read_compliance
from console.operations.jobs import list_checks
from console.operations.object_holds import HoldsIncomplete, keep_holds
from console.retention.legal_holds import Scope, Subject, place
from console.retention.object_holds import ObjectHolds, keep_object_holds
from console.retention.object_purge import Purged, purge_objects
from console.settings import Settings, settings
from db.engine import transaction
from db.models import Image, ObjectHold
from deploy.embedded.object_store import BUCKET, ObjectStore
from tests.factories import Bank, import_items, item_ids, make_bank, x9_item
from tests.images.test_restoring import client_of, store_running
from tests.retention.test_purges import LETTER, decided, entries, lifted, unlocked
from tests.review.test_attachments import sent

__all__ = ["unlocked"]
DAY = timedelta(days=1)
PLAIN = "without-object-lock"
AWAY = "http://127.0.0.1:9"


async def hashes(bank: Bank, item: UUID) -> set[bytes]:
    async with transaction(bank.system) as session:
        return set(await session.scalars(select(Image.sha256).where(Image.item_id == item)))


def destroyed(bank: Bank, sha256: bytes) -> bool:
    """Try, with the console's own key, to destroy these bytes; whether it went."""
    return destroyed_at(f"{bank.institution_id}/{sha256.hex()}")


def destroyed_at(key: str) -> bool:
    """The same of what is stored under a key."""
    client, bucket = client_of(settings()), settings().object_store_bucket
    found = list(client.list_objects(bucket, key, include_version=True))
    assert found
    try:
        for one in found:
            client.remove_object(bucket, key, version_id=one.version_id)
    except S3Error as refused:
        assert refused.code == "AccessDenied"
        return False
    return True


async def rows(bank: Bank) -> int:
    async with transaction(bank.system) as session:
        return (await session.execute(select(func.count()).select_from(ObjectHold))).scalar_one()


def test_what_a_hold_covers_is_held_in_the_store_until_the_last_one_is_lifted(
    unlocked: None, run: Callable, tmp_path: Path
) -> None:
    async def story() -> None:
        bank = await make_bank()
        await import_items(bank, tmp_path, [x9_item(n, f"{n}.00", "021000021") for n in (1, 2)])
        held, other = await item_ids(bank)
        assert await keep_object_holds(bank.institution_id) == ObjectHolds()
        first = await place(bank.supervisor, Subject(Scope.ITEM, held), "Case", "reason")
        assert await keep_object_holds(bank.institution_id) == ObjectHolds(held=2)
        (proof,) = await entries(bank, "objects.held")
        lines = "".join(sorted(f'"{one.hex()}"\n' for one in await hashes(bank, held)))
        assert (proof["count"], proof["sha256"]) == (2, hashlib.sha256(lines.encode()).hexdigest())
        assert not any(destroyed(bank, one) for one in await hashes(bank, held))
        assert all(destroyed(bank, one) for one in await hashes(bank, other))
        # What comes to it later is covered as well, once.
        await sent(bank.reviewer, held, LETTER)
        assert await keep_object_holds(bank.institution_id) == ObjectHolds(held=1)
        assert await keep_object_holds(bank.institution_id) == ObjectHolds()
        assert not destroyed(bank, hashlib.sha256(LETTER).digest())
        # Another hold covers the same.
        today = datetime.now(UTC).date()
        second = await place(bank.supervisor, Subject(Scope.PERIOD, None, today - DAY), "Other", "reason")
        await lifted(bank, first)
        assert (await keep_object_holds(bank.institution_id)).released == 0
        assert not any(destroyed(bank, one) for one in await hashes(bank, held))
        await lifted(bank, second)
        assert (await keep_object_holds(bank.institution_id)).released >= 3
        assert await rows(bank) == 0
        assert all(destroyed(bank, one) for one in await hashes(bank, held))
        assert len(await entries(bank, "objects.released")) == 1 and (await verify(bank.auditor)).ok

    run(story())


def test_a_hold_that_comes_back_before_the_store_was_told_stays(unlocked: None, run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        await import_items(bank, tmp_path, [x9_item(1, "1.00", "021000021")])
        (item,) = await item_ids(bank)
        hold = await place(bank.supervisor, Subject(Scope.ITEM, item), "Case", "reason")
        await keep_object_holds(bank.institution_id)
        await lifted(bank, hold)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("console.retention.object_holds.image_store", lambda: store_away())
            with pytest.raises(StoreUnavailable):
                await keep_object_holds(bank.institution_id)
        again = await place(bank.supervisor, Subject(Scope.ITEM, item), "Case", "reason")
        assert await keep_object_holds(bank.institution_id) == ObjectHolds(held=2)
        assert not any(destroyed(bank, one) for one in await hashes(bank, item))
        await lifted(bank, again)
        assert await keep_object_holds(bank.institution_id) == ObjectHolds(released=2)

    run(story())


def store_away() -> ImageStore:
    return ImageStore(settings().model_copy(update={"object_store_endpoint": AWAY}))


def test_a_hold_placed_while_the_store_is_away_is_caught_up_with(
    unlocked: None, run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        bank = await make_bank()
        first, _ = await decided(bank, tmp_path, 1)
        hold = await place(bank.supervisor, Subject(Scope.ITEM, first), "Case", "reason")
        monkeypatch.setattr("console.retention.object_holds.image_store", store_away)
        with pytest.raises(HoldsIncomplete, match="does not answer"):
            await keep_holds()
        (check,) = [one for one in await list_checks(bank.auditor) if one.name == CheckName.OBJECT_HOLDS]
        assert not check.ok and "does not answer" in check.detail
        assert await line(bank) == Found(State.FAULT, f"1 stands; {check.detail}")
        monkeypatch.undo()
        assert await keep_holds() == 2
        assert await line(bank) == Found(State.WELL, "1 stands; the store holds what legal holds cover")
        assert not any(destroyed(bank, one) for one in await hashes(bank, first))
        # Lifted, and the store not told yet: the purge leaves it, and has it the next time.
        await lifted(bank, hold)
        later = datetime.now(UTC) + 3000 * DAY
        assert await purge_objects(bank.institution_id, later) == Purged(locked=2)
        assert await keep_holds() == 2
        assert await purge_objects(bank.institution_id, later) == Purged(images=2)

    run(story())


async def line(bank: Bank) -> Found:
    """How the Compliance page's line of the legal holds stands."""
    lines = await read_compliance(bank.auditor)
    return next(one.found for section in lines.values() for one in section if one.rule is Rule.HOLDS)


def test_a_flag_that_was_put_as_the_process_died_is_known_of(
    unlocked: None, run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    async def story() -> None:
        bank = await make_bank()
        await import_items(bank, tmp_path, [x9_item(1, "1.00", "021000021")])
        (item,) = await item_ids(bank)
        hold = await place(bank.supervisor, Subject(Scope.ITEM, item), "Case", "reason")
        monkeypatch.setattr("console.retention.object_holds.record_each", dies)
        with pytest.raises(KeyboardInterrupt):
            await keep_object_holds(bank.institution_id)
        monkeypatch.undo()
        assert not any(destroyed(bank, one) for one in await hashes(bank, item))
        await lifted(bank, hold)
        assert await keep_object_holds(bank.institution_id) == ObjectHolds(released=2)
        assert all(destroyed(bank, one) for one in await hashes(bank, item))

    run(story())


def test_what_is_not_in_the_store_is_told_and_holds_nothing_up(unlocked: None, run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        await import_items(bank, tmp_path, [x9_item(1, "1.00", "021000021")])
        (item,) = await item_ids(bank)
        lost, there = sorted(await hashes(bank, item))
        assert destroyed(bank, lost)
        hold = await place(bank.supervisor, Subject(Scope.ITEM, item), "Case", "reason")
        assert await keep_object_holds(bank.institution_id) == ObjectHolds(held=1, waiting=1, missing=1)
        assert not destroyed(bank, there)
        assert await keep_holds() == 0
        assert "1 objects that legal holds cover are not in the store" in (await line(bank)).words
        await lifted(bank, hold)
        assert (await keep_object_holds(bank.institution_id)).waiting == 0 == await rows(bank)

    run(story())


def test_the_database_forgets_no_object_that_is_held(unlocked: None, run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        await import_items(bank, tmp_path, [x9_item(1, "1.00", "021000021")])
        (item,) = await item_ids(bank)
        await place(bank.supervisor, Subject(Scope.ITEM, item), "Case", "reason")
        await keep_object_holds(bank.institution_id)
        with pytest.raises(Exception, match="a legal hold covers this row"):
            async with transaction(bank.system) as session:
                await session.execute(text("delete from object_hold"))

    run(story())


class Stingy(ObjectStore):
    """A store whose console may set no legal holds, as with rights of an earlier day, and use another bucket."""

    def identities(self) -> list[dict[str, Any]]:
        """As everywhere, without that."""
        console, keeper = super().identities()
        actions = [action for action in console["actions"] if "LegalHold" not in action]
        return [console | {"actions": actions + [one.replace(BUCKET, PLAIN) for one in actions]}, keeper]


def test_where_the_store_cannot_or_may_not_it_is_said(
    run: Callable, console: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store_running(tmp_path / "store", Stingy) as (store, _):
        there = console.model_copy(update=settings_of(store))
        monkeypatch.setattr("console.retention.object_holds.image_store", lambda: ImageStore(there))

        async def story() -> None:
            bank = await make_bank()
            await import_items(bank, tmp_path, [x9_item(1, "1.00", "021000021")])
            (item,) = await item_ids(bank)
            for sha256 in await hashes(bank, item):
                ImageStore(there).put(bank.institution_id, image_store().get(bank.institution_id, sha256), sha256)
            await place(bank.supervisor, Subject(Scope.ITEM, item), "Case", "reason")
            with pytest.raises(HoldNotAllowed, match="s3:PutObjectLegalHold"):
                await keep_object_holds(bank.institution_id)
            with pytest.raises(HoldsIncomplete, match="s3:PutObjectLegalHold"):
                await keep_holds()
            assert (await line(bank)).state is State.FAULT
            address = urlsplit(there.object_store_endpoint).netloc
            Minio(address, *store.keeper_keys(), secure=False).make_bucket(PLAIN)
            there.object_store_bucket = PLAIN
            assert await keep_object_holds(bank.institution_id) == ObjectHolds(waiting=2, supported=False)
            assert await keep_holds() == 0
            said = "1 stands; the bucket has no object lock: the console alone keeps 2 objects that legal holds cover"
            assert await line(bank) == Found(State.LOOK, said)

        run(story())


def settings_of(store: ObjectStore) -> dict[str, Any]:
    """Where it is, as settings."""
    made = dict(store.endpoints())
    return made | {"object_store_secret_key": SecretStr(made["object_store_secret_key"])}
