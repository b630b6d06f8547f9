"""The fault matrix in short: a few of its faults, for seconds; `bench --only faults` holds all of them for longer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.deploy.image import ROOT
from tests.faults import matrix, workers
from tests.faults.matrix import FAULTS, PROCESS_FAULTS, SHORT, WELL_SECONDS, Fault, Row, Stage, stage, suffer, table

HOLD = 2.0


@pytest.fixture(scope="module")
def rows() -> Iterator[list[Row]]:
    """What came of each; printed in the end as a table."""
    found: list[Row] = []
    yield found
    print("\n" + table(found))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("matrix"), checks=300) as made:
        yield made


@pytest.mark.parametrize("fault", SHORT, ids=lambda fault: f"{fault.part}, {fault.name}")
def test_nothing_is_lost_and_all_is_well_again(running: Stage, rows: list[Row], fault: Fault) -> None:
    row = suffer(running, fault, HOLD)
    rows.append(row)
    if row.well_after is None:
        pytest.skip(row.seen)
    assert row.lost == 0 and row.decided >= len(running.people)
    assert row.well_after < WELL_SECONDS


def test_what_a_killed_worker_was_importing_comes_in_once(running: Stage, rows: list[Row]) -> None:
    found = workers.suffer(running, "killed", HOLD)
    rows += found
    one, leader = found
    assert one.well_after is not None and one.well_after < 30
    assert leader.lost == 0 and leader.well_after is not None


def test_a_decision_that_is_not_there_is_found_missing(running: Stage) -> None:
    assert matrix.missing(running.direct_url, ["7a7e1e0c-0000-4000-8000-000000000000"]) == 1


def test_the_readme_tells_what_came_of_each_fault() -> None:
    text = (ROOT / "deploy" / "README.md").read_text().partition("## When a part fails")[2].partition("\n## ")[0]
    told = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    wanted = {(one.part, one.name) for one in FAULTS}
    wanted |= {(part, name) for part in ("a worker", "the leader") for name in PROCESS_FAULTS}
    wanted.add(("S3", "disk full, import"))
    assert {(row[0], row[1]) for row in told[2:]} == wanted
    assert {row[5] for row in told[2:]} == {"0"}, "a row says that something was lost"
