"""Files of checks with real pictures, for the benches: drawn like the demo's, every image's bytes its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path

from console.intake.demo.bank import plan_demo_bank
from console.intake.demo.drawing import Picture, View, draw
from console.intake.x9 import Bundle, CashLetter, FileHeader, ItemKind, Side, X9ImageView, X9Item, write_file

_DRAWN = 24
_IN_BUNDLE = 300
ACCOUNTS = 400
DAY = date(2026, 11, 20)


@lru_cache(maxsize=1)
def drawn() -> tuple[tuple[bytes, bytes], ...]:
    """Fronts and backs of two dozen demo checks, 200 dpi G4, some 5 to 20 KB and 3 KB each."""
    items = plan_demo_bank(7, DAY, 120, 30).items[:_DRAWN]
    return tuple((draw(Picture(View.FRONT, one.paper)), draw(Picture(View.BACK, one.paper))) for one in items)


def images(n: int, padding: int = 0) -> tuple[bytes, bytes]:
    """Front and back of check `n`: nobody else's bytes, for a number follows the picture, where readers do not look.

    `padding` bytes in between make fat images of them.
    """
    front, back = drawn()[n % _DRAWN]
    fill = bytes(padding)
    return front + fill + f"f{n:015}".encode(), back + fill + f"b{n:015}".encode()


def write_checks(path: Path, routing: str, count: int, *, first: int = 0, padding: int = 0) -> int:
    """Write a file of `count` checks drawn on `routing`; its size in bytes."""
    bundles = (
        Bundle(
            bundle_id=str(start),
            items=(_item(routing, n, padding) for n in range(start, min(start + _IN_BUNDLE, first + count))),
        )
        for start in range(first, first + count, _IN_BUNDLE)
    )
    letter = CashLetter(
        cash_letter_id="1", destination_routing=routing, ece_routing=routing, business_date=DAY, bundles=bundles
    )
    with path.open("wb") as out:
        write_file(out, FileHeader(destination_routing=routing, origin_routing=routing, creation_date=DAY), [letter])
    return path.stat().st_size


def all_images(first: int, count: int) -> Iterator[bytes]:
    """The images of a file of `write_checks`, without the file."""
    for n in range(first, first + count):
        yield from images(n)


def _item(routing: str, n: int, padding: int) -> X9Item:
    views = tuple(
        X9ImageView(side=side, data=data, creator_routing=routing, creation_date=DAY)
        for side, data in zip(Side, images(n, padding), strict=True)
    )
    return X9Item(
        kind=ItemKind.CHECK,
        record_type="25",
        routing=routing,
        on_us=f"{7_000_000 + n % ACCOUNTS}/{100 + n}",
        amount_cents=1_000 + n,
        sequence=f"{n:015}",
        micr_valid="1",
        views=views,
    )
