"""Every variable of the environment is validated and changes what the console does; none is a promise alone."""

from __future__ import annotations

import ast
import http.server
import json
import os
import secrets
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from minio import Minio
from minio.error import S3Error
from sqlalchemy import make_url, select

from console.access import passwords, session_store, sessions
from console.access import secrets as tokens
from console.access.sessions import Stage
from console.images.links import LinkRefused, fetch, link
from console.images.store import ImageStore, StoreUnavailable
from console.institution import institution_of
from console.intake.files import import_file
from console.intake.report import ImportReport, ImportStatus
from console.review.claims import claim
from console.settings import Settings, SettingsError, effective, read_settings, settings
from db.engine import transaction
from db.models import CheckItem, Claim, Image, PolicyVersion
from db.redis_pool import redis
from tests import warm
from tests.conftest import Database
from tests.factories import Bank, check_image, import_items, item_ids, make_bank, x9_file, x9_item
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[1]
HERE = "tests/test_settings.py"
GOOD_SECRET = secrets.token_hex(48)

# The test that proves what each variable does.
EFFECTS = {
    "ENVIRONMENT": f"{HERE}::test_production_names_every_fault_at_once",
    "DEBUG": f"{HERE}::test_debug_logs_more",
    "DEMO_MODE": "tests/test_cli.py::test_totp_is_for_demos",
    "EMBEDDED_SERVICES": f"{HERE}::test_production_names_every_fault_at_once",
    "DATA_DIR": "tests/test_cli.py::test_settings_show_values_and_sources_but_no_secret",
    "HOST": f"{HERE}::test_host_and_port_are_where_the_server_listens",
    "PORT": f"{HERE}::test_host_and_port_are_where_the_server_listens",
    "PUBLIC_ORIGIN": "tests/access/test_sessions.py::test_names_of_the_cookie",
    "DATABASE_URL": f"{HERE}::test_every_way_to_write_the_database_reaches_it",
    "DATABASE_POOLER": "tests/db/test_pooler.py::test_what_is_prepared_is_lost_behind_it",
    "DATABASE_REPLICA_URL": "tests/db/test_replica.py::test_reports_read_at_the_replica_what_was_just_committed",
    "DATABASE_REPLICA_WAIT_SECONDS": "tests/db/test_replica.py::test_one_that_is_behind_is_waited_for_a_while",
    "DATABASE_OWNER_URL": "tests/test_cli.py::test_migrate_works_as_the_owner",
    "REDIS_URL": "tests/access/test_sessions.py::test_without_redis_nobody_is_recognised",
    "OBJECT_STORE_ENDPOINT": f"{HERE}::test_what_the_image_store_is_asked_with",
    "OBJECT_STORE_ACCESS_KEY": f"{HERE}::test_what_the_image_store_is_asked_with",
    "OBJECT_STORE_SECRET_KEY": f"{HERE}::test_a_wrong_key_or_bucket_stores_nothing",
    "OBJECT_STORE_BUCKET": f"{HERE}::test_what_the_image_store_is_asked_with",
    "OBJECT_STORE_REGION": f"{HERE}::test_what_the_image_store_is_asked_with",
    "OBJECT_STORE_RETENTION_DAYS": f"{HERE}::test_images_cannot_be_deleted_while_they_are_retained",
    "AUDIT_RETENTION_YEARS": "tests/retention/test_audit_months.py::test_a_month_is_archived_when_its_years_are_over",
    "IMAGE_RETENTION_DAYS": "tests/retention/test_purges.py::test_images_go_when_their_time_is_over",
    "NOTICE_RETENTION_DAYS": "tests/retention/test_purges.py::test_notices_go_when_their_time_is_over",
    "JOB_RUN_RETENTION_DAYS": "tests/jobs/test_worker.py::test_old_runs_are_forgotten_but_the_last",
    "SECRET_KEY": "tests/access/test_secrets.py::test_purpose_owner_and_key_each_matter",
    "SESSION_MAX_HOURS": "tests/access/test_sessions.py::test_no_activity_carries_a_session_past_its_hours",
    "SESSIONS_PER_USER": "tests/access/test_sessions.py::test_one_session_too_many_ends_the_oldest",
    "SESSION_HISTORY_DAYS": "tests/access/test_session_history.py::test_old_history_is_purged",
    "SESSION_TIMEOUT_MINUTES": f"{HERE}::test_a_session_lives_as_long_as_the_setting_says",
    "OIDC_ISSUER": "tests/access/test_openid.py::test_the_provider_vouches_for_somebody",
    "OIDC_CLIENT_ID": "tests/access/test_openid.py::test_tokens_for_others_or_by_others_are_refused",
    "OIDC_CLIENT_SECRET": "tests/access/test_openid.py::test_a_wrong_client_secret_gets_no_token",
    "OIDC_USERNAME_CLAIM": "tests/access/test_openid.py::test_claims_are_read_as_the_settings_say",
    "OIDC_ROLES_CLAIM": "tests/access/test_openid.py::test_claims_are_read_as_the_settings_say",
    "OIDC_MFA_VALUES": "tests/access/test_openid.py::test_claims_are_read_as_the_settings_say",
    "OIDC_ROLE_MAP": "tests/access/test_openid.py::test_roles_follow_the_groups_at_each_sign_in",
    "ACCESS_TOKEN_EXPIRE_MINUTES": "tests/edge/test_api.py::test_lifetimes_are_the_settings",
    "REFRESH_TOKEN_EXPIRE_DAYS": "tests/edge/test_api.py::test_lifetimes_are_the_settings",
    "RATE_LIMIT_PER_MINUTE": "tests/edge/test_api.py::test_rates_are_per_person_key_and_address",
    "SIGN_IN_LIMIT_PER_MINUTE": "tests/access/test_attempts.py::test_a_minute_allows_so_many_and_says_how_long_to_wait",
    "PAGE_EVENTS_PER_MINUTE": "tests/edge/test_gate.py::test_events_beyond_the_rate_are_dropped_and_told",
    "TRUSTED_PROXIES": "tests/edge/test_proxies.py::test_the_right_most_address_that_is_not_ours",
    "MFA_REQUIRED": "tests/access/test_sign_in_steps.py::test_who_needs_a_second_factor_is_the_setting",
    "STEP_UP_MINUTES": "tests/access/test_mfa.py::test_a_code_is_fresh_for_as_long_as_the_setting_says",
    "LOCKOUT_FAILURES": "tests/access/test_lockout.py::test_number_and_time_are_the_settings",
    "LOCKOUT_MINUTES": "tests/access/test_lockout.py::test_number_and_time_are_the_settings",
    "PASSWORD_HISTORY": "tests/access/test_password_change.py::test_the_last_ones_are_not_taken_again",
    "PREVIOUS_SECRET_KEY": "tests/access/test_key_rotation.py::test_the_previous_key_reads_until_all_is_rotated",
    "ARGON2_TIME_COST": f"{HERE}::test_hashes_are_made_with_the_settings_parameters",
    "ARGON2_MEMORY_KIB": f"{HERE}::test_hashes_are_made_with_the_settings_parameters",
    "ARGON2_PARALLELISM": f"{HERE}::test_hashes_are_made_with_the_settings_parameters",
    "SECOND_ADMINISTRATOR": "tests/access/test_access_changes.py::test_a_change_waits_for_another_administrator",
    "IMAGE_LINK_SECONDS": f"{HERE}::test_an_image_address_works_as_long_as_the_setting_says",
    "API_V1_PREFIX": "tests/edge/test_health.py::test_the_prefix_is_the_settings_and_other_origins_read_there_alone",
    "CORS_ORIGINS": "tests/edge/test_health.py::test_the_prefix_is_the_settings_and_other_origins_read_there_alone",
    "GRACE_SECONDS": "tests/operations/test_stopping.py::test_a_worker_waits_for_its_runs_as_long_as_the_setting_says",
    "DRAIN_SECONDS": "tests/operations/test_stopping.py::test_a_site_that_is_told_to_stop_sends_people_elsewhere",
    "METRICS_PORT": "tests/operations/test_metrics.py::test_a_site_is_measured_on_a_port_of_its_own",
    "METRICS_HOST": "tests/operations/test_metrics.py::test_a_site_is_measured_on_a_port_of_its_own",
    "WORKER_METRICS_PORT": "tests/operations/test_metrics.py::test_a_worker_is_measured",
    "METRICS_TOKEN": "tests/operations/test_metrics.py::test_the_sites_port_answers_who_has_the_token",
    "INSTITUTION_NAME": f"{HERE}::test_the_institution_is_the_settings",
    "INSTITUTION_ROUTING_NUMBER": f"{HERE}::test_the_institution_is_the_settings",
    "INSTITUTION_TIME_ZONE": f"{HERE}::test_the_institution_is_the_settings",
    "DUAL_CONTROL_THRESHOLD": f"{HERE}::test_business_rules_seed_policy_version_1",
    "HIGH_PRIORITY_THRESHOLD": f"{HERE}::test_business_rules_seed_policy_version_1",
    "DEFAULT_SLA_HOURS": f"{HERE}::test_business_rules_seed_policy_version_1",
    "AI_CONFIDENCE_THRESHOLD": f"{HERE}::test_business_rules_seed_policy_version_1",
    "AI_ENABLED": "tests/review/test_advice.py::test_where_advice_is_off_it_is_refused_and_hidden",
    "ATTACHMENT_MAX_MB": "tests/review/test_attachments.py::test_what_is_too_large_is_refused_while_it_comes",
    "CLAIM_TIMEOUT_MINUTES": f"{HERE}::test_a_claim_lasts_as_long_as_the_setting_says",
    "SMTP_HOST": "tests/notices/test_mail.py::test_a_notice_reaches_the_mail_server",
    "SMTP_PORT": "tests/notices/test_mail.py::test_a_notice_reaches_the_mail_server",
    "SMTP_FROM": "tests/notices/test_mail.py::test_a_notice_reaches_the_mail_server",
    "SMTP_SECURITY": "tests/notices/test_mail.py::test_the_connection_is_as_secure_as_the_setting_says",
    "SMTP_USERNAME": "tests/notices/test_mail.py::test_who_must_say_who_they_are_does",
    "SMTP_PASSWORD": "tests/notices/test_mail.py::test_who_must_say_who_they_are_does",
    "INTAKE_FOLDER": "tests/intake/test_watched_folder.py::test_files_in_the_folder_are_taken_in_and_put_away",
    "INTAKE_FOLDER_REST_SECONDS": "tests/intake/test_watched_folder.py::test_a_file_that_is_being_written_waits",
    "EXPIRY_WARNING_DAYS": "tests/operations/test_checks.py::test_what_expires_soon_is_told_in_time",
    "INTAKE_MAX_FILE_MB": f"{HERE}::test_intake_limits_refuse_with_the_limit_named",
    "INTAKE_MAX_RECORD_MB": f"{HERE}::test_intake_limits_refuse_with_the_limit_named",
    "INTAKE_MAX_RECORDS": f"{HERE}::test_intake_limits_refuse_with_the_limit_named",
}

# Read through a property of Settings, or a rule about all settings at once, rather than by its own name.
READ_AS = {
    "second_administrator": "needs_second_administrator",
    "drain_seconds": "drains_for",
    "database_owner_url": "owner_url",
    "session_timeout_minutes": "session_timeout",
    "embedded_services": "production_faults",
}

SetEnv = Callable[..., Settings]


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without any of the console's variables."""
    for name in list(os.environ):
        if name in EFFECTS:
            monkeypatch.delenv(name)


@pytest.fixture
def set_env(monkeypatch: pytest.MonkeyPatch) -> Iterator[SetEnv]:
    """``set_env(PORT=1)``: these variables set, and the settings read from them."""

    def set_(**variables: object) -> Settings:
        for name, value in variables.items():
            monkeypatch.setenv(name, str(value))
        settings.cache_clear()
        return settings()

    yield set_
    settings.cache_clear()


def faults_of(**variables: object) -> list[str]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, str(value))
        with pytest.raises(SettingsError) as refused:
            read_settings()
    assert all(fault in str(refused.value) for fault in refused.value.faults)
    return refused.value.faults


# --- every variable --------------------------------------------------------------------------------------------------


def test_every_variable_is_read_by_code_and_proven_by_a_test() -> None:
    assert set(EFFECTS) == {name.upper() for name in Settings.model_fields}
    read: set[str] = set()
    for room in ("console", "db", "jobs", "deploy"):
        for path in (ROOT / room).rglob("*.py"):
            if path != ROOT / "console" / "settings.py":
                nodes = ast.walk(ast.parse(path.read_text()))
                read |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    source = (ROOT / "console" / "settings.py").read_text()
    for name in Settings.model_fields:
        if name in READ_AS:
            assert READ_AS[name] in source
            continue
        assert name in read, f"{name} is read by no code"
    assert {"owner_url", "session_timeout"} <= read


@pytest.mark.parametrize("variable", EFFECTS)
def test_the_test_named_for_a_variable_exists(variable: str) -> None:
    path, _, name = EFFECTS[variable].partition("::")
    functions = {
        node.name for node in ast.walk(ast.parse((ROOT / path).read_text())) if isinstance(node, ast.FunctionDef)
    }
    assert name in functions


def test_every_variable_is_described() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description and field.description.endswith("."), name
        assert f"{name.upper()}=" not in field.description


# --- refusals --------------------------------------------------------------------------------------------------------

PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": GOOD_SECRET,
    "DATABASE_URL": "postgresql://console@db/check_review",
    "REDIS_URL": "rediss://cache:6379/0",
    "OBJECT_STORE_ENDPOINT": "https://s3.example.com",
    "PUBLIC_ORIGIN": "https://console.example.com",
}


@pytest.mark.usefixtures("clean")
def test_production_names_every_fault_at_once() -> None:
    found = faults_of(ENVIRONMENT="production", DEBUG="true", DEMO_MODE="1", EMBEDDED_SERVICES="valkey", SECRET_KEY="a")
    text = "\n".join(found)
    for part in (
        "SECRET_KEY has 1 characters: 64 are needed",
        "SECRET_KEY is too regular",
        "DEBUG is on",
        "DEMO_MODE is on",
        "embedded services are in use (valkey)",
        "DATABASE_URL is missing",
        "REDIS_URL is missing",
        "OBJECT_STORE_ENDPOINT is missing",
        "PUBLIC_ORIGIN is http://127.0.0.1:8000: it must start with https://",
    ):
        assert part in text, part
    assert len(found) == 9


@pytest.mark.usefixtures("clean")
def test_production_starts_when_all_is_well(set_env: SetEnv) -> None:
    assert set_env(**PRODUCTION).behind_tls


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is missing: make one"),
        ({"SECRET_KEY": GOOD_SECRET[:63]}, "SECRET_KEY has 63 characters: 64 are needed"),
        ({"SECRET_KEY": "change-me-" * 8}, "SECRET_KEY is too regular to be random"),
        ({"SECRET_KEY": "0123456789abcdef" * 4}, "SECRET_KEY is too regular to be random"),
        ({"SECRET_KEY": "x" * 64}, "SECRET_KEY is too regular to be random"),
        ({"DEBUG": "yes"}, "DEBUG is on: turn it off"),
        ({"DEMO_MODE": "true"}, "DEMO_MODE is on: turn it off"),
        ({"EMBEDDED_SERVICES": "postgresql"}, "embedded services are in use (postgresql)"),
        ({"PUBLIC_ORIGIN": "http://console.example.com"}, "PUBLIC_ORIGIN is http://console.example.com"),
        ({"DATABASE_URL": ""}, "DATABASE_URL is missing"),
        (
            {
                "SMTP_HOST": "mail",
                "SMTP_FROM": "a@bank.com",
                "SMTP_USERNAME": "u",
                "SMTP_PASSWORD": "p",
                "SMTP_SECURITY": "none",
            },
            "SMTP_SECURITY is none",
        ),
    ],
)
def test_each_fault_alone_keeps_production_from_starting(change: dict[str, str], fault: str) -> None:
    [found] = faults_of(**PRODUCTION | change)
    assert found.startswith(fault)


@pytest.mark.usefixtures("clean")
def test_random_secrets_are_never_called_regular(set_env: SetEnv) -> None:
    for make in (lambda: secrets.token_hex(32), lambda: secrets.token_urlsafe(48)):
        for _ in range(200):
            set_env(**PRODUCTION | {"SECRET_KEY": make()})


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ENVIRONMENT", "staging", "'development' or 'production'"),
        ("DEBUG", "perhaps", "valid boolean"),
        ("PORT", "0", "greater than or equal to 1"),
        ("PORT", "eighty", "valid integer"),
        ("PUBLIC_ORIGIN", "console.example.com", "write it as https://console.example.com, without a path"),
        ("PUBLIC_ORIGIN", "https://console.example.com/review", "write it as https://console.example.com"),
        ("DATABASE_URL", "mysql://db/check_review", "write it as postgresql://user:password@host:5432/check_review"),
        ("DATABASE_URL", "check_review", "write it as postgresql://"),
        ("DATABASE_OWNER_URL", "sqlite:///x", "write it as postgresql://"),
        ("REDIS_URL", "http://cache", "write it as redis://host:6379/0, rediss://host:6379/0 (TLS), redis+cluster://"),
        ("REDIS_URL", "redis://one:6379,two:6379/3", "a cluster has database 0 only"),
        ("REDIS_URL", "redis+cluster://one:6379,", "a host is missing"),
        ("OBJECT_STORE_RETENTION_DAYS", "-1", "greater than or equal to 0"),
        ("SESSION_TIMEOUT_MINUTES", "0", "greater than or equal to 1"),
        ("ARGON2_MEMORY_KIB", "64", "greater than or equal to 8192"),
        ("ARGON2_TIME_COST", "0", "greater than or equal to 1"),
        ("ARGON2_PARALLELISM", "99", "less than or equal to 16"),
        ("IMAGE_LINK_SECONDS", "5", "greater than or equal to 10"),
        ("API_V1_PREFIX", "api", "it starts with a slash and does not end with one"),
        ("API_V1_PREFIX", "/", "it starts with a slash and does not end with one"),
        ("CORS_ORIGINS", "*", "'*' is not an origin such as https://console.example.com"),
        ("CORS_ORIGINS", "https://a.example/path", "is not an origin"),
        ("CORS_ORIGINS", '["https://a.example"', "write it as a JSON list"),
        ("CORS_ORIGINS", "[1]", "1 is not an origin"),
        ("INSTITUTION_NAME", "", "at least 1 character"),
        ("INSTITUTION_ROUTING_NUMBER", "12345678", "match pattern"),
        ("INSTITUTION_TIME_ZONE", "Eastern", "'Eastern' is not a time zone such as America/New_York"),
        ("DUAL_CONTROL_THRESHOLD", "-1", "greater than or equal to 0"),
        ("HIGH_PRIORITY_THRESHOLD", "100.005", "no more than 2 decimal places"),
        ("DEFAULT_SLA_HOURS", "0", "greater than 0"),
        ("CLAIM_TIMEOUT_MINUTES", "0", "greater than or equal to 1"),
        ("INTAKE_MAX_FILE_MB", "0", "greater than or equal to 1"),
        ("INTAKE_MAX_RECORD_MB", "1001", "less than or equal to 1000"),
        ("INTAKE_MAX_RECORDS", "1", "greater than or equal to 10"),
    ],
)
def test_a_bad_value_gets_a_sentence_with_its_name(name: str, value: str, words: str) -> None:
    [fault] = faults_of(**{name: value})
    assert fault.startswith(f"{name}: ")
    assert words in fault


@pytest.mark.usefixtures("clean")
def test_faults_show_no_secret() -> None:
    found = faults_of(DATABASE_URL="mysql://console:hunter2@db/x", REDIS_URL="tcp://:hunter3@cache", PORT="0")
    assert len(found) == 3
    assert "hunter" not in "".join(found)


# --- forms -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("", []),
        ("https://a.example", ["https://a.example"]),
        ("https://a.example, http://b.example:8080,", ["https://a.example", "http://b.example:8080"]),
        ('["https://a.example","https://b.example"]', ["https://a.example", "https://b.example"]),
        ("[]", []),
    ],
)
def test_cors_origins_are_a_json_or_a_comma_list(set_env: SetEnv, written: str, meant: list[str]) -> None:
    assert set_env(CORS_ORIGINS=written).cors_origins == meant


def test_several_hosts_of_a_database_are_whichever_is_the_primary() -> None:
    url = "postgresql://console:a%2Cb@one:5432,two:6432/check_review"
    read = read_settings(database_url=url).database_url.get_secret_value()
    asked = make_url(read)
    _, given = asked.get_dialect()().create_connect_args(asked)
    assert given == {
        "user": "console",
        "password": "a,b",
        "dbname": "check_review",
        "host": "one,two",
        "port": "5432,6432",
        "target_session_attrs": "read-write",
    }
    kept = read_settings(database_url=f"{url}?sslmode=require&target_session_attrs=primary")
    assert "sslmode=require&target_session_attrs=primary&host=one" in kept.database_url.get_secret_value()


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+asyncpg", "postgresql+psycopg"])
def test_every_way_to_write_the_database_reaches_it(
    database: Database, console: Settings, set_env: SetEnv, scheme: str
) -> None:
    plain = urlsplit(database.url)
    current = set_env(DATABASE_URL=f"{scheme}://{plain.netloc}{plain.path}")
    given = current.database_url.get_secret_value()
    assert given.startswith("postgresql+psycopg://")
    program = (
        "import asyncio\n"
        "from sqlalchemy import text\n"
        "from console.settings import settings\n"
        "from db.engine import open_engine, close_engine, transaction\n"
        "async def ask():\n"
        "    open_engine(settings().database_url.get_secret_value())\n"
        "    async with transaction(None) as session:\n"
        "        print((await session.execute(text('select current_database()'))).scalar_one())\n"
        "    await close_engine()\n"
        "asyncio.run(ask())"
    )
    done = warm.run([], os.environ, program=program)
    assert done.stdout.strip() == database.name, done.stderr


@pytest.mark.usefixtures("clean")
def test_migrations_run_as_the_owner_where_one_is_named(set_env: SetEnv) -> None:
    alone = set_env(DATABASE_URL="postgresql://console@db/x")
    assert alone.owner_url == alone.database_url.get_secret_value()
    both = set_env(DATABASE_OWNER_URL="postgresql://owner@db/x")
    assert both.owner_url == "postgresql+psycopg://owner@db/x"


@pytest.mark.usefixtures("clean")
def test_the_origin_follows_the_port_unless_it_is_named(set_env: SetEnv) -> None:
    assert set_env(PORT="8123").public_origin == "http://127.0.0.1:8123"
    assert set_env(PUBLIC_ORIGIN="https://console.example.com").public_origin == "https://console.example.com"


@pytest.mark.usefixtures("clean")
def test_sources_are_told_and_secrets_masked(set_env: SetEnv) -> None:
    current = set_env(
        SECRET_KEY=GOOD_SECRET, CORS_ORIGINS="https://a.example,https://b.example", redis_url="redis://c/0"
    )
    rows = {row.name: row for row in effective(current, {"PORT": "elsewhere"})}
    assert set(rows) == set(EFFECTS)
    assert (rows["SECRET_KEY"].value, rows["SECRET_KEY"].source) == ("********", "environment")
    assert rows["REDIS_URL"].source == "environment"
    assert (rows["DATABASE_URL"].value, rows["DATABASE_URL"].source) == ("", "default")
    assert rows["CORS_ORIGINS"].value == "https://a.example, https://b.example"
    assert (rows["PORT"].value, rows["PORT"].source) == ("8000", "elsewhere")


# --- what each does --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("debug", [False, True])
def test_debug_logs_more(debug: bool) -> None:
    program = (
        "import logging, structlog\n"
        "from console.log import configure_logging\n"
        "from console.settings import settings\n"
        "configure_logging(settings())\n"
        "structlog.get_logger().debug('a detail'); structlog.get_logger().info('an event')\n"
        "logging.getLogger('uvicorn.error').info('WebSocket /_nicegui_ws/?client_id=1')"
    )
    environ = {name: value for name, value in os.environ.items() if name not in EFFECTS}
    done = warm.run([], environ | {"DEBUG": str(debug)}, program=program)
    assert "an event" in done.stderr
    assert ("a detail" in done.stderr) is debug
    assert "client_id" not in done.stderr


def test_host_and_port_are_where_the_server_listens(console: Settings) -> None:
    port = free_port()  # on which nothing listens at 127.0.0.1 either
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    environ = kept | {"HOST": "127.0.0.2", "PORT": str(port)}
    server = warm.start(["serve"], environ)
    try:
        deadline = time.monotonic() + 120
        while True:
            assert server.poll() is None
            assert time.monotonic() < deadline
            try:
                with urllib.request.urlopen(f"http://127.0.0.2:{port}/health", timeout=5) as answer:
                    assert answer.status == 200
                    break
            except OSError:
                time.sleep(0.1)
        with socket.socket() as other:
            assert other.connect_ex(("127.0.0.1", port)) != 0
    finally:
        server.terminate()
        server.wait(timeout=60)


class _Recorder(http.server.BaseHTTPRequestHandler):
    """A stand-in for an object store, which notes how it is asked."""

    asked: list[tuple[str, str]]

    def _answer(self) -> None:
        self.asked.append((self.path, self.headers["Authorization"]))
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_PUT = do_GET = do_HEAD = _answer

    def log_message(self, *_: object) -> None:
        """Nothing: it only notes."""


@pytest.mark.usefixtures("clean")
def test_what_the_image_store_is_asked_with(set_env: SetEnv) -> None:
    _Recorder.asked = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        current = set_env(
            OBJECT_STORE_ENDPOINT=f"http://127.0.0.1:{server.server_port}",
            OBJECT_STORE_ACCESS_KEY="our-access-key",
            OBJECT_STORE_SECRET_KEY="our-secret-key",
            OBJECT_STORE_BUCKET="our-bucket",
            OBJECT_STORE_REGION="eu-central-1",
            OBJECT_STORE_RETENTION_DAYS="0",
        )
        ImageStore(current).put(uuid4(), b"image", bytes(32))
    finally:
        server.shutdown()
        server.server_close()
    path, authorization = _Recorder.asked[-1]
    assert path.startswith("/our-bucket/")
    assert "Credential=our-access-key/" in authorization
    assert "/eu-central-1/s3/aws4_request" in authorization
    assert "our-secret-key" not in authorization


@pytest.mark.parametrize("wrong", ["OBJECT_STORE_SECRET_KEY", "OBJECT_STORE_BUCKET"])
def test_a_wrong_key_or_bucket_stores_nothing(console: Settings, set_env: SetEnv, wrong: str) -> None:
    ImageStore(console).put(uuid4(), b"image", bytes(32))
    with pytest.raises(StoreUnavailable):
        ImageStore(set_env(**{wrong: "another"})).put(uuid4(), b"image", bytes(32))


@pytest.mark.parametrize("days", [0, 30])
def test_images_cannot_be_deleted_while_they_are_retained(console: Settings, set_env: SetEnv, days: int) -> None:
    current = set_env(OBJECT_STORE_RETENTION_DAYS=days)
    institution, data = uuid4(), b"an image worth keeping"
    ImageStore(current).put(institution, data, bytes(32))
    parts = urlsplit(current.object_store_endpoint)
    client = Minio(
        parts.netloc,
        current.object_store_access_key,
        current.object_store_secret_key.get_secret_value(),
        secure=parts.scheme == "https",
        region=current.object_store_region,
    )
    prefix = str(institution)
    [version] = client.list_objects(current.object_store_bucket, prefix, recursive=True, include_version=True)
    delete = (current.object_store_bucket, version.object_name, version.version_id)
    if days:
        with pytest.raises(S3Error):
            client.remove_object(*delete)
    else:
        client.remove_object(*delete)
    left = list(client.list_objects(current.object_store_bucket, prefix, recursive=True, include_version=True))
    assert len(left) == (1 if days else 0)


def test_a_session_lives_as_long_as_the_setting_says(run: Callable, set_env: SetEnv) -> None:
    async def story() -> None:
        bank = await make_bank()
        person = sessions.Person(bank.institution_id, bank.reviewer.user_id, "ann", "Ann", bank.reviewer.roles)
        set_env(SESSION_TIMEOUT_MINUTES=7)
        began = time.monotonic()
        token = await sessions.start(person, Stage.FULL, sessions.Visit())
        left = await redis().pttl(session_store.key(token))
        passed = (time.monotonic() - began) * 1000
        assert 7 * 60_000 - passed - 1000 < left <= 7 * 60_000

    run(story())


def test_hashes_are_made_with_the_settings_parameters(run: Callable, set_env: SetEnv) -> None:
    async def story() -> None:
        set_env(ARGON2_TIME_COST=2, ARGON2_MEMORY_KIB=9000, ARGON2_PARALLELISM=3)
        assert "$argon2id$v=19$m=9000,t=2,p=3$" in await passwords.hash_new("correct horse battery staple")

    run(story())


def test_an_image_address_works_as_long_as_the_setting_says(
    run: Callable, set_env: SetEnv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        bank = await make_bank()
        await import_items(bank, tmp_path, [x9_item(1, "10.00", bank.routing)])
        async with transaction(bank.system) as session:
            image = (await session.scalars(select(Image.id))).first()
        set_env(IMAGE_LINK_SECONDS=20)
        before = time.time()
        token = link(bank.reviewer, image).partition("token=")[2]
        after = time.time()
        monkeypatch.setattr(tokens.time, "time", lambda: before + 18)
        assert (await fetch(bank.reviewer, image, token)).displayable
        monkeypatch.setattr(tokens.time, "time", lambda: after + 21)
        with pytest.raises(LinkRefused):
            await fetch(bank.reviewer, image, token)

    run(story())


def test_the_institution_is_the_settings(run: Callable, set_env: SetEnv, tmp_path: Path) -> None:
    async def story() -> None:
        set_env(
            INSTITUTION_NAME="Bank of Elsewhere",
            INSTITUTION_ROUTING_NUMBER="021000021",
            INSTITUTION_TIME_ZONE="America/Denver",
        )
        bank = await make_bank()
        facts = await institution_of(bank.reviewer)
        assert (facts.name, facts.routing_number, facts.zone.key) == (
            "Bank of Elsewhere",
            "021000021",
            "America/Denver",
        )
        await import_items(bank, tmp_path, [x9_item(1, "10.00", "021000021"), x9_item(2, "10.00", "729999010")])
        async with transaction(bank.system) as session:
            types = list(await session.scalars(select(CheckItem.item_type).order_by(CheckItem.ordinal)))
        assert types == ["on_us", "transit"]

    run(story())


def test_business_rules_seed_policy_version_1(run: Callable, set_env: SetEnv, tmp_path: Path) -> None:
    async def story() -> None:
        set_env(
            DUAL_CONTROL_THRESHOLD="250.00", HIGH_PRIORITY_THRESHOLD="600.00", DEFAULT_SLA_HOURS="1.5",
            AI_CONFIDENCE_THRESHOLD="0.85",
        )  # fmt: skip
        bank = await make_bank()
        await import_items(
            bank, tmp_path, [x9_item(n, a, bank.routing) for n, a in ((1, "249.99"), (2, "250"), (3, "600"))]
        )
        async with transaction(bank.system) as session:
            policy = (await session.scalars(select(PolicyVersion))).one()
            items = list(await session.scalars(select(CheckItem).order_by(CheckItem.ordinal)))
        thresholds = policy.document["thresholds"]
        assert Decimal(str(thresholds["sla_hours"])) == Decimal("1.5")
        assert Decimal(thresholds["advisory_confidence"]) == Decimal("0.85")
        assert [item.two_people for item in items] == [False, True, True]
        assert items[2].priority < items[1].priority == items[0].priority
        # From then on the policy is the truth: other settings change nothing.
        set_env(DUAL_CONTROL_THRESHOLD="1.00")
        await import_items(bank, tmp_path, [x9_item(1, "200.00", bank.routing)], modifier="2")
        async with transaction(bank.system) as session:
            latest = (await session.scalars(select(CheckItem).where(CheckItem.amount == 200))).one()
        assert not latest.two_people

    run(story())


def test_a_claim_lasts_as_long_as_the_setting_says(run: Callable, set_env: SetEnv, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        await import_items(bank, tmp_path, [x9_item(1, "10.00", bank.routing)])
        set_env(CLAIM_TIMEOUT_MINUTES=3)
        await claim(bank.reviewer, (await item_ids(bank))[0])
        async with transaction(bank.system) as session:
            held = (await session.scalars(select(Claim))).one()
        assert held.expires_at - held.claimed_at == timedelta(minutes=3)

    run(story())


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [
        ("INTAKE_MAX_FILE_MB", 1, "1000000"),
        ("INTAKE_MAX_RECORD_MB", 1, "1000000"),
        ("INTAKE_MAX_RECORDS", 10, "10"),
    ],
)
def test_intake_limits_refuse_with_the_limit_named(
    run: Callable, set_env: SetEnv, tmp_path: Path, limit: str, value: int, words: str
) -> None:
    def large(bank: Bank) -> bytes:
        """A file with one record of 1.2 MB, and more than ten in all."""
        item = x9_item(1, "10.00", bank.routing)
        view = replace(item.views[0], data=check_image() + bytes(1_200_000))
        others = [x9_item(n, "10.00", bank.routing) for n in range(2, 5)]
        return x9_file([replace(item, views=(view,)), *others], origin=bank.routing)

    async def offer(bank: Bank) -> ImportReport:
        path = tmp_path / "large.x9"
        path.write_bytes(large(bank))
        return await import_file(bank.supervisor, path, path.name)

    async def story() -> None:
        bank = await make_bank()
        set_env(**{limit: value})
        refused = await offer(bank)
        assert refused.status is ImportStatus.REFUSED
        assert words in json.dumps(refused.as_json()["findings"]).replace(",", "")
        set_env(**{limit: value * 100})
        assert (await offer(bank)).status is ImportStatus.IMPORTED

    run(story())
