"""deploy/README.md: every command is run by a test or marked as not run; tests and files that it names are there."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from tests.deploy.image import ROOT

README = (ROOT / "deploy" / "README.md").read_text()
NOT_RUN = "**Not run here**"
# The beginning of a command, and the file with the test that runs it.
RUN_BY = {
    "hadolint Dockerfile": "tests/deploy/test_image.py",
    "sh deploy/make-secrets.sh": "tests/deploy/test_compose.py",
    "docker-compose --file deploy/compose.yaml config": "tests/deploy/test_compose.py",
    "psql -v owner_password": "tests/deploy/test_first_day.py",
    "kubectl kustomize deploy/kubernetes/": "tests/deploy/test_kubernetes.py",
    "kubernetes-validate --strict": "tests/deploy/test_kubernetes.py",
    "python main.py migrate": "tests/deploy/test_first_day.py",
    'python -c "from console.policy import create_default_policy': "tests/deploy/test_first_day.py",
    "python main.py create-user ann --role administrator --one-time-password": "tests/deploy/test_first_day.py",
    "sh deploy/backup/full-backup.sh": "tests/deploy/test_backup.py",
    "sh deploy/backup/note-new.sh": "tests/deploy/test_backup.py",
    "sh deploy/backup/restore.sh": "tests/deploy/test_backup.py",
    "python main.py verify": "tests/deploy/test_first_day.py",
    "python -m deploy.drill": "tests/drill/test_drill.py",
    "python3 main.py bench --only replicas": "tests/bench/replicas.py",
    "CRC_BENCH_SECONDS=600 python3 main.py bench --only load": "tests/bench/load.py",
    "python3 main.py bench --only container": "tests/bench/container.py",
}


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
            assert (ROOT / RUN_BY[ran]).is_file()
    assert not unused, "no longer in the README"


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`((?:tests|deploy|console)/[\w./-]+\w)`", README))))
def test_every_file_that_it_names_is_there(name: str) -> None:
    assert (ROOT / name).exists()


def test_every_test_that_it_names_is_there() -> None:
    named = re.findall(r"`(?:(tests/[\w/]+)/)?(test_\w+\.py)::(test_\w+)`", README)
    assert len(named) > 8
    for folder, module, test in named:
        assert f"def {test}(" in (ROOT / (folder or "tests/deploy") / module).read_text(), (module, test)
