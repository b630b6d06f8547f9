"""One question of a report: to whom, of which part of the work and which days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from console.insight.periods import Period, Window
from console.insight.scope import Scope
from console.review.clocks import Hours


@dataclass(frozen=True)
class Asked:
    """What every statement of a report is given."""

    institution_id: UUID
    scope: Scope
    period: Period

    @property
    def office(self) -> Hours:
        return self.period.office

    def values(self, window: Window | None = None) -> dict[str, Any]:
        """The parameters that bound a statement: `institution`, `since`, `before`, `edges` of the days, `now`, and the
        scope's. `window`: other days than the period's."""
        window = window or self.period.window
        return {
            "institution": self.institution_id,
            "since": window.since,
            "before": window.before,
            "edges": window.edges,
            "now": self.period.now,
            **self.scope.values,
        }
