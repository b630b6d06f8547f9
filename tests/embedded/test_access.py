"""What the embedded services let in: this machine only, and only who has the password."""

from __future__ import annotations

import io
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
import redis
from minio import Minio
from minio.error import S3Error
from minio.retention import COMPLIANCE, Retention
from redis.backoff import NoBackoff
from redis.retry import Retry

from deploy.embedded.services import Endpoints, start
from tests.embedded.conftest import listening, server_pids, tree


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("access")


@pytest.fixture(scope="module")
def endpoints(data_dir: Path) -> Iterator[Endpoints]:
    with start(data_dir, fast=True, environ={}) as running:
        yield running.endpoints


def store(endpoints: Endpoints) -> Minio:
    address = urlsplit(endpoints.object_store_endpoint).netloc
    keys = {"access_key": endpoints.object_store_access_key, "secret_key": endpoints.object_store_secret_key}
    return Minio(address, secure=False, **keys)


def test_nothing_listens_but_on_loopback(data_dir: Path, endpoints: Endpoints) -> None:
    found = listening(tree(server_pids(data_dir)))
    assert {name for _, name, _, _ in found} >= {"postgres", "valkey-server", "weed"}
    assert {address for _, _, address, _ in found} == {"127.0.0.1"}


def test_no_server_keeps_to_a_default_port(data_dir: Path, endpoints: Endpoints) -> None:
    """Two instances would fight for it."""
    ports = {port for _, name, _, port in listening(tree(server_pids(data_dir))) if name == "weed"}
    assert ports and not ports & {9333, 19333, 9340, 19340, 8888, 18888, 8333, 18333, 8181, 9101, 7333, 23646, 33646}


def test_postgres_wants_the_right_password(endpoints: Endpoints) -> None:
    with psycopg.connect(endpoints.database_url) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("console_login",)
    password = urlsplit(endpoints.database_url).password
    for wrong in ("wrong", ""):
        with pytest.raises(psycopg.OperationalError, match=r"password authentication failed|no password supplied"):
            psycopg.connect(endpoints.database_url.replace(f":{password}@", f":{wrong}@" if wrong else "@"))


def test_postgres_asks_for_scram_everywhere_and_checks_its_pages(endpoints: Endpoints) -> None:
    with psycopg.connect(endpoints.superuser_database_url) as connection:
        methods = connection.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()
        stored = connection.execute(
            "SELECT bool_and(rolpassword LIKE 'SCRAM-SHA-256$%') FROM pg_authid WHERE rolcanlogin"
        )
        assert methods == [("scram-sha-256",)]
        assert stored.fetchone() == (True,)
        assert connection.execute("SHOW data_checksums").fetchone() == ("on",)
        assert connection.execute("SHOW timezone").fetchone() == ("UTC",)
        assert connection.execute("SHOW unix_socket_directories").fetchone() == ("",)


def test_the_consoles_role_owns_nothing_and_cannot_pass_row_security(endpoints: Endpoints) -> None:
    with psycopg.connect(endpoints.superuser_database_url) as connection:
        rows = connection.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin FROM pg_roles"
            " WHERE rolname LIKE 'console%' ORDER BY 1"
        ).fetchall()
        owner = connection.execute("SELECT datdba::regrole::text FROM pg_database WHERE datname = 'check_review'")
        member = connection.execute("SELECT pg_has_role('console_login', 'console_app', 'MEMBER')")
        assert rows == [
            ("console_app", False, False, False, False, False),
            ("console_login", False, False, False, False, True),
            ("console_owner", False, False, True, False, True),
        ]
        assert owner.fetchone() == ("console_owner",)
        assert member.fetchone() == (True,)
    with psycopg.connect(endpoints.database_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("CREATE TABLE mine (id int)")


def test_valkey_wants_the_password(endpoints: Endpoints) -> None:
    assert redis.Redis.from_url(endpoints.redis_url).ping()
    address = urlsplit(endpoints.redis_url)
    for password in (None, "wrong"):
        stranger = redis.Redis(
            host=str(address.hostname), port=int(address.port or 0), password=password, retry=Retry(NoBackoff(), 0)
        )
        with pytest.raises(redis.AuthenticationError):
            stranger.get("key")


def test_valkey_never_evicts(endpoints: Endpoints) -> None:
    assert redis.Redis.from_url(endpoints.redis_url).config_get("maxmemory-policy") == {
        "maxmemory-policy": "noeviction"
    }


def test_the_object_store_refuses_strangers(endpoints: Endpoints) -> None:
    client = store(endpoints)
    client.put_object(endpoints.object_store_bucket, "front", io.BytesIO(b"secret image"), 12)
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(f"{endpoints.object_store_endpoint}/{endpoints.object_store_bucket}/front")
    assert refusal.value.code == 403
    address = urlsplit(endpoints.object_store_endpoint).netloc
    stranger = Minio(address, access_key=endpoints.object_store_access_key, secret_key="wrong", secure=False)
    with pytest.raises(S3Error) as fault:
        stranger.get_object(endpoints.object_store_bucket, "front")
    assert fault.value.code == "SignatureDoesNotMatch"


def test_no_back_door_to_objects_through_the_stores_inner_parts(data_dir: Path, endpoints: Endpoints) -> None:
    """SeaweedFS's filer and volume servers speak plain HTTP too, on ports any local account can reach."""
    store(endpoints).put_object(endpoints.object_store_bucket, "hidden", io.BytesIO(b"secret image"), 12)
    ports = [port for _, name, _, port in listening(tree(server_pids(data_dir))) if name == "weed"]
    assert ports
    paths = ["buckets/check-images/hidden", "buckets/check-images/hidden.versions/", "buckets/check-images/?limit=5"]
    paths += [f"{volume},01{cookie:08x}" for volume in (1, 2) for cookie in (0, 1)]
    for port in ports:
        for path in paths:
            assert b"secret" not in _body(f"http://127.0.0.1:{port}/{path}")
            assert b"hidden" not in _body(f"http://127.0.0.1:{port}/{path}")


def _body(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            body: bytes = answer.read()
            return body
    except (OSError, ValueError) as fault:
        assert not isinstance(fault, TimeoutError)
        return b""
    except Exception:  # a gRPC port does not speak HTTP/1
        return b""


def test_a_locked_object_cannot_be_deleted(endpoints: Endpoints) -> None:
    client = store(endpoints)
    until = datetime.now(UTC) + timedelta(days=1)
    put = client.put_object(
        endpoints.object_store_bucket,
        "kept",
        io.BytesIO(b"image"),
        5,
        retention=Retention(COMPLIANCE, until),
    )
    assert put.version_id
    with pytest.raises(S3Error) as refusal:
        client.remove_object(endpoints.object_store_bucket, "kept", version_id=put.version_id)
    assert refusal.value.code == "AccessDenied"
    assert client.get_object(endpoints.object_store_bucket, "kept", version_id=put.version_id).data == b"image"


def test_credentials_are_readable_by_the_owner_only(data_dir: Path, endpoints: Endpoints) -> None:
    secrets = (
        endpoints.object_store_secret_key,
        str(urlsplit(endpoints.database_url).password),
        str(urlsplit(endpoints.redis_url).password),
    )
    found = 0
    for path in (*data_dir.glob("*"), *data_dir.glob("run/*"), *data_dir.glob("valkey/*"), *data_dir.glob("log/*")):
        if path.is_file() and any(secret in path.read_text(errors="replace") for secret in secrets):
            found += 1
            assert path.stat().st_mode & 0o077 == 0, path
    assert found >= 3


def test_no_secret_stands_on_a_command_line(data_dir: Path, endpoints: Endpoints) -> None:
    lines = []
    for process in tree(server_pids(data_dir)):
        with suppress(psutil.NoSuchProcess):  # PostgreSQL's own come and go
            lines.append(" ".join(process.cmdline()))
    assert len(lines) >= 4
    for secret in (endpoints.object_store_secret_key, urlsplit(endpoints.redis_url).password):
        assert not [line for line in lines if str(secret) in line]


def test_environ_names_all_but_the_superuser(endpoints: Endpoints) -> None:
    named = endpoints.environ()
    assert set(named) == {
        "DATABASE_URL",
        "DATABASE_OWNER_URL",
        "REDIS_URL",
        "OBJECT_STORE_ENDPOINT",
        "OBJECT_STORE_ACCESS_KEY",
        "OBJECT_STORE_SECRET_KEY",
        "OBJECT_STORE_BUCKET",
    }
    assert endpoints.superuser_database_url not in named.values()
