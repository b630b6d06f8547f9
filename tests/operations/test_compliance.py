"""The Compliance page and its document: each line of the guide, what proves it, and how it stands."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from console.access import access_review, allowlist_rules
from console.access.permissions import NotAllowed
from console.operations.checklist import SECTIONS, Rule, as_markdown
from console.operations.checks import CheckName, keep, note_backup
from console.operations.compliance import Found, State, read_compliance
from console.retention.legal_holds import Scope, Subject, place
from console.settings import settings
from db.engine import transaction
from db.models import SessionRecord
from tests.access.fresh import fresh
from tests.factories import Bank, make_bank
from tests.retention.test_purges import ended_sessions

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "compliance.md"
# The guide's own words, of its security checklist, data retention and access control.
GUIDE = (
    "TLS/HTTPS enabled on all endpoints", "Strong SECRET_KEY generated (64+ characters)",
    "Database credentials rotated", "Network segmentation configured", "WAF/DDoS protection enabled",
    "Security headers configured",
    "Rate limiting enabled", "Audit logging to secure storage", "Access logs retained for compliance",
    "Audit logs: 7 years minimum", "Check images: per regulatory requirements", "User sessions: 90 days",
    "Backup retention: 30 days minimum (7 years for audit data)", "MFA required for admin access",
    "IP allowlisting for sensitive operations", "Regular access reviews",
)  # fmt: skip
DAY = timedelta(days=1)


def test_the_document_prints_the_checklist() -> None:
    text = DOCUMENT.read_text()
    block = re.compile(r"(<!-- checklist -->\n).*?(<!-- /checklist -->)", re.DOTALL)
    assert block.search(text)
    wanted = block.sub(lambda found: f"{found[1]}{as_markdown()}\n{found[2]}", text)
    if os.environ.get("CRC_UPDATE_README"):
        DOCUMENT.write_text(wanted)
        return
    assert text == wanted, "run: CRC_UPDATE_README=1 python3 main.py test tests/operations/test_compliance.py"


def test_every_line_of_the_guide_is_there_and_what_it_names_exists() -> None:
    lines = [line for rules in SECTIONS.values() for line in rules.values()]
    assert set(GUIDE) <= {line.guide for line in lines} and {
        rule for rules in SECTIONS.values() for rule in rules
    } == set(Rule)
    for line in lines:
        assert (ROOT / line.where).is_file(), line.where
        path, _, test = line.test.partition("::")
        assert re.search(rf"^def {test}\(", (ROOT / path).read_text(), re.MULTILINE), line.test


async def standing(bank: Bank) -> dict[Rule, Found]:
    return {one.rule: one.found for lines in (await read_compliance(bank.auditor)).values() for one in lines}


def test_who_may_read_it(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        for actor in (bank.reviewer, bank.approver):
            with pytest.raises(NotAllowed):
                await read_compliance(actor)
        for actor in (bank.supervisor, bank.administrator, bank.auditor):
            assert sum(map(len, (await read_compliance(actor)).values())) == len(Rule)

    run(story())


def test_it_tells_how_things_stand(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        bank = await make_bank()
        at_first = await standing(bank)
        states = {rule: one.state for rule, one in at_first.items()}
        assert states[Rule.TLS] is State.FAULT  # this installation has no TLS
        assert {states[one] for one in (Rule.CREDENTIALS, Rule.NETWORK, Rule.WAF)} == {State.UNKNOWN}
        not_yet = (Rule.AUDIT, Rule.AUDIT_YEARS, Rule.IMAGES, Rule.BACKUPS, Rule.REVIEWS, Rule.ALLOWLIST, Rule.MFA)
        assert {states[one] for one in not_yet} == {State.LOOK}
        assert at_first[Rule.MFA].words == "0 of 1 who administer are enrolled, 0 of 6 of everybody"
        assert at_first[Rule.HOLDS].words == "None stands" and states[Rule.SESSIONS] is State.WELL

        for name in (CheckName.AUDIT_SLICE, CheckName.AUDIT_MONTHS, CheckName.RETENTION, CheckName.CERTIFICATE):
            await keep(name, ok=True, detail="all well")
        await note_backup(datetime.now(UTC) - 27 * DAY / 24, "base backup")
        await place(bank.supervisor, Subject(Scope.PERSON, bank.auditor.user_id), "Case", "reason")
        await allowlist_rules.add_rule(fresh(bank.administrator), "role:reviewer", "10.0.0.0/8", "")
        await ended_sessions(bank, bank.reviewer, bank.auditor)
        review = await access_review.start(bank.administrator, "Autumn", datetime.now(UTC).date() + 9 * DAY)
        assert review
        monkeypatch.setenv("PUBLIC_ORIGIN", "https://console.example.com")
        settings.cache_clear()
        now = await standing(bank)
        for rule in (Rule.AUDIT, Rule.AUDIT_YEARS, Rule.IMAGES, Rule.TLS, Rule.ALLOWLIST):
            assert now[rule].state is State.WELL, (rule, now[rule])
        assert now[Rule.BACKUPS].state is State.LOOK  # it is too old
        assert now[Rule.HOLDS] == Found(State.LOOK, "1 stands; the object store was not told yet")
        # Of the two old sessions the hold covers one.
        assert now[Rule.SESSIONS] == Found(State.LOOK, "90 days; 1 older ones are left")
        assert now[Rule.REVIEWS].words.startswith("One is open, due")
        await keep(CheckName.AUDIT_SLICE, ok=False, detail="entry 3: it is not what was written")
        assert (await standing(bank))[Rule.AUDIT].state is State.FAULT
        async with transaction(bank.system) as session:
            await session.execute(update(SessionRecord).values(ended_at=datetime.now(UTC)))
        assert (await standing(bank))[Rule.SESSIONS].state is State.WELL

    run(story())
