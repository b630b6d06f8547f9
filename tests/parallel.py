"""The whole suite in several processes at once; a part of it, as one works on it, in one.

A module's tests stay together, because its fixtures hold servers and browsers that cost seconds to start, and so do
those of a folder that shares such a fixture. What takes longest begins first, so that at the end nobody waits for it.
"""

from __future__ import annotations

import os
from pathlib import PurePath

import pytest

MOST = 4
TOGETHER = ("tests/browser", "tests/ui", "tests/intake/demo")
LONGEST = ("tests/browser", "tests/ui", "tests/test_quality.py", "tests/embedded")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """A process for each core when everything is asked for, none besides this one for anything less."""
    part = config.args_source is not pytest.Config.ArgsSource.TESTPATHS or config.option.keyword
    watched = config.option.capture == "no"
    return 0 if part or watched else _processes()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Name each test's group, and put those of the longest groups first."""
    groups = {item: _group(PurePath(item.location[0]).as_posix()) for item in items}
    for item, group in groups.items():
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: _place(groups[item]))


def _processes() -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST) if cores > 1 else 0


def _group(module: str) -> str:
    return next((folder for folder in TOGETHER if module.startswith(f"{folder}/")), module)


def _place(group: str) -> int:
    return next((place for place, name in enumerate(LONGEST) if group.startswith(name)), len(LONGEST))
