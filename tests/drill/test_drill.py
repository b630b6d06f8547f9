"""The disaster drill in its short form: a database is lost and comes back, by the scripts of deploy/backup."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from console.settings import settings
from deploy.drill.__main__ import RPO, RTO, main
from tests import warm

ARCHIVE_SECONDS = 2


# Six programs are started, one after the other; on a machine that is busy each takes its time.
@pytest.mark.timeout(1200)
def test_a_lost_database_comes_back_with_all_that_was_archived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))  # the drill's settings are its own
    # Of the guide's 4 hours and 1 hour, and of the targets of a machine that is not busy, 2 minutes and 1.
    assert (RTO, RPO) == (4 * 3600, 3600)
    asked = {"items": 200, "seconds": 4 * ARCHIVE_SECONDS, "archive-seconds": ARCHIVE_SECONDS, "rto": 120, "rpo": 60}
    arguments = [f"--{name}={value}" for name, value in asked.items()]
    status = main([*arguments, f"--folder={tmp_path / 'drill'}", "--json"], _warm)
    settings.cache_clear()
    report = json.loads(capsys.readouterr().out)
    assert report["faults"] == [] and status == 0, report
    assert report["decided"] - report["lost"] > 0 and report["items"] == 200
    assert 0 < report["rto_seconds"] < 120 and 0 <= report["rpo_seconds"] < 60
    assert report["restored_to"].startswith("restored; the last transaction in it is of 2")


def _warm(arguments: Sequence[str], environ: Mapping[str, str], output: int) -> warm.WarmProcess:
    return warm.start(list(arguments), dict(environ), stdout=output, stderr=output)
