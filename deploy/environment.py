"""The virtual environment of ``python3 main.py``: made, filled from a hash-locked list, kept up to date.

Standard library only. A stamp inside the environment says which list it was filled from; an environment
without a fitting stamp is filled again, one that cannot run is made anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LOCKS = ("core", "embedded", "test")
"""The requirement lists, each a superset of the one before."""


class EnvironmentFailedError(Exception):
    """The environment could not be made; the message says why and what to do."""


@dataclass(frozen=True)
class Stamp:
    """What an environment was filled from."""

    lock: str
    digest: str
    python: str

    @classmethod
    def read(cls, path: Path) -> Stamp | None:
        """The stamp in ``path``, or None where there is none that can be understood."""
        try:
            stamp = cls(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            return None
        return stamp if stamp.lock in LOCKS else None

    def write(self, path: Path) -> None:
        """Put the stamp in ``path`` whole or not at all."""
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(self.__dict__))
        draft.replace(path)


class Environment:
    """The virtual environment in ``folder``, filled from the lists in ``locks``."""

    def __init__(self, folder: Path, locks: Path, say: Callable[[str], None]) -> None:
        self.folder = folder
        self.locks = locks
        self.python = folder / "bin" / "python"
        self._stamp = folder / "check-review-lock.json"
        self._say = say

    def ensure(self, lock: str) -> bool:
        """Make the environment hold at least what ``lock`` lists; True when something had to be done.

        Two starts at once do it one after the other; the second finds nothing left to do.

        Raises:
            EnvironmentFailedError: it cannot be made or filled.
        """
        if self.satisfies(lock):
            return False
        with self._one_at_a_time():
            if self.satisfies(lock):
                return True
            self._make(self._wider_of(lock))
        return True

    def satisfies(self, lock: str) -> bool:
        """True when the environment runs and was filled from today's ``lock`` or a list that includes it."""
        stamp = Stamp.read(self._stamp)
        if stamp is None or not os.access(self.python, os.X_OK):
            return False
        if self.is_current_interpreter() and stamp.python != _python_version():
            return False  # the system's Python moved to another version underneath it
        enough = LOCKS.index(stamp.lock) >= LOCKS.index(lock)
        return enough and stamp.digest == self._digest(stamp.lock)

    def is_current_interpreter(self) -> bool:
        """True when this process runs inside the environment."""
        return self.folder.is_dir() and Path(sys.prefix).resolve() == self.folder.resolve()

    def _wider_of(self, lock: str) -> str:
        """``lock``, or the wider list the environment already had: a start never takes packages away."""
        stamp = Stamp.read(self._stamp)
        had = stamp.lock if stamp else lock
        return max(lock, had, key=LOCKS.index)

    def _make(self, lock: str) -> None:
        uv = shutil.which("uv")
        base = getattr(sys, "_base_executable", sys.executable)
        self._stamp.unlink(missing_ok=True)
        if not self._runs():
            self._say(f"Making the environment in {self.folder} …")
            shutil.rmtree(self.folder, ignore_errors=True)
            _create(self.folder, base, uv)
        self._say(f"Installing the requirements ({lock}), a minute or two the first time …")
        _install(self.python, self.locks / f"{lock}.txt", base, uv)
        Stamp(lock, self._digest(lock), self._version_inside()).write(self._stamp)

    def _runs(self) -> bool:
        """True when the environment's interpreter starts and its packages lie where that version looks."""
        version = self._version_inside()
        return bool(version) and (self.folder / "lib" / f"python{version}" / "site-packages").is_dir()

    def _version_inside(self) -> str:
        """Major and minor version of the environment's interpreter, "" when it does not run."""
        program = "import sys; print('%d.%d' % sys.version_info[:2])"
        try:
            result = subprocess.run([self.python, "-c", program], capture_output=True, text=True, timeout=60)
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return result.stdout.strip() if result.returncode == 0 else ""

    def _digest(self, lock: str) -> str:
        return hashlib.sha256((self.locks / f"{lock}.txt").read_bytes()).hexdigest()

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        """Hold the lists' folder, which is there before and after the environment is remade."""
        handle = os.open(self.locks, os.O_RDONLY)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._say("Another start is preparing the environment; waiting for it …")
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _python_version() -> str:
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def _create(folder: Path, base: str, uv: str | None) -> None:
    """An empty environment in ``folder``. Without pip: Debian's Python alone cannot put it there."""
    if uv:
        _run([uv, "venv", "--quiet", "--python", base, str(folder)], "making the environment")
    elif Path(base).resolve() == Path(sys.executable).resolve():
        venv.create(folder, symlinks=True)
    else:
        _run([base, "-m", "venv", "--without-pip", str(folder)], "making the environment")


def _install(python: Path, requirements: Path, base: str, uv: str | None) -> None:
    """Fill the environment from ``requirements``, refusing what has no listed hash."""
    wanted = ["--require-hashes", "-r", str(requirements)]
    if uv:
        _run(
            [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python), *wanted],
            "installing with uv",
        )
        return
    options = ["--quiet", "--quiet", "--no-input", "--disable-pip-version-check", "--root-user-action=ignore"]
    _run([*_pip(python, base), "install", *options, *wanted], "installing with pip")


def _pip(python: Path, base: str) -> list[str]:
    """The pip to use: the base interpreter's, aimed at the environment, else one put into the environment."""
    if _succeeds([base, "-c", "import pip"]):
        return [base, "-m", "pip", "--python", str(python)]
    if _succeeds([str(python), "-c", "import pip"]) or _succeeds([str(python), "-m", "ensurepip"]):
        return [str(python), "-m", "pip"]
    raise EnvironmentFailedError("neither uv nor pip is there; install one (Debian: apt-get install python3-pip).")


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def _run(command: list[str], purpose: str) -> None:
    """Run ``command``; what it says goes to stderr, so that a command's stdout stays its own."""
    result = subprocess.run(command, stdout=sys.stderr.fileno())
    if result.returncode != 0:
        raise EnvironmentFailedError(f"{purpose} failed (exit status {result.returncode}); the reason is above.")
