"""What processes expose, after real actions: the figures, over replicas, and no label that anybody can invent."""

from __future__ import annotations

import secrets
import urllib.error
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select
from starlette.requests import Request

from console.edge.exposition import Exposition
from console.metrics import INTAKE_ITEMS
from console.review import deadline_alerts
from console.settings import Settings
from db.engine import transaction
from db.models import CheckItem
from jobs.worker import JobWorker
from tests import warm
from tests.browser.site import Site, _environment
from tests.edge.site import session_of
from tests.factories import import_items, item_ids, make_bank, x9_item
from tests.operations.scraping import Scraped, scrape, scraped_when
from tests.ports import free_port

HOUR = timedelta(hours=1)


async def exposed(console: Settings) -> Scraped:
    """What this very process exposes."""
    answer = await Exposition(console).answer(Request({"type": "http", "headers": []}))
    return Scraped(bytes(answer.body).decode())


def test_shared_figures_are_those_of_the_work(run: Callable, console: Settings, tmp_path: Path) -> None:
    async def story() -> None:
        taken_in, waited = INTAKE_ITEMS._value.get(), (await exposed(console)).sum("crc_pool_wait_seconds_total")
        bank = await make_bank()
        await import_items(bank, tmp_path, [x9_item(n, "10.00", "021000021") for n in range(1, 5)])
        items = await item_ids(bank)
        now = datetime.now(UTC)
        async with transaction(bank.system) as session:
            rows = (await session.scalars(select(CheckItem).order_by(CheckItem.ordinal))).all()
            for row in rows:
                row.sla_warning_at, row.sla_due_at, row.version = now + HOUR, now + 2 * HOUR, row.version + 1
            # One is late by minutes, one since yesterday, one is due soon; one of them can no longer be returned.
            rows[0].sla_due_at, rows[1].sla_due_at = now - HOUR / 10, now - 24 * HOUR
            rows[2].sla_warning_at = now - HOUR / 10
            rows[0].return_by = now - HOUR / 10
        await deadline_alerts.check_sla(bank.institution_id)
        await session_of(bank.reviewer)
        worker = JobWorker()
        await worker.beat()
        await worker.look()
        await worker.stop(60)
        await JobWorker().beat()
        found = await exposed(console)
        assert len(items) == found.sum("crc_queue_items") == found.sum("crc_queue_items", status="new") == 4
        assert found.sum("crc_sla_breaches_last_hour") == 1
        assert found.sum("crc_sla_overdue_items") == 2
        assert found.sum("crc_sla_warning_items") == 1
        assert found.sum("crc_return_deadlines_missed") == 1
        assert found.sum("crc_active_sessions") == 1
        assert found.sum("crc_workers") == 1
        assert abs(found.sum("crc_worker_last_beat_seconds") - now.timestamp()) < 60
        assert found.sum("crc_worker_clock_skew_seconds") < 30
        assert 1 <= found.sum("crc_database_connections") < found.sum("crc_database_connections_max")
        assert 0 < found.sum("crc_redis_memory_bytes") < found.sum("crc_redis_memory_max_bytes")
        assert found.sum("crc_job_failures", job="check SLA") == 0
        assert abs(found.sum("crc_job_last_done_seconds", job="check SLA") - now.timestamp()) < 60
        assert found.sum("crc_job_run_seconds_count", job="check SLA", outcome="done") >= 1
        assert found.sum("crc_shared_metrics_read") == 2
        # And those of this process.
        assert found.sum("crc_intake_items_total") - taken_in == 4
        assert found.sum("crc_intake_files_total", status="imported") >= 1
        assert found.sum("crc_pool_waits_total") > 10 and 0 < found.sum("crc_pool_wait_seconds_total") - waited < 60
        assert 0 <= found.sum("crc_pool_used") <= found.sum("crc_pool_open") <= found.sum("crc_pool_size") == 15

    run(story())


def test_what_cannot_be_read_is_left_out_and_said_so(console: Settings) -> None:
    import asyncio

    found = asyncio.run(exposed(console))  # nothing is open here
    assert found.sum("crc_shared_metrics_read") == 0
    assert "crc_queue_items" not in found.names and "process_cpu_seconds_total" in found.names


def _knows_its_lag(found: Scraped) -> bool:
    return found.sum("crc_event_loop_lag_seconds_count") > 0


def test_a_site_is_measured_on_a_port_of_its_own(console: Settings, run: Callable, tmp_path: Path) -> None:
    run(make_bank())
    ports = [free_port(), free_port()]
    environ = {"METRICS_HOST": "127.0.0.2", "METRICS_PORT": str(ports[0])}
    with Site.serving(console, tmp_path, environ, port=free_port()) as one:
        environ |= {"METRICS_PORT": str(ports[1])}
        with Site.serving(console, tmp_path, environ, port=free_port()) as other, httpx.Client(timeout=60) as client:
            for site, times in ((one, 3), (other, 5)):
                for _ in range(times):
                    assert client.get(f"{site.origin}/sign-in").status_code == 200
                    client.get(f"{site.origin}/review/{uuid4()}")
                    client.get(f"{site.origin}/{secrets.token_hex(8)}")
                    client.get(f"{site.origin}/api/v1/items/{uuid4()}")
                    client.request(secrets.choice("XYZ"), f"{site.origin}/sign-in")
                # The site's own port says nothing of it.
                assert client.get(f"{site.origin}/metrics").status_code in {303, 401}
            with pytest.raises(OSError):
                scrape(ports[0])
            # The loop's lag is measured now and then.
            both = [scraped_when(port, _knows_its_lag, host="127.0.0.2") for port in ports]
    for found, times in zip(both, (3, 5), strict=True):
        signs_in = {"method": "GET", "route": "/sign-in"}
        assert found.sum("crc_http_requests_total", **signs_in, status="2xx") == times
        assert found.sum("crc_http_request_seconds_count", **signs_in) == times
        assert found.sum("crc_http_request_seconds_bucket", **signs_in, le="2.0") <= times
        items = "/api/v1/items/{item_id}"
        assert found.sum("crc_http_requests_total", route=items, status="4xx") == times
        # What anybody may invent adds no series.
        assert len(found.labels("crc_http_requests_total", "route")) <= 6
        assert found.labels("crc_http_requests_total", "method") <= {"GET", "other"}
        assert found.sum("crc_draining") == 0
    # What each counts adds up over replicas; what they share is the same at each.
    assert sum(one.sum("crc_http_requests_total", route="/sign-in", status="2xx") for one in both) == 8
    assert both[0].sum("crc_active_sessions") == both[1].sum("crc_active_sessions") == 0


def test_the_sites_port_answers_who_has_the_token(console: Settings, run: Callable, tmp_path: Path) -> None:
    run(make_bank())
    port = free_port()
    with Site.serving(console, tmp_path, {"METRICS_TOKEN": "a-token-of-the-monitoring"}, port=port):
        assert scrape(port, "a-token-of-the-monitoring").sum("crc_workers") == 0
        for wrong in ("", "a-token-of-the-monitorinG", "é"):
            with pytest.raises((urllib.error.HTTPError, UnicodeEncodeError)):
                scrape(port, wrong)


def test_a_worker_is_measured(console: Settings, run: Callable, tmp_path: Path) -> None:
    run(make_bank())
    port = free_port()
    worker = warm.start(["worker"], _environment(console) | {"WORKER_METRICS_PORT": str(port)})
    try:
        done = scraped_when(port, lambda found: "crc_job_last_done_seconds" in found.names)
        assert done.sum("crc_workers") == 1
        assert done.sum("crc_job_run_seconds_count", outcome="done") >= 1
    finally:
        worker.terminate()
        assert worker.wait(timeout=60) == 0
