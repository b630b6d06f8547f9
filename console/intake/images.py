"""The second reading: every view goes to the object store, every item without its bytes to a spool on disk.

Memory stays flat whatever the file's size: one item and a bounded number of views are held at a time.
"""

from __future__ import annotations

import hashlib
import pickle
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO
from uuid import UUID

from console.images.render import ImageFacts, inspect
from console.images.store import CONNECTIONS, ImageStore
from console.intake.report import Progress, Stage
from console.intake.x9.reader import X9Reader
from console.intake.x9.records import Finding, ItemKind, Limits, Side, X9ImageView, X9Item

# Items whose views are under way at once: enough to keep every connection busy, and bounded in bytes.
_WINDOW = CONNECTIONS * 2
_WINDOW_BYTES = 48_000_000


@dataclass(frozen=True)
class StoredView:
    """A view that is in the store."""

    side: Side
    sha256: bytes
    size: int
    facts: ImageFacts
    quality: dict[str, int] | None
    record: int
    offset: int


@dataclass(frozen=True)
class SpooledItem:
    """An item as read, without its images' bytes, and what became of them."""

    item: X9Item
    views: tuple[StoredView, ...]


def store_views(
    path: Path, limits: Limits, store: ImageStore, institution_id: UUID, spool: IO[bytes], progress: Progress
) -> tuple[int, int]:
    """Put every view of every check and return into the store; how many were stored, and can be displayed.

    `spool` gets the items, to be read back by `spooled`. Raises StoreUnavailable and X9Error.
    """
    progress.stage, progress.done = Stage.IMAGES, 0
    stored = displayable = held = 0
    pending: deque[tuple[X9Item, list[Future[StoredView]]]] = deque()

    def take_first() -> None:
        nonlocal stored, displayable, held
        item, futures = pending.popleft()
        views = tuple(future.result() for future in futures)
        stored += len(views)
        displayable += sum(view.facts.problem is None for view in views)
        held -= sum(view.size for view in views)
        pickle.dump(SpooledItem(item, views), spool, pickle.HIGHEST_PROTOCOL)
        progress.done += 1

    with path.open("rb") as file, ThreadPoolExecutor(CONNECTIONS, "images") as pool:
        for item in X9Reader(file, limits):
            if item.kind is ItemKind.CREDIT:
                continue
            held += sum(len(view.data) for view in item.views)
            futures = [pool.submit(_store_view, view, store, institution_id) for view in item.views]
            pending.append((replace(item, views=()), futures))
            while len(pending) >= _WINDOW or (pending and held > _WINDOW_BYTES):
                take_first()
        while pending:
            take_first()
    return stored, displayable


def spooled(spool: IO[bytes]) -> Iterator[SpooledItem]:
    """The items that `store_views` wrote, in the file's order."""
    spool.seek(0)
    while True:
        try:
            # Our own temporary file, written a moment ago by this process and open since.
            yield pickle.load(spool)  # noqa: S301
        except EOFError:
            return


def display_findings(spooled_item: SpooledItem) -> Iterator[Finding]:
    """A finding for each view of an item that cannot be displayed."""
    for view in spooled_item.views:
        if view.facts.problem:
            yield Finding(
                view.record,
                view.offset,
                "image data",
                f"The {view.side.value} view cannot be displayed: {view.facts.problem}.",
                f"{view.size} bytes",
                "a TIFF or JPEG image",
                spooled_item.item.ordinal,
            )


def _store_view(view: X9ImageView, store: ImageStore, institution_id: UUID) -> StoredView:
    sha256 = hashlib.sha256(view.data).digest()
    facts = inspect(view.data)
    store.put(institution_id, view.data, sha256)
    quality = dict(view.quality) if view.quality else None
    return StoredView(view.side, sha256, len(view.data), facts, quality, view.record, view.offset)
