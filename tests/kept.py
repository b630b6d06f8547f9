"""The console's services for tests that run no loop of their own: opened once for a test's settings, and kept from call
to call. Opening them costs ten times what a question to the database costs.

``with kept(console):`` says for how long; ``in_a_thread(console)`` meanwhile runs coroutines to their end, each as
`asyncio.run` would: what it leaves running is cancelled, and outside of it nothing is open in this process.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Final

from console.images import store
from console.resources import resources
from console.settings import Settings
from db import engine, redis_pool, replica

Run = Callable[[Coroutine[Any, Any, Any]], Any]

# Where a process has what is open in it, None while nothing is; and what goes with that.
_OPEN: Final[tuple[tuple[ModuleType, str], ...]] = (
    (engine, "_engine"), (engine, "_sessions"), (redis_pool, "_client"), (replica, "_replica"),
)  # fmt: skip
_PLACES: Final = (*_OPEN, (engine, "_turns"), (store, "_store"))
# Ends the processes in which a loop has PDFs drawn, when the loop ends.
_PROCESSES: Final = "AnyIO process pool shutdown task"
_END_SECONDS: Final = 60


@dataclass
class _Kept:
    """A loop in a thread of its own, in which these settings' services are open from the first call on."""

    settings: Settings
    _loop: asyncio.AbstractEventLoop | None = None
    _thread: threading.Thread | None = None
    _over: asyncio.Event = field(default_factory=asyncio.Event)
    _opened: AsyncExitStack | None = None
    _held: list[Any] = field(default_factory=list)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """What the coroutine returns. Raises what it raises."""
        if self._loop is None:
            self._start()
        assert self._loop is not None
        call = asyncio.run_coroutine_threadsafe(self._outcome(work), self._loop)
        try:
            result, error = call.result()
        except BaseException:  # the test is over before the call is
            call.cancel()
            raise
        if error is None:
            return result
        try:
            raise error
        finally:
            del error  # which holds this frame

    def close(self) -> None:
        if self._thread is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._over.set)
            self._thread.join(_END_SECONDS)
            assert not self._thread.is_alive(), "what a test has begun in its loop does not end"

    def _start(self) -> None:
        started: Future[asyncio.AbstractEventLoop] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live(started)), name="kept", daemon=True)
        self._thread.start()
        self._loop = started.result()

    async def _live(self, started: Future[asyncio.AbstractEventLoop]) -> None:
        started.set_result(asyncio.get_running_loop())
        await self._over.wait()
        if self._opened is not None:
            _write(self._held)
            await self._opened.aclose()

    async def _outcome(self, work: Coroutine[Any, Any, Any]) -> tuple[Any, BaseException | None]:
        """What comes of it, as a value: an error that ends loops shall not end this one."""
        try:
            try:
                await self._open()
            except BaseException:
                work.close()  # it never begins
                raise
            return await self._call(work), None
        except BaseException as error:
            return None, error

    async def _open(self) -> None:
        """Have everything open in this process: what was kept, or for the first time."""
        if self._opened is not None:
            _write(self._held)
            return
        opened = AsyncExitStack()
        await opened.enter_async_context(resources(self.settings))
        self._opened, self._held = opened, _read()

    async def _call(self, work: Coroutine[Any, Any, Any]) -> Any:
        before = asyncio.all_tasks()
        try:
            return await work
        finally:
            await _cancel(asyncio.all_tasks() - before)
            if self._opened is not None and self._changed():
                opened, self._opened = self._opened, None
                await opened.aclose()
            for module, name in _OPEN:
                setattr(module, name, None)

    def _changed(self) -> bool:
        """Whether the test has opened something in place of what was kept, or left a connection in use: then the next
        call begins as the first did."""
        exchanged = any(now is not then for now, then in zip(_read(), self._held, strict=True))
        return exchanged or engine.pool_state().used > 0


def _read() -> list[Any]:
    return [getattr(module, name) for module, name in _PLACES]


def _write(held: list[Any]) -> None:
    for (module, name), value in zip(_PLACES, held, strict=True):
        setattr(module, name, value)


async def _cancel(tasks: set[asyncio.Task[Any]]) -> None:
    left = [task for task in tasks if task.get_name() != _PROCESSES]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


# By the identity of the settings: a test's are its own.
_kept: dict[int, _Kept] = {}


@contextmanager
def kept(settings: Settings) -> Iterator[Settings]:
    """What runs on these settings finds its services open from the first time on, until the end of the block."""
    one = _kept[id(settings)] = _Kept(settings)
    try:
        yield settings
    finally:
        del _kept[id(settings)]
        one.close()


def in_a_thread(settings: Settings) -> Run:
    """Runs coroutines on these settings' services, which it opens for each call where nobody keeps them; in a thread,
    because playwright's loop may run in the test's own."""
    one = _kept.get(id(settings))
    return one.run if one else afresh(settings)


def afresh(settings: Settings) -> Run:
    """As `in_a_thread`, and nothing is open between the calls: for tests that look at who is connected."""

    async def inside(work: Coroutine[Any, Any, Any]) -> Any:
        async with resources(settings):
            return await work

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, inside(work)).result()

    return run
