"""Every bench runs and says something, on a small scale; and the queue keeps to its indexes."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from console.settings import Settings
from tests.bench import (
    by_hand,
    deadlines,
    deciding,
    frames,
    imports,
    listing,
    load,
    memory,
    policy_python,
    policy_sql,
    racing,
    replaying,
    reviewers,
    rows,
    run,
    signing_in,
)
from tests.bench.figures import Figure, duration, percentile, rate, size, table
from tests.bench.ground import Ground, environment_of
from tests.bench.many_items import add_items
from tests.conftest import Database
from tests.factories import make_bank

ITEMS = 20_000


@pytest.fixture
def ground(console: Settings, database: Database, tmp_path: Path) -> Ground:
    return Ground(database.endpoints, tmp_path)


SMALL: dict[str, Callable[[Ground], list[Figure]]] = {
    "rows": lambda ground: rows.run(ground, items=60, repeat=1),
    "import": lambda ground: imports.run(ground, items=6, repeat=1),
    "memory": lambda ground: memory.run(ground, megabytes=9),
    "queue": lambda ground: listing.run(ground, sizes=(60, 120), turns=2),
    "deadlines": lambda ground: deadlines.run(ground, items=90, open_=30, turns=2),
    "race": lambda ground: racing.run(ground, items=30, processes=2, workers=3),
    "decide": lambda ground: deciding.run(ground, waiting=60, workers={1: 2, 4: 8}),
    "sign-in": lambda ground: signing_in.run(ground, people_=4, events=20),
    "frames": lambda ground: frames.run(ground, rounds=1, frames=24),
    "policy-sql": lambda ground: policy_sql.run(ground, items=300, repeat=1),
    "policy-python": lambda ground: policy_python.run(ground, items=300, repeat=1),
    "replay": lambda ground: replaying.run(ground, items=500),
    "reviewers": lambda ground: reviewers.run(ground, reviewers=3, seconds=2, pace=1),
}


@pytest.mark.parametrize("name", SMALL)
def test_bench_runs(name: str, ground: Ground) -> None:
    figures = SMALL[name](ground)
    assert figures
    for figure in figures:
        # The process may have given back more than the pages took.
        grown = name == "memory" or figure.name == "memory of a reviewer's open page"
        assert figure.value > 0 or grown or figure.name.startswith("errors")
        assert figure.of_floor is None or figure.of_floor > 0
        assert (figure.met is None) == (figure.target is None)
    json.dumps([figure.as_json() for figure in figures])


def test_every_bench_is_known_by_its_name() -> None:
    assert set(SMALL) < set(run.BENCHES)
    with pytest.raises(run.UnknownBench, match="no bench called nonsense"):
        run.run_benches(["nonsense"], as_json=True)


def test_a_working_day_on_three_replicas_loses_nothing(ground: Ground) -> None:
    figures = {one.name: one for one in load.run(ground, reviewers=6, seconds=5, pace=2, file=60)}
    assert figures["errors among them"].value == 0, figures["errors among them"].note
    assert figures["decisions missing, or there twice"].value == 0
    assert 0 < figures["largest replica's memory"].value < load.LIMIT_MIB
    decided = figures["6 reviewers on 3 replicas: decided until next check"]
    assert 0 < decided.value < 60_000 and "the SLA job ran" in decided.note


WORKS = (
    "first page", "next page", "by amount, largest first", "by amount, from the middle",
    "status, frequent", "priority, rare", "due soon",
)  # fmt: skip
# So few that they are found by an index of their own and put in order afterwards.
FEW = {"status, rare": "ix_check_item_under_way", "amounts, few": "ix_check_item_open_amount"}


@pytest.mark.parametrize("work", WORKS)
def test_a_page_of_the_queue_is_read_from_its_index(work: str, large: tuple[Ground, Plans]) -> None:
    """Neither sorted nor scanned: what a page costs does not grow with the queue. Its own few rows may be sorted."""
    plan = large[1].plans[work]
    found = _below_limit(plan)
    assert "ix_check_item_open_" in found, plan
    assert "Seq Scan on check_item" not in plan, plan
    assert "Sort" not in found, plan


def _below_limit(plan: str) -> str:
    """The part of a plan that finds a page's items."""
    lines = plan.splitlines()
    first = next(at for at, line in enumerate(lines) if "Limit" in line)
    depth = lines[first].index("Limit")
    below = itertools.takewhile(lambda line: len(line) - len(line.lstrip()) >= depth, lines[first + 1 :])
    return "\n".join(below)


@pytest.mark.parametrize("work", FEW)
def test_the_few_of_a_rare_kind_are_found_by_an_index(work: str, large: tuple[Ground, Plans]) -> None:
    plans = large[1].plans
    assert FEW[work] in plans[work], plans[work]
    assert "Seq Scan on check_item" not in plans[work], plans[work]


# What somebody asks for who works where little waits, or asks of a part of the queue alone.
SOMEWHERE = (
    "one queue", "one queue and type, nothing there", "who works in one queue", "who works where nothing waits",
    "who works on few", "who works on few, by amount", "who works on few, status", "who works on few, priority",
    "who works on few, flag", "who works on few, amounts", "who works on few, received", "counts, who works on few",
    "place in the queue, who works on few", "next to decide", "next to decide, who works in one queue",
    "next to decide, where nothing waits", "next to decide, who works on few",
    "next to decide, of one queue with nothing",
)  # fmt: skip


def test_nobody_waits_for_a_walk_through_what_is_elsewhere(large: tuple[Ground, Plans]) -> None:
    """A walk through 20,000 checks looks at 20,000 pages, or at a hundred and more where an index alone says enough; a
    page of fifty at four for each, and at ten for what stands beside it."""
    touched = {work: large[1].touched[work] for work in SOMEWHERE}
    assert max(touched.values()) < 1_200, touched
    # None of these finds more than a few, in whatever way it is asked for.
    few = {work: pages for work, pages in touched.items() if "few" in work or "nothing" in work}
    assert max(few.values()) < 250, few


@dataclass(frozen=True)
class Plans:
    """By the work, what it does: its last statement's plan, and at how many pages all of it looks."""

    plans: dict[str, str]
    touched: dict[str, int]


@pytest.fixture(scope="module")
def large(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> tuple[Ground, Plans]:
    """What each work does with many items, of which few are transit."""
    folder = tmp_path_factory.mktemp("large")
    ground = Ground(module_database.endpoints, folder)
    with environment_of(ground.endpoints):
        return ground, ground.run(_plans(ground))


async def _plans(ground: Ground) -> Plans:
    bank = await make_bank()
    url = ground.endpoints.superuser_database_url
    await asyncio.to_thread(lambda: add_items(url, bank, ITEMS, decided=False, transit_every=ITEMS // 10))
    plans, touched = {}, {}
    async with await by_hand.connect(ground.endpoints.database_url) as connection:
        for name, work in (await listing.works(bank)).items():
            with by_hand.written_down() as statements:
                await work()
            plans[name] = await by_hand.explain(connection, statements[: 2 if name == "counts" else None])
            if name in SOMEWHERE:
                touched[name] = await by_hand.touched(connection, statements)
    return Plans(plans, touched)


def test_the_deadline_jobs_touch_open_items_only(ground: Ground) -> None:
    async def explained() -> list[str]:
        bank = await make_bank()
        url = ground.endpoints.superuser_database_url
        await asyncio.to_thread(add_items, url, bank, ITEMS, flagged=False)
        await asyncio.to_thread(deadlines.set_clocks, url, 200)
        with by_hand.written_down() as statements:
            assert await deadlines.check_sla(bank.institution_id, deadlines.NOON) == 40
            assert await deadlines.check_return_deadlines(bank.institution_id, deadlines.NOON) == 20
        looking = [one for one in statements if "with found as" in str(one)]
        assert len(looking) == 3
        async with await by_hand.connect(ground.endpoints.database_url) as connection:
            return [await by_hand.explain(connection, [statements[0], one]) for one in looking]

    breaches, warnings, returns = ground.run(explained())
    assert all("Seq Scan on check_item" not in plan for plan in (breaches, warnings, returns))
    assert "ix_check_item_open_return_by" in returns


def test_figures_compare_with_their_floor() -> None:
    assert rate("r", 900, 1_000, "items/s", at_least=800, share=0.7).met is True
    assert rate("r", 600, 1_000, "items/s", share=0.7).met is False
    assert rate("r", 600, 1_000, "items/s").met is None
    assert duration("d", 20, 5).of_floor == 0.25
    assert duration("d", 25, 20, at_most=1.3).met is True
    assert duration("d", 27, 20, at_most=1.3).met is False
    assert size("s", 149, "MB", below=150).met is True
    assert size("s", 150, "MB", below=150).met is False
    assert percentile([1.0], 95) == 1.0
    assert percentile([float(n) for n in range(101)], 95) == 95.0
    text = table([rate("rows", 2_900, 30_000, "items/s", at_least=3_000, note="why")])
    assert "2,900 items/s" in text
    assert "≥ 3,000 items/s" in text
    assert "NO" in text
    assert "why" in text
