"""Backups by the scripts of deploy/backup: taken beside the database and from another machine, noted, restored to a
moment, unreadable without the key.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from console.operations.shared_metrics import SharedMetrics
from db.engine import close_engine, open_engine
from db.migrations.run import upgrade
from deploy.drill.programs import ensure_programs
from deploy.drill.servers import BACKUPS, STANZA, ServerFailedError, Servers
from deploy.embedded.processes import Server, spawn, stop
from deploy.embedded.unprivileged import find_way
from tests.deploy.backups import FROM_ELSEWHERE
from tests.deploy.edge import await_answer, nginx
from tests.deploy.image import ROOT
from tests.ports import free_port

SCRIPTS = ROOT / "deploy" / "backup"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    ensure_programs()
    made = Servers(tmp_path_factory.mktemp("servers"), archive_seconds=2)
    try:
        made.start(made.store)
        made.start(made.postgres)
        upgrade(made.endpoints().owner_database_url)
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def backup(servers: Servers) -> str:
    """Taken as compose's `backup` takes it; its name."""
    said = servers.postgres.run_tool(["sh", str(SCRIPTS / "full-backup.sh")], {"BACKUP_VERIFY": "yes"})
    name = re.search(r"^backup (\S+) ended well$", said, re.MULTILINE)
    assert name is not None, said
    assert "status: ok" in said
    return name[1]


def info(servers: Servers) -> dict:
    (found,) = json.loads(servers.postgres.run_tool(["pgbackrest", "info", "--output=json", "--log-level-console=off"]))
    return dict(found)


def sql(servers: Servers, statement: str) -> str:
    with psycopg.connect(servers.endpoints().superuser_database_url, autocommit=True) as line:
        row = line.execute(statement.encode()).fetchone()
    return str(row[0]) if row else ""


def test_a_backup_is_whole_encrypted_and_cannot_be_deleted(servers: Servers, backup: str) -> None:
    found = info(servers)
    assert found["cipher"] == "aes-256-cbc" and found["status"]["code"] == 0
    assert [one["label"] for one in found["backup"]] == [backup]
    client = servers.store.client()
    listed = client.list_objects(BACKUPS, recursive=True, include_version=True)
    objects = [one for one in listed if one.size]
    assert any("/archive/" in one.object_name for one in objects), "WAL as well"
    for one in objects:
        assert client.get_object(BACKUPS, one.object_name, version_id=one.version_id).data.startswith(b"Salted__"), (
            one.object_name
        )
        with pytest.raises(Exception, match="AccessDenied"):
            client.remove_object(BACKUPS, one.object_name, version_id=one.version_id)


def test_nothing_can_be_read_without_the_key(servers: Servers, backup: str) -> None:
    with pytest.raises(ServerFailedError, match=r"CryptoError|cipher"):
        servers.postgres.run_tool(["pgbackrest", "check"], {"PGBACKREST_REPO1_CIPHER_PASS": "another"})


def test_the_console_hears_of_it_once(servers: Servers, backup: str, tmp_path: Path) -> None:
    notes = Path(servers.postgres.tools()["BACKUP_NOTES"])
    environ = {
        "DATABASE_URL": servers.endpoints().database_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "OBJECT_STORE_ENDPOINT": "http://127.0.0.1:1",
        "OBJECT_STORE_ACCESS_KEY": "not asked",
        "OBJECT_STORE_SECRET_KEY": "not asked",
        "SECRET_KEY": "4f1d8c3a" * 16,
        "BACKUP_NOTES": str(notes),
        "CRC_BOOTSTRAP": "off",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    asked = "select detail || ' ' || at from installation_check where name = 'backup' and ok"
    said = []
    for _ in range(2):
        subprocess.run(["sh", str(SCRIPTS / "note-new.sh")], cwd=ROOT, env=environ, check=True)
        said.append(sql(servers, asked))
    assert said[0].startswith(f"base backup {backup} and WAL") and said[1] == said[0]


def test_nothing_of_the_last_30_days_is_expired(servers: Servers, backup: str) -> None:
    said = servers.postgres.run_tool(["pgbackrest", "expire"])
    assert "repo1-retention-full=30" in said and "repo1-retention-full-type=time" in said
    assert "remove" not in said and [one["label"] for one in info(servers)["backup"]] == [backup]


def test_the_role_for_backups_can_take_one_and_read_no_table(servers: Servers, backup: str) -> None:
    parts = urlsplit(servers.endpoints().superuser_database_url)
    password = servers.postgres.backup_password
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(f"postgresql://console_backup:{password}@127.0.0.1:{parts.port}/check_review")
    assert servers.postgres.tools()["PGBACKREST_PG1_USER"] == "console_backup"


def test_monitoring_hears_when_wal_was_last_archived(servers: Servers, backup: str) -> None:
    async def read() -> float:
        open_engine(f"postgresql+psycopg{servers.endpoints().database_url.removeprefix('postgresql')}")
        try:
            figures = SharedMetrics()
            await figures.read()
            (found,) = (one for one in figures.collect() if one.name == "crc_wal_archived_seconds")
            return float(found.samples[0].value)
        finally:
            await close_engine()

    before = time.time()
    sql(servers, "select pg_logical_emit_message(false, 'tests', 'something to archive')")
    sql(servers, "select pg_switch_wal()")
    deadline = time.monotonic() + 60
    while asyncio.run(read()) <= before:
        assert time.monotonic() < deadline, "nothing is archived"
        time.sleep(0.5)
    assert asyncio.run(read()) < time.time()


@pytest.mark.timeout(1200)  # three restores, each of a server of its own
def test_a_moment_comes_back_without_what_came_after_it(servers: Servers, backup: str) -> None:
    with psycopg.connect(servers.endpoints().superuser_database_url, autocommit=True) as line:
        line.execute("create table moments (what text)")
        line.execute("insert into moments values ('before')")
        (moment,) = line.execute("select clock_timestamp()::text").fetchone() or ("",)
        time.sleep(0.01)
        line.execute("insert into moments values ('an accident')")
        (segment,) = line.execute("select pg_walfile_name(pg_switch_wal())").fetchone() or ("",)
        deadline = time.monotonic() + 60
        while (line.execute("select last_archived_wal from pg_stat_archiver").fetchone() or ("",))[0] < segment:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    restore = ["sh", str(SCRIPTS / "restore.sh")]

    with pytest.raises(ServerFailedError, match="PostgreSQL runs on"):
        servers.postgres.run_tool(restore)
    assert sql(servers, "select count(*) from moments") == "2", "nothing was changed"

    # A look at a copy, beside the database that goes on: nothing of it reaches the repository.
    copy = servers.postgres.data.with_name("copy")
    beside = {"PGDATA": str(copy), "PGBACKREST_PG1_PATH": str(copy), "RESTORE_TRIAL": "yes"}
    said = servers.postgres.run_tool([*restore, moment], beside)
    assert "restored; the last transaction in it is of 2" in said
    assert "archive_mode = 'off'" in (copy / "postgresql.auto.conf").read_text()
    assert info(servers)["archive"][-1]["max"].startswith("00000001"), "no timeline of the copy's own"

    stop([servers.running.pop("postgres")])
    said = servers.postgres.run_tool([*restore, moment])
    aside = re.search(r"what was there is in (\S+)", said)
    assert aside is not None and (Path(aside[1]) / "PG_VERSION").exists()
    servers.start(servers.postgres)
    assert sql(servers, "select string_agg(what, ',') from moments") == "before"
    assert sql(servers, "select timeline_id from pg_control_checkpoint()") == "2"

    # The restored one is backed up as the first was, and its end can be restored in turn.
    sql(servers, "insert into moments values ('after it') returning 1")
    sql(servers, "select pg_switch_wal()")
    servers.postgres.run_tool(["sh", str(SCRIPTS / "full-backup.sh")])
    stop([servers.running.pop("postgres")])
    servers.postgres.run_tool(restore)
    servers.start(servers.postgres)
    assert sql(servers, "select string_agg(what, ',' order by what) from moments") == "after it,before"


def test_from_another_machine_through_the_tls_of_each(servers: Servers, backup: str, tmp_path: Path) -> None:
    """As the CronJob does: the database's machine answers a certificate, the store stands behind nginx."""
    certificates = tmp_path / "certificates"
    _authority(certificates)
    port = free_port()
    before = servers.postgres.tools()
    answering = {
        **before,
        "PGBACKREST_TLS_SERVER_ADDRESS": "127.0.0.1",
        "PGBACKREST_TLS_SERVER_PORT": str(port),
        "PGBACKREST_TLS_SERVER_CA_FILE": str(certificates / "ca.crt"),
        "PGBACKREST_TLS_SERVER_CERT_FILE": str(certificates / "tls.crt"),
        "PGBACKREST_TLS_SERVER_KEY_FILE": str(certificates / "tls.key"),
        "PGBACKREST_TLS_SERVER_AUTH": f"localhost={STANZA}",
    }
    with _front(servers, tmp_path) as repository, _answering(answering, tmp_path / "answering.log"):
        told = {
            **{name: before[name] for name in FROM_ELSEWHERE if name in before},
            "PGBACKREST_PG1_HOST": "localhost",
            "PGBACKREST_PG1_HOST_TYPE": "tls",
            "PGBACKREST_PG1_HOST_CA_FILE": str(certificates / "ca.crt"),
            "PGBACKREST_PG1_HOST_CERT_FILE": str(certificates / "tls.crt"),
            "PGBACKREST_PG1_HOST_KEY_FILE": str(certificates / "tls.key"),
        }
        assert set(told) == FROM_ELSEWHERE
        # Where they are on this machine: ports, the test's authority, the database's socket.
        local = {
            **repository,
            "PGBACKREST_PG1_HOST_PORT": str(port),
            "PGBACKREST_PG1_PORT": before["PGBACKREST_PG1_PORT"],
            "PGBACKREST_PG1_SOCKET_PATH": before["PGBACKREST_PG1_SOCKET_PATH"],
            "PGBACKREST_LOCK_PATH": str(tmp_path / "lock"),
            "BACKUP_NOTES": str(tmp_path),
            "PATH": os.environ["PATH"],
        }
        done = subprocess.run(
            [*find_way().prefix, "sh", str(SCRIPTS / "full-backup.sh")],
            env=told | local,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "newest").read_text() in done.stdout.splitlines()[-1]
    assert (tmp_path / "newest").read_text() == info(servers)["backup"][-1]["label"] != backup


def _authority(folder: Path) -> None:
    """An authority and one certificate of it, for both ends of the line."""
    folder.mkdir()
    new = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1"
    for command in (
        f"{new} -subj /CN=authority -keyout ca.key -out ca.crt",
        f"{new} -subj /CN=localhost -addext subjectAltName=DNS:localhost -CA ca.crt -CAkey ca.key"
        " -keyout tls.key -out tls.crt",
    ):
        subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)


@contextmanager
def _answering(environ: Mapping[str, str], log: Path) -> Iterator[None]:
    """`pgbackrest server` as it runs on the database's machine."""
    way = find_way()
    server = Server(
        "pgbackrest", [*way.prefix, "pgbackrest", "server"], environ, log.parent, log, signal.SIGTERM, signal.SIGTERM, 5
    )
    process = spawn(server)
    try:
        await_answer(int(environ["PGBACKREST_TLS_SERVER_PORT"]), process)
        yield
    finally:
        stop([(server, process)])


@contextmanager
def _front(servers: Servers, folder: Path) -> Iterator[dict[str, str]]:
    """nginx with deploy/backup/repository.conf before the store; what pgBackRest is told of it."""
    port, told = free_port(), servers.store.repository()
    objects = Path(told["PGBACKREST_REPO1_STORAGE_CA_FILE"]).parent
    text = (SCRIPTS / "repository.conf").read_text()
    for old, new in {
        "listen 9443": f"listen 127.0.0.1:{port}",
        "/tmp/": f"{folder}/",
        "/run/secrets/repository_certificate": str(objects / "tls.pem"),
        "/run/secrets/repository_key": str(objects / "tls.key"),
        "http://minio:9000": servers.endpoints().object_store_endpoint,
    }.items():
        assert old in text, old
        text = text.replace(old, new)
    (folder / "front.conf").write_text(text)
    process = subprocess.Popen(
        [nginx(), "-p", folder, "-c", "front.conf", "-g", "daemon off;" + (" user root;" if os.geteuid() == 0 else "")]
    )
    try:
        await_answer(port, process)
        yield {**told, "PGBACKREST_REPO1_STORAGE_PORT": str(port)}
    finally:
        process.terminate()
        process.wait(timeout=40)


def test_what_is_expired_is_gone_for_pgbackrest_and_not_destroyed(servers: Servers, backup: str) -> None:
    """By count here, because nobody can wait for 30 days: an intruder with the backup's key can do no more either."""
    servers.postgres.run_tool(["sh", str(SCRIPTS / "full-backup.sh")])
    by_count = {"PGBACKREST_REPO1_RETENTION_FULL_TYPE": "count", "PGBACKREST_REPO1_RETENTION_FULL": "1"}
    newest = info(servers)["backup"][-1]["label"]
    assert f"expire full backup {backup}" in servers.postgres.run_tool(["pgbackrest", "expire"], by_count)
    assert [one["label"] for one in info(servers)["backup"]] == [newest]
    listed = servers.store.client().list_objects(BACKUPS, recursive=True, include_version=True)
    of_it = [one for one in listed if f"/{backup}/" in one.object_name]
    assert any(one.is_delete_marker for one in of_it)
    kept = next(one for one in of_it if one.size and not one.is_delete_marker)
    with pytest.raises(Exception, match="AccessDenied"):
        servers.store.client().remove_object(BACKUPS, kept.object_name, version_id=kept.version_id)
