"""What a file's items leave on disk between their images and their rows: without the images' bytes, so that memory
stays flat whatever the file's size.

Plain tuples in lists, because a dataclass with slots is written and read field by field in Python, and a pickle of its
own for each item names its classes anew.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from datetime import date
from typing import IO, NamedTuple

from console.images.render import ImageFacts
from console.intake.x9.records import Finding, X9Item

# Items written at a time.
PART = 200


class StoredView(NamedTuple):
    """A view that is in the store. `quality`: the metrics of record 54, where there is one."""

    side: str
    sha256: bytes
    size: int
    facts: ImageFacts
    quality: dict[str, int] | None
    record: int
    offset: int


class SpooledItem(NamedTuple):
    """What the console keeps of an item as read, and what became of its images.

    `routing` is as read, nine characters; `serial` is "" where the MICR line holds none; `found`: the reader has
    findings on it.
    """

    ordinal: int
    record: int
    kind: str
    routing: str
    account: str
    serial: str
    deposit_account: str
    amount_cents: int
    auxiliary_on_us: str
    on_us: str
    epc: str
    sequence: str
    return_reason: str
    payee: str
    bofd_routing: str
    business_date: date | None
    found: bool
    views: tuple[StoredView, ...]


def spool_item(item: X9Item, views: tuple[StoredView, ...]) -> SpooledItem:
    """What is kept of an item whose images are stored."""
    return SpooledItem(
        ordinal=item.ordinal,
        record=item.record,
        kind=item.kind.value,
        routing=item.routing,
        account=item.account,
        serial=item.serial or "",
        deposit_account=item.deposit_account,
        amount_cents=item.amount_cents,
        auxiliary_on_us=item.auxiliary_on_us,
        on_us=item.on_us,
        epc=item.epc,
        sequence=item.sequence,
        return_reason=item.return_reason,
        payee=item.payee,
        bofd_routing=item.bofd_routing,
        business_date=item.business_date,
        found=bool(item.findings),
        views=views,
    )


def spool_items(spool: IO[bytes], items: Sequence[SpooledItem]) -> None:
    """Write items behind those that are there, best some hundred at a time."""
    pickle.dump(items, spool, pickle.HIGHEST_PROTOCOL)


def spooled(spool: IO[bytes]) -> Iterator[SpooledItem]:
    """The items that were written, in the file's order."""
    spool.seek(0)
    while True:
        try:
            # Our own temporary file, written a moment ago by this process and open since.
            yield from pickle.load(spool)  # noqa: S301
        except EOFError:
            return


def display_findings(item: SpooledItem) -> Iterator[Finding]:
    """A finding for each view of an item that cannot be displayed."""
    for view in item.views:
        if view.facts.problem:
            yield Finding(
                view.record,
                view.offset,
                "image data",
                f"The {view.side} view cannot be displayed: {view.facts.problem}.",
                f"{view.size} bytes",
                "a TIFF or JPEG image",
                item.ordinal,
            )
