"""Metrics as Prometheus reads them."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable

from prometheus_client.parser import text_string_to_metric_families


class Scraped:
    """The samples of one scrape. `sum(name, label=value)` adds up those that fit."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
        self.names = {one.name for one in self.samples}

    def sum(self, name: str, **labels: str) -> float:
        assert name in self.names, f"{name} is not exposed"
        fitting = [one for one in self.samples if one.name == name and labels.items() <= one.labels.items()]
        return sum(one.value for one in fitting)

    def labels(self, name: str, label: str) -> set[str]:
        return {one.labels[label] for one in self.samples if one.name == name}


def scrape(port: int, token: str = "", host: str = "127.0.0.1") -> Scraped:
    """Ask a process. Raises OSError."""
    request = urllib.request.Request(f"http://{host}:{port}/metrics")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.headers["content-type"].startswith("text/plain")
        return Scraped(answer.read().decode())


def scraped_when(port: int, fits: Callable[[Scraped], bool], seconds: float = 60, host: str = "127.0.0.1") -> Scraped:
    """The first scrape that fits."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if fits(found := scrape(port, host=host)):
                return found
        except OSError:
            pass
        assert time.monotonic() < deadline, "no scrape fits"
        time.sleep(0.2)
