"""deploy/README.md: every command is run by a test or marked as not run; tests and files that it names are there."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from tests.deploy.image import ROOT

README = (ROOT / "deploy" / "README.md").read_text()
NOT_RUN = "**Not run here**"
# The beginning of a command, the file with the test that runs it, and by which words it does.
RUN_BY = {
    "hadolint Dockerfile": ("tests/deploy/test_image.py", "[hadolint, DOCKERFILE]"),
    "sh deploy/make-secrets.sh": ("tests/deploy/test_compose.py", '"sh", "deploy/make-secrets.sh"'),
    "docker-compose --file deploy/compose.yaml config": ("tests/deploy/test_compose.py", '"compose.yaml", "config"'),
    "psql -v owner_password": ("tests/deploy/test_first_day.py", '"first-start.sh"'),
    "kubectl kustomize deploy/kubernetes/": ("tests/deploy/test_kubernetes.py", '[kubectl, "kustomize", FOLDER'),
    "kubernetes-validate --strict": ("tests/deploy/test_kubernetes.py", '[validate, "--strict", path]'),
    "python main.py migrate": ("tests/deploy/test_first_day.py", 'warm.run(["migrate"]'),
    'python -c "from console.policy import create_default_policy': (
        "tests/deploy/test_first_day.py",
        '[sys.executable, "-c", program[1]]',
    ),
    "python main.py create-user ann --role administrator --one-time-password": (
        "tests/deploy/test_first_day.py",
        '["create-user", "ann", "--role", "administrator", "--one-time-password"',
    ),
    "sh deploy/backup/full-backup.sh": ("tests/deploy/test_backup.py", '["sh", str(SCRIPTS / "full-backup.sh")]'),
    "sh deploy/backup/note-new.sh": ("tests/deploy/test_backup.py", '["sh", str(SCRIPTS / "note-new.sh")]'),
    "sh deploy/backup/restore.sh": ("tests/deploy/test_backup.py", '["sh", str(SCRIPTS / "restore.sh")]'),
    "python main.py verify-seals": ("tests/test_cli.py", 'main("verify-seals")'),
    "python main.py verify": ("tests/deploy/test_first_day.py", 'warm.run(["verify"]'),
    'psql -c "select pg_promote()"': ("tests/deploy/standby.py", '"select pg_promote()"'),
    "python main.py restore-images": ("tests/images/test_restoring.py", '["restore-images"]'),
    "python -m deploy.drill": ("tests/drill/test_drill.py", "status = main(["),
    "python3 main.py bench --only replicas": ("tests/bench/replicas.py", "def run("),
    "CRC_BENCH_SECONDS=600 python3 main.py bench --only load": ("tests/bench/load.py", "def run("),
    "CRC_BENCH_SECONDS=30 python3 main.py bench --only faults": ("tests/faults/matrix.py", "def bench("),
    "python3 main.py bench --only container": ("tests/bench/container.py", "def run("),
}
# Each line of the deployment guide, by words of it that its row of the table holds. Where the guide gives a list, each
# entry is a line of its own.
GUIDE = {
    "prerequisites": ("Docker Compose", "PostgreSQL 15", "Redis 7", "domain", "registry"),
    "architecture": (
        "load balancer with TLS", "API proxy", "backend workers", "Redis Cluster", "object store of the images",
    ),
    "environment": (
        "`DATABASE_URL`", "`SECRET_KEY`", "`REDIS_URL`", "`ENVIRONMENT`", "`DEBUG`", "`API_V1_PREFIX`",
        "`CORS_ORIGINS`", "`SESSION_TIMEOUT_MINUTES`", "`ACCESS_TOKEN_EXPIRE_MINUTES`", "`REFRESH_TOKEN_EXPIRE_DAYS`",
        "`DUAL_CONTROL_THRESHOLD`", "`HIGH_PRIORITY_THRESHOLD`", "`DEFAULT_SLA_HOURS`", "`AI_ENABLED`",
        "`AI_CONFIDENCE_THRESHOLD`", "`RATE_LIMIT_PER_MINUTE`",
    ),
    "kubernetes": ("`check-review-backend`", "`check-review-frontend`"),
    "database": (
        "`alembic upgrade head`", "default policy", "daily full backups", "point-in-time recovery", "backups 30 days",
        "audit data 7 years",
    ),
    "security": (
        "TLS on all endpoints", "strong SECRET_KEY", "credentials rotated", "network segmentation", "WAF",
        "security headers", "rate limiting", "audit logging to secure storage", "access logs retained",
    ),
    "monitoring": (
        "`/health`", "`/api/v1/health`", "latency (p50, p95, p99)", "error rates", "queue depths", "SLA breach counts",
        "active sessions", "connection pool", "Redis memory usage",
    ),
    "alerts": (
        "error rate > 1 %", "p95 > 2 s", "SLA breaches > 5", "database connections > 80 %", "Redis memory > 80 %",
    ),
    "scaling": ("scale the backend", "scale the frontend", "read replicas", "size the database", "size Redis"),
    "recovery": (
        "RTO 4 hours", "RPO 1 hour", "database restoration", "Redis rebuilt", "redeployment", "DNS failover",
    ),
    "compliance": (
        "audit logs 7 years", "check images", "sessions 90 days", "MFA for administrators", "IP allowlisting",
        "access reviews",
    ),
}  # fmt: skip
# How a row may end. Whatever was not run says so.
RESULTS = ("passes", "by reading", "not run here", "the bank's")


def guide_rows() -> list[list[str]]:
    """The table's rows, cell by cell."""
    text = README.split("## The deployment guide, line by line")[1].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize("line", [line for lines in GUIDE.values() for line in lines])
def test_each_line_of_the_guide_is_in_the_table_once(line: str) -> None:
    assert len([row for row in guide_rows() if line in row[0]]) == 1, line


def test_each_row_names_what_does_it_and_what_proves_it() -> None:
    known = [line for lines in GUIDE.values() for line in lines]
    for said, here, proof, result in guide_rows():
        assert any(line in said for line in known), f"no line of the guide: {said}"
        assert result.startswith(RESULTS), (said, result)
        assert "`" in here or result.startswith("the bank's"), said
        if result.startswith("passes"):
            assert re.search(r"`(?:tests/[\w/]+|(?:tests/[\w/]+/)?test_\w+\.py)", proof), said


def test_every_module_of_tests_that_the_table_names_is_there() -> None:
    for row in guide_rows():
        for name in re.findall(r"`((?:tests/)?[\w/]*test_\w+\.py)", row[2]):
            assert (ROOT / (name if "/" in name else f"tests/deploy/{name}")).is_file(), name


def blocks() -> list[tuple[str, str]]:
    """Each block of commands with the paragraph before it."""
    parts = README.split("```sh\n")
    return [(before.rstrip().rpartition("\n\n")[2], after.partition("```")[0]) for before, after in pairwise(parts)]


def test_every_command_is_run_or_said_not_to_be() -> None:
    found = blocks()
    assert len(found) > 10
    unused = set(RUN_BY)
    for before, block in found:
        commands = [line.strip() for line in block.splitlines() if line.strip()]
        if NOT_RUN in before:
            continue
        for command in commands:
            ran = next((start for start in RUN_BY if command.startswith(start)), None)
            assert ran is not None, f"nothing runs: {command}"
            unused.discard(ran)
            file, words = RUN_BY[ran]
            assert words in (ROOT / file).read_text(), f"{file} does not run: {command}"
    assert not unused, "no longer in the README"


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`((?:tests|deploy|console)/[\w./-]+\w)`", README))))
def test_every_file_that_it_names_is_there(name: str) -> None:
    assert (ROOT / name).exists()


def test_every_test_that_it_names_is_there() -> None:
    named = re.findall(r"`(?:(tests/[\w/]+)/)?(test_\w+\.py)::(test_\w+)`", README)
    assert len(named) > 8
    for folder, module, test in named:
        assert f"def {test}(" in (ROOT / (folder or "tests/deploy") / module).read_text(), (module, test)
