"""How fast the X9 reader parses, beside the floor: cutting the same file by its length prefixes only."""

import datetime
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from console.intake.x9 import (
    Addendum,
    Bundle,
    CashLetter,
    FileHeader,
    ItemKind,
    Side,
    X9ImageView,
    X9Item,
    X9Reader,
    write_file,
)

ITEMS = 3_000
IMAGE_BYTES = 5_000
TARGET = 8_000
_DAY = datetime.date(2026, 1, 15)
_BANK = "122000661"


def items(count: int = ITEMS, image_bytes: int = IMAGE_BYTES) -> Iterator[X9Item]:
    """Checks with addendum A and two views of random bytes: parsing never looks inside an image."""
    rng = random.Random(7)
    images = [rng.randbytes(image_bytes) for _ in range(16)]
    for n in range(count):
        views = tuple(
            X9ImageView(side=side, data=images[(2 * n + at) % 16], creator_routing=_BANK, creation_date=_DAY)
            for at, side in enumerate(Side)
        )
        addendum = {"record_number": "1", "bofd_routing": _BANK, "bofd_date": "20260114", "payee_name": "Payee"}
        yield X9Item(
            kind=ItemKind.CHECK,
            record_type="25",
            routing=_BANK,
            on_us=f"{10_000_000 + n}/{100 + n}",
            amount_cents=1_000 + n,
            sequence=f"{n:015}",
            micr_valid="1",
            views=views,
            addenda=(Addendum("26", 0, 0, addendum),),
        )


def write(stream: BinaryIO, count: int = ITEMS, image_bytes: int = IMAGE_BYTES) -> None:
    """A forward file of `count` checks in bundles of 300."""
    made = items(count, image_bytes)
    bundles = (
        Bundle(bundle_id=str(n), items=(next(made) for _ in range(min(300, count - 300 * n))))
        for n in range(-(-count // 300))
    )
    letter = CashLetter(
        cash_letter_id="1", destination_routing=_BANK, ece_routing="061000146", business_date=_DAY, bundles=bundles
    )
    header = FileHeader(destination_routing=_BANK, origin_routing="061000146", creation_date=_DAY)
    write_file(stream, header, [letter])


def cut(stream: BinaryIO) -> int:
    """The floor: every record read by its length prefix, nothing looked at."""
    records = 0
    while prefix := stream.read(4):
        stream.read(int.from_bytes(prefix, "big"))
        records += 1
    return records


def run(count: int = ITEMS, repeat: int = 5) -> dict[str, float]:
    """Best of `repeat` passes over one file of `count` items with two images each (30 MB at 3,000)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.x937"
        with path.open("wb") as out:
            write(out, count)
        parse = floor = float("inf")
        for _ in range(repeat):
            with path.open("rb") as stream:
                start = time.perf_counter()
                cut(stream)
                floor = min(floor, time.perf_counter() - start)
            with path.open("rb") as stream:
                start = time.perf_counter()
                seen = sum(1 for _ in X9Reader(stream))
                parse = min(parse, time.perf_counter() - start)
        assert seen == count
        return {
            "items": count,
            "megabytes": round(path.stat().st_size / 1e6, 1),
            "items_per_second": round(count / parse),
            "floor_items_per_second": round(count / floor),
            "of_floor": round(floor / parse, 3),
        }
