"""What came of a file that was offered: the answer of the import, for people and for programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from console.intake.x9.records import Finding


class ImportStatus(StrEnum):
    IMPORTED = "imported"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


class Stage(StrEnum):
    """What an import is doing."""

    READING = "reading the file"
    IMAGES = "storing images"
    ROWS = "writing checks"
    DONE = "done"


@dataclass
class Progress:
    """Where an import is; the import writes it from its thread, a page reads it."""

    stage: Stage = Stage.READING
    done: int = 0
    total: int = 0

    @property
    def fraction(self) -> float:
        """From 0 to 1 within the stage."""
        return min(1.0, self.done / self.total) if self.total else 0.0


@dataclass(frozen=True)
class ImportReport:
    """The result for one file. `amount_cents` is the sum of records 25 and 31."""

    file: str
    sha256: str
    status: ImportStatus
    message: str
    file_id: UUID | None = None
    imported_at: datetime | None = None
    checks: int = 0
    returns: int = 0
    credits: int = 0
    images_stored: int = 0
    images_displayable: int = 0
    amount_cents: int = 0
    findings: tuple[Finding, ...] = field(default=())
    findings_total: int = 0

    def as_json(self) -> dict[str, Any]:
        """One object of `import --json`."""
        return {
            "file": self.file,
            "sha256": self.sha256,
            "status": self.status.value,
            "message": self.message,
            "checks": self.checks,
            "returns": self.returns,
            "credits": self.credits,
            "images": {"stored": self.images_stored, "displayable": self.images_displayable},
            "amount_cents": self.amount_cents,
            "findings": [
                {
                    "record": finding.record,
                    "offset": finding.offset,
                    "field": finding.field,
                    "problem": finding.problem,
                    "found": finding.found,
                    "expected": finding.expected,
                }
                for finding in self.findings
            ],
            "findings_total": self.findings_total,
        }
