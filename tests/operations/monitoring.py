"""Prometheus and its tools, from Debian: found on PATH, else installed where that can be done, as Chromium is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGES = ("prometheus", "prometheus-alertmanager")


@dataclass(frozen=True)
class Tools:
    """Where the programs are."""

    promtool: str
    prometheus: str
    alertmanager: str
    amtool: str


def monitoring_tools() -> Tools:
    """The programs. Fails the test, naming what is missing, where they cannot be had."""
    if _missing():
        install_packages(PACKAGES)
    if missing := _missing():
        pytest.fail(f"not on PATH and not installable here: {', '.join(missing)} (Debian: {' '.join(PACKAGES)})")
    return Tools(*(shutil.which(name) or "" for name in _names()))


def _names() -> tuple[str, ...]:
    # Debian's name, where the program's own belongs to another package.
    manager = "prometheus-alertmanager" if shutil.which("prometheus-alertmanager") else "alertmanager"
    return ("promtool", "prometheus", manager, "amtool")


def _missing() -> list[str]:
    return [name for name in _names() if shutil.which(name) is None]


def install_packages(packages: Sequence[str]) -> None:
    """As root on Debian. No service is started: tests start what they need, on ports of their own."""
    if os.geteuid() != 0 or not Path("/etc/debian_version").exists() or not shutil.which("apt-get"):
        return
    refusal = Path("/usr/sbin/policy-rc.d")
    made = not refusal.exists()
    if made:
        refusal.write_text("#!/bin/sh\nexit 101\n")
        refusal.chmod(0o755)
    try:
        environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
        for command in (["apt-get", "update", "-qq"], install):
            subprocess.run(command, env=environ, stdout=sys.stderr.fileno(), timeout=150)
    finally:
        if made:
            refusal.unlink()
    if shutil.which("systemctl"):
        subprocess.run(["systemctl", "disable", *packages], capture_output=True, timeout=30)
