"""The frame of a file: its headers, its control records, and where in them an item stands."""

from dataclasses import dataclass
from datetime import date

from console.intake.x9.controls import Tally, disagreements
from console.intake.x9.fields import Field, Layout
from console.intake.x9.layouts import BUNDLE_HEADER, CASH_LETTER_HEADER, FILE_HEADER, LAYOUTS
from console.intake.x9.records import FileHeader, Finding, FindingLog, ItemKind
from console.intake.x9.values import read_date, routing_fault


@dataclass(slots=True)
class Record:
    """One record as cut: its number, the offset of its first column, its type, its text and its bytes."""

    number: int
    offset: int
    type: str
    text: str
    raw: bytes

    def finding(
        self, where: Field | str, problem: str, found: str = "", expected: str = "", *, column: int = 1
    ) -> Finding:
        """A finding about a field of this record, or about what `where` names at `column`."""
        if isinstance(where, Field):
            return Finding(self.number, self.offset + where.first - 1, where.label, problem, found, expected)
        return Finding(self.number, self.offset + column - 1, where, problem, found, expected)


@dataclass(slots=True)
class Place:
    """Where in the file an item stands: what its cash letter and bundle headers say."""

    collection_type: str = ""
    cash_letter_id: str = ""
    letter_date: date | None = None
    bundle_id: str = ""
    business_date: date | None = None


class Structure:
    """Which headers are open, what was counted under each, and what their control records say of it."""

    def __init__(self, log: FindingLog) -> None:
        self.header: FileHeader | None = None
        self.place = Place()
        self.closed = False  # a file control has been read, and no file header since
        self._log = log
        self._bundle, self._letter, self._file = Tally(), Tally(), Tally()
        self._open: dict[str, Record] = {}  # header records waiting for their control record

    @property
    def in_bundle(self) -> bool:
        """Whether a bundle is open."""
        return BUNDLE_HEADER.record_type in self._open

    def count_record(self) -> None:
        """Count one record of any type."""
        self._file.records += 1

    def count_item(self, kind: ItemKind, cents: int, micr_valid: bool) -> None:
        """Count one item under every open header."""
        for tally in (self._bundle, self._letter, self._file):
            tally.add(kind, cents, micr_valid)

    def count_image(self) -> None:
        """Count one record 52 under every open header."""
        for tally in (self._bundle, self._letter, self._file):
            tally.images += 1

    # Headers

    def file_header(self, record: Record) -> None:
        if self.header is not None:
            problem = "A second file header: several files seem to have been joined."
            self._log.add(record.finding("record type", problem, "record 01", "one record 01"))
            self._missing_controls("10", "20")
            self._file = Tally(records=1)
        values = FILE_HEADER.values(record.text)
        self._check_routing(record, FILE_HEADER, "destination_routing", "origin_routing")
        self._check_date(record, FILE_HEADER, "creation_date")
        self.closed = False
        self.place = Place()
        if self.header is None:
            created = read_date(values.pop("creation_date"))
            self.header = FileHeader(creation_date=created, **values)

    def letter_header(self, record: Record) -> None:
        self._missing_controls("10", "20")
        self._open["10"] = record
        self._letter = Tally()
        self._bundle = Tally()
        self._file.cash_letters += 1
        values = CASH_LETTER_HEADER.values(record.text)
        self._check_routing(record, CASH_LETTER_HEADER, "destination_routing", "ece_routing")
        self._check_date(record, CASH_LETTER_HEADER, "business_date")
        self.place = Place(values["collection_type"], values["cash_letter_id"], read_date(values["business_date"]))

    def bundle_header(self, record: Record) -> None:
        self._missing_controls("20")
        if "10" not in self._open:
            self._log.add(record.finding("record type", "This bundle stands outside any cash letter."))
        self._open["20"] = record
        self._bundle = Tally()
        self._letter.bundles += 1
        values = BUNDLE_HEADER.values(record.text)
        self._check_routing(record, BUNDLE_HEADER, "destination_routing", "ece_routing")
        self._check_date(record, BUNDLE_HEADER, "business_date")
        letter = self.place
        self.place = Place(
            letter.collection_type,
            letter.cash_letter_id,
            letter.letter_date,
            values["bundle_id"],
            read_date(values["business_date"]),
        )

    def _check_routing(self, record: Record, layout: Layout, *names: str) -> None:
        for name in names:
            routing = layout[name].of(record.text)
            if fault := routing_fault(routing):
                self._log.add(record.finding(layout[name], fault[0], routing.strip(), fault[1]))

    def _check_date(self, record: Record, layout: Layout, name: str) -> None:
        text = layout[name].of(record.text)
        if read_date(text) is None:
            problem = "This is not a day of the calendar."
            self._log.add(record.finding(layout[name], problem, text.strip() or "blank", "YYYYMMDD"))

    # Controls

    def bundle_control(self, record: Record) -> None:
        self._compare(record, "20", self._bundle)
        self._leave_bundle()

    def _leave_bundle(self) -> None:
        place = self.place
        self.place = Place(place.collection_type, place.cash_letter_id, place.letter_date)

    def letter_control(self, record: Record) -> None:
        self._missing_controls("20")
        self._compare(record, "10", self._letter)
        self.place = Place()

    def file_control(self, record: Record) -> None:
        self._missing_controls("20", "10")
        self._compare(record, "", self._file)
        self.closed = True

    def _compare(self, record: Record, opener: str, tally: Tally) -> None:
        layout = LAYOUTS[record.type]
        if opener and self._open.pop(opener, None) is None:
            problem = f"This {layout.title} has no {LAYOUTS[opener].title} before it."
            self._log.add(record.finding("record type", problem, f"record {record.type}", f"record {opener} before it"))
            return
        for field, said, counted in disagreements(layout, record.text, tally):
            problem = f"The {field.label} of the {layout.title} does not agree with what the file holds."
            self._log.add(record.finding(field, problem, said or "blank", counted))

    def _missing_controls(self, *openers: str) -> None:
        for opener in openers:
            if (header := self._open.pop(opener, None)) is not None:
                expected = "70" if opener == "20" else "90"
                problem = f"This {LAYOUTS[opener].title} is never closed by its {LAYOUTS[expected].title}."
                self._log.add(header.finding("record type", problem, f"no record {expected}", f"a record {expected}"))
