"""The first look at a file: is it one, what is in it, and what is its hash. Nothing is stored yet."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from console.intake.report import Progress, Stage
from console.intake.x9.reader import X9Reader
from console.intake.x9.records import FileHeader, Finding, Limits, Totals, X9Error
from console.settings import Settings

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Survey:
    """What a file holds. `error` is set where it must be refused; the hash is of all its bytes either way."""

    sha256: bytes
    size: int
    header: FileHeader | None
    totals: Totals
    framing: str | None
    encoding: str | None
    findings: tuple[Finding, ...]
    findings_total: int
    error: X9Error | None


def intake_limits(settings: Settings) -> Limits:
    """The reader's limits as the settings have them; a megabyte is 10^6 bytes."""
    return Limits(
        file_bytes=settings.intake_max_file_mb * 1_000_000,
        record_bytes=settings.intake_max_record_mb * 1_000_000,
        records=settings.intake_max_records,
    )


def survey(path: Path, limits: Limits, progress: Progress) -> Survey:
    """Read the file once, from its first byte to its last, keeping nothing but counts and findings."""
    size = path.stat().st_size
    progress.stage, progress.total = Stage.READING, size
    with path.open("rb") as file:
        stream = _Hashing(file, progress)
        reader = X9Reader(stream, limits, file_size=size)  # type: ignore[arg-type]  # it only reads
        error = None
        try:
            for _ in reader:
                pass
        except X9Error as refused:
            error = refused
        stream.drain()
    return Survey(
        stream.digest(),
        size,
        reader.header,
        reader.totals,
        reader.framing.value if reader.framing else None,
        reader.encoding.name.lower() if reader.encoding else None,
        error.problems if error else reader.findings,
        len(error.problems) if error else reader.findings_total,
        error,
    )


class _Hashing:
    """A stream that hashes what is read through it."""

    def __init__(self, file: BinaryIO, progress: Progress) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self._progress = progress

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._hash.update(data)
        self._progress.done += len(data)
        return data

    def drain(self) -> None:
        """Hash what the reader left."""
        while self.read(_CHUNK):
            pass

    def digest(self) -> bytes:
        return self._hash.digest()
