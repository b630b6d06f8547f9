"""The access report and reviews as CSV and PDF."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from console.access import access_review, pdf_table
from console.access.access_export import Format, TooLongForPdf, export_report, export_review
from console.access.access_report import Chosen
from console.access.access_review_list import list_lines
from console.access.permissions import NotAllowed
from console.access.step_up import CodeNeeded
from console.institution import institution_of
from console.review.revoking import revoke
from db.engine import transaction
from db.models import AuditEntry, User
from tests.factories import make_bank

Run = Callable


def rows_of(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf"), "spreadsheets take it for UTF-8"
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def page_count(pdf: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", pdf))


def test_report_and_outcome_as_files(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        bank = await make_bank()
        async with transaction(bank.system) as session:
            mine = update(User).where(User.id == bank.reviewer.user_id)
            await session.execute(mine.values(display_name='=HYPERLINK("http://evil.example","x")'))
        file = await export_report(bank.auditor, Chosen(), Format.CSV)
        rows = rows_of(file.content)
        assert rows[0][:5] == ["Person", "Username", "Role", "Up to", "Queues and types"]
        assert [row[1] for row in rows[1:]] == sorted(row[1] for row in rows[1:])
        assert len(rows) == 7
        reviewer = next(row for row in rows if row[1] == "reviewer")
        assert reviewer[0] == '\'=HYPERLINK("http://evil.example","x")'
        assert (reviewer[3], reviewer[4]) == ("5,000.00", "all")
        assert "item:decide" in reviewer[8].split()
        assert re.fullmatch(r"access-report-\d{4}-\d\d-\d\d\.csv", file.name)
        assert len(rows_of((await export_report(bank.auditor, Chosen("auditor"), Format.CSV)).content)) == 2
        # A campaign's outcome.
        due = datetime.now((await institution_of(bank.system)).zone).date()
        review_id = await access_review.start(bank.supervisor, "Autumn", due + timedelta(days=1))
        lines = {line.username: line for line in (await list_lines(bank.auditor, review_id)).lines}
        await revoke(bank.supervisor, lines["second_reviewer"].id, "+1 gone")
        outcome = {row[1]: row for row in rows_of((await export_review(bank.auditor, review_id, Format.CSV)).content)}
        assert outcome["second_reviewer"][6:8] == ["revoked", "Supervisor"]
        assert outcome["second_reviewer"][9] == "'+1 gone"
        assert outcome["reviewer"][6:8] == ["to decide", ""]
        pdf = await export_review(bank.auditor, review_id, Format.PDF)
        assert pdf.content.startswith(b"%PDF-") and pdf.media_type == "application/pdf"
        assert page_count(pdf.content) == 1
        async with transaction(bank.system) as session:
            query = select(AuditEntry).where(AuditEntry.action == "access_report.exported")
            kept = list(await session.scalars(query.order_by(AuditEntry.sequence)))
        assert [one.after and (one.after["format"], one.after["lines"]) for one in kept] == [
            ("csv", 6),
            ("csv", 1),
            ("csv", 6),
            ("pdf", 6),
        ]
        assert {one.actor_id for one in kept} == {bank.auditor.user_id}
        # Without the permission, or with a code of long ago, nothing leaves and nothing is noted as left.
        with pytest.raises(NotAllowed):
            await export_report(bank.reviewer, Chosen(), Format.CSV)
        late = replace(bank.auditor, code_at=datetime.now(UTC) - timedelta(hours=1))
        for export in (export_report(late, Chosen(), Format.CSV), export_review(late, review_id, Format.PDF)):
            with pytest.raises(CodeNeeded):
                await export
        monkeypatch.setattr(pdf_table, "MAXIMUM_ROWS", 4)
        with pytest.raises(TooLongForPdf, match="choose CSV"):
            await export_report(bank.auditor, Chosen(), Format.PDF)

    run(work())


def a_document(rows: int) -> pdf_table.Document:
    return pdf_table.Document(
        title="Who can do what",
        facts=("A bank",),
        heads=("Person", "Role"),
        widths=(3, 1),
        rows=tuple((f"Жанна Ólafsdóttir\n{number}", "reviewer") for number in range(rows)),
        made_at=datetime(2026, 11, 22, tzinfo=UTC),
        foot="A test.",
    )


def test_a_long_pdf_has_pages_with_all_letters_and_is_made_beside_the_loop() -> None:
    # How much the loop's own thread works between two turns: time on the clock would count what else the machine does.
    async def work() -> tuple[bytes, list[float]]:
        turns, ticking = [], True

        async def tick() -> None:
            while ticking:
                began = time.thread_time()
                await asyncio.sleep(0.01)
                turns.append(time.thread_time() - began)

        ticker = asyncio.create_task(tick())
        made = await pdf_table.render(a_document(120))
        ticking = False
        await ticker
        return made, turns

    pdf, turns = asyncio.run(work())
    assert page_count(pdf) > 3
    # Roboto is embedded, so the letters are the document's own.
    assert b"/FontFile2" in pdf
    assert b"<0416>" in pdf, "Ж can be searched for and copied"
    assert len(turns) > 10 and max(turns) < 0.2, "the loop went on meanwhile"
