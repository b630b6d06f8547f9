"""The drill step by step, as the deployment guide's recovery has them, and what it measured."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from console.access import totp
from console.settings import Settings, settings
from db.migrations.run import upgrade
from deploy.drill import data
from deploy.drill.data import run
from deploy.drill.processes import Launch, Processes, launch
from deploy.drill.servers import ARCHIVE_SECONDS, ROOT, ServerFailedError, Servers
from deploy.drill.verdict import Report, compare_decisions
from deploy.drill.writer import Writer, decide_one
from deploy.embedded.ports import free_ports
from tests.deploy.forms import ORIGIN, Browser
from tests.factories import PASSWORD, Bank

_IMAGES: Final = 40
_LATER_IMAGES: Final = 5
_FIRST_SECONDS: Final = 60


class Drill:
    """One drill in one folder. `say` is told of each step."""

    def __init__(
        self, folder: Path, items: int, archive_seconds: int, say: Callable[[str], None], launch: Launch
    ) -> None:
        self.report = Report(items)
        self.servers = Servers(folder / "servers", archive_seconds)
        self.processes = Processes(folder, launch)
        self._folder = folder
        self._say = say
        self._key = secrets.token_hex(48)
        self._port = free_ports(1)[0]
        self._before = Browser(self._port)

    def prepare(self) -> Bank:
        """Servers, tables, a bank with its checks; a base backup; the console on top of it, somebody signed in."""
        with self._step("start the servers"):
            for service in (self.servers.store, self.servers.valkey, self.servers.postgres):
                self.servers.start(service)
        with self._step(f"load {self.report.items:,} checks"):
            upgrade(self.servers.endpoints().owner_database_url)
            bank = run(self._settings(), data.make_bank_with_images(self._folder, _IMAGES))
            data.add_many(self._superuser_url, bank, self.report.items)
        with self._step("base backup"):
            self.servers.postgres.run_tool(["sh", str(ROOT / "deploy/backup/full-backup.sh")])
        with self._step("deploy the console, sign in"):
            self.processes.deploy(self._environ())
            self._sign_in(self._before, "reviewer")
        return bank

    def write(self, bank: Bank, seconds: float) -> None:
        """Decide on and on, and take in another file meanwhile: what only the archived WAL knows."""
        self._writer = Writer(self._settings(), bank, self._folder, _LATER_IMAGES)
        self._writer.start()
        with self._step("write"):
            deadline = time.monotonic() + _FIRST_SECONDS
            while not self._writer.confirmed() and self._writer.is_alive() and time.monotonic() < deadline:
                time.sleep(0.1)
            time.sleep(seconds)
            if not self._writer.is_alive() or not self._writer.confirmed():
                raise ServerFailedError(f"nobody decides: {self._writer.ended!r}")

    def destroy(self) -> float:
        """The machine with the database and Redis is lost with its disks, and the console with it; when."""
        self._counted = data.counts(self._superuser_url)
        lost_at = time.time()
        self.servers.lose(self.servers.postgres, self.servers.postgres.data)
        self.servers.lose(self.servers.valkey, self.servers.layout.valkey)
        self.processes.kill()
        self._writer.join()
        self._say("lost: PostgreSQL and Redis with all that they kept, and the console's processes")
        return lost_at

    def recover(self, lost_at: float) -> None:
        """The guide's steps: the database from the backup, Redis anew, the console again. Its end is the RTO's."""
        moment = datetime.fromtimestamp(lost_at, UTC).isoformat(sep=" ")
        begun = time.monotonic() - (time.time() - lost_at)
        with self._step("restore the database"):
            said = self.servers.postgres.run_tool(["sh", str(ROOT / "deploy/backup/restore.sh"), moment])
            self.report.restored_to = said.strip().splitlines()[-1]
            self.servers.start(self.servers.postgres)
        with self._step("rebuild Redis"):
            self.servers.start(self.servers.valkey)
        with self._step("redeploy the console"):
            self.processes.deploy(self._environ())
        with self._step("verify the audit chain"):
            ended = self.processes.start("verify", self._environ()).wait()
            self._expect(ended == 0, f"main.py verify: {self.processes.said('verify')}")
        self.report.rto_seconds = round(time.monotonic() - begun, 1)

    def compare(self, bank: Bank, lost_at: float) -> None:
        """What is there again against what was confirmed before; then somebody signs in and decides."""
        compare_decisions(self.report, self._writer.confirmed(), data.decisions(self._superuser_url), lost_at)
        self._expect(data.counts(self._superuser_url) == self._counted,
                     f"rows: {data.counts(self._superuser_url)}, before: {self._counted}")  # fmt: skip
        missing = run(self._settings(), data.missing_images(self._superuser_url))
        self._expect(not missing, f"{len(missing)} images are missing: {missing[:3]}")

        self._before.get("/queue")
        self._expect(self._before.path.startswith("/sign-in"), "a session outlived Redis")
        after = Browser(self._port)
        self._sign_in(after, "supervisor")
        decided = run(self._settings(), decide_one(bank.reviewer))
        self._expect(decided is not None, "nothing can be decided")

    def stop(self) -> None:
        """End everything, wherever the drill has come to."""
        self.processes.kill()
        self.servers.stop()

    @property
    def _superuser_url(self) -> str:
        return self.servers.endpoints().superuser_database_url

    def _environ(self) -> dict[str, str]:
        """What the console is told, as in production."""
        return {
            **self.servers.endpoints().environ(),
            "ENVIRONMENT": "production",
            "PUBLIC_ORIGIN": ORIGIN,
            "SECRET_KEY": self._key,
            "PORT": str(self._port),
            "DRAIN_SECONDS": "0",
            "CRC_BOOTSTRAP": "off",
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": str(ROOT),
        }

    def _settings(self) -> Settings:
        """The same, in force in this process."""
        os.environ.update(self._environ())
        settings.cache_clear()
        return settings()

    def _sign_in(self, browser: Browser, username: str) -> None:
        browser.post("/sign-in", username=username, password=PASSWORD)
        browser.post("/sign-in/code", code=totp.code_at(data.TOTP_SECRET, datetime.now(UTC)))
        browser.get("/queue")
        self._expect(browser.status == 200 and browser.path == "/queue", f"{username} cannot sign in: {browser.path}")

    def _expect(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.report.faults.append(otherwise)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self.report.seconds[name] = round(time.monotonic() - begun, 1)
        self._say(f"{name}: {self.report.seconds[name]:.1f} s")


def drill(
    folder: Path,
    items: int,
    seconds: float,
    say: Callable[[str], None],
    *,
    archive_seconds: int = ARCHIVE_SECONDS,
    launch: Launch = launch,
) -> Report:
    """Lose a database of so many checks after so many seconds of work, and bring it back.

    No WAL waits longer than `archive_seconds` to be archived; `launch` starts the console's processes. Raises
    ServerFailedError where a step cannot be done at all.
    """
    one = Drill(folder, items, archive_seconds, say, launch)
    try:
        bank = one.prepare()
        one.write(bank, seconds)
        lost_at = one.destroy()
        one.recover(lost_at)
        one.compare(bank, lost_at)
    finally:
        one.stop()
    return one.report
