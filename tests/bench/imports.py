"""How fast a file with both images of each check is imported, beside putting the same bytes by hand.

The floor is the store's own client with as many threads as the console uses and the same object lock, which costs the
store a twelfth; bytes ready in memory and nothing else done: no parsing, no hashing, no look at the picture, no row.
Bytes are new in each turn, so that nobody is helped by what is in the store already.
"""

from __future__ import annotations

import io
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from statistics import median
from urllib.parse import urlsplit
from uuid import uuid4

import urllib3
from minio import Minio
from minio.commonconfig import COMPLIANCE
from minio.retention import Retention

from console.images.store import CONNECTIONS
from console.intake.files import import_file
from console.intake.report import ImportStatus
from console.settings import settings
from tests.bench.figures import Figure, rate
from tests.bench.ground import Ground
from tests.bench.pictures import all_images, write_checks
from tests.factories import make_bank

ITEMS = 600
SHARE = 0.7


def run(ground: Ground, items: int = ITEMS, repeat: int = 3) -> list[Figure]:
    """Median of `repeat` imports and of `repeat` times by hand, taken in turn so that both see the same machine."""
    whole, floor, size = ground.run(_measure(ground, items, repeat))
    note = (
        f"{items:,} checks, {2 * items:,} images, {size / 1e6:.1f} MB, the whole import from the file's first byte to "
        f"the commit; floor: the same images put with {CONNECTIONS} threads by hand, locked as ours are"
    )
    return [rate("import: with both images", items / whole, items / floor, "items/s", share=SHARE, note=note)]


async def _measure(ground: Ground, items: int, repeat: int) -> tuple[float, float, int]:
    bank = await make_bank()
    path = ground.folder / "bench.x9"
    whole, floor, size = [], [], 0
    for turn in range(repeat):
        floor.append(_put_by_hand(ground, list(all_images((2 * turn + 1) * items, items))))
        size = write_checks(path, bank.routing, items, first=2 * turn * items)
        start = time.perf_counter()
        report = await import_file(bank.supervisor, path, path.name)
        whole.append(time.perf_counter() - start)
        assert report.status is ImportStatus.IMPORTED
        assert report.images_displayable == 2 * items
    return median(whole), median(floor), size


def _put_by_hand(ground: Ground, images: list[bytes]) -> float:
    """Seconds to put the images."""
    where = ground.endpoints
    client = Minio(
        urlsplit(where.object_store_endpoint).netloc,
        access_key=where.object_store_access_key,
        secret_key=where.object_store_secret_key,
        region="us-east-1",
        secure=False,
        http_client=urllib3.PoolManager(maxsize=CONNECTIONS),
    )
    folder = uuid4().hex
    lock = Retention(COMPLIANCE, datetime.now(UTC) + timedelta(days=settings().object_store_retention_days))

    def put(numbered: tuple[int, bytes]) -> None:
        number, data = numbered
        client.put_object(where.object_store_bucket, f"{folder}/{number}", io.BytesIO(data), len(data), retention=lock)

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        start = time.perf_counter()
        for _ in pool.map(put, enumerate(images)):
            pass
        return time.perf_counter() - start
