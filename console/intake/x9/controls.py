"""Counting what a file holds, and comparing it with what its control records (70, 90, 99) claim."""

from collections.abc import Iterator
from dataclasses import dataclass

from console.intake.x9.fields import Field, Layout
from console.intake.x9.records import ItemKind
from console.intake.x9.values import read_number

# The control fields that may stay blank without saying anything.
_OPTIONAL = ("micr_valid_amount",)


@dataclass(slots=True)
class Tally:
    """What one bundle, one cash letter or the file was seen to hold. Amounts in cents, credits apart."""

    items: int = 0
    amount: int = 0
    micr_valid_amount: int = 0
    credits: int = 0
    credit_amount: int = 0
    images: int = 0
    bundles: int = 0
    cash_letters: int = 0
    records: int = 0

    def add(self, kind: ItemKind, cents: int, micr_valid: bool) -> None:
        """Count one item."""
        if kind is ItemKind.CREDIT:
            self.credits += 1
            self.credit_amount += cents
        else:
            self.items += 1
            self.amount += cents
            if micr_valid:
                self.micr_valid_amount += cents

    def expected(self, with_credits: bool) -> dict[str, int]:
        """The control records' fields by name, as they should read. `with_credits`: the record says they count."""
        return {
            "item_count": self.items + (self.credits if with_credits else 0),
            "total_amount": self.amount + (self.credit_amount if with_credits else 0),
            "micr_valid_amount": self.micr_valid_amount,
            "image_count": self.images,
            "bundle_count": self.bundles,
            "cash_letter_count": self.cash_letters,
            "record_count": self.records,
        }


def disagreements(layout: Layout, text: str, tally: Tally) -> Iterator[tuple[Field, str, str]]:
    """Each control field that does not agree with the tally: the field, what it says, what was counted."""
    expected = tally.expected(layout["credit_indicator"].of(text) == "1")
    for field in layout.fields:
        if field.name not in expected:
            continue
        said = field.of(text).strip()
        if not said and field.name in _OPTIONAL:
            continue
        if read_number(said) != expected[field.name]:
            yield field, said, str(expected[field.name])
