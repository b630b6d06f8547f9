"""Somebody who decides one check after the other, until the database is gone."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from pathlib import Path
from typing import Final

from console.actor import Actor
from console.review.choices import Choice
from console.review.claims import claim_next
from console.review.decisions import decide
from console.review.evidence import Seen
from console.review.item_reading import load_view
from console.review.states import Act
from console.settings import Settings
from db.engine import transaction
from deploy.drill.data import import_more, run
from tests.factories import Bank

_PAUSE_SECONDS: Final = 0.1


async def decide_one(who: Actor) -> str | None:
    """Claim the most urgent check, look at both sides, pay it; the decision's id, None when nothing waits."""
    held = await claim_next(who)
    if held is None:
        return None
    async with transaction(who) as session:
        view = await load_view(session, held.item_id, looking=who)
    seen = Seen(view.version, view.digest, {"front": 2000, "back": 700})
    done = await decide(who, held.item_id, Choice(Act.PAY), seen)
    return str(done.decision_id)


class Writer(threading.Thread):
    """Takes in a file of a few checks with images, then decides on and on.

    Each decision that the console has confirmed is a line of the journal, with the moment of the confirmation: what
    the journal has and the restored database has not is lost. `ended` is what it ended with, once it has.
    """

    def __init__(self, settings: Settings, bank: Bank, folder: Path, images: int) -> None:
        super().__init__(name="writer", daemon=True)
        self.journal = folder / "journal.jsonl"
        self.ended: BaseException | None = None
        self._settings = settings
        self._bank = bank
        self._folder = folder
        self._images = images

    def run(self) -> None:
        try:
            run(self._settings, self._write())
        except Exception as error:
            self.ended = error

    def confirmed(self) -> list[tuple[str, float]]:
        """Each decision and when it was confirmed, in order."""
        if not self.journal.exists():
            return []
        lines = [json.loads(line) for line in self.journal.read_text().splitlines()]
        return [(line["decision"], line["at"]) for line in lines]

    async def _write(self) -> None:
        await import_more(self._bank, self._folder, self._images, "2")
        with self.journal.open("a") as journal:
            while decision := await decide_one(self._bank.reviewer):
                journal.write(json.dumps({"decision": decision, "at": time.time()}) + "\n")
                journal.flush()
                await asyncio.sleep(_PAUSE_SECONDS)
