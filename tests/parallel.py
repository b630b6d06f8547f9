"""The whole suite in several processes at once; a part of it, as one works on it, in one.

A module's tests stay together, because its fixtures hold servers and browsers that cost seconds to start, and so do
those of a folder that shares such a fixture. What takes longest begins first, so that at the end nobody waits for it.

The groups come from the tests' ids here, not from marks: with pytest 9.2, xdist 3.8 forgets the marks without a word
(pytest-xdist issue 1386).
"""

from __future__ import annotations

import os
import zlib
from pathlib import PurePath
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

MOST = 4
TOGETHER = ("tests/ui", "tests/intake/demo")
# Together, in two halves: one would take longer than all else does beside it.
HALVES = ("tests/browser",)
LONGEST = (
    "tests/browser",
    "tests/drill",
    "tests/faults",
    # In a fresh clone every file is read by the type checker, by one process.
    "tests/test_quality.py",
    "tests/db/test_replica.py",
    "tests/review/test_races.py",
    "tests/bench",
    "tests/ui",
    "tests/embedded",
    "tests/deploy",
    "tests/access/test_objects.py",
    "tests/access/test_matrix.py",
    "tests/policy/test_engines_agree.py",
    "tests/test_parallel.py",
)


class ByGroup(LoadScopeScheduling):
    """Hands out whole groups."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByGroup:
    """In place of the one that `--dist` names."""
    return ByGroup(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Processes for all cores when everything is asked for, none besides this one for anything less."""
    part = config.args_source is not pytest.Config.ArgsSource.TESTPATHS or config.option.keyword
    watched = config.option.capture == "no"
    return 0 if part or watched else _processes()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of the longest groups first, and a group's tests beside each other."""
    items.sort(key=lambda item: _place(group_of(item.nodeid)))


def group_of(nodeid: str) -> str:
    """The name of the group of the test with this id."""
    module = PurePath(nodeid.split("::")[0]).as_posix()
    for folder in HALVES:
        if module.startswith(f"{folder}/"):
            return f"{folder} {zlib.crc32(module.encode()) % 2}"
    return next((folder for folder in TOGETHER if module.startswith(f"{folder}/")), module)


def _processes() -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # Half as many again: a third of its time each waits, for a page that settles or a clock that runs out.
    return min(cores + cores // 2, MOST) if cores > 1 else 0


def _place(group: str) -> tuple[int, str]:
    return next((place for place, name in enumerate(LONGEST) if group.startswith(name)), len(LONGEST)), group
