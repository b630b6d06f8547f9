"""The demo bank of the guide: `main.py up` on a folder of its own, and its people as services know them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from console.access.people import acting_within
from console.access.permissions import Permission
from console.actor import Actor, Grant, system_actor
from console.cli_services import services
from console.institution import institution_ids
from console.intake.demo.users import read_users
from console.review.advice import GivenAdvice, give_advice
from db.engine import transaction
from db.models import CheckItem, Institution, User
from deploy.embedded.ports import free_ports
from tests.browser.site import ROOT, in_a_thread
from tests.factories import Bank, set_thresholds

_UP_SECONDS: Final = 300


@dataclass
class Demo:
    """A running demo bank. `passwords` are those of its people, `bank` they as they act."""

    origin: str
    folder: Path
    passwords: dict[str, str]
    bank: Bank
    run: Callable[[Coroutine[Any, Any, Any]], Any]
    _used: dict[str, str] = field(default_factory=dict)

    def code(self, username: str) -> str:
        """A code of this person's second factor that they have not used: each works once."""
        asked = [sys.executable, str(ROOT / "main.py"), "totp", username, "--data-dir", str(self.folder)]
        while True:
            done = subprocess.run(asked, capture_output=True, text=True, check=True, env=_environment())
            code = done.stdout.strip()
            if code != self._used.get(username):
                self._used[username] = code
                return code
            time.sleep(2)

    def item(self, amount: str) -> UUID:
        """The first check of this amount."""

        async def find() -> UUID:
            found = select(CheckItem.id).where(CheckItem.amount == Decimal(amount)).order_by(CheckItem.ordinal).limit(1)
            async with transaction(self.bank.system) as session:
                return (await session.scalars(found)).one()

        return self.run(find())  # type: ignore[no-any-return]

    def set_policy(self, **thresholds: object) -> None:
        """Let these thresholds be others."""
        self.run(set_thresholds(self.bank, **thresholds))

    def advise(self, amount: str) -> None:
        """Have another system advise to return a check."""
        grant = Grant(frozenset({Permission.ADVICE_WRITE}), Decimal(0))
        system = Actor(self.bank.institution_id, None, "API key stockwatch", session="key crc_guide", grants=(grant,))
        words = "The paper is not that of the account's earlier checks."
        given = GivenAdvice(
            act="return", confidence=Decimal("0.91"), model="stockwatch", model_version="3.1", explanation=words
        )
        self.run(give_advice(system, self.item(amount), given))

    def let_it_be_late(self, amount: str) -> None:
        """Let both clocks of a check run out soon."""
        item_id = self.item(amount)

        async def change() -> None:
            now = datetime.now(UTC)
            async with transaction(self.bank.system) as session:
                item = await session.get_one(CheckItem, item_id)
                item.sla_warning_at, item.sla_due_at = now - timedelta(minutes=10), now + timedelta(minutes=20)
                item.return_by = now + timedelta(minutes=42)
                item.version += 1

        self.run(change())


@contextmanager
def demo_bank() -> Iterator[Demo]:
    """A demo bank of its own."""
    with tempfile.TemporaryDirectory(prefix="check-review-guide-") as made:
        folder, [port] = Path(made), free_ports(1)
        command = [sys.executable, str(ROOT / "main.py"), "up", "--data-dir", made, "--port", str(port)]
        log = folder / "up.log"
        with log.open("wb") as out:
            process = subprocess.Popen(command, cwd=ROOT, env=_environment(), stdout=out, stderr=subprocess.STDOUT)
        try:
            _await(lambda: b"Sign in as" in log.read_bytes())
            passwords = {one.username: one.password for one in read_users(folder)}
            with services(folder) as settings:
                run = in_a_thread(settings)
                yield Demo(f"http://127.0.0.1:{port}", folder, passwords, run(_people()), run)
        finally:
            process.terminate()
            process.wait(timeout=60)


async def _people() -> Bank:
    """The demo's people; nobody there is a second reviewer but the approver."""
    (institution,) = await institution_ids()
    nobody = system_actor(institution, "guide")
    async with transaction(nobody) as session:
        bank = (await session.execute(select(Institution))).scalar_one()
        rows = await session.execute(select(User.username, User.id))
        found = {row.username: await acting_within(session, row.id) for row in rows}
    people = {name: person for name, person in found.items() if person is not None}
    named = {name: people[name] for name in ("reviewer", "approver", "supervisor", "administrator", "auditor")}
    return Bank(bank.id, bank.routing_number, nobody, second_reviewer=people["approver"], **named)


def _await(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _UP_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "the demo bank did not come up"
        time.sleep(0.5)


def _environment() -> dict[str, str]:
    # In the environment at hand, whatever the lists say of another.
    return os.environ | {"CRC_BOOTSTRAP": "off"}
