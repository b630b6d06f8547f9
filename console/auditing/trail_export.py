"""A part of the audit trail as a CSV file, with the hashes that prove each entry. Who took it is audited."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from console import csv_cells
from console.access.permissions import Permission, require
from console.access.step_up import require_fresh_code
from console.actor import Actor
from console.audit.entries import Event, record
from console.auditing.chosen import Chosen
from console.auditing.shown import WITHHELD, Entry, shown
from console.auditing.trail import entries_of, read_in_time
from console.insight.periods import Window
from console.review.office import office_of
from db.engine import transaction
from db.models import AuditEntry

# Some six megabytes, which go to the browser in one message of its page.
MAXIMUM_LINES: Final = 10_000
_BATCH: Final = 1_000
_HEADS: Final = (
    "Number", "When, bank's time", "When, UTC", "Who", "Name in the entry", "Person's id", "Event", "What",
    "Kind of object", "Object", "Object's id", "Address", "Session", "Request", "Before", "After", "Hash before",
    "Hash",
)  # fmt: skip


@dataclass(frozen=True)
class TrailFile:
    """A file to hand over: its name holds nothing that a user wrote. `cut`: there was more than a file takes, and the
    newest `lines` are in it."""

    name: str
    content: bytes
    lines: int
    cut: bool

    media_type: str = "text/csv; charset=utf-8"


async def export_trail(actor: Actor, chosen: Chosen, now: datetime | None = None) -> TrailFile:
    """What is chosen, the newest first, as the actor may read it: at most MAXIMUM_LINES.

    It says of each person what they did, and leaves the console with a fresh code alone. Raises NotAllowed,
    CodeNeeded, BadDays, TrailTooLong.
    """
    require(actor, Permission.AUDIT_READ)
    require_fresh_code(actor)

    async def read(session: AsyncSession) -> TrailFile:
        office = await office_of(session)
        window = chosen.window(now or datetime.now(UTC), office)
        query, lines, parts, last = await entries_of(session, actor, chosen, window), 0, [_csv([_HEADS])], None
        while lines <= MAXIMUM_LINES:
            wanted = min(_BATCH, MAXIMUM_LINES + 1 - lines)
            following = query if last is None else query.where(AuditEntry.sequence < last)
            rows = (await session.scalars(following.limit(wanted))).all()
            entries = (await shown(session, actor, rows))[: MAXIMUM_LINES - lines]
            # A thousand lines are some hundredths of a second, in which nobody else would be answered.
            parts.append(await asyncio.to_thread(_lines, entries, window))
            lines, last = lines + len(rows), rows[-1].sequence if rows else None
            if len(rows) < wanted:
                break
            session.expunge_all()
        cut = lines > MAXIMUM_LINES
        return _file(window, parts, min(lines, MAXIMUM_LINES), cut=cut)

    file = await read_in_time(actor, read)
    after = {"filter": chosen.query(), "file": file.name, "lines": file.lines, "cut": file.cut}
    async with transaction(actor) as session:
        await record(session, actor, Event.AUDIT_EXPORTED, "audit_trail", actor.institution_id, after=after)
    return file


def _file(window: Window, parts: Sequence[str], lines: int, *, cut: bool) -> TrailFile:
    first, last = window.days[0], window.days[-1]
    name = f"audit-{first}-to-{last}{f'-newest-{lines}' if cut else ''}.csv"
    # The byte order mark tells spreadsheets that it is UTF-8.
    return TrailFile(name, "".join(parts).encode("utf-8-sig"), lines, cut)


def _lines(entries: Iterable[Entry], window: Window) -> str:
    return _csv(_line(one, window) for one in entries)


def _csv(rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    # RFC 4180.
    csv.writer(out, lineterminator="\r\n").writerows(csv_cells.row(row) for row in rows)
    return out.getvalue()


def _line(one: Entry, window: Window) -> tuple[object, ...]:
    before, after = (WITHHELD, WITHHELD) if one.withheld else (_json(one.before), _json(one.after))
    return (
        one.sequence,
        f"{one.at.astimezone(window.office.zone):%Y-%m-%d %H:%M:%S %z}",
        f"{one.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
        one.who,
        one.wrote,
        one.actor_id,
        one.action,
        one.what,
        one.object_type,
        one.object_name,
        one.object_id,
        one.address,
        one.session,
        one.request_id,
        before,
        after,
        one.previous_hash.hex() if one.previous_hash else None,
        one.hash.hex(),
    )


def _json(values: dict[str, Any] | None) -> str | None:
    return None if values is None else json.dumps(values, ensure_ascii=False, sort_keys=True)
