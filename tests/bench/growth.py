"""How the memory of a process grows while something runs, as a bench tells of it."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import psutil

from tests.bench.figures import Figure

MB_AN_HOUR: Final = 10
# The first part of a run fills caches and pools; the rest says something only where it lasts for minutes.
_SETTLING: Final = 0.3
_SLOPE_SECONDS: Final = 300.0
_SAMPLE_SECONDS: Final = 2.0


@dataclass
class Memory:
    """Samples of one process: seconds since the beginning, and MB that it keeps resident."""

    process: psutil.Process
    samples: list[tuple[float, float]] = field(default_factory=list)

    def growth_an_hour(self, settled: float) -> float:
        """MB an hour, by a line through the samples after `settled` seconds."""
        rest = self._after(settled)
        if len(rest) < 3:
            return 0.0
        return statistics.linear_regression(*zip(*rest, strict=True)).slope * 3600

    def in_words(self, settled: float) -> str:
        """MB in the beginning, once it had settled, and in the end."""
        kept = [self.samples[0], *self._after(settled)[:1], self.samples[-1]] if self.samples else []
        return " → ".join(f"{one[1]:.1f}" for one in kept)

    def _after(self, settled: float) -> list[tuple[float, float]]:
        return [one for one in self.samples if one[0] >= settled]


async def sample(memories: Sequence[Memory]) -> None:
    """Look at all of them every two seconds, until cancelled."""
    began = time.monotonic()
    while True:
        for one in memories:
            one.samples.append((time.monotonic() - began, one.process.memory_info().rss / 1e6))
        await asyncio.sleep(_SAMPLE_SECONDS)


def peak_mib(memories: Sequence[Memory]) -> float:
    """The most that any of them kept resident."""
    return max(taken for one in memories for _, taken in one.samples) * 1e6 / 2**20


def growth(memories: Sequence[Memory], seconds: float) -> Figure:
    """How fast the fastest of them grew in a run of so many seconds; no verdict where it was too short for one."""
    settled = seconds * _SETTLING
    fastest = max(one.growth_an_hour(settled) for one in memories)
    long = seconds - settled >= _SLOPE_SECONDS
    stood = "; ".join(one.in_words(settled) for one in memories)
    note = f"the fastest; a line through what came after {settled:.0f} s; MB at first, then and in the end: {stood}"
    return Figure(
        "growth of a replica's memory",
        round(fastest, 1),
        "MB/h",
        target=f"< {MB_AN_HOUR} MB/h" if long else None,
        met=fastest < MB_AN_HOUR if long else None,
        note=note if long else f"{note}; too short a run to judge",
    )
