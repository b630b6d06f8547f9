"""The second reading: every view goes to the object store, every item without its bytes to a spool on disk.

Memory stays flat whatever the file's size: a bounded number of items and of their bytes is held at a time.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from uuid import UUID

from console.images.render import ImageFacts, inspect_all
from console.images.store import CONNECTIONS, ImageStore
from console.intake.pace import Pace
from console.intake.report import Progress, Stage
from console.intake.spool import PART, SpooledItem, StoredView, spool_item, spool_items
from console.intake.x9.reader import X9Reader
from console.intake.x9.records import ItemKind, Limits, X9ImageView, X9Item

# Items whose pictures are decoded in one go, and how many such groups are under way at once: enough to keep every
# connection busy, and bounded in bytes.
_GROUP = 8
_GROUP_BYTES = 8_000_000
_WINDOW = 6
# A file may take longer, people at work may not: where both want the processor, these threads get a tenth of it.
_PRIORITY = 10


@dataclass(frozen=True)
class _Group:
    """Items whose views are on their way into the store, and are being looked at."""

    items: Sequence[X9Item]
    hashes: Sequence[Future[list[bytes]]]
    facts: Future[list[ImageFacts]]


def store_views(
    path: Path, limits: Limits, store: ImageStore, institution_id: UUID, spool: IO[bytes], progress: Progress
) -> tuple[int, int]:
    """Put every view of every check and return into the store; how many were stored, and can be displayed.

    `spool` gets the items, to be read back by `spooled`. Raises StoreUnavailable and X9Error.
    """
    progress.stage, progress.done = Stage.IMAGES, 0
    stored = displayable = 0
    done: list[SpooledItem] = []
    pending: deque[_Group] = deque()
    pace = Pace(CONNECTIONS)

    def take_first() -> None:
        nonlocal stored, displayable, done
        for item in _stored(pending.popleft()):
            stored += len(item.views)
            displayable += sum(view.facts.problem is None for view in item.views)
            done.append(item)
            progress.done += 1
        if len(done) >= PART:
            spool_items(spool, done)
            done = []

    with path.open("rb") as file, ThreadPoolExecutor(CONNECTIONS, "images", step_back) as pool:
        for items in _groups(item for item in X9Reader(file, limits) if item.kind is not ItemKind.CREDIT):
            hashes = [pool.submit(_put, item.views, store, institution_id, pace) for item in items]
            facts = pool.submit(inspect_all, [view.data for item in items for view in item.views])
            pending.append(_Group(items, hashes, facts))
            if len(pending) >= _WINDOW:
                take_first()
        while pending:
            take_first()
    spool_items(spool, done)
    return stored, displayable


def step_back() -> None:
    """Let everything else of the machine come before this thread. Linux knows a priority for each; elsewhere threads
    have that of their process."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _PRIORITY)


def _groups(items: Iterator[X9Item]) -> Iterator[list[X9Item]]:
    group: list[X9Item] = []
    held = 0
    for item in items:
        group.append(item)
        held += sum(len(view.data) for view in item.views)
        if len(group) >= _GROUP or held >= _GROUP_BYTES:
            yield group
            group, held = [], 0
    if group:
        yield group


def _put(views: Sequence[X9ImageView], store: ImageStore, institution_id: UUID, pace: Pace) -> list[bytes]:
    """Store an item's views, one after the other; their hashes."""
    hashes = []
    for view in views:
        sha256 = hashlib.sha256(view.data).digest()
        with pace.turn():
            store.put(institution_id, view.data, sha256)
        hashes.append(sha256)
    return hashes


def _stored(group: _Group) -> Iterator[SpooledItem]:
    """The group's items once all their views are stored and looked at."""
    facts = iter(group.facts.result())
    for item, hashes in zip(group.items, group.hashes, strict=True):
        views = map(_stored_view, item.views, hashes.result(), facts)
        yield spool_item(item, tuple(views))


def _stored_view(view: X9ImageView, sha256: bytes, facts: ImageFacts) -> StoredView:
    quality = dict(view.quality) if view.quality else None
    return StoredView(view.side.value, sha256, len(view.data), facts, quality, view.record, view.offset)
