"""Who works on how much."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.access.permissions import NotAllowed
from console.review.assignment import assign
from console.review.choices import Choice
from console.review.claims import claim
from console.review.decisions import decide
from console.review.queue_people import assignees, people_at_work
from console.review.states import Act
from console.review.workload import decided_by_queue, workload
from tests.bench import by_hand
from tests.factories import claimed
from tests.review.test_assignment import bank_of, id_of


def test_each_persons_work_is_told_by_queue_in_one_statement(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, items = await bank_of(tmp_path, "1.00", "2.00", "3.00", "4.00", "12000.00")
        midnight = datetime.now(UTC) - timedelta(hours=1)
        assert await workload(bank.supervisor, midnight) == ()
        for item in items[:2]:
            _, seen = await claimed(bank.reviewer, item)
            await decide(bank.reviewer, item, Choice(Act.PAY), seen)
        await claim(bank.reviewer, items[2])
        await claim(bank.reviewer, items[4])
        await assign(bank.supervisor, [items[3]], id_of(bank.second_reviewer), "hers")
        with by_hand.written_down() as statements:
            first, second = await workload(bank.supervisor, midnight)
        assert len(statements) == 2, "the transaction's beginning, and one statement"
        assert (first.name, first.held, first.assigned, first.decided) == ("Reviewer", 2, 0, 2)
        assert [(one.queue, one.held, one.decided) for one in first.shares] == [
            ("Standard", 1, 2),
            ("High priority", 1, 0),
        ]
        assert first.median_ms is not None and 0 <= first.median_ms < 60_000
        assert (second.name, second.held, second.assigned, second.decided) == ("Second Reviewer", 0, 1, 0)
        assert second.median_ms is None
        assert decided_by_queue([first, second]) == {"Standard": {"Reviewer": 2}}
        assert await workload(bank.supervisor, datetime.now(UTC) + timedelta(hours=1)) != ()
        with pytest.raises(NotAllowed):
            await workload(bank.approver, midnight)
        assert [one.name for one in await people_at_work(bank.auditor)] == ["Reviewer", "Second Reviewer"]
        named = {one.name for one in await assignees(bank.approver)}
        assert named == {"Reviewer", "Second Reviewer", "Approver", "Supervisor"}

    run(story())
