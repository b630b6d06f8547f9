"""What came of a file that was offered: the answer of the import, for people and for programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from console.intake.x9.records import Finding

# Findings that a terminal shows; --json has them all.
SHOWN_FINDINGS = 20


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
    """The result for one file. `amount_cents` is the sum of records 25 and 31.

    `file_id` is the row of the file: its own, or for a duplicate that of the file imported before.
    """

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

    def as_text(self) -> str:
        """The result in words, with its findings, for a terminal."""
        lines = [f"{self.file}: {self.status.value}: {self.message}."]
        if self.status is ImportStatus.IMPORTED:
            lines.append(
                f"  {Decimal(self.amount_cents).scaleb(-2):,} in all; {self.images_stored} images stored, "
                f"{self.images_displayable} displayable; {self.findings_total} findings"
            )
        lines += [
            f"  record {f.record}, byte {f.offset}, {f.field}: {f.problem} (found {f.found!r}, expected {f.expected!r})"
            for f in self.findings[:SHOWN_FINDINGS]
        ]
        if self.findings_total > SHOWN_FINDINGS:
            lines.append(f"  … and {self.findings_total - SHOWN_FINDINGS} more: see --json or the Intake page")
        return "\n".join(lines)

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
