"""How fast items are judged in Python by thirty rules, with what every condition of every rule found.

The floor is the same thirty rules as plain Python, written by hand: it stops where it can and explains nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from random import Random
from typing import Any

from console.policy.judgement import Judge, Terms
from console.policy.kept import read_facts
from tests.bench.figures import Figure, rate
from tests.bench.ground import Ground
from tests.bench.policy_rules import LISTS, TODAY, document, item

ITEMS = 20_000
TARGET = 20_000
_AMOUNTS = tuple(map(Decimal, ("500.00", "2500.00", "7500.00")))


def run(_: Ground | None, items: int = ITEMS, repeat: int = 3) -> list[Figure]:
    """Best of `repeat` runs over `items` items."""
    rng = Random(1)
    facts = [read_facts(item(rng)) for _ in range(items)]
    judge = Judge(Terms(document(), TODAY, LISTS))
    flags = [frozenset(judge.flags(one)) for one in facts]
    by_hand = [_by_hand(one, found) for one, found in zip(facts, flags, strict=True)]
    if by_hand != [[int(rule.id[2:]) for rule in judge.judge(one).fired] for one in facts]:
        raise AssertionError("the rules fire otherwise than those by hand")
    known = list(zip(facts, flags, strict=True))
    ours = _best(lambda: [judge.explain(one) for one in facts], repeat)
    floor = _best(lambda: [_by_hand(one, found) for one, found in known], repeat)
    conditions = sum(len(one.conditions) for one in judge.explain(facts[0]).rules)
    note = (
        f"{items:,} items, the built-in flags and 30 rules of {conditions} conditions, each with the value found; "
        "floor: which of the rules fire, by hand, with the flags given and nothing explained"
    )
    return [rate("policy: judged in Python", items / ours, items / floor, "items/s", at_least=TARGET, note=note)]


def _best(work: Callable[[], object], repeat: int) -> float:
    best = float("inf")
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def _by_hand(facts: Mapping[str, Any], flags: frozenset[str]) -> list[int]:
    """Which of the thirty fire, by their place."""
    amount, payee, balance = facts["amount"], (facts["payee"] or "").lower(), facts["balance"]
    patterns = (
        facts["account_age_days"] is not None and facts["account_age_days"] <= 90,
        payee in LISTS["watched"],
        facts["times_usual"] is not None and facts["times_usual"] > 8 and facts["payroll"] is False,
        (facts["returns_90d"] or 0) > 2 or (facts["nsf_90d"] or 0) > 2,
        ("velocity" in flags or "serial_gap" in flags) and facts["item_type"] == "on_us",
        payee != "" and payee not in LISTS["trusted"] and 0 <= facts["received_hour"] <= 6,
        balance is not None and balance < 100 and (facts["overdrafts_90d"] or 0) > 1,
        "cash" in payee and facts["direct_deposit"] is False,
        balance is not None and amount > Decimal("0.9") * balance and facts["account_type"] in ("personal", "savings"),
        (facts["issued_months_ago"] or 0) > 4,
    )
    unusable = not facts["unusable_fields"].isdisjoint(("payee usability", "signature usability"))
    return [
        10 * step + at
        for step, from_amount in enumerate(_AMOUNTS)
        for at, holds in enumerate(patterns)
        if (holds and amount >= from_amount) or (at == 9 and unusable)
    ]
