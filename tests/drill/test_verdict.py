"""When a drill has failed."""

from __future__ import annotations

import pytest

from deploy.drill.verdict import Report, compare_decisions, judge

CONFIRMED = [("a", 10.0), ("b", 11.0), ("c", 12.0)]
LOST_AT = 15.0


@pytest.mark.parametrize(
    ("there", "lost", "rpo"),
    [(["a", "b", "c"], 0, 3.0), (["a", "b"], 1, 4.0), (["a", "b", "c", "unconfirmed"], 0, 3.0)],
)
def test_what_comes_back_is_the_first_of_what_was_confirmed(there: list[str], lost: int, rpo: float) -> None:
    report = Report(0)
    compare_decisions(report, CONFIRMED, there, LOST_AT)
    assert (report.faults, report.decided, report.lost, report.rpo_seconds) == ([], 3, lost, rpo)


@pytest.mark.parametrize("there", [["a", "c"], ["b", "a"], ["x"], [], ["a", "b", "c", "d", "e"]])
def test_a_gap_another_order_or_nothing_at_all_is_a_fault(there: list[str]) -> None:
    report = Report(0)
    compare_decisions(report, CONFIRMED, there, LOST_AT)
    assert len(report.faults) == 1


def test_too_late_and_too_much_is_a_fault_each() -> None:
    report = Report(0, rto_seconds=14_401.0, rpo_seconds=3_601.0)
    judge(report, 14_400.0, 3_600.0)
    assert report.faults == ["RTO 14401 s is above 14400 s", "RPO 3601 s is above 3600 s"]
    good = Report(0, rto_seconds=14_400.0, rpo_seconds=3_600.0)
    judge(good, 14_400.0, 3_600.0)
    assert good.faults == []
