"""The fault matrix's last part: a worker and the leader, which is whoever holds the run, killed, stopped and slow.

There is no leader for good: each run of a job has a lease, and the worker that holds it is the leader of that run.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any, Final

import psycopg

from tests import warm
from tests.factories import x9_file, x9_item
from tests.faults.limping import Limping
from tests.faults.matrix import FAULTS, NotFeasible, Row, Stage, write_file

FILE: Final = 900
_TRANSIT: Final = "122105155"
_TAKEN_SECONDS: Final = 120.0
_JOB: Final = "commit decisions"


def suffer(stage: Stage, fault: str, hold: float) -> list[Row]:
    """One of two workers, then the one that imports a file; `fault` is one of PROCESS_FAULTS."""
    return [_one_of_two(stage, fault, hold), _the_leader(stage, fault, hold)]


def full_store(stage: Stage, hold: float) -> Row:
    """A file comes in while the object store's disk is full: it waits, and comes in by itself when there is room."""
    fault = next(one for one in FAULTS if (one.part, one.name) == ("S3", "disk full"))
    before, fresh = _checks(stage), 300_000 + int(time.time()) % 100_000
    try:
        fault.begin(stage)
    except NotFeasible as why:
        return Row("S3", "disk full, import", str(why))
    try:
        # Pictures that the store does not have.
        items = [x9_item(fresh + n, "10.00", _TRANSIT) for n in range(20)]
        (stage.folder / "intake" / "full.x9").write_bytes(x9_file(items, modifier="C"))
        time.sleep(hold)
        came = _checks(stage) - before
    finally:
        ended = time.monotonic()
        fault.end(stage)
    _wait(lambda: _checks(stage) == before + len(items), "the file does not come in")
    seen = "nothing" if came else "the file comes in later"
    well = time.monotonic() - ended
    lost = abs(len(items) - (_checks(stage) - before))
    return Row("S3", "disk full, import", seen, None, well, len(items), lost)


def _one_of_two(stage: Stage, fault: str, hold: float) -> Row:
    """How long the job that commits decisions did not run, which is due every 5 seconds."""
    began = _now(stage)
    _wait(lambda: _runs_since(stage, began), "no job runs")
    began, start = _now(stage), time.monotonic()
    _hit(stage, stage.workers[0], fault)
    _wait(lambda: _runs_since(stage, began), "the other worker does not go on")
    first = time.monotonic() - start
    time.sleep(max(0.0, hold - first))
    _heal(stage, 0, fault)
    return Row("a worker", fault, "nothing", None, first)


def _the_leader(stage: Stage, fault: str, hold: float) -> Row:
    """A file is being imported; how long after the fault all of it was in, and whether each check is there once."""
    before = _checks(stage)
    folder = stage.folder / "intake"
    partly = folder / ".coming.x9"
    write_file(partly, _TRANSIT, FILE, first=100_000 + before)
    partly.rename(folder / f"day-{before}.x9")
    at = _wait(lambda: _importing(stage), "nobody takes the file in")
    start = time.monotonic()
    _hit(stage, stage.workers[at - 1], fault)
    try:
        _wait(lambda: _checks(stage) == before + FILE, "the file does not come in")
        well = time.monotonic() - start
        time.sleep(max(0.0, hold - well))
    finally:
        _heal(stage, at - 1, fault)
    # The one that comes back finds that its run is another's: nothing is there twice.
    time.sleep(3)
    there = _checks(stage) - before
    seen = "the file comes in later"
    return Row("the leader", fault, seen, None, well, FILE, abs(FILE - there))


def _hit(stage: Stage, worker: warm.WarmProcess, fault: str) -> None:
    if fault == "slow":
        stage.limping = Limping(worker.pid)
    else:
        os.kill(worker.pid, signal.SIGKILL if fault == "killed" else signal.SIGSTOP)


def _heal(stage: Stage, at: int, fault: str) -> None:
    if fault == "killed":
        stage.workers[at].wait()
        stage.start_worker(at)
    elif fault == "stopped":
        os.kill(stage.workers[at].pid, signal.SIGCONT)
    elif stage.limping is not None:
        stage.limping.end()


def _importing(stage: Stage) -> int:
    """Which worker holds the run that imports the file, from 1; 0: none does."""
    row = _ask(stage, "select worker from job_run where job = 'take in folder' and outcome = 'running'", [])
    pids = [str(one.pid) for one in stage.workers]
    holder = row[0].split("-")[-2] if row else ""
    # Its lease alone is not yet the file.
    taking = list((stage.folder / "intake" / "taking").glob("*.x9"))
    return pids.index(holder) + 1 if holder in pids and taking else 0


def _runs_since(stage: Stage, moment: Any) -> int:
    query = "select count(*) from job_run where job = %s and outcome = 'done' and finished_at > %s"
    return int(_ask(stage, query, [_JOB, moment])[0])


def _checks(stage: Stage) -> int:
    return int(_ask(stage, "select count(*) from check_item where routing = %s", [_TRANSIT])[0])


def _now(stage: Stage) -> Any:
    return _ask(stage, "select clock_timestamp()", [])[0]


def _ask(stage: Stage, query: str, values: list[Any]) -> Any:
    with psycopg.connect(stage.direct_url) as line:
        return line.execute(query, values).fetchone() or ()


def _wait(what: Callable[[], int], complaint: str) -> int:
    deadline = time.monotonic() + _TAKEN_SECONDS
    while not (found := what()):
        assert time.monotonic() < deadline, complaint
        time.sleep(0.05)
    return found
