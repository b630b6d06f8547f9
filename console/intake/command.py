"""The `import` command's work: files in, a report each, in the order given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from console.actor import system_actor
from console.institution import institution_ids
from console.intake.files import import_file
from console.intake.report import ImportReport
from console.policy.versions import NoActivePolicy


async def import_paths(paths: Iterable[Path], tell: Callable[[ImportReport], None]) -> list[ImportReport]:
    """Import each file into the institution of this installation, one after the other, telling each result at once.

    Raises NoActivePolicy where there is no institution yet, and what `import_file` raises.
    """
    institutions = await institution_ids()
    if not institutions:
        raise NoActivePolicy
    actor = system_actor(institutions[0], "import command")
    reports = []
    for path in paths:
        reports.append(await import_file(actor, path, path.name))
        tell(reports[-1])
    return reports
