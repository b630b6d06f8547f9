"""A page of NiceGUI's in the test's own process, which no browser opens: for parts of a page by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from nicegui import Client, core, ui


def in_a_page(work: Callable[[Client], Coroutine[Any, Any, None]]) -> None:
    """Run `work` to its end inside such a page; in a thread, because playwright's loop may run in this one."""

    async def inside() -> None:
        with _a_page() as client:
            await work(client)

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, inside()).result()


@contextmanager
def _a_page() -> Iterator[Client]:
    core.loop = asyncio.get_running_loop()
    client = Client(ui.page("/unopened"))
    try:
        with client:
            yield client
    finally:
        if not client.is_deleted:
            client.delete()
        core.loop = None
