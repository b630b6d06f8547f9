"""What a field and a record layout are: names and 1-based, inclusive columns, as the standard prints them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from operator import itemgetter
from typing import Any


class Kind(StrEnum):
    """How a field is filled: numbers right-justified with zeros, text left-justified with blanks."""

    NUMERIC = "N"
    NUMERIC_OR_BLANK = "NB"
    MICR = "NBSM"  # digits, blanks and MICR symbols, right-justified with blanks
    ALPHABETIC = "A"
    ALPHANUMERIC = "AN"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record: its name, first and last column, and kind."""

    name: str
    first: int
    last: int
    kind: Kind

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.last - self.first + 1

    @property
    def label(self) -> str:
        """The name as a person reads it."""
        return self.name.replace("_", " ")

    def of(self, text: str) -> str:
        """This field's columns of a record's text."""
        return text[self.first - 1 : self.last]


@dataclass(frozen=True, slots=True)
class Layout:
    """The fields of one record type, its length in columns and its title for people."""

    record_type: str
    title: str
    fields: tuple[Field, ...]
    length: int = 80
    split: Callable[[str], Any] = field(init=False, repr=False, compare=False)
    by_name: dict[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # itemgetter over slices cuts all columns in one C call: the reader's speed comes from here.
        object.__setattr__(self, "split", itemgetter(*(slice(f.first - 1, f.last) for f in self.fields)))
        object.__setattr__(self, "by_name", {f.name: f for f in self.fields})

    def __getitem__(self, name: str) -> Field:
        return self.by_name[name]

    def values(self, text: str) -> dict[str, str]:
        """Every field's text by name, blanks at both ends removed."""
        return {name: value.strip() for name, value in zip(self.by_name, self.split(text), strict=True)}
