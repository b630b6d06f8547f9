"""By which version of the policy a decision was judged, and why, read from what was kept as evidence: the policy of
today says nothing of it. No I/O.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class JudgedBy:
    """The version's number, and a line for what it asked of the decision and for each rule that fired."""

    version: int
    lines: tuple[str, ...]


def judged_by(snapshot: str) -> JudgedBy:
    """What the evidence of a decision says of the policy; a snapshot from before there were rules has none."""
    shown = json.loads(snapshot)["shown"]
    return JudgedBy(int(shown["policy_number"]), (_people(shown), *_rules(shown)))


def _people(shown: Mapping[str, Any]) -> str:
    amount, least = Decimal(str(shown["amount"])), Decimal(str(shown["thresholds"]["dual_control_amount"]))
    if amount >= least:
        return f"two people from {least:,.2f}"
    return "two people, by a rule" if shown.get("required", {}).get("two_people") else f"one person below {least:,.2f}"


def _rules(shown: Mapping[str, Any]) -> Iterator[str]:
    for rule in shown.get("rules", ()):
        if rule["fired"]:
            because = "; ".join(rule["because"])
            yield f"rule “{rule['name']}”: {', '.join(rule['does'])}" + (f", because {because}" if because else "")
