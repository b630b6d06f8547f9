"""``python -m deploy.drill [--items 100000] [--seconds 60]``: exit status 0 when all came back, in time."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from deploy.drill.processes import Launch, launch
from deploy.drill.programs import ProgramsMissingError, ensure_programs
from deploy.drill.servers import ARCHIVE_SECONDS, ServerFailedError
from deploy.drill.steps import drill
from deploy.drill.verdict import Report, judge

# The deployment guide's objectives, in seconds.
RTO, RPO = 4 * 3600.0, 3600.0


def main(arguments: Sequence[str] | None = None, launch: Launch = launch) -> int:
    """The drill of the command line, or of these arguments; `launch` starts the console's processes."""
    options = _options(arguments)
    say = (lambda line: print(line, file=sys.stderr, flush=True)) if not options.json else (lambda _: None)  # noqa: T201
    try:
        ensure_programs()
        drilled = partial(
            drill, items=options.items, seconds=options.seconds, say=say, archive_seconds=options.archive_seconds,
            launch=launch,
        )  # fmt: skip
        if options.folder is not None:
            options.folder.mkdir(parents=True)
            report = drilled(options.folder)
        else:
            with tempfile.TemporaryDirectory(prefix="check-review-drill-") as folder:
                report = drilled(Path(folder))
    except (ServerFailedError, ProgramsMissingError) as fault:
        sys.exit(f"the drill could not go on: {fault}")
    judge(report, options.rto, options.rpo)
    print(json.dumps(report.as_json()) if options.json else as_text(report))  # noqa: T201
    return 1 if report.faults else 0


def as_text(report: Report) -> str:
    """What a person reads at the end."""
    lines = [
        f"RTO {report.rto_seconds:.1f} s: from the loss until the console served again and its chain was verified",
        f"RPO {report.rpo_seconds:.1f} s: from the last decision that was restored until the loss;"
        f" {report.lost} of {report.decided} decisions lost",
        report.restored_to,
        *(f"FAULT: {fault}" for fault in report.faults),
    ]
    return "\n".join(lines)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.drill", description="Lose a database and bring it back.")
    parser.add_argument("--items", type=int, default=100_000, help="checks in the database")
    parser.add_argument("--seconds", type=float, default=60.0, help="seconds of work before the loss")
    parser.add_argument("--rto", type=float, default=RTO, help="fail above so many seconds until all works again")
    parser.add_argument("--rpo", type=float, default=RPO, help="fail where more seconds of work are lost")
    parser.add_argument(
        "--archive-seconds", type=int, default=ARCHIVE_SECONDS, help="WAL waits no longer to be archived"
    )
    parser.add_argument("--folder", type=Path, help="a new folder to leave logs and data in; default: one that goes")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
