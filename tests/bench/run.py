"""`python3 main.py bench`: measures on this machine, each figure beside its floor in the same run.

Services are the embedded ones as `main.py up` starts them, flushing to disk, in a temporary DATA_DIR; each bench has a
database of its own. The benches take the machine as they find it: run them when nothing else runs.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence

from tests.bench import (
    container,
    deadlines,
    deciding,
    displaying,
    frames,
    imports,
    listing,
    load,
    memory,
    next_check,
    opening,
    parse,
    policy_python,
    policy_sql,
    racing,
    replaying,
    replicas,
    reviewers,
    rows,
    signing_in,
)
from tests.bench.figures import Figure, rate, table
from tests.bench.ground import Ground, ground, services
from tests.faults import matrix


class UnknownBench(ValueError):
    """No bench of this name."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"no bench called {', '.join(names)}. There are: {', '.join(BENCHES)}.")


def _parse(_: Ground) -> list[Figure]:
    measured = parse.run()
    note = f"{measured['items']:,} checks, {measured['megabytes']} MB; floor: cutting the same file by its lengths only"
    ours, floor = measured["items_per_second"], measured["floor_items_per_second"]
    return [rate("parse", ours, floor, "items/s", at_least=parse.TARGET, note=note)]


BENCHES: dict[str, Callable[[Ground], list[Figure]]] = {
    "parse": _parse,
    "rows": rows.run,
    "import": imports.run,
    "memory": memory.run,
    "queue": listing.run,
    "deadlines": deadlines.run,
    "decide": deciding.run,
    "race": racing.run,
    "image": displaying.run,
    "page": opening.run,
    "frames": frames.run,
    "sign-in": signing_in.run,
    "next": next_check.run,
    "replay": replaying.run,
    "reviewers": reviewers.run,
    "replicas": replicas.run,
    "load": load.run,
    "faults": lambda _: matrix.bench(),
    "container": container.run,
    "policy-sql": policy_sql.run,
    "policy-python": policy_python.run,
}


def run_benches(names: list[str], as_json: bool) -> str:
    """Run the benches named, or all; the figures as a table or as JSON. Raises UnknownBench.

    Targets are reported and never fail: what a machine can do is for people to judge.
    """
    if unknown := [name for name in names if name not in BENCHES]:
        raise UnknownBench(unknown)
    before = os.getloadavg()[0]
    figures: list[Figure] = []
    start = time.monotonic()
    with services() as endpoints:
        for name in names or BENCHES:
            print(f"bench {name} …", file=sys.stderr, flush=True)
            with ground(endpoints) as own:
                figures += BENCHES[name](own)
    seconds = round(time.monotonic() - start)
    load = {"cpus": os.cpu_count(), "load_before": round(before, 2), "load_after": round(os.getloadavg()[0], 2)}
    if as_json:
        return json.dumps(
            {"machine": load, "seconds": seconds, "figures": [one.as_json() for one in figures]}, indent=1
        )
    words = f"{load['cpus']} CPUs, load {load['load_before']} before, {load['load_after']} after; {seconds} s in all."
    return f"{table(figures)}\n{words} Services flush to disk. `of floor` is the share of the floor's speed."
