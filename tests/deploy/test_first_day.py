"""From an empty PostgreSQL to the first sign-in, by the commands of deploy/README.md."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from console.access import totp
from deploy.embedded.layout import Credentials, Layout
from deploy.embedded.postgres import Postgres, wheel_programs
from deploy.embedded.processes import spawn, stop
from deploy.embedded.services import Endpoints
from tests import warm
from tests.deploy.edge import Replica
from tests.deploy.forms import Browser
from tests.deploy.image import ROOT, stages
from tests.ports import free_port

README = ROOT / "deploy" / "README.md"
OWN = "seven quiet herons above the weir"


class EmptyPostgres(Postgres):
    """A cluster as a bank's database team hands it over: a superuser, and nothing of ours."""

    def _first_statements(self) -> str:
        return "\n"


@dataclass(frozen=True)
class Cluster:
    """`environ` is what psql and its like read, as the superuser; `folder` holds its files."""

    environ: dict[str, str]
    port: int
    folder: Path


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    layout = Layout(folder)
    layout.make()
    made = Credentials.of(layout)
    postgres = EmptyPostgres(layout, made, fast=True)
    postgres.prepare()
    server = postgres.server()
    process = spawn(server)
    try:
        deadline = time.monotonic() + 30
        while not postgres.is_ready():
            assert process.poll() is None and time.monotonic() < deadline, server.log.read_text()
            time.sleep(0.02)
        port = urlsplit(postgres.endpoints()["database_url"]).port
        assert port is not None
        environ = {
            "PATH": f"{wheel_programs()}:{os.environ['PATH']}",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(port),
            "PGPASSWORD": made.postgres_superuser,
            "PGDATA": str(server.cwd),
            "POSTGRES_USER": "postgres",
        }
        yield Cluster(environ, port, server.cwd)
    finally:
        stop([(server, process)])


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secrets")
    subprocess.run(["sh", "deploy/make-secrets.sh", folder, "console.example.com"], cwd=ROOT, check=True)
    return folder


@pytest.fixture(scope="module")
def prepared(cluster: Cluster, secrets: Path) -> Cluster:
    """The roles made, by the script that the database's container runs at its first start."""
    script = (ROOT / "deploy" / "postgres" / "first-start.sh").read_text()
    script = script.replace("/run/secrets/", f"{secrets}/").replace("/console/", f"{ROOT}/deploy/postgres/")
    subprocess.run(["sh", "-c", script], env=cluster.environ, check=True)
    (cluster.folder / "pg_hba.conf").chmod(0o600)
    sql("select pg_reload_conf()", cluster)
    return cluster


@pytest.fixture(scope="module")
def environ(prepared: Cluster, secrets: Path, services: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What the console is told: the made secrets, with this machine's addresses in place of the containers'."""
    lines = dict(line.split("=", 1) for line in (secrets / "console.env").read_text().splitlines())
    real = services.environ()
    told = {
        **stages()["console"].environment(),
        **lines,
        **{name: value for name, value in real.items() if name.startswith(("REDIS_", "OBJECT_STORE_"))},
        "DATABASE_URL": lines["DATABASE_URL"].replace("@postgres:5432", f"@127.0.0.1:{prepared.port}"),
        "HOST": "127.0.0.1",
        "DRAIN_SECONDS": "0",  # no load balancer is to notice its end
        "PORT": str(free_port()),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "TMPDIR": str(tmp_path_factory.mktemp("tmp")),
    }
    # So that the image's own environment is what counts, and not the tests'.
    assert told["ENVIRONMENT"] == "production"
    return told


def sql(statement: str, cluster: Cluster, database: str = "postgres") -> str:
    asked = ["psql", "--no-psqlrc", "-U", "postgres", "-d", database, "-AtXc", statement]
    return subprocess.run(asked, env=cluster.environ, check=True, capture_output=True, text=True).stdout.strip()


def test_from_an_empty_cluster_to_the_first_sign_in(
    prepared: Cluster, environ: dict[str, str], secrets: Path, tmp_path: Path
) -> None:
    owner = (secrets / "owner.env").read_text().strip().partition("=")[2]
    owner = owner.replace("@postgres:5432", f"@127.0.0.1:{prepared.port}")
    migrated = warm.run(["migrate"], environ | {"DATABASE_OWNER_URL": owner})
    assert migrated.returncode == 0, migrated.stderr
    again = warm.run(["migrate"], environ | {"DATABASE_OWNER_URL": owner})
    assert again.returncode == 0 and ", was at" not in again.stdout
    assert sql("select rolname from pg_tables t join pg_roles r on r.rolname = t.tableowner"
               " where tablename = 'check_item'", prepared, "check_review") == "console_owner"  # fmt: skip

    first_policy = next(line for line in README.read_text().splitlines() if "create_default_policy()" in line)
    program = re.search(r'"(from console\.policy .*?)"', first_policy)
    assert program is not None, "the README has the guide's command"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", program[1]], cwd=ROOT, env=environ, check=True)
    assert sql("select count(*) from policy_version", prepared, "check_review") == "1"

    made = warm.run(["create-user", "ann", "--role", "administrator", "--one-time-password", "--json"], environ)
    assert made.returncode == 0, made.stderr
    given = json.loads(made.stdout)["one_time_password"]

    replica = Replica("127.0.0.1", int(environ["PORT"]), environ, tmp_path / "console.log")
    replica.start()
    try:
        browser = Browser(replica.port)
        browser.post("/sign-in", username="ann", password=given)
        assert browser.path == "/sign-in/enrol"
        key = re.search(r'<code class="key">([A-Z2-7 ]+)</code>', browser.page)
        assert key is not None
        browser.post("/sign-in/enrol", code=totp.code_at(key[1].replace(" ", ""), datetime.now(UTC)))
        assert "Keep your recovery codes" in browser.page, browser.page
        browser.post("/sign-in/codes", kept="yes")
        assert browser.path == "/sign-in/password"
        browser.post("/sign-in/password", password=OWN, again=OWN)
        assert browser.status == 200 and not browser.path.startswith("/sign-in"), (browser.path, browser.page[:500])
        assert "Check Review Console" in browser.page
    finally:
        replica.stop()
    # As the console's own login, which owns nothing.
    assert warm.run(["verify"], environ).returncode == 0
