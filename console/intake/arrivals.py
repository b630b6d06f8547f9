"""Files on their way in, in this process: being uploaded, waiting, being imported, and lately done.

Who leaves the Intake page and comes back finds them here. What an import leaves behind is in the database; this
list is a view of the work, and a process that ends takes it along.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterable, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import IO
from uuid import UUID, uuid4

import anyio
import structlog

from console.access.permissions import NotAllowed, Permission, require
from console.access.sessions import SessionServiceUnavailable, SignedOut
from console.actor import Actor
from console.images.store import StoreUnavailable
from console.intake.files import import_file
from console.intake.report import ImportReport, Progress
from console.policy.versions import NoActivePolicy
from console.settings import settings

# Where browsers send a file, as the body of a request; its name comes percent-encoded in a header.
UPLOAD_PATH = "/intake/files"
NAME_HEADER = "X-File-Name"

MAX_UNFINISHED = 20
KEPT_DONE = 20
KEPT_FOR = timedelta(hours=1)

# Who acts, asked at the moment when an upload has come in whole.
Acting = Callable[[], Awaitable[Actor]]

_log = structlog.get_logger(__name__)


class State(StrEnum):
    """Where a file is."""

    UPLOADING = "uploading"
    WAITING = "waiting for the file before it"
    IMPORTING = "importing"
    DONE = "done"
    FAILED = "failed"


class TooLarge(Exception):
    """The file exceeds INTAKE_MAX_FILE_MB."""

    def __init__(self, name: str, limit_mb: int) -> None:
        super().__init__(f"{name} is larger than {limit_mb:,} MB, the most that is taken. Nothing was imported.")


class TooManyFiles(Exception):
    """MAX_UNFINISHED files are on their way already."""

    def __init__(self) -> None:
        super().__init__(f"{MAX_UNFINISHED} files are on their way already. Offer this one again when some are done.")


class ImportFailed(Exception):
    """Nothing was imported, for a reason that is not the file's; the message says which."""


@dataclass(eq=False)
class Arrival:
    """A file on its way in. `size` is None where the browser did not say; `fault` tells why it failed."""

    institution_id: UUID
    brought_by: UUID | None
    by: str
    name: str
    size: int | None
    id: UUID = field(default_factory=uuid4)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    received: int = 0
    progress: Progress = field(default_factory=Progress)
    state: State = State.UPLOADING
    report: ImportReport | None = None
    fault: str = ""
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def unfinished(self) -> bool:
        return self.state not in {State.DONE, State.FAILED}

    @property
    def fraction(self) -> float | None:
        """From 0 to 1 within what is being done; None where nobody knows."""
        if self.state is State.UPLOADING:
            return min(1.0, self.received / self.size) if self.size else None
        return self.progress.fraction if self.state is State.IMPORTING else None


_arrivals: dict[UUID, list[Arrival]] = {}
_tasks: set[asyncio.Task[None]] = set()
# One import at a time: each is threads of hashing and storing, and people are reviewing meanwhile.
_turns: dict[asyncio.AbstractEventLoop, asyncio.Lock] = {}


def arrivals(actor: Actor) -> tuple[Arrival, ...]:
    """The institution's files on their way, and those lately done, the latest first. Raises NotAllowed."""
    require(actor, Permission.FILE_READ)
    return tuple(reversed(_prune(actor.institution_id)))


def stamp(institution_id: UUID) -> int:
    """A number that changes whenever something about the institution's files on their way does."""
    known = _arrivals.get(institution_id, ())
    return hash(tuple((one.id, one.state, one.received, one.progress.stage, one.progress.done) for one in known))


def dismiss(actor: Actor) -> None:
    """Forget what is done of the files that this person brought. Raises NotAllowed."""
    require(actor, Permission.FILE_IMPORT)
    kept = [one for one in _prune(actor.institution_id) if one.unfinished or one.brought_by != actor.user_id]
    _arrivals[actor.institution_id] = kept


async def take(actor: Actor, name: str, size: int | None, chunks: AsyncIterable[bytes], acting: Acting) -> Arrival:
    """Take an upload to its last byte, then import it in the background; returns once it is taken.

    The bytes go to a temporary file without the name that the person gave. `acting` tells who acts when all have
    come. Raises NotAllowed, TooLarge, TooManyFiles, SignedOut, and what `chunks` raises.
    """
    require(actor, Permission.FILE_IMPORT)
    limit = settings().intake_max_file_mb
    if size is not None and size > limit * 1_000_000:
        raise TooLarge(name, limit)
    if sum(one.unfinished for one in _prune(actor.institution_id)) >= MAX_UNFINISHED:
        raise TooManyFiles
    arrival = Arrival(actor.institution_id, actor.user_id, actor.name, name, size)
    _arrivals[actor.institution_id].append(arrival)
    spool = tempfile.NamedTemporaryFile(prefix="intake-", suffix=".x9")  # noqa: SIM115 - the import closes it
    try:
        await _receive(arrival, chunks, spool, limit)
        importer = await acting()
        require(importer, Permission.FILE_IMPORT)
    except BaseException as error:
        spool.close()
        _fail(arrival, _words(error, "The upload was cut off. Nothing was imported; offer the file again."))
        raise
    arrival.state = State.WAITING
    task = asyncio.create_task(_import(importer, arrival, spool), name="import of an upload")
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    return arrival


async def outcome(arrival: Arrival) -> ImportReport:
    """What came of a file that was taken, once its import is over. Raises ImportFailed."""
    await arrival.ended.wait()
    if arrival.report is None:
        raise ImportFailed(arrival.fault)
    return arrival.report


async def _receive(arrival: Arrival, chunks: AsyncIterable[bytes], spool: IO[bytes], limit_mb: int) -> None:
    async for chunk in chunks:
        arrival.received += len(chunk)
        if arrival.received > limit_mb * 1_000_000:
            raise TooLarge(arrival.name, limit_mb)
        await anyio.to_thread.run_sync(spool.write, chunk)
    await anyio.to_thread.run_sync(spool.flush)


async def _import(actor: Actor, arrival: Arrival, spool: IO[bytes]) -> None:
    """Import what was taken; whatever happens ends in the arrival, in words."""
    try:
        async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
            arrival.state = State.IMPORTING
            arrival.report = await import_file(actor, Path(spool.name), arrival.name, arrival.progress)
        arrival.state = State.DONE
    except Exception as error:
        _log.exception("import failed", request_id=actor.request_id)
        unexpected = f"Something went wrong and nothing was imported. Try again; report {actor.request_id} if it stays."
        _fail(arrival, _words(error, unexpected))
    finally:
        if arrival.unfinished:
            _fail(arrival, "The import was stopped. Nothing was imported; offer the file again.")
        arrival.ended.set()
        spool.close()


def _fail(arrival: Arrival, fault: str) -> None:
    arrival.state, arrival.fault = State.FAILED, fault


def _words(error: BaseException, otherwise: str) -> str:
    known = (NotAllowed, TooLarge, SignedOut, SessionServiceUnavailable, StoreUnavailable, NoActivePolicy)
    if isinstance(error, known):
        return str(error)
    if isinstance(error, OSError) and error.errno is not None:
        return f"The server could not keep the file: {os.strerror(error.errno)}. Nothing was imported."
    return otherwise


def _prune(institution_id: UUID) -> list[Arrival]:
    """The institution's list, without what has been done for long."""
    known = _arrivals.setdefault(institution_id, [])
    done = [one for one in known if not one.unfinished]
    old = set(done[:-KEPT_DONE]) | {one for one in done if datetime.now(UTC) - one.started_at > KEPT_FOR}
    known[:] = [one for one in known if one not in old]
    return known
