"""What the drill measured, and whether it is good enough: rules without servers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Report:
    """`seconds` of each step; `faults` is what is not as it must be, in words."""

    items: int
    rto_seconds: float = 0.0
    rpo_seconds: float = 0.0
    decided: int = 0
    lost: int = 0
    restored_to: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def compare_decisions(
    report: Report, confirmed: Sequence[tuple[str, float]], there: Sequence[str], lost_at: float
) -> None:
    """Note what was lost of the decisions that were confirmed, each with its moment, and over how many seconds.

    What is there must be the first of them, in their order. One more may have been committed whose confirmation nobody
    lived to write down.
    """
    kept = confirmed[: len(there)]
    report.decided, report.lost = len(confirmed), len(confirmed) - len(kept)
    if list(there[: len(kept)]) != [decision for decision, _ in kept] or len(there) > len(confirmed) + 1:
        report.faults.append("the restored decisions are not the first of those that were made")
    if not kept:
        report.faults.append("no decision was restored")
        return
    report.rpo_seconds = round(lost_at - kept[-1][1], 1)


def judge(report: Report, rto: float, rpo: float) -> None:
    """Note where it took longer, or more seconds of work were lost, than these."""
    if report.rto_seconds > rto:
        report.faults.append(f"RTO {report.rto_seconds:.0f} s is above {rto:.0f} s")
    if report.rpo_seconds > rpo:
        report.faults.append(f"RPO {report.rpo_seconds:.0f} s is above {rpo:.0f} s")
