"""A process that runs a quarter of the time, as on a machine that is given away four times over."""

from __future__ import annotations

import os
import signal
import threading
from typing import Final

_STANDS: Final = 0.15
_RUNS: Final = 0.05


class Limping:
    """From its making until `end` the process is stopped and let go on, five times a second."""

    def __init__(self, pid: int) -> None:
        self._pid, self._over = pid, threading.Event()
        self._thread = threading.Thread(target=self._limp, daemon=True)
        self._thread.start()

    def _limp(self) -> None:
        try:
            while not self._over.is_set():
                os.kill(self._pid, signal.SIGSTOP)
                self._over.wait(_STANDS)
                os.kill(self._pid, signal.SIGCONT)
                self._over.wait(_RUNS)
        finally:
            os.kill(self._pid, signal.SIGCONT)

    def end(self) -> None:
        """Let it run as ever."""
        self._over.set()
        self._thread.join(timeout=5)
