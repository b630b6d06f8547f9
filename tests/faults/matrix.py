"""The fault matrix: each part that the console stands on is killed, stopped, slow or full while people work.

Real processes: PostgreSQL, Valkey, the object store, nginx, three replicas and two workers. What people see, how long
nobody could decide, how soon all is well again, and whether anything that a page took for done is missing afterwards.
`python3 main.py bench --only faults` holds each fault for 30 seconds and prints the table of deploy/README.md.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import psycopg

from console.access import sessions
from console.access.visit import Visit
from console.actor import Actor
from console.resources import resources
from console.roles import Role
from console.settings import settings
from db.migrations.run import upgrade
from deploy.embedded.services import Endpoints
from tests import warm
from tests.bench.figures import Figure
from tests.bench.ground import environment_of
from tests.browser.site import _environment
from tests.deploy.edge import Edge, Replica, edge
from tests.factories import Bank, make_bank, make_person, set_thresholds, x9_file, x9_item
from tests.faults.limping import Limping
from tests.faults.own_services import OwnServices, own_services
from tests.faults.people import Person
from tests.faults.slow_line import SlowLine, slow_line

HOLD_SECONDS: Final = 30.0
PACE: Final = 1.5
DELAY: Final = 0.05
PEOPLE: Final = 3
CHECKS: Final = 3_000
# So long all must be well again after a fault has ended.
WELL_SECONDS: Final = 60.0
_TRANSIT: Final = "061000146"
_DISK: Final = "400m"
# Of a process of the console; slow is to run a quarter of the time.
PROCESS_FAULTS: Final = ("killed", "stopped", "slow")
SERVICES: Final = {"postgres": "PostgreSQL", "valkey": "Redis", "object-store": "S3"}


class NotFeasible(Exception):
    """The fault cannot be made here; the message says why."""


@dataclass(frozen=True)
class Row:
    """A fault and what came of it; seconds. `lost`: decisions that a page took for done and that are not there once."""

    part: str
    fault: str
    seen: str
    stood_still: float | None = None
    well_after: float | None = None
    decided: int = 0
    lost: int = 0

    def cells(self) -> tuple[str, ...]:
        still, well = ("—" if one is None else f"{one:.1f} s" for one in (self.stood_still, self.well_after))
        return self.part, self.fault, self.seen, still, well, str(self.lost)


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown."""
    head = ("part", "fault", "what people see", "longest without a decision", "well again after", "lost")
    lines = [head, ("---",) * len(head), *(row.cells() for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


@dataclass
class Stage:
    """Everything that runs."""

    services: OwnServices
    lines: dict[str, SlowLine]
    running: Edge
    workers: list[warm.WarmProcess]
    people: list[Person]
    bank: Bank
    folder: Path
    direct_url: str
    environ: dict[str, str]
    disks: dict[str, Path]
    hit: Replica | None = None
    limping: Limping | None = None

    def start_worker(self, at: int) -> None:
        with (self.folder / f"worker-{at}.log").open("ab") as out:
            self.workers[at] = warm.start(["worker"], self.environ, stdout=out.fileno(), stderr=out.fileno())


@dataclass(frozen=True)
class Fault:
    """How a fault begins and ends."""

    part: str
    name: str
    begin: Callable[[Stage], None]
    end: Callable[[Stage], None]


def _service_faults(name: str) -> list[Fault]:
    part = SERVICES[name]
    return [
        Fault(part, "killed", lambda s: s.services.down(name, killed=True), lambda s: s.services.up(name)),
        Fault(part, "stopped", lambda s: s.services.freeze(name), lambda s: s.services.thaw(name)),
        Fault(part, "slow", lambda s: _slow(s, name, DELAY), lambda s: _slow(s, name, 0.0)),
    ]


def _slow(stage: Stage, name: str, delay: float) -> None:
    stage.lines[name].delay = delay


def _fill(stage: Stage, name: str) -> None:
    disk = stage.disks.get(name)
    if disk is None:
        raise NotFeasible("not tried: no right to mount a small disk here")
    free = shutil.disk_usage(disk).free
    with (disk / "ballast").open("wb") as out, suppress(OSError):
        os.posix_fallocate(out.fileno(), 0, max(1, free))
        while True:  # what was given back meanwhile
            out.seek(0, os.SEEK_END)
            out.write(bytes(1 << 16))
            out.flush()


def _empty(stage: Stage, name: str) -> None:
    disk = stage.disks.get(name)
    if disk is None:
        return
    (disk / "ballast").unlink(missing_ok=True)
    if not stage.services.is_running(name):
        # What whoever looks after processes does: it ended by itself.
        stage.services.up(name)


def _disk_faults(name: str) -> list[Fault]:
    return [Fault(SERVICES[name], "disk full", lambda s: _fill(s, name), lambda s: _empty(s, name))]


def _hit_replica(stage: Stage, fault: str) -> None:
    """The one that has the first person's page."""
    named = (stage.people[0].replica or ("", ""))[1]
    stage.hit = next(one for one in stage.running.replicas if stage.running.cookie_of(one) == named)
    process = stage.hit.process
    assert process is not None
    if fault == "killed":
        stage.hit.kill()
    elif fault == "stopped":
        os.kill(process.pid, signal.SIGSTOP)
    else:
        stage.limping = Limping(process.pid)


def _heal_replica(stage: Stage, fault: str) -> None:
    assert stage.hit is not None and stage.hit.process is not None
    if fault == "killed":
        stage.hit.start()
    elif fault == "stopped":
        os.kill(stage.hit.process.pid, signal.SIGCONT)
    elif stage.limping is not None:
        stage.limping.end()


def _replica_fault(name: str) -> Fault:
    return Fault("a replica", name, lambda s: _hit_replica(s, name), lambda s: _heal_replica(s, name))


REPLICA: Final = [_replica_fault(name) for name in PROCESS_FAULTS]
FAULTS: Final = [
    *(fault for name in SERVICES for fault in _service_faults(name)),
    *_disk_faults("postgres"),
    *_disk_faults("object-store"),
    *REPLICA,
]
# A few of them, for the tests.
SHORT: Final = [
    fault
    for fault in FAULTS
    if (fault.part, fault.name)
    in {
        ("PostgreSQL", "stopped"),
        ("PostgreSQL", "disk full"),
        ("Redis", "killed"),
        ("S3", "slow"),
        ("a replica", "killed"),
    }
]


@contextmanager
def stage(folder: Path, people: int = PEOPLE, checks: int = CHECKS) -> Iterator[Stage]:
    """Everything started, everybody signed in, a file of checks imported."""
    with ExitStack() as opened:
        disks = {name: disk for name in ("postgres", "object-store") if (disk := _small_disk(opened, folder, name))}
        own = opened.enter_context(own_services(folder / "services", fast=False))
        lines = {name: opened.enter_context(slow_line(port)) for name, port in _ports(own.endpoints).items()}
        opened.enter_context(environment_of(_through(own.endpoints, lines)))
        upgrade(settings().owner_url)
        bank, persons = asyncio.run(_prepare(folder, people, checks))
        running = opened.enter_context(edge(settings(), folder))
        (folder / "intake").mkdir()
        environ = _environment(settings()) | {
            "INTAKE_FOLDER": str(folder / "intake"),
            "INTAKE_FOLDER_REST_SECONDS": "0",
        }
        made = Stage(
            own, lines, running, [], persons, bank, folder, own.endpoints.superuser_database_url, environ, disks
        )
        made.workers = [None, None]  # type: ignore[list-item]  # started in the next line
        for at in range(2):
            made.start_worker(at)
        try:
            yield made
        finally:
            for worker in made.workers:
                worker.kill()
                worker.wait()


def _small_disk(opened: ExitStack, folder: Path, name: str) -> Path | None:
    """A disk of _DISK in memory where this service keeps its data; None where it cannot be made."""
    place = folder / "services" / {"postgres": "postgres", "object-store": "objects"}[name]
    place.mkdir(parents=True, mode=0o700)
    if os.geteuid() != 0:
        return None
    options = f"size={_DISK},mode=0700"
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], capture_output=True).returncode:
        return None
    opened.callback(subprocess.run, ["umount", "--lazy", str(place)], check=False)
    return place


def _ports(endpoints: Endpoints) -> dict[str, int]:
    addresses = {
        "postgres": endpoints.database_url,
        "valkey": endpoints.redis_url,
        "object-store": endpoints.object_store_endpoint,
    }
    return {name: urlsplit(address).port or 0 for name, address in addresses.items()}


def _through(endpoints: Endpoints, lines: dict[str, SlowLine]) -> Endpoints:
    """The same services, reached by lines that can be made slow."""

    def by(name: str, address: str) -> str:
        parts = urlsplit(address)
        return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{lines[name].port}")))

    return replace(
        endpoints,
        database_url=by("postgres", endpoints.database_url),
        redis_url=by("valkey", endpoints.redis_url),
        object_store_endpoint=by("object-store", endpoints.object_store_endpoint),
    )


async def _prepare(folder: Path, people: int, checks: int) -> tuple[Bank, list[Person]]:
    from console.intake.files import import_file

    async with resources(settings()):
        bank = await make_bank()
        await set_thresholds(bank, undo_seconds=0)
        path = folder / "day.x9"
        write_file(path, _TRANSIT, checks)
        await import_file(bank.supervisor, path, path.name)
        return bank, [await _person(bank.system, number) for number in range(people)]


def write_file(path: Path, routing: str, checks: int, first: int = 0) -> None:
    """A file of checks that have no flag where `routing` is another bank's; one picture serves them all."""
    one = x9_item(1, "10.00", routing)
    items = [
        replace(one, on_us=f"{7_000_000 + n}/{100 + n}", amount_cents=1_000 + n, sequence=f"{n:015d}")
        for n in range(first, first + checks)
    ]
    path.write_bytes(x9_file(items, modifier="AB"[first > 0]))


async def _person(system: Actor, number: int) -> Person:
    who = await make_person(system, f"person_{number}", Role.SUPERVISOR)
    assert who.user_id is not None
    person = sessions.Person(who.institution_id, who.user_id, who.name, who.name, who.roles)
    token = await sessions.start(person, sessions.Stage.FULL, Visit("127.0.0.1"))
    behind_tls = settings().model_copy(update={"public_origin": "https://localhost"})
    return Person(who, (sessions.cookie_name(behind_tls), token))


def suffer(stage: Stage, fault: Fault, hold: float) -> Row:
    """Let everybody work, let the fault begin, end it after `hold` seconds, and wait until everybody decides again."""
    for person in stage.people:
        person.done.clear()
        person.told.clear()
    stop = threading.Event()
    # People are beside; what starts processes stays in this thread, for they end with the one that started them.
    at_work = threading.Thread(target=lambda: asyncio.run(_work(stage, stop)), daemon=True)
    at_work.start()
    try:
        _await_all(stage, time.monotonic())
        began = time.monotonic()
        try:
            fault.begin(stage)
        except NotFeasible as why:
            return Row(fault.part, fault.name, str(why))
        try:
            time.sleep(hold)
        finally:
            ended = time.monotonic()
            fault.end(stage)
        well = _await_all(stage, ended)
    finally:
        stop.set()
        at_work.join(timeout=60)
    longest = max(_longest(person, began, well) for person in stage.people)
    decided = [item for person in stage.people for _, _, item in person.done]
    lost = missing(stage.direct_url, decided)
    return Row(fault.part, fault.name, _seen(stage, began), longest, well - ended, len(decided), lost)


async def _work(stage: Stage, stop: threading.Event) -> None:
    """Everybody works until `stop`."""
    origin, trust = stage.running.site.origin, stage.running.trust()
    async with resources(settings()):
        await asyncio.gather(*(one.work(origin, trust, stage.direct_url, PACE, stop) for one in stage.people))


def _await_all(stage: Stage, since: float) -> float:
    """Until everybody has decided on a check since then; the moment of the last one's first."""
    deadline = time.monotonic() + WELL_SECONDS
    while True:
        firsts = [next((at for at, _, _ in list(person.done) if at >= since), None) for person in stage.people]
        found = [one for one in firsts if one is not None]
        if len(found) == len(firsts):
            return max(found)
        told = [person.told[-3:] for person, first in zip(stage.people, firsts, strict=True) if first is None]
        assert time.monotonic() < deadline, f"{len(told)} people cannot decide: {told}"
        time.sleep(0.05)


def _longest(person: Person, since: float, until: float) -> float:
    """The longest time between two of their decisions that reaches into the fault."""
    moments = [at for at, _, _ in person.done if at <= until]
    gaps = [later - earlier for earlier, later in pairwise(moments) if later >= since]
    return max(gaps, default=until - since)


def _seen(stage: Stage, since: float) -> str:
    """What people were told, the most frequent first."""
    told = Counter(words.partition(". ")[0] for person in stage.people for at, words in person.told if at >= since)
    return "; ".join(f"“{words}”" if words[:1].isupper() else words for words, _ in told.most_common(3)) or "nothing"


def missing(direct_url: str, decided: Sequence[str]) -> int:
    """How many of these checks have no decision, or more than one."""
    with psycopg.connect(direct_url) as line:
        rows = line.execute("select item_id::text, count(*) from decision group by 1").fetchall()
    written = {str(item): int(times) for item, times in rows}
    return sum(written.get(item) != 1 for item in decided)


def run(hold: float | None = None, faults: Sequence[Fault] = FAULTS) -> list[Row]:
    """Every fault after the other on one stage."""
    from tests.faults import workers

    hold = hold or float(os.environ.get("CRC_BENCH_SECONDS", HOLD_SECONDS))
    with tempfile.TemporaryDirectory(prefix="check-review-faults-") as folder, stage(Path(folder)) as made:
        rows = [suffer(made, fault, hold) for fault in faults]
        rows.append(workers.full_store(made, hold))
        for what in PROCESS_FAULTS:
            rows += workers.suffer(made, what, hold)
    return rows


def bench() -> list[Figure]:
    """A figure for each fault: seconds until all was well again after its end. Prints the rows as a table."""
    rows = run()
    print(table(rows), file=sys.stderr)
    return [
        Figure(
            f"{row.part} {row.fault}: well again after",
            round(row.well_after or 0, 1),
            "s",
            target="nothing lost",
            met=row.lost == 0,
            note=f"longest without a decision {row.stood_still or 0:.1f} s; people see: {row.seen}",
        )
        for row in rows
    ]
