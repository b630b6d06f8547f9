"""Uploads: streamed to a nameless file, bounded, imported in the background, seen by whoever comes back."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from console.access.permissions import NotAllowed
from console.access.sessions import SignedOut
from console.actor import Actor
from console.intake import arrivals
from console.intake.arrivals import Acting, Arrival, State, TooLarge, TooManyFiles
from console.intake.report import ImportStatus
from console.settings import settings
from tests.factories import Bank, make_bank, x9_file, x9_item


@pytest.fixture(autouse=True)
def spool_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Temporary files go here; nothing of them may stay."""
    folder = tmp_path / "spool"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


async def pieces(data: bytes, size: int = 7_000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def acting(actor: Actor) -> Acting:
    async def who() -> Actor:
        return actor

    return who


async def done(arrival: Arrival) -> Arrival:
    async with asyncio.timeout(60):
        while arrival.unfinished:
            await asyncio.sleep(0.02)
    return arrival


async def offer(actor: Actor, data: bytes, name: str = "a.x9") -> Arrival:
    return await arrivals.take(actor, name, len(data), pieces(data), acting(actor))


def a_file(bank: Bank, modifier: str = "1") -> bytes:
    return x9_file([x9_item(n, "10.00", bank.routing) for n in (1, 2, 3)], origin=bank.routing, modifier=modifier)


def test_an_upload_is_imported_and_its_result_stays_to_be_seen(run: Callable, spool_folder: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        name = "../../etc/Tägliche Datei.x9"
        arrival = await offer(bank.supervisor, a_file(bank), name)
        assert arrival.state in {State.WAITING, State.IMPORTING}
        assert arrival.received == arrival.size
        # The user's name for it never becomes a path.
        assert all("etc" not in path.name and "Datei" not in path.name for path in spool_folder.rglob("*"))
        await done(arrival)
        assert arrival.state is State.DONE
        assert arrival.report is not None
        assert (arrival.report.status, arrival.report.checks) == (ImportStatus.IMPORTED, 3)
        assert arrivals.arrivals(bank.auditor) == (arrival,)
        again = await done(await offer(bank.supervisor, a_file(bank), "again.x9"))
        assert again.report is not None
        assert again.report.status is ImportStatus.DUPLICATE
        assert again.report.imported_at is not None
        bad = await done(await offer(bank.supervisor, b"no X9 at all", "bad.x9"))
        assert bad.report is not None
        assert (bad.report.status, len(bad.report.findings)) == (ImportStatus.REFUSED, 1)
        assert arrivals.arrivals(bank.auditor) == (bad, again, arrival)
        arrivals.dismiss(bank.supervisor)
        assert arrivals.arrivals(bank.auditor) == ()

    run(story())


def test_the_stamp_changes_with_every_step(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        stamps = [arrivals.stamp(bank.institution_id)]
        half = a_file(bank)

        async def watched() -> AsyncIterator[bytes]:
            async for piece in pieces(half, len(half) // 2):
                stamps.append(arrivals.stamp(bank.institution_id))
                fractions.append(arrivals.arrivals(bank.supervisor)[0].fraction)
                yield piece

        fractions: list[float | None] = []
        arrival = await arrivals.take(bank.supervisor, "a.x9", len(half), watched(), acting(bank.supervisor))
        await done(arrival)
        stamps.append(arrivals.stamp(bank.institution_id))
        assert len(set(stamps)) == len(stamps)
        assert fractions[0] == 0
        assert fractions[1] == pytest.approx(0.5, abs=0.01)

    run(story())


def test_too_large_is_refused_before_and_while_it_comes(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        bank = await make_bank()
        large = 1_000_001
        with pytest.raises(TooLarge, match="larger than 1 MB"):
            await arrivals.take(bank.supervisor, "a.x9", large, pieces(b""), acting(bank.supervisor))
        assert arrivals.arrivals(bank.supervisor) == ()
        # A browser that says less than it sends, or nothing, is stopped at the limit.
        with pytest.raises(TooLarge):
            await arrivals.take(bank.supervisor, "a.x9", None, pieces(bytes(large)), acting(bank.supervisor))
        assert arrivals.arrivals(bank.supervisor)[0].state is State.FAILED

    monkeypatch.setenv("INTAKE_MAX_FILE_MB", "1")
    settings.cache_clear()
    run(story())


def test_only_a_few_are_on_their_way_at_once(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        data = a_file(bank)
        go_on = asyncio.Event()

        async def slowly() -> AsyncIterator[bytes]:
            yield data
            await go_on.wait()

        async with asyncio.TaskGroup() as uploads:
            taken = [
                uploads.create_task(arrivals.take(bank.supervisor, "a.x9", None, slowly(), acting(bank.supervisor)))
                for _ in range(arrivals.MAX_UNFINISHED)
            ]
            while len(arrivals.arrivals(bank.supervisor)) < len(taken):
                await asyncio.sleep(0.01)
            with pytest.raises(TooManyFiles):
                await offer(bank.supervisor, data)
            go_on.set()
        statuses = [report.status for one in taken if (report := (await done(one.result())).report)]
        # One after the other: the first was imported, the others found it there.
        assert sorted(statuses) == ["duplicate"] * (arrivals.MAX_UNFINISHED - 1) + ["imported"]
        await done(await offer(bank.supervisor, data))

    run(story())


def test_a_session_that_ends_during_the_upload_imports_nothing(run: Callable) -> None:
    async def nobody() -> Actor:
        raise SignedOut

    async def story() -> None:
        bank = await make_bank()
        with pytest.raises(SignedOut):
            await arrivals.take(bank.supervisor, "a.x9", None, pieces(a_file(bank)), nobody)
        assert [(one.state, one.report) for one in arrivals.arrivals(bank.supervisor)] == [(State.FAILED, None)]

    run(story())


def test_a_lost_connection_is_told_in_words(run: Callable) -> None:
    async def breaks() -> AsyncIterator[bytes]:
        yield b"a"
        raise ConnectionError

    async def story() -> None:
        bank = await make_bank()
        with pytest.raises(ConnectionError):
            await arrivals.take(bank.supervisor, "a.x9", 10, breaks(), acting(bank.supervisor))
        [failed] = arrivals.arrivals(bank.supervisor)
        assert "cut off" in failed.fault

    run(story())


def test_uploading_is_for_those_who_may(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        for person in (bank.reviewer, bank.approver, bank.auditor, bank.administrator):
            with pytest.raises(NotAllowed):
                await offer(person, a_file(bank))
            with pytest.raises(NotAllowed):
                arrivals.dismiss(person)
        with pytest.raises(NotAllowed):
            arrivals.arrivals(bank.reviewer)
        # Roles taken away while the bytes came: what counts is who acts at the end.
        with pytest.raises(NotAllowed):
            await arrivals.take(bank.supervisor, "a.x9", None, pieces(a_file(bank)), acting(bank.reviewer))

    run(story())
