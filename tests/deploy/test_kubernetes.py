"""deploy/kubernetes as kustomize builds it: valid to the letter, what the deployment guide asks for, and no more rights
than are needed."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from console.settings import Settings, read_settings
from db.engine import open_engine
from tests.deploy.backups import FROM_ELSEWHERE
from tests.deploy.image import ROOT, stages

FOLDER = ROOT / "deploy" / "kubernetes"
Manifest = dict[str, Any]

# The two deployments as the deployment guide gives them.
GUIDE = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: check-review-backend}
spec:
  replicas: 3
  selector: {matchLabels: {app: check-review-backend}}
  template:
    metadata: {labels: {app: check-review-backend}}
    spec:
      containers:
      - name: backend
        ports: [{containerPort: 8000}]
        envFrom: [{secretRef: {name: check-review-secrets}}]
        resources:
          requests: {memory: "512Mi", cpu: "250m"}
          limits: {memory: "1Gi", cpu: "1000m"}
        livenessProbe: {httpGet: {path: /health, port: 8000}, initialDelaySeconds: 10, periodSeconds: 10}
        readinessProbe: {httpGet: {path: /health, port: 8000}, initialDelaySeconds: 5, periodSeconds: 5}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: check-review-frontend}
spec:
  replicas: 2
  selector: {matchLabels: {app: check-review-frontend}}
  template:
    metadata: {labels: {app: check-review-frontend}}
    spec:
      containers:
      - name: frontend
        ports: [{containerPort: 80}]
        resources:
          requests: {memory: "128Mi", cpu: "100m"}
          limits: {memory: "256Mi", cpu: "500m"}
"""
SECRETS = {
    "DATABASE_URL": "postgresql://console_login:x@database.example:5432/check_review",
    "REDIS_URL": "rediss://redis.example:6379/0",
    "SECRET_KEY": "3f9c1a7e5b2d8046" * 2 + "c0ffee15bad1dea5" + "9081726354afbecd" * 2,
    "OBJECT_STORE_ACCESS_KEY": "key",
    "OBJECT_STORE_SECRET_KEY": "secret",
}


def build(name: str) -> list[Manifest]:
    kubectl = Path(sys.executable).with_name("kubectl")
    found = subprocess.run([kubectl, "kustomize", FOLDER / name], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert not found.stderr, found.stderr
    return list(yaml.safe_load_all(found.stdout))


@pytest.fixture(scope="module")
def production() -> list[Manifest]:
    return build("production")


@pytest.fixture(scope="module")
def migration() -> list[Manifest]:
    return build("migration")


@pytest.fixture(scope="module")
def everything(production: list[Manifest], migration: list[Manifest]) -> list[Manifest]:
    return [*production, *migration]


def named(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    (found,) = (one for one in manifests if one["kind"] == kind and one["metadata"]["name"].startswith(name))
    return found


def of_kind(manifests: list[Manifest], kind: str) -> list[Manifest]:
    return [one for one in manifests if one["kind"] == kind]


def pods(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Every pod that these make: its name and its template."""
    for one in manifests:
        spec = one.get("spec", {})
        if one["kind"] == "CronJob":
            spec = spec["jobTemplate"]["spec"]
        if "template" in spec:
            yield one["metadata"]["name"], spec["template"]


@pytest.mark.parametrize("name", ["production", "migration"])
def test_valid_to_the_letter(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.yaml"
    path.write_text(yaml.safe_dump_all(build(name)))
    validate = Path(sys.executable).with_name("kubernetes-validate")
    found = subprocess.run([validate, "--strict", path], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr


def test_the_validator_would_say_so(production: list[Manifest], tmp_path: Path) -> None:
    wrong = named(production, "Deployment", "check-review-backend") | {"replica": 3}
    (tmp_path / "wrong.yaml").write_text(yaml.safe_dump(wrong))
    validate = Path(sys.executable).with_name("kubernetes-validate")
    assert subprocess.run([validate, "--strict", tmp_path / "wrong.yaml"], capture_output=True).returncode != 0


@pytest.mark.parametrize("wanted", list(yaml.safe_load_all(GUIDE)), ids=lambda one: str(one["metadata"]["name"]))
def test_the_guides_deployments_are_as_the_guide_has_them(wanted: Manifest, production: list[Manifest]) -> None:
    ours = named(production, "Deployment", wanted["metadata"]["name"])
    assert _missing(wanted, ours) == []
    (container,) = ours["spec"]["template"]["spec"]["containers"]
    assert container["image"].rpartition(":")[0].endswith(f"/{wanted['metadata']['name']}")
    # Nothing of what the guide says is added to: a probe with other bounds would be another probe.
    for part in ("resources", "livenessProbe", "readinessProbe"):
        if guides := wanted["spec"]["template"]["spec"]["containers"][0].get(part):
            assert container[part] == guides


def _missing(wanted: Any, ours: Any, path: str = "") -> list[str]:
    """What the guide has and we have not, or otherwise; in lists each of its entries must be somewhere."""
    if isinstance(wanted, dict):
        if not isinstance(ours, dict):
            return [path]
        return [fault for key, value in wanted.items() for fault in _missing(value, ours.get(key), f"{path}.{key}")]
    if isinstance(wanted, list):
        return [
            f"{path}[{place}]"
            for place, value in enumerate(wanted)
            if not any(_missing(value, one) == [] for one in ours or [])
        ]
    return [] if wanted == ours else [f"{path}: {ours!r}"]


def test_every_pod_is_restricted(everything: list[Manifest]) -> None:
    namespace = named(everything, "Namespace", "check-review")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    found = list(pods(everything))
    assert len(found) == 5
    for name, template in found:
        spec, context = template["spec"], template["spec"]["securityContext"]
        assert context["runAsNonRoot"] and context["runAsUser"] > 0, name
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert spec["automountServiceAccountToken"] is False, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec), name
        assert {sysctl["name"] for sysctl in context.get("sysctls", [])} <= {"net.ipv4.ip_unprivileged_port_start"}
        assert all(set(volume) - {"name"} <= {"emptyDir", "configMap", "secret"}
                   for volume in spec.get("volumes", [])), name  # fmt: skip
        for container in [*spec["containers"], *spec.get("initContainers", [])]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name
            assert set(container["resources"]) == {"requests", "limits"}, name
            # As deploy/README.md says of every image: the root cannot be written, this can.
            assert "/tmp" in {one["mountPath"] for one in container["volumeMounts"]}, name
            assert not container["image"].endswith(":latest") and ":" in container["image"], name


def test_the_accounts_are_those_of_the_images(everything: list[Manifest]) -> None:
    accounts = {
        name: stage.of("USER")[-1]
        for name, stage in (("backend", stages()["console"]), ("frontend", stages()["frontend"]))
    }
    for name, template in pods(everything):
        if name == "check-review-backup":
            continue  # it speaks to the database as that one's account
        for kind, account in accounts.items():
            if f"check-review-{kind}:" in template["spec"]["containers"][0]["image"]:
                context = template["spec"]["securityContext"]
                assert f"{context['runAsUser']}:{context['runAsGroup']}" == account


def test_secrets_are_named_and_never_written(everything: list[Manifest]) -> None:
    assert not of_kind(everything, "Secret")
    for settings in of_kind(everything, "ConfigMap"):
        for key in settings["data"]:
            field = Settings.model_fields.get(key.lower())
            assert field is None or "SecretStr" not in str(field.annotation), key
    owners = {name for name, template in pods(everything) if "check-review-owner" in str(template)}
    assert owners == {"check-review-migrate"}, "the owner of the tables is for migrations alone"


def test_what_they_are_told_is_what_the_console_takes(
    everything: list[Manifest], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The same for the migration as for what is served after it.
    (told, same) = (one["data"] for one in of_kind(everything, "ConfigMap") if "settings" in one["metadata"]["name"])
    assert told == same
    known = {name.upper() for name in Settings.model_fields}
    assert set(told) | set(SECRETS) <= known
    for variable in known:
        monkeypatch.delenv(variable, raising=False)
    for variable, value in {**stages()["console"].environment(), **told, **SECRETS}.items():
        monkeypatch.setenv(variable, value)
    current = read_settings()
    ingress = named(everything, "Ingress", "check-review")["spec"]
    host = urlsplit(current.public_origin).hostname
    assert [rule["host"] for rule in ingress["rules"]] == [host]
    assert ingress["tls"] == [{"hosts": [host], "secretName": "check-review-tls"}]
    used = {name for name, template in pods(everything) if "check-review-settings" in str(template)}
    assert used == {"check-review-backend", "check-review-worker", "check-review-migrate", "check-review-backup"}


def test_the_backup_is_told_what_the_test_of_it_tells(production: list[Manifest]) -> None:
    """`test_backup.py` takes one from the database's machine, with these variables and with nothing besides."""
    told = named(production, "ConfigMap", "check-review-repository")["data"]
    (template,) = (pod for name, pod in pods(production) if name == "check-review-backup")
    (backup,) = template["spec"]["initContainers"]
    assert f"check-review-database:{production_tag(production)}" in backup["image"]
    assert set(told) | {"PGBACKREST_REPO1_S3_KEY", "PGBACKREST_REPO1_S3_KEY_SECRET",
                        "PGBACKREST_REPO1_CIPHER_PASS"} == FROM_ELSEWHERE  # fmt: skip
    mounted = {one["mountPath"] for one in backup["volumeMounts"]}
    for name, value in told.items():
        if value.startswith("/") and name != "PGBACKREST_PG1_PATH":
            assert value.rpartition("/")[0] in mounted, name
    assert {one["name"]: one["value"] for one in backup["env"]}["BACKUP_NOTES"] in mounted
    scripts = named(production, "ConfigMap", "check-review-backup-script")["data"]
    assert backup["command"][-1].rpartition("/")[2] in scripts and "pgbackrest.conf" in scripts


def production_tag(production: list[Manifest]) -> str:
    image = named(production, "Deployment", "check-review-backend")["spec"]["template"]["spec"]["containers"][0][
        "image"
    ]
    return str(image.rpartition(":")[2])


def test_what_names_pods_finds_them(production: list[Manifest]) -> None:
    labels = [template["metadata"]["labels"] for _, template in pods(production)]

    def found(selector: dict[str, str]) -> bool:
        return any(selector.items() <= one.items() for one in labels)

    for service in of_kind(production, "Service"):
        assert found(service["spec"]["selector"]), service["metadata"]["name"]
        for port in service["spec"]["ports"]:
            offered = [
                {str(one.get("name")), str(one["containerPort"])}
                for _, template in pods(production)
                if service["spec"]["selector"].items() <= template["metadata"]["labels"].items()
                for one in template["spec"]["containers"][0]["ports"]
            ]
            assert any(str(port["targetPort"]) in names for names in offered), service["metadata"]["name"]
    replicas = {one["metadata"]["name"]: one["spec"]["replicas"] for one in of_kind(production, "Deployment")}
    for budget in of_kind(production, "PodDisruptionBudget"):
        assert found(budget["spec"]["selector"]["matchLabels"])
        assert 0 < budget["spec"]["minAvailable"] < replicas[budget["metadata"]["name"]], "a node can be emptied"
    for scaler in of_kind(production, "HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]["name"]
        assert scaler["spec"]["minReplicas"] == replicas[target] < scaler["spec"]["maxReplicas"]
    for policy in of_kind(production, "NetworkPolicy"):
        assert found(policy["spec"]["podSelector"].get("matchLabels", {})), policy["metadata"]["name"]


def test_all_that_may_run_at_once_fits_into_the_database(production: list[Manifest]) -> None:
    """As deploy/README.md reckons: each process keeps the pool's most, and some are left for people and backups."""
    each = inspect.signature(open_engine).parameters
    pool = each["pool_size"].default + each["max_overflow"].default
    replicas = {one["metadata"]["name"]: one["spec"]["replicas"] for one in of_kind(production, "Deployment")}
    scaled = named(production, "HorizontalPodAutoscaler", "check-review-backend")["spec"]["maxReplicas"]
    workers = replicas["check-review-worker"]
    told = (ROOT / "deploy" / "README.md").read_text()
    for name, backends in (("cluster at rest", replicas["check-review-backend"]), ("cluster, autoscaled", scaled)):
        processes = backends + workers
        words = f"| {name}: {backends} and {workers} | {processes} | {processes * pool} | "
        assert words in told
        most = int(told.partition(words)[2].partition(" ")[0])
        assert processes * pool + 20 <= most


def test_nobody_speaks_to_anybody_but_by_name(production: list[Manifest]) -> None:
    deny = named(production, "NetworkPolicy", "deny-all")["spec"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    data = named(production, "NetworkPolicy", "data")["spec"]["podSelector"]["matchLabels"]
    reaching = {name for name, pod in pods(production) if data.items() <= pod["metadata"]["labels"].items()}
    assert reaching == {"check-review-backend", "check-review-worker", "check-review-backup"}, "no frontend"
    backend = named(production, "NetworkPolicy", "backend")["spec"]["ingress"]
    assert backend == [
        {
            "from": [{"podSelector": {"matchLabels": {"app": "check-review-frontend"}}}],
            "ports": [{"protocol": "TCP", "port": 8000}],
        }
    ]


def test_the_frontends_find_each_replica_by_its_own_address(production: list[Manifest]) -> None:
    service = named(production, "Service", "check-review-backend-pods")
    name = f"{service['metadata']['name']}.{service['metadata']['namespace']}.svc.cluster.local:8000"
    assert service["spec"]["clusterIP"] == "None"
    site = (ROOT / "deploy" / "nginx" / "kubernetes.conf").read_text()
    assert f"server {name} resolve" in site and "sticky cookie" in site
    frontend = named(production, "Deployment", "check-review-frontend")["spec"]["template"]["spec"]["containers"][0]
    assert frontend["args"] == ["/etc/nginx/console/kubernetes.conf"]


def test_prometheus_finds_what_tells_figures(production: list[Manifest]) -> None:
    monitor = named(build("monitoring"), "ServiceMonitor", "check-review")
    (wanted,) = monitor["spec"]["selector"]["matchExpressions"]
    label = monitor["spec"]["jobLabel"]
    assert wanted["key"] == label
    found = {
        one["metadata"]["labels"][label]: one
        for one in of_kind(production, "Service")
        if one["metadata"]["labels"].get(label) in wanted["values"]
    }
    outside = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yaml").read_text())
    assert set(found) == {job["job_name"] for job in outside["scrape_configs"]}, "the rules ask by these names"
    (endpoint,) = monitor["spec"]["endpoints"]
    told = named(production, "ConfigMap", "check-review-settings")["data"]
    for service in found.values():
        (port,) = (one for one in service["spec"]["ports"] if one["name"] == endpoint["port"])
        assert str(port["port"]) == told["METRICS_PORT"] == told["WORKER_METRICS_PORT"]


def test_the_operators_rules_are_those_that_are_tested() -> None:
    """`CRC_UPDATE_RULES=1` writes them anew from deploy/prometheus/rules.yaml."""
    rules = yaml.safe_load((ROOT / "deploy" / "prometheus" / "rules.yaml").read_text())
    path = FOLDER / "monitoring" / "rules.yaml"
    wanted = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "check-review"},
        "spec": rules,
    }
    if os.environ.get("CRC_UPDATE_RULES"):
        text = yaml.safe_dump(wanted, sort_keys=False, width=110, allow_unicode=True)
        path.write_text("# Written from deploy/prometheus/rules.yaml: CRC_UPDATE_RULES=1, see tests/deploy.\n" + text)
    assert yaml.safe_load(path.read_text()) == wanted, "run with CRC_UPDATE_RULES=1"
