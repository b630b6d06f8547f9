"""What runs on a ``DATA_DIR``, written down (``run/services.json``, owner only) for others to find.

`attach` reads the endpoints from it; after a crash the next start ends by it what was left behind. It is
written before the first server answers, so that a start killed half-way is known too.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from deploy.embedded.layout import Layout, write_private
from deploy.embedded.processes import Server, end_orphan, started_at


def write(
    layout: Layout,
    parent: int,
    running: Iterable[tuple[Server, subprocess.Popen[bytes]]],
    endpoints: Mapping[str, str] | None,
) -> None:
    """Record the servers in ``running``, kept for process ``parent``; ``endpoints`` once all are ready."""
    servers = [
        {
            "name": server.name,
            "pid": process.pid,
            "started": started_at(process.pid),
            "signal": int(server.orphan_signal),
            "grace": server.grace,
            "sockets": [str(socket) for socket in server.sockets],
        }
        for server, process in running
    ]
    about = {"parent": parent, "guardian": os.getpid()}
    write_private(layout.run_file, {**about, "servers": servers, "endpoints": endpoints})


def serving_endpoints(layout: Layout) -> dict[str, str] | None:
    """The endpoints of the services that run, None when they are starting, stopping or gone.

    Services whose console or guardian was killed count as stopping.
    """
    run = _read(layout)
    if not run.get("endpoints") or not all(started_at(run[role]) for role in ("parent", "guardian")):
        return None
    endpoints: dict[str, str] = run["endpoints"]
    return endpoints


def end_orphans(layout: Layout) -> None:
    """End the servers of an instance that was killed together with its guardian, and forget it.

    Only for the holder of the lock: nothing that is recorded can then belong to a running instance.
    """
    for server in _read(layout).get("servers", []):
        end_orphan(server["pid"], server["started"], signal.Signals(server["signal"]), server["grace"])
        for socket in server["sockets"]:
            Path(socket).unlink(missing_ok=True)
    forget(layout)


def forget(layout: Layout) -> None:
    """Nothing runs any more."""
    layout.run_file.unlink(missing_ok=True)


def _read(layout: Layout) -> dict[str, Any]:
    """The record; empty when there is none. It is replaced as a whole, so a torn one is not expected, but
    one damaged otherwise must not keep the console from starting."""
    try:
        run = json.loads(layout.run_file.read_text())
    except (OSError, ValueError):
        return {}
    return run if isinstance(run, dict) else {}
