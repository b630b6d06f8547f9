"""What a list may hold: one payee, account or routing number a line, read from what people paste or a CSV file. No I/O.

Values are kept as conditions compare text (`console.policy.values.folded`), so that a list means what a person reads.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from console.policy.facts import PAYEE_COLUMNS
from console.policy.values import folded, storable

MAX_TEXT: Final = 400_000
MAX_LINES: Final = 20_000
MAX_NOTE: Final = 200
_MAX_NAME: Final = 100
_ACCOUNT: Final = re.compile(r"[0-9]{1,20}", re.ASCII)
_ROUTING: Final = re.compile(r"[0-9]{9}", re.ASCII)
_WEIGHTS: Final = (3, 7, 1) * 3
# A first line with these words only names the columns.
_HEADINGS: Final = frozenset({"value", "payee", "name", "account", "account number", "routing", "routing number"})


class ListKind(StrEnum):
    PAYEE = "payee"
    ACCOUNT = "account"
    ROUTING = "routing"


@dataclass(frozen=True)
class KindWords:
    """`one` and `many` name what the list holds, `wanted` says how an entry is written, `fields` which fields of an
    item are looked for in such a list."""

    one: str
    many: str
    wanted: str
    fields: tuple[str, ...]


KINDS: Final[dict[ListKind, KindWords]] = {
    ListKind.PAYEE: KindWords(
        "payee", "payees",
        f"A payee's name. Capitals and small letters are one. A file holds {PAYEE_COLUMNS} columns of a name, so that "
        "many are compared.",
        ("payee",),
    ),
    ListKind.ACCOUNT: KindWords(
        "account number", "account numbers", "The digits of an account number, as they stand in the MICR line.",
        ("account_number",),
    ),
    ListKind.ROUTING: KindWords(
        "routing number", "routing numbers", "Nine digits, the last of which is the check digit.",
        ("routing", "depositary_routing"),
    ),
}  # fmt: skip


class BadEntry(ValueError):
    """Something that is no entry of such a list; the message says what is wanted."""


@dataclass(frozen=True)
class Entry:
    """An entry: `value` is compared, `shown` is how it was written, `note` says why it is there."""

    value: str
    shown: str
    note: str = ""


@dataclass(frozen=True)
class LineFault:
    """A line that is no entry: its number from 1, what it says, and what is wrong."""

    line: int
    text: str
    message: str


@dataclass(frozen=True)
class Lines:
    """What was read: entries, each once, and the lines that are none."""

    entries: tuple[Entry, ...]
    faults: tuple[LineFault, ...]


def read_entry(kind: ListKind, text: str, note: str = "") -> Entry:
    """One entry. Raises BadEntry."""
    if not storable(text) or not storable(note):
        raise BadEntry("This has characters that cannot be stored.")
    shown, note = " ".join(text.split()), " ".join(note.split())
    if not shown:
        raise BadEntry("Nothing is written here.")
    if len(note) > MAX_NOTE:
        raise BadEntry(f"A note has {MAX_NOTE} characters at the most.")
    match kind:
        case ListKind.PAYEE:
            if len(shown) > _MAX_NAME:
                raise BadEntry(f"A name has {_MAX_NAME} characters at the most.")
            return Entry(folded(shown[:PAYEE_COLUMNS].rstrip()), shown, note)
        case ListKind.ACCOUNT:
            digits = re.sub(r"[ -]", "", shown)
            if not _ACCOUNT.fullmatch(digits):
                raise BadEntry("An account number has 1 to 20 digits.")
            return Entry(digits, digits, note)
        case ListKind.ROUTING:
            digits = re.sub(r"[ -]", "", shown)
            if not _ROUTING.fullmatch(digits):
                raise BadEntry("A routing number has 9 digits.")
            if sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True)) % 10:
                raise BadEntry("The check digit of this routing number is wrong.")
            return Entry(digits, digits, note)


def read_lines(kind: ListKind, text: str) -> Lines:
    """Entries from pasted lines or a CSV file: the value, then a note where there is one. Empty lines do not count.

    Raises BadEntry where the text is too long to be read at all.
    """
    if len(text) > MAX_TEXT:
        raise BadEntry(f"This is too long: give {MAX_TEXT:,} characters at the most, and the rest after them.")
    entries: dict[str, Entry] = {}
    faults: list[LineFault] = []
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=_delimiter(text))
    try:
        for row in reader:
            if reader.line_num > MAX_LINES:
                raise BadEntry(f"These are too many lines: give {MAX_LINES:,} at the most, and the rest after them.")
            _take(kind, row, reader.line_num, entries, faults)
    except csv.Error as error:
        faults.append(LineFault(reader.line_num, "", f"This line cannot be read: {error}."))
    return Lines(tuple(entries.values()), tuple(faults))


def _take(kind: ListKind, row: Sequence[str], line: int, entries: dict[str, Entry], faults: list[LineFault]) -> None:
    cells = [cell.strip() for cell in row]
    if not any(cells) or (line == 1 and cells[0].lower() in _HEADINGS):
        return
    value, note = cells[0], cells[1] if len(cells) > 1 else ""
    try:
        if len(cells) > 2 and any(cells[2:]):
            raise BadEntry("Write the value, then one note. Put quotation marks around a value with a comma in it.")
        entry = read_entry(kind, value, note)
    except BadEntry as error:
        faults.append(LineFault(line, ", ".join(cells)[:80], str(error)))
        return
    entries.setdefault(entry.value, entry)


def _delimiter(text: str) -> str:
    """What parts the columns: a tab or a semicolon where the first line has one, else a comma."""
    first = text.partition("\n")[0]
    return next((one for one in ("\t", ";") if one in first), ",")
