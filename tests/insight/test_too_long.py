"""A report that cannot be read in time."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from console.insight import reports
from console.insight.errors import ReportTooLong
from tests.conftest import Database
from tests.factories import make_bank
from tests.insight.test_work import NOW, WEEK


def test_it_is_refused_by_name_and_keeps_no_other_from_being_read(
    run: Callable, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        bank = await make_bank()
        with psycopg.connect(database.superuser_url) as line:
            # What a statement that is not done waits for does not matter.
            line.execute("lock table decision in access exclusive mode")
            monkeypatch.setattr(reports, "TIMEOUT_MS", 200)
            with pytest.raises(ReportTooLong, match="Choose fewer days"):
                await reports.read_acts(bank.supervisor, WEEK, NOW)
            monkeypatch.undo()
            assert await reports.read_ageing(bank.supervisor, WEEK, NOW)
        assert (await reports.read_acts(bank.supervisor, WEEK, NOW)).found.total

    run(story())
