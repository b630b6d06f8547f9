"""Reports as files: the same figures, audited, no formula in a cell; and the trail of what was undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select

from console.access.permissions import NotAllowed
from console.access.step_up import CodeNeeded
from console.insight.chosen import Chosen
from console.insight.definitions import Report
from console.insight.periods import Span
from console.insight.report_export import export_report
from console.insight.reports import read_overview, read_people
from console.review.choices import Choice
from console.review.decisions import confirm, decide, send_back
from console.review.states import Act
from console.review.submission import Stage, Submission
from console.review.undo import submit, undo
from db.engine import transaction
from db.models import AuditEntry
from tests.conftest import Database
from tests.factories import claimed, import_items, item_ids, look, make_bank, x9_item
from tests.insight.past import PastAct, PastCheck, put

PAY = Submission(Stage.DECIDE, Choice(Act.PAY))


def test_every_report_is_a_file_and_who_took_it_is_audited(run: Callable, database: Database) -> None:
    async def story() -> None:
        bank = await make_bank()
        now = datetime.now(UTC)
        put(database.superuser_url, bank, [PastCheck(now - timedelta(hours=2), now, [PastAct(None, now)])])
        with psycopg.connect(database.superuser_url) as connection:
            connection.execute("update app_user set display_name = '=1+1' where id = %s", (bank.reviewer.user_id,))
        for report in Report:
            file = await export_report(bank.supervisor, report, Chosen())
            assert file.name.startswith(f"{report.value}-20") and file.name.endswith(".csv")
            assert file.content.startswith(b"\xef\xbb\xbf") and b"\r\n" in file.content
        people = (await export_report(bank.supervisor, Report.PEOPLE, Chosen())).content.decode("utf-8-sig")
        assert people.splitlines()[1].startswith("'=1+1,1,0,1,60,0,0,,")
        assert '"Median time, seconds"' in people.splitlines()[0]
        async with transaction(bank.system) as session:
            query = select(AuditEntry).where(AuditEntry.action == "report.exported").order_by(AuditEntry.sequence)
            entries = (await session.scalars(query)).all()
        assert [one.object_id for one in entries] == [*(report.value for report in Report), "people"]
        assert entries[0].after is not None and entries[0].after["queue"] is None and entries[0].after["lines"] == 29
        # Figures about people are for few, and leave with a fresh code alone.
        await export_report(bank.approver, Report.SLA, Chosen())
        with pytest.raises(NotAllowed):
            await export_report(bank.approver, Report.PEOPLE, Chosen())
        with pytest.raises(CodeNeeded):
            await export_report(replace(bank.supervisor, code_at=None), Report.PEOPLE, Chosen())

    run(story())


def test_what_people_did_through_the_services_is_what_the_reports_say(
    run: Callable, database: Database, tmp_path: Path
) -> None:
    async def story() -> None:
        bank = await make_bank()
        amounts = ("208.00", "11000.00", "12000.00")
        await import_items(bank, tmp_path, [x9_item(n, one, "021000021") for n, one in enumerate(amounts, 1)])
        small, first, second = await item_ids(bank)
        # Taken back, and paid after all.
        _, seen = await claimed(bank.reviewer, small)
        await submit(bank.reviewer, small, PAY, seen)
        await undo(bank.reviewer, small)
        _, seen = await look(bank.reviewer, small)
        await decide(bank.reviewer, small, Choice(Act.PAY), seen)
        # One recommendation is confirmed, the other one sent back.
        for item in (first, second):
            _, seen = await claimed(bank.reviewer, item)
            await decide(bank.reviewer, item, Choice(Act.PAY), seen)
        _, seen = await claimed(bank.approver, first)
        await confirm(bank.approver, first, seen)
        _, seen = await claimed(bank.approver, second)
        await send_back(bank.approver, second, seen, "the payee?")
        found = (await read_overview(bank.auditor, Chosen(span=Span.TODAY))).found
        rework = found.now.rework
        assert (rework.first, rework.sent_back, rework.undone) == (3, 1, 1)
        whole = found.now.work.whole
        assert (whole.received, whole.decided, whole.two_people) == (3, 2, 1)
        assert whole.amount == Decimal("11208.00") and found.open == 1
        maker, signer = sorted((await read_people(bank.auditor, Chosen())).found, key=lambda one: -one.first)
        assert (maker.name, maker.first, maker.ended, maker.undone) == ("Reviewer", 3, 1, 1)
        assert (maker.answered, maker.sent_back, maker.agreed) == (2, 1, 1)
        assert (signer.name, signer.first, signer.second, signer.ended) == ("Approver", 0, 2, 1)
        # The same of the part in which they are.
        part = Chosen(queue="standard")
        assert (await read_overview(bank.auditor, part)).found.now.rework.undone == 1

    run(story())
