"""How fast items are judged in Python by thirty rules, with what every condition of every rule found.

The floor judges the same items without an explanation: each rule stops as soon as its truth is known.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random
from typing import Any

from console.policy.judgement import Judge, Terms
from console.policy.kept import read_facts
from tests.bench.figures import Figure, rate
from tests.bench.ground import Ground
from tests.bench.policy_rules import LISTS, TODAY, document, item

ITEMS = 20_000
TARGET = 20_000


def run(_: Ground | None, items: int = ITEMS, repeat: int = 3) -> list[Figure]:
    """Best of `repeat` runs over `items` items."""
    rng = Random(1)
    facts = [read_facts(item(rng)) for _ in range(items)]
    judge = Judge(Terms(document(), TODAY, LISTS))
    explained = _best(judge.explain, facts, repeat)
    judged = _best(judge.judge, facts, repeat)
    conditions = sum(len(one.conditions) for one in judge.explain(facts[0]).rules)
    note = (
        f"{items:,} items, 30 rules of {conditions} conditions, each with the value found, after the built-in flags; "
        "floor: the same judgement without explanation"
    )
    return [rate("policy: judged in Python", items / explained, items / judged, "items/s", at_least=TARGET, note=note)]


def _best(judge: Callable[[Any], object], facts: list[Any], repeat: int) -> float:
    best = float("inf")
    for _ in range(repeat):
        start = time.perf_counter()
        for one in facts:
            judge(one)
        best = min(best, time.perf_counter() - start)
    return best
