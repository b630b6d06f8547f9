"""The commands as people and scripts run them: help, exit statuses, what is printed where."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from argon2 import PasswordHasher
from psycopg import sql
from sqlalchemy import select
from typer.testing import CliRunner

from console.access.allowlist_rules import add_rule, list_rules
from console.cli import app
from console.operations.audit_seals import seal_trails
from console.settings import Settings
from db.engine import transaction
from db.models import AuditEntry
from tests import warm
from tests.conftest import Database
from tests.factories import PASSWORD, Bank, claimed, import_items, item_ids, make_bank, x9_file, x9_item

COMMANDS = (
    "up", "serve", "worker", "migrate", "import", "create-user", "rotate-key", "totp", "clear-allowlist",
    "verify", "verify-archive", "verify-seals", "note-backup", "settings", "bench",
)  # fmt: skip
REPORT = {"file", "sha256", "status", "checks", "returns", "credits", "images", "amount_cents", "findings"}
FINDING = {"record", "offset", "field", "problem", "found", "expected"}
ROUTING = "729999010"

Done = subprocess.CompletedProcess[str]


def main(*arguments: str, stdin: str = "", **environ: str) -> Done:
    """Run ``main.py`` in the test's environment."""
    return warm.run(arguments, os.environ | environ, stdin)


@pytest.fixture
def bank_of_commands(run: Callable, console: Settings) -> None:
    """An institution with its policy and people."""
    run(make_bank())


def a_file(folder: Path, name: str, *amounts: str) -> Path:
    path = folder / name
    path.write_bytes(x9_file([x9_item(n, amount, ROUTING) for n, amount in enumerate(amounts, start=1)]))
    return path


# --- help and errors -------------------------------------------------------------------------------------------------


def test_help_lists_every_command() -> None:
    done = main("--help")
    assert done.returncode == 0
    assert all(f" {command} " in done.stdout for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command: str) -> None:
    done = CliRunner().invoke(app, [command, "--help"], prog_name="main.py")
    assert done.exit_code == 0
    assert f"Usage: main.py {command}" in done.stdout


@pytest.mark.parametrize(
    "arguments", [("nonsense",), ("import",), ("totp",), ("create-user", "ann"), ("verify", "--no")]
)
def test_what_cannot_be_meant_is_an_error_with_usage(arguments: tuple[str, ...]) -> None:
    done = main(*arguments)
    assert done.returncode == 2
    assert "Usage:" in done.stderr
    assert done.stdout == ""


def test_unusable_settings_are_named_without_a_traceback() -> None:
    done = main("verify", PORT="0", AI_CONFIDENCE_THRESHOLD="2")
    assert done.returncode == 1
    assert done.stderr.startswith("main.py: The settings cannot be used:")
    assert "PORT: " in done.stderr and "AI_CONFIDENCE_THRESHOLD: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_whose_starter_is_gone_ends() -> None:
    done = main("serve", "--await-services")
    assert done.returncode == 1
    assert done.stderr == "main.py: whoever started this ended before its services were there.\n"


def test_a_database_that_is_away_or_empty_is_told_in_a_sentence(console: Settings, database: Database) -> None:
    gone = main("verify", DATABASE_URL="postgresql://x:hunter2@127.0.0.1:1/none")
    assert gone.returncode == 1
    assert gone.stderr.startswith("main.py: the database cannot be reached: ")
    assert "hunter2" not in gone.stderr
    empty = urlunsplit(urlsplit(database.url)._replace(path="/postgres"))
    done = main("verify", DATABASE_URL=empty)
    assert done.returncode == 1
    assert "run `main.py migrate`" in done.stderr
    assert "Traceback" not in gone.stderr + done.stderr


# --- import ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("bank_of_commands")
def test_import_prints_one_object_per_file(tmp_path: Path) -> None:
    good = a_file(tmp_path, "good.x9", "10.00", "20.50")
    bad = tmp_path / "bad.x9"
    bad.write_bytes(b"Dear Sir or Madam")
    done = main("import", str(good), str(bad), str(good), "--json")
    assert done.returncode == 1  # one of them was refused
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert [report["status"] for report in reports] == ["imported", "refused", "duplicate"]
    assert all(set(report) >= REPORT for report in reports)
    imported, refused, duplicate = reports
    assert (imported["file"], imported["checks"], imported["returns"], imported["credits"]) == ("good.x9", 2, 0, 0)
    assert imported["images"] == {"stored": 4, "displayable": 4}
    assert imported["amount_cents"] == 3050 and isinstance(imported["amount_cents"], int)
    assert len(imported["sha256"]) == 64 and duplicate["sha256"] == imported["sha256"]
    assert [set(finding) >= FINDING for finding in refused["findings"]] == [True]
    assert (refused["findings"][0]["record"], refused["findings"][0]["offset"]) == (1, 0)
    assert "already imported on" in duplicate["message"]
    again = main("import", str(good))
    assert again.returncode == 0
    assert again.stdout.startswith("good.x9: duplicate: already imported on")


@pytest.mark.usefixtures("console")
def test_import_names_what_is_missing_and_imports_nothing(tmp_path: Path) -> None:
    good = a_file(tmp_path, "good.x9", "10.00")
    done = main("import", str(good), str(tmp_path / "none.x9"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"main.py: no such file: {tmp_path / 'none.x9'}. Nothing was imported.\n"
    # No institution, hence no policy, hence no way to judge an item.
    without = main("import", str(good))
    assert (without.returncode, without.stdout) == (1, "")
    assert without.stderr.startswith("main.py: ") and "policy" in without.stderr


# --- people ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("console")
def test_create_user_takes_the_password_from_standard_input(database: Database) -> None:
    made = main("create-user", "ann", "--role", "reviewer", "--role", "approver", "--name", "Ann Example",
                "--password-stdin", "--json", stdin=PASSWORD + "\n")  # fmt: skip
    assert made.returncode == 0, made.stderr
    said = json.loads(made.stdout)
    assert (said["username"], said["roles"]) == ("ann", ["approver", "reviewer"])
    with psycopg.connect(database.superuser_url) as connection:
        [(user_id, name, stored)] = connection.execute(
            "select id::text, display_name, password_hash from app_user"
        ).fetchall()
    assert (user_id, name) == (said["id"], "Ann Example")
    assert stored.startswith("$argon2id$")
    twice = main("create-user", "ann", "--role", "reviewer", "--password-stdin", stdin=PASSWORD + "\n")
    assert twice.returncode == 1
    assert twice.stderr.startswith("main.py: ") and "ann" in twice.stderr


@pytest.mark.usefixtures("console")
def test_the_first_administrator_of_a_fresh_production_database(database: Database) -> None:
    production = {
        "ENVIRONMENT": "production", "PUBLIC_ORIGIN": "https://console.example.com",
        "EMBEDDED_SERVICES": "", "OBJECT_STORE_ENDPOINT": os.environ["OBJECT_STORE_ENDPOINT"],
    }  # fmt: skip
    made = main("create-user", "root.admin", "--role", "administrator", "--one-time-password", "--json", **production)
    assert made.returncode == 0, made.stderr
    said = json.loads(made.stdout)
    with psycopg.connect(database.superuser_url) as connection:
        [row] = connection.execute(
            "select u.username, r.role, u.must_change_password, u.totp_confirmed_at, u.mfa_enrolment, u.password_hash"
            " from app_user u join user_role r on r.user_id = u.id"
        ).fetchall()
    assert row[:5] == ("root.admin", "administrator", True, None, "as_required")
    assert PasswordHasher().verify(row[5], said["one_time_password"])
    again = main("create-user", "second.admin", "--role", "administrator", "--one-time-password", **production)
    assert again.stdout.startswith("One-time password, shown this once, good for 72 hours: ")
    assert said["one_time_password"] not in again.stdout
    both = main("create-user", "ann", "--role", "reviewer", "--one-time-password", "--password-stdin", stdin=PASSWORD)
    assert both.returncode == 1 and "take one of" in both.stderr


@pytest.mark.parametrize(
    ("arguments", "typed", "words"),
    [
        (("--role", "reviewer", "--name", "Annabel"), "annabel-qvk7#annabel\n", "Leave out your name"),
        (("--role", "reviewer"), "password1234\n", "first that are tried"),
        (("--role", "reviewer"), "short\n", "Use 12 characters or more"),
        (("--role", "reviewer"), "", "Use 12 characters or more"),
        (("--role", "king"), PASSWORD + "\n", "no such role: king. The roles are administrator, approver"),
    ],
)
@pytest.mark.usefixtures("console")
def test_create_user_refuses_in_words(arguments: tuple[str, ...], typed: str, words: str) -> None:
    done = main("create-user", "ann", *arguments, "--password-stdin", stdin=typed)
    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("bank_of_commands")
def test_totp_is_for_demos() -> None:
    refused = main("totp", "reviewer")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "demo mode only" in refused.stderr
    nobody = main("totp", "reviewer", DEMO_MODE="true")
    assert (nobody.returncode, nobody.stdout) == (1, "")
    assert "there is no user reviewer with TOTP set up" in nobody.stderr


# --- database --------------------------------------------------------------------------------------------------------


def test_migrate_works_as_the_owner(console: Settings, database: Database) -> None:
    name = f"fresh_{secrets.token_hex(6)}"
    with psycopg.connect(_on(database.superuser_url, "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER console_owner").format(sql.Identifier(name)))
    urls = {"DATABASE_URL": _on(database.url, name), "DATABASE_OWNER_URL": _on(database.owner_url, name)}
    done = main("migrate", "--json", **urls)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["before"] is None and said["after"]
    with psycopg.connect(_on(database.superuser_url, name)) as connection:
        owners = {row[0] for row in connection.execute("select tableowner from pg_tables where schemaname = 'public'")}
    assert owners == {"console_owner"}
    again = main("migrate", **urls)
    assert (again.returncode, again.stdout) == (0, f"The database is at {said['after']}.\n")


def test_verify_names_a_row_that_was_changed(run: Callable, database: Database, tmp_path: Path) -> None:
    async def work() -> None:
        from console.review.choices import Choice
        from console.review.decisions import decide
        from console.review.states import Act

        bank = await make_bank(recorded=True)
        await import_items(bank, tmp_path, [x9_item(1, "10.00", "021000021")])
        item = (await item_ids(bank))[0]
        _, seen = await claimed(bank.reviewer, item)
        await decide(bank.reviewer, item, Choice(Act.PAY), seen)

    run(work())
    fine = main("verify", "--json")
    assert fine.returncode == 0, fine.stderr
    said = json.loads(fine.stdout)
    assert (said["ok"], said["decisions"], said["first_fault"]) == (True, 1, None)
    assert said["entries"] >= 10
    assert main("verify").stdout.startswith("Verified ")
    run(seal_trails())
    sealed = "Held 1 seals against the audit trail; 0 are of what a restore lost.\n"
    assert main("verify-seals").stdout == sealed
    with psycopg.connect(database.superuser_url, autocommit=True) as owner:
        owner.execute("set session_replication_role = replica")
        [(row,)] = owner.execute(
            "update evidence set snapshot = replace(snapshot, '\"front\":2000', '\"front\":2001')"
            " returning decision_id::text"
        ).fetchall()
    broken = main("verify", "--json")
    assert broken.returncode == 1
    said = json.loads(broken.stdout)
    assert said["ok"] is False
    assert (said["first_fault"]["table"], row in json.dumps(said["first_fault"])) == ("evidence", True)
    told = main("verify")
    assert told.returncode == 1
    assert told.stdout.startswith("FAULT in evidence ")
    with psycopg.connect(database.superuser_url, autocommit=True) as owner:
        owner.execute("set session_replication_role = replica")
        owner.execute("update audit_entry set hash = sha256('') where sequence = (select sequence from audit_head)")
    unlike = main("verify-seals")
    assert unlike.returncode == 1 and unlike.stdout.startswith("FAULT in audit_entry ")
    accepted = main("verify-seals", "--accept", "restored for a test")
    assert accepted.returncode == 0 and accepted.stdout.endswith("1 are of what a restore lost.\n")


# --- settings --------------------------------------------------------------------------------------------------------


def test_settings_show_values_and_sources_but_no_secret(console: Settings, database: Database, tmp_path: Path) -> None:
    done = main("settings", "--json", "--data-dir", str(tmp_path / "of-its-own"), CLAIM_TIMEOUT_MINUTES="9")
    assert done.returncode == 0, done.stderr
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert set(rows) == {name.upper() for name in Settings.model_fields}
    assert rows["CLAIM_TIMEOUT_MINUTES"] == {"name": "CLAIM_TIMEOUT_MINUTES", "value": "9", "source": "environment"}
    assert rows["SESSION_TIMEOUT_MINUTES"]["source"] == "default"
    # What only seeds the first policy says so.
    seeds = {"DUAL_CONTROL_THRESHOLD", "HIGH_PRIORITY_THRESHOLD", "DEFAULT_SLA_HOURS", "AI_CONFIDENCE_THRESHOLD"}
    assert {name for name, row in rows.items() if "since then the policy holds" in row.get("note", "")} == seeds
    assert (rows["DATA_DIR"]["value"], rows["DATA_DIR"]["source"]) == (str(tmp_path / "of-its-own"), "command line")
    text = main("settings").stdout
    assert "CLAIM_TIMEOUT_MINUTES" in text and "(environment)" in text and "(default)" in text
    passwords = [urlsplit(url).password for url in (database.url, database.owner_url, database.endpoints.redis_url)]
    hidden = [os.environ["SECRET_KEY"], os.environ["OBJECT_STORE_SECRET_KEY"], *filter(None, passwords)]
    assert len(hidden) >= 4
    for secret in hidden:
        assert secret not in done.stdout + text + done.stderr
    assert rows["SECRET_KEY"]["value"] == rows["DATABASE_URL"]["value"] == "********"
    assert not (tmp_path / "of-its-own").exists()  # showing settings makes nothing


def _on(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


# --- an allowlist that shut everybody out ----------------------------------------------------------------------------


def test_an_allowlist_that_shuts_everybody_out_is_cleared_here(run: Callable, console: Settings) -> None:
    async def shut() -> Bank:
        bank = await make_bank()
        me = replace(bank.administrator, address="192.0.2.7")
        await add_rule(me, "role:administrator", "192.0.2.0/24")
        await add_rule(me, "operation:file:import", "203.0.113.5")
        return bank

    bank = run(shut())
    unknown = main("clear-allowlist", "--subject", "role:king", "--reason", "moved")
    assert unknown.returncode == 1 and "role:administrator" in unknown.stderr
    assert main("clear-allowlist", "--reason", "  ").returncode == 1
    some = main("clear-allowlist", "--subject", "role:administrator", "--reason", "the office moved", "--json")
    assert some.returncode == 0 and json.loads(some.stdout) == {"removed": 1}

    async def left() -> tuple[list[str], list[AuditEntry]]:
        async with transaction(bank.system) as session:
            entries = await session.scalars(select(AuditEntry).where(AuditEntry.action == "allow_rule.removed"))
            return [rule.subject for rule in await list_rules(bank.administrator)], list(entries)

    subjects, entries = run(left())
    assert subjects == ["operation:file:import"]
    assert [(one.actor_id, one.before["network"], one.after) for one in entries if one.before] == [
        (None, "192.0.2.0/24", {"reason": "the office moved"})
    ]
    assert "Removed 1 rules" in main("clear-allowlist", "--reason", "all of it").stdout
