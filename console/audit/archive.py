"""A month of an institution's audit trail as a file that proves itself: lines of JSON, compressed.

The first line names institution, month and the hash that the month follows; each further one is an entry: the text that
was hashed, and its hash. Whoever has the file recomputes every hash with SHA-256 alone, and compares the last one with
the anchor from which the chain in the database goes on.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, Any, Final
from uuid import UUID

from console.audit.canonical import canonical, chained_hash
from console.audit.entries import entry_text
from db.models import AuditEntry

FORMAT: Final = 1
_CHUNK: Final = 1 << 20


class ArchiveFault(Exception):
    """A file, or a month that is to become one, is not what was written; the message names the first fault."""


@dataclass(frozen=True)
class Archived:
    """What a file holds: `sequence` and `hash` are of its last entry, `sha256` is the file's own."""

    institution_id: UUID
    month: date
    entries: int
    first_sequence: int
    sequence: int
    hash: bytes
    sha256: bytes


class ArchiveWriter:
    """Writes a month's entries, in order, checking that each follows the one before. Blocks."""

    def __init__(self, out: IO[bytes], institution_id: UUID, month: date, follows: tuple[int, bytes | None]) -> None:
        self._institution_id, self._month = institution_id, month
        self._before, self._previous = follows
        self._sequence, self._hash = follows
        # Without a name and a time the same entries make the same file.
        self._out = gzip.GzipFile(filename="", mode="wb", fileobj=out, mtime=0)
        first = {"format": FORMAT, "institution": institution_id, "month": month, "previous_hash": self._previous}
        self._line(first)

    def add(self, entries: list[AuditEntry]) -> None:
        """Write these. Raises ArchiveFault for one that is missing or not what was written."""
        for entry in entries:
            text = entry_text(entry)
            if entry.sequence != self._sequence + 1 or entry.previous_hash != self._hash:
                raise ArchiveFault(f"entry {entry.sequence} does not follow entry {self._sequence}")
            if chained_hash(self._hash, text) != entry.hash:
                raise ArchiveFault(f"entry {entry.sequence} is not what was written")
            self._line({"text": text, "hash": entry.hash})
            self._sequence, self._hash = entry.sequence, entry.hash

    def close(self) -> int:
        """End the file; how many entries are in it."""
        self._out.close()
        return self._sequence - self._before

    def _line(self, values: dict[str, Any]) -> None:
        self._out.write(f"{canonical(values)}\n".encode())


def read_archive(path: Path) -> Archived:
    """Recompute every hash of a file. Blocks. Raises ArchiveFault with the first line that is not right."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            first = json.loads(next(lines))
            previous = bytes.fromhex(first["previous_hash"]) if first["previous_hash"] else None
            institution_id, month = UUID(first["institution"]), date.fromisoformat(first["month"])
            count, begins, sequence = 0, 0, 0
            for number, line in enumerate(lines, 2):
                entry = json.loads(line)
                text = entry["text"]
                if chained_hash(previous, text).hex() != entry["hash"]:
                    raise ArchiveFault(f"line {number} is not what was written")
                sequence = json.loads(text)["sequence"]
                begins = begins or sequence
                if sequence != begins + count:
                    raise ArchiveFault(f"line {number} is entry {sequence}, not {begins + count}")
                count, previous = count + 1, bytes.fromhex(entry["hash"])
    except (OSError, EOFError, ValueError, KeyError, TypeError, StopIteration) as error:
        raise ArchiveFault(f"this is no archived month of an audit trail ({type(error).__name__})") from None
    if count == 0 or previous is None:
        raise ArchiveFault("it holds no entry")
    return Archived(institution_id, month, count, begins, sequence, previous, sha256_of(path))


def sha256_of(path: Path) -> bytes:
    """The SHA-256 of a file. Blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.digest()
