"""The deployment guide's first steps, as an operator types them: migrate, then the one-liner."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from console.settings import Settings
from deploy.embedded.services import start

ROOT = Path(__file__).resolve().parents[2]
ONE_LINER = "from {} import create_default_policy; import asyncio; asyncio.run(create_default_policy())"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A PostgreSQL that knows nothing of the console, as the superuser reaches it."""
    with start(tmp_path / "postgresql", valkey=False, object_store=False, fast=True, environ={}) as running:
        url = running.endpoints.superuser_database_url
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("drop owned by console_app")
            connection.execute("drop role console_app")
        yield url


def test_the_guides_first_steps_on_a_fresh_server(server: str) -> None:
    """DATABASE_URL is set, written for asyncpg as in the guide, of a login that owns its database; and thresholds."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("create role check_review login createrole password 'guide'")
        connection.execute("create database guide owner check_review")
    parts = urlsplit(server)
    known = {variable.upper() for variable in Settings.model_fields}
    environ = {variable: value for variable, value in os.environ.items() if variable not in known}
    environ["DATABASE_URL"] = f"postgresql+asyncpg://check_review:guide@{parts.hostname}:{parts.port}/guide"
    environ |= {
        "DUAL_CONTROL_THRESHOLD": "7000",
        "HIGH_PRIORITY_THRESHOLD": "12000.50",
        "DEFAULT_SLA_HOURS": "6",
        "AI_CONFIDENCE_THRESHOLD": "0.85",
    }

    def run(*command: str) -> None:
        done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    run(str(Path(sys.executable).with_name("alembic")), "upgrade", "head")
    run(sys.executable, "-c", ONE_LINER.format("console.policy"))
    environ["DUAL_CONTROL_THRESHOLD"] = "1"
    # A second time changes nothing, whatever the environment says now and by whichever name it is called.
    run(sys.executable, "-c", ONE_LINER.format("console.policy.engine"))
    with psycopg.connect(urlunsplit(parts._replace(path="/guide"))) as connection:
        [policy] = connection.execute("select number, status, document from policy_version").fetchall()
        [(institutions,)] = connection.execute("select count(*) from institution").fetchall()
        [(queues,)] = connection.execute("select count(*) from queue").fetchall()
        entries = [row[0] for row in connection.execute("select action from audit_entry order by sequence")]
    assert policy[:2] == (1, "active")
    thresholds = policy[2]["thresholds"]
    assert [Decimal(thresholds[name]) for name in ("dual_control_amount", "high_priority_amount", "sla_hours")] == [
        Decimal("7000"),
        Decimal("12000.50"),
        Decimal("6"),
    ]
    assert Decimal(thresholds["advisory_confidence"]) == Decimal("0.85")
    assert policy[2]["rules"]
    assert (institutions, queues) == (1, 5)
    assert len(entries) == len(set(entries)) == 2
