"""Image cash letter files in X9.37 / X9.100-187: a streaming reader and a writer, without any other I/O."""

from console.intake.x9.reader import X9Reader
from console.intake.x9.records import (
    Addendum,
    Bundle,
    CashLetter,
    Encoding,
    FileHeader,
    Finding,
    Framing,
    ItemKind,
    Limits,
    Side,
    Totals,
    X9Error,
    X9ImageView,
    X9Item,
)
from console.intake.x9.writer import X9WriteError, write_file, write_tiff

__all__ = [
    "Addendum",
    "Bundle",
    "CashLetter",
    "Encoding",
    "FileHeader",
    "Finding",
    "Framing",
    "ItemKind",
    "Limits",
    "Side",
    "Totals",
    "X9Error",
    "X9ImageView",
    "X9Item",
    "X9Reader",
    "X9WriteError",
    "write_file",
    "write_tiff",
]
