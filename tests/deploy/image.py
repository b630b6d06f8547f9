"""The Dockerfile's own steps, done outside of a container: its files copied, its commands run, its processes started.

There is no container engine here, so what an image would hold is laid into a folder that only root may write.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
DOCKERFILE: Final = ROOT / "Dockerfile"
_READY_SECONDS: Final = 90
_OWNER: Final = 65534


@dataclass
class Stage:
    """One FROM and what follows it: (instruction, argument) in order."""

    name: str
    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def of(self, instruction: str) -> list[str]:
        return [argument for name, argument in self.steps if name == instruction]

    def environment(self) -> dict[str, str]:
        """What ENV sets, PATH left out."""
        pairs = [pair.split("=", 1) for argument in self.of("ENV") for pair in shlex.split(argument)]
        return {name: value for name, value in pairs if name != "PATH"}

    def command(self) -> list[str]:
        """ENTRYPOINT and CMD, both in their exec form."""
        entry, command = (json.loads(self.of(name)[-1]) for name in ("ENTRYPOINT", "CMD"))
        return [*entry, *command]

    def health(self) -> list[str]:
        return list(json.loads(self.of("HEALTHCHECK")[-1].partition("CMD ")[2]))


def stages() -> dict[str, Stage]:
    """The Dockerfile's stages by name."""
    text = "\n".join(line for line in DOCKERFILE.read_text().splitlines() if not line.startswith("#"))
    found: dict[str, Stage] = {}
    current: Stage | None = None
    for line in re.sub(r"\\\n", " ", text).splitlines():
        instruction, _, argument = line.strip().partition(" ")
        if instruction == "FROM":
            base, _, name = argument.partition(" AS ")
            current = found[name] = Stage(name, base)
        elif instruction:
            assert current is not None
            current.steps.append((instruction, argument.strip()))
    return found


def lay_files(stage: Stage, folder: Path) -> None:
    """What COPY brings from the repository, where it brings it, and the bytecode that RUN makes of it."""
    for argument in stage.of("COPY"):
        if argument.startswith("--from"):
            continue
        *sources, target = argument.split()
        for source in sources:
            _copy(ROOT / source, folder / target if len(sources) == 1 else folder / target / Path(source).name)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def make_read_only(folder: Path) -> None:
    """Nobody may write, everybody may read. Root gives it away, so that root without its rights may not change it."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
        if os.geteuid() == 0:
            os.chown(path, _OWNER, _OWNER)


def snapshot(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*")}


def without_rights() -> list[str]:
    """What goes before a command so that it runs as the image's account, or at least with no right of root's."""
    if os.geteuid() != 0:
        return []
    account, group = stages()["console"].of("USER")[-1].split(":")
    ways = (
        ["unshare", "--user", f"--map-user={account}", f"--map-group={group}"],
        ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"],
    )
    return next(way for way in ways if subprocess.run([*way, "true"], capture_output=True).returncode == 0)


@contextmanager
def running(
    stage: Stage, folder: Path, python: Path, environ: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """The stage's own command with this interpreter and no rights, once its own health check is content."""
    given = {**stage.environment(), **environ, "PATH": f"{python.parent}:{os.environ['PATH']}", "HOME": "/nonexistent"}
    health = [str(python), *stage.health()[1:]]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*without_rights(), str(python), *stage.command()[1:]], cwd=folder, env=given, stdout=out, stderr=out
        )
    try:
        deadline = time.monotonic() + _READY_SECONDS
        while subprocess.run(health, env=given, cwd="/", capture_output=True).returncode != 0:
            assert process.poll() is None, log.read_text()[-4000:]
            assert time.monotonic() < deadline, log.read_text()[-4000:]
            time.sleep(0.1)
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(timeout=120)
