"""The disaster drill in its short form: a database is lost and comes back, by the scripts of deploy/backup."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from console.settings import settings
from deploy.drill.programs import ProgramsMissingError, ensure_programs
from deploy.drill.steps import drill
from tests import warm

ARCHIVE_SECONDS = 2


# Six programs are started, one after the other; on a machine that is busy each takes its time.
@pytest.mark.timeout(1200)
def test_a_lost_database_comes_back_with_all_that_was_archived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        ensure_programs()
    except ProgramsMissingError as error:
        pytest.fail(str(error))
    monkeypatch.setattr(os, "environ", dict(os.environ))  # the drill's settings are its own
    report = drill(tmp_path, 200, 4 * ARCHIVE_SECONDS, print, archive_seconds=ARCHIVE_SECONDS, launch=_warm)
    settings.cache_clear()
    assert report.faults == [], report
    assert report.decided - report.lost > 0
    # Of the guide's 4 hours and 1 hour, and of the targets of a machine that is not busy, 2 minutes and 1.
    assert report.rto_seconds < 120 and report.rpo_seconds < 60
    assert report.restored_to.startswith("restored; the last transaction in it is of 2")


def _warm(arguments: Sequence[str], environ: Mapping[str, str], output: int) -> warm.WarmProcess:
    return warm.start(list(arguments), dict(environ), stdout=output, stderr=output)
