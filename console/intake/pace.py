"""How many pictures of a file go into the object store at a time: fewer while the machine has better to do.

On one machine the store and the replicas share its processors. The threads of an import step back behind everybody, but
what the store does for them does not: with sixteen on their way at a time, people wait for seconds. That a thread of
low priority waits for a processor is how an import sees that others want it; alone, it hardly ever waits.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Condition
from typing import Final

# Alone on a machine such a thread waits for a processor for a twentieth of its time; among people at work for 0.4 of it
# and more.
_CROWDED: Final = 0.25
# Linux: nanoseconds that this thread has run, those that it waited for a processor when it could have run, and turns.
_SCHEDULED: Final = Path("/proc/thread-self/schedstat")


class Pace:
    """Lets threads in, at most `most` at a time and at least one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._allowed = 1
        self._inside = 0
        self._room = Condition()

    @property
    def allowed(self) -> int:
        """How many may be inside at a time now."""
        return self._allowed

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until there is room; what the calling thread waits for a processor inside decides how much there is."""
        with self._room:
            self._room.wait_for(lambda: self._inside < self._allowed)
            self._inside += 1
        began, waited = time.perf_counter(), waited_for_processor()
        try:
            yield
        finally:
            waited = waited_for_processor() - waited
            took = time.perf_counter() - began
            with self._room:
                self._inside -= 1
                self.learn(waited / took if took else 0.0)
                self._room.notify_all()

    def learn(self, waited: float) -> None:
        """One more at a time after a turn that hardly waited for a processor, one less after one that did.

        `waited` is the share of the turn.
        """
        step = -1 if waited > _CROWDED else 1
        self._allowed = min(self._most, max(1, self._allowed + step))


def waited_for_processor() -> float:
    """Seconds that this thread has waited for a processor so far; 0 on a system that does not tell."""
    try:
        return int(_SCHEDULED.read_text().split()[1]) / 1e9
    except OSError:
        return 0.0
