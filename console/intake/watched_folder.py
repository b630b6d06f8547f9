"""Takes in files that another system puts into a folder: `INTAKE_FOLDER`.

A file is moved to `taking/` when it has rested for a while, then to `imported/` or `refused/`, where the report lies
beside it. One whose import was interrupted lies in `taking/` and is taken again: the same bytes are never imported
twice.
"""

from __future__ import annotations

import json
import os
import stat
import time
from functools import partial
from pathlib import Path
from typing import Final

import anyio
import structlog

from console.access.permissions import Permission, require
from console.actor import Actor
from console.intake.files import import_file
from console.intake.report import ImportReport, ImportStatus
from console.settings import settings

TAKING: Final = "taking"
IMPORTED: Final = "imported"
REFUSED: Final = "refused"
# Files of one run; the next one goes on.
MOST: Final = 100

_log = structlog.get_logger(__name__)


class FolderUnusable(Exception):
    """The folder is not there, or may not be written; the message says which."""


async def take_in(actor: Actor) -> int:
    """Import what lies in INTAKE_FOLDER; how many files that were. Raises FolderUnusable, NotAllowed and what
    `import_file` raises: then the file is taken up again by the next run."""
    require(actor, Permission.FILE_IMPORT)
    current = settings()
    if not current.intake_folder:
        return 0
    folder = Path(current.intake_folder)
    files = await anyio.to_thread.run_sync(partial(_claim, folder, current.intake_folder_rest_seconds))
    for path in files:
        report = await import_file(actor, path, path.name)
        await anyio.to_thread.run_sync(_put_away, folder, path, report)
        _log.info("file taken from folder", status=report.status.value, checks=report.checks)
    return len(files)


def _claim(folder: Path, rest_seconds: int) -> list[Path]:
    """The files to import, moved into `taking/`, the oldest first."""
    try:
        for name in (TAKING, IMPORTED, REFUSED):
            (folder / name).mkdir(exist_ok=True)
        resting = [one for one in folder.iterdir() if _rests(one, rest_seconds)]
        for path in sorted(resting, key=lambda one: (one.stat().st_mtime, one.name))[:MOST]:
            path.rename(_free(folder / TAKING / path.name))
        return sorted((folder / TAKING).iterdir(), key=lambda one: (one.stat().st_mtime, one.name))[:MOST]
    except OSError as error:
        raise FolderUnusable(f"INTAKE_FOLDER cannot be used: {error.strerror}") from error


def _rests(path: Path, seconds: int) -> bool:
    """Whether it is a file of its own, not hidden as those under way are, that nobody has written to lately."""
    if path.name.startswith("."):
        return False
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISREG(found.st_mode) and time.time() - found.st_mtime >= seconds


def _put_away(folder: Path, path: Path, report: ImportReport) -> None:
    refused = report.status is ImportStatus.REFUSED
    place = _free(folder / (REFUSED if refused else IMPORTED) / path.name)
    place.with_name(place.name + ".json").write_text(json.dumps(report.as_json(), indent=1), encoding="utf-8")
    path.rename(place)


def _free(path: Path) -> Path:
    """The path, with a number where a file of that name is there already."""
    number = 1
    found = path
    while os.path.lexists(found):
        number += 1
        found = path.with_name(f"{path.name}.{number}")
    return found
