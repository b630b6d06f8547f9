"""From a bare Python to a running command: make the environment, enter it, hand over.

Standard library only: this runs before anything is installed. The requirements come from the hash-locked
lists in ``deploy/lock``; nothing that is not listed there with its hash gets installed.

``CRC_BOOTSTRAP=off`` (set by the production image, whose build has already installed ``core.txt``) skips
the environment and runs the command in the interpreter at hand.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from deploy.browser import BrowserNotFoundError, find_or_install_browser
from deploy.environment import Environment, EnvironmentFailedError

ROOT = Path(__file__).resolve().parent.parent
"""The repository."""
WITH_BROWSER = ("test", "bench")
"""The commands that need the test extras and a browser."""


def main(arguments: Sequence[str]) -> None:
    """Run the command ``arguments`` name, inside the environment it needs; no argument means ``up``.

    Exits with the command's own status, or with 1 and one sentence on stderr when the environment or the
    browser cannot be had.
    """
    command = list(arguments) or ["up"]
    try:
        if os.environ.get("CRC_BOOTSTRAP") != "off":
            _enter_environment(command)
        if command[0] in WITH_BROWSER and "--help" not in command:
            tests = command[0] == "test"
            browser = find_or_install_browser(say, headless=tests, lighter=command == ["test"])
            os.environ["CRC_CHROMIUM"] = str(browser)
        if command[0] == "test":
            _run_tests(command[1:])
    except (EnvironmentFailedError, BrowserNotFoundError) as fault:
        sys.exit(f"main.py: {fault}")
    _run_command(command)


def say(step: str) -> None:
    """Tell the person waiting what is being done, one line a step, where it does not disturb ``--json``."""
    print(step, file=sys.stderr, flush=True)


def _enter_environment(command: list[str]) -> None:
    """Return when this interpreter is the environment's and it is up to date; else replace this process."""
    environment = Environment(ROOT / ".venv", ROOT / "deploy" / "lock", say)
    made = environment.ensure("test" if command[0] in WITH_BROWSER else "embedded")
    if made or not environment.is_current_interpreter():
        python = str(environment.python)
        sys.stdout.flush()
        os.execv(python, [python, str(ROOT / "main.py"), *command])  # noqa: S606 - this process becomes that one


def _run_tests(arguments: list[str]) -> NoReturn:
    """Replace this process with pytest, its arguments untouched, from the repository's root."""
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])  # noqa: S606 - as above


def _run_command(command: list[str]) -> None:
    from console.cli import app

    app(command, prog_name="main.py")
