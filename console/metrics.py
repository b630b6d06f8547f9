"""Every metric of a process, named once. What is counted here is this process's own: sums over processes are the whole.

What the whole installation shares (queues, sessions, jobs) is read when somebody asks, by
`console.operations.shared_metrics`, and is the same whoever is asked. Labels take few values, all known beforehand.
"""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

REGISTRY: Final = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

# The guide's bound of 2 s is one of the steps.
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)

HTTP_SECONDS: Final = Histogram(
    "crc_http_request_seconds",
    "Time from a request to the end of its answer.",
    ("method", "route"),
    buckets=_SECONDS,
    registry=REGISTRY,
)
HTTP_REQUESTS: Final = Counter(
    "crc_http_requests", "Answered requests.", ("method", "route", "status"), registry=REGISTRY
)
PAGE_EVENT_SECONDS: Final = Histogram(
    "crc_page_event_seconds",
    "Time that an event of a page took, by area and outcome: done, refused or failed.",
    ("area", "outcome"),
    buckets=_SECONDS,
    registry=REGISTRY,
)
WEBSOCKETS: Final = Gauge("crc_websocket_clients", "Open websockets of pages.", registry=REGISTRY)
LOOP_LAG: Final = Histogram(
    "crc_event_loop_lag_seconds",
    "How much later than wanted the event loop came round.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0),
    registry=REGISTRY,
)
JOB_SECONDS: Final = Histogram(
    "crc_job_run_seconds",
    "Time that a run of a job took, by outcome: done, failed or lost.",
    ("job", "outcome"),
    buckets=(0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0, 600.0, 3600.0),
    registry=REGISTRY,
)
INTAKE_FILES: Final = Counter("crc_intake_files", "Files that came in, by status.", ("status",), registry=REGISTRY)
INTAKE_ITEMS: Final = Counter("crc_intake_items", "Checks taken in.", registry=REGISTRY)
INTAKE_FINDINGS: Final = Counter("crc_intake_findings", "What was found wrong in files.", registry=REGISTRY)
DECISIONS: Final = Counter(
    "crc_decisions", "Decisions written, by action and stage.", ("action", "stage"), registry=REGISTRY
)
