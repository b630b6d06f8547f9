"""PostgreSQL 15 and pgBackRest, from Debian: there, or installed where that can be done."""

from __future__ import annotations

import shutil

from deploy.drill.servers import PROGRAMS
from tests.operations.monitoring import install_packages

PACKAGES = ("postgresql-15", "pgbackrest")


class ProgramsMissingError(Exception):
    """They cannot be had here; the message says what to install."""


def ensure_programs() -> None:
    """See that the programs are there. Raises ProgramsMissingError."""
    if not _are_there():
        install_packages(PACKAGES)
    if not _are_there():
        raise ProgramsMissingError(f"not here and not installable: apt-get install {' '.join(PACKAGES)}")


def _are_there() -> bool:
    return (PROGRAMS / "postgres").exists() and shutil.which("pgbackrest") is not None
