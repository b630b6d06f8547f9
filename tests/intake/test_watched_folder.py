"""Files that another system puts into a folder."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from console.intake.watched_folder import FolderUnusable, take_in
from console.settings import settings
from jobs.take_in_folder import take_in_folder
from tests.factories import item_ids, make_bank, x9_file, x9_item


def rested(path: Path, seconds: int = 60) -> Path:
    moment = time.time() - seconds
    os.utime(path, (moment, moment))
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = tmp_path / "incoming"
    found.mkdir()
    monkeypatch.setenv("INTAKE_FOLDER", str(found))
    settings.cache_clear()
    return found


def names(folder: Path) -> set[str]:
    return {str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file() or one.is_symlink()}


def test_files_in_the_folder_are_taken_in_and_put_away(run: Callable, folder: Path, tmp_path: Path) -> None:
    async def story() -> None:
        assert await take_in_folder() == 0  # no bank yet
        bank = await make_bank()
        same = x9_file([x9_item(1, "10.00", "021000021"), x9_item(2, "20.00", "021000021")])
        (folder / "day.x9").write_bytes(same)
        rested(folder / "day.x9")
        (folder / "broken.x9").write_bytes(b"nothing of the kind")
        rested(folder / "broken.x9")
        (folder / ".half.x9").write_bytes(same)
        rested(folder / ".half.x9")
        (folder / "elsewhere.x9").symlink_to(tmp_path / "secret")
        assert await take_in_folder() == 2
        assert len(await item_ids(bank)) == 2
        assert names(folder) == {
            "imported/day.x9", "imported/day.x9.json", "refused/broken.x9", "refused/broken.x9.json",
            ".half.x9", "elsewhere.x9",
        }  # fmt: skip
        assert json.loads((folder / "imported" / "day.x9.json").read_text())["checks"] == 2
        assert json.loads((folder / "refused" / "broken.x9.json").read_text())["status"] == "refused"
        # One whose import was interrupted, and the same bytes again under a name that is taken.
        (folder / "taking" / "left.x9").write_bytes(same)
        (folder / "day.x9").write_bytes(same)
        rested(folder / "day.x9")
        assert await take_in_folder() == 2 and len(await item_ids(bank)) == 2
        assert {"imported/left.x9", "imported/day.x9.2", "imported/day.x9.2.json"} <= names(folder)
        assert await take_in_folder() == 0

    run(story())


def test_a_file_that_is_being_written_waits(run: Callable, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        await make_bank()
        (folder / "day.x9").write_bytes(b"half of")
        assert await take_in_folder() == 0
        monkeypatch.setenv("INTAKE_FOLDER_REST_SECONDS", "0")
        settings.cache_clear()
        assert await take_in_folder() == 1

    run(story())


def test_a_folder_that_is_not_there_is_told(run: Callable, folder: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        folder.rmdir()
        with pytest.raises(FolderUnusable, match="No such file"):
            await take_in(bank.system)

    run(story())
