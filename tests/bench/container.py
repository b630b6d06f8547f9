"""The Dockerfile's steps in full, outside of a container: a new environment from the lock alone, then the console
served from it, read-only and without rights.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import psutil

from tests.bench.figures import Figure
from tests.bench.ground import Ground
from tests.deploy.image import ROOT, lay_files, make_read_only, running, snapshot, stages
from tests.ports import free_port

MOST_MIB: Final = 512.0


def run(ground: Ground) -> list[Figure]:
    """Seconds to install and to start, MiB of the idle process and of the environment."""
    with tempfile.TemporaryDirectory(prefix="check-review-image-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        began = time.monotonic()
        python = _install(folder)
        installed = time.monotonic() - began
        size = sum(path.lstat().st_size for path in (folder / "console").rglob("*")) / 2**20
        started, memory = _serve(ground, folder / "tree", python)
        for part in [folder, *folder.rglob("*")]:
            if not part.is_symlink():
                part.chmod(0o755)
    return [
        Figure(
            "container: install from the lock",
            round(installed, 1),
            "s",
            note="a new environment, every file by its hash",
        ),
        Figure("container: size of that environment", round(size), "MiB"),
        Figure("container: start until it is healthy", round(started, 1), "s", note="read-only, no rights"),
        Figure(
            "container: memory of an idle replica",
            round(memory),
            "MiB",
            target=f"< {MOST_MIB:.0f} MiB",
            met=memory < MOST_MIB,
        ),
    ]


def _install(folder: Path) -> Path:
    """What RUN of the stage `packages` does, at another place; the environment's interpreter."""
    (step,) = stages()["packages"].of("RUN")
    step = step.replace("/opt/console", str(folder / "console")).replace("/lock/", f"{ROOT}/deploy/lock/")
    base = Path(getattr(sys, "_base_executable", sys.executable)).parent
    environ = {**os.environ, "PATH": f"{base}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-ec", step], env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return folder / "console" / "bin" / "python"


def _serve(ground: Ground, tree: Path, python: Path) -> tuple[float, float]:
    stage = stages()["console"]
    lay_files(stage, tree)
    subprocess.run([python, "-m", "compileall", "-q", "."], cwd=tree, check=True)
    make_read_only(tree)
    before = snapshot(tree)
    environ = {
        **ground.endpoints.environ(),
        "SECRET_KEY": secrets.token_hex(48),
        "PUBLIC_ORIGIN": "https://console.example",
        "HOST": "127.0.0.1",
        "PORT": str(free_port()),
    }
    began = time.monotonic()
    with running(stage, tree, python, environ, ground.folder / "image.log") as process:
        started = time.monotonic() - began
        memory = psutil.Process(process.pid).memory_info().rss / 2**20
    assert snapshot(tree) == before, "something was written into the tree"
    return started, memory
