"""What an X9 file holds, as plain data: items, views, headers, findings, limits, and the error a bad file causes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from console.intake.x9.values import plain_serial, read_date, split_on_us


class Side(StrEnum):
    """Which side of the check a view shows."""

    FRONT = "front"
    BACK = "back"


class ItemKind(StrEnum):
    """What an item is: record 25, record 31, or records 61 and 62."""

    CHECK = "check"
    RETURN = "return"
    CREDIT = "credit"


class Framing(StrEnum):
    """How records follow one another: a 4-byte big-endian length before each, a line each, or nothing between."""

    LENGTH_PREFIXED = "length-prefixed"
    NEWLINE = "newline"
    FIXED = "fixed"


class Encoding(StrEnum):
    """The text of a file; the value is the codec's name. Both map every byte to one character and never fail."""

    ASCII = "latin-1"
    EBCDIC = "cp037"


@dataclass(frozen=True, slots=True)
class Limits:
    """The most a reader takes, so that no file can exhaust the machine. Sizes in bytes.

    `item_records` and `item_bytes` bound one item, which is held in memory whole.
    """

    file_bytes: int = 500_000_000
    record_bytes: int = 25_000_000
    records: int = 1_000_000
    item_records: int = 1_000
    item_bytes: int = 100_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the file that a person should know and that does not stop it.

    `record` counts from 1, `offset` is the byte in the file at which the field (or else the record's first column)
    begins, `item` is the item's ordinal in the file or None when it concerns the file.
    """

    record: int
    offset: int
    field: str
    problem: str
    found: str = ""
    expected: str = ""
    item: int | None = None


class X9Error(Exception):
    """The file cannot be taken: it cannot be read without guessing, is cut off, or exceeds a limit.

    `record`, `offset` and `field` name the place as in Finding; `problems` lists every refusing problem seen, this
    one first.
    """

    def __init__(self, record: int, offset: int, field: str, problem: str, found: str = "", expected: str = "") -> None:
        self.record = record
        self.offset = offset
        self.field = field
        self.problem = problem
        self.found = found
        self.expected = expected
        self.problems: tuple[Finding, ...] = (Finding(record, offset, field, problem, found, expected),)
        super().__init__(record, offset, field, problem, found, expected)

    def __str__(self) -> str:
        detail = "; ".join(
            part
            for part in (
                f"found {self.found}" if self.found else "",
                f"expected {self.expected}" if self.expected else "",
            )
            if part
        )
        place = f"Record {self.record}, byte {self.offset}, {self.field}: {self.problem}"
        return f"{place} ({detail})" if detail else place


@dataclass(frozen=True, slots=True)
class Addendum:
    """One addendum (26-28, 32-35) or user record (68) of an item: its fields' text by the layout's names."""

    record_type: str
    record: int
    offset: int
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class X9ImageView:
    """One image of an item (records 50, 52 and 54). `data` is the image's bytes as they stood in the file.

    `quality` maps the metrics of record 54 to their digit: 0 not tested, 1 defect or unusable, 2 good.
    """

    side: Side
    data: bytes
    view_descriptor: str = "00"
    format: str = "00"
    compression: str = "00"
    creator_routing: str = ""
    creation_date: date | None = None
    quality: Mapping[str, int] | None = None
    reference_key: bytes = b""
    signature: bytes = b""
    record: int = 0
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class X9Item:
    """A check, a return or a credit with its addenda and views. Text fields are as read, outer blanks removed.

    `routing` is nine characters, a missing check digit being a blank; `business_date` is the bundle's, else the cash
    letter's. The writer takes the same class and ignores place, findings and what the containers say.
    """

    kind: ItemKind
    record_type: str
    routing: str
    on_us: str
    amount_cents: int
    auxiliary_on_us: str = ""
    epc: str = ""
    sequence: str = ""
    documentation: str = ""
    return_acceptance: str = ""
    micr_valid: str = ""
    bofd_indicator: str = ""
    correction_indicator: str = ""
    archive_type: str = ""
    return_reason: str = ""
    forward_bundle_date: date | None = None
    return_notification: str = ""
    times_returned: str = ""
    addenda: tuple[Addendum, ...] = ()
    views: tuple[X9ImageView, ...] = ()
    ordinal: int = 0
    record: int = 0
    offset: int = 0
    collection_type: str = ""
    cash_letter_id: str = ""
    bundle_id: str = ""
    business_date: date | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def account(self) -> str:
        """The account number from the on-us field, without dashes and blanks (see values.split_on_us)."""
        return split_on_us(self.on_us)[0]

    @property
    def serial(self) -> str | None:
        """The check's serial without leading zeros: the auxiliary on-us on business checks, else the part of the
        on-us field beside the account; None when the MICR line holds none."""
        if auxiliary := plain_serial(self.auxiliary_on_us):
            return auxiliary
        inside = split_on_us(self.on_us)[1]
        return plain_serial(inside) or None if inside else None

    @property
    def bofd_routing(self) -> str:
        """Routing number of the bank of first deposit (first addendum A), "" when there is none."""
        return self._addendum_a("bofd_routing")

    @property
    def bofd_date(self) -> date | None:
        """Day of the bank of first deposit's endorsement (first addendum A)."""
        return read_date(self._addendum_a("bofd_date"))

    @property
    def payee(self) -> str:
        """Payee name as the bank of first deposit sent it (first addendum A), "" when there is none."""
        return self._addendum_a("payee_name")

    @property
    def deposit_account(self) -> str:
        """Account the item was deposited to (first addendum A), "" when there is none."""
        return self._addendum_a("deposit_account")

    def _addendum_a(self, name: str) -> str:
        for addendum in self.addenda:
            if addendum.record_type in ("26", "32"):
                return addendum.fields.get(name, "")
        return ""

    def view(self, side: Side) -> X9ImageView | None:
        """The first view of that side, None when there is none."""
        return next((view for view in self.views if view.side is side), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileHeader:
    """Record 01. `creation_time` is HHMM as written, in the sender's time."""

    destination_routing: str
    origin_routing: str
    creation_date: date | None
    creation_time: str = "0000"
    standard_level: str = "03"
    test_indicator: str = "P"
    resend_indicator: str = "N"
    destination_name: str = ""
    origin_name: str = ""
    file_id_modifier: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Record 20 and the items of the bundle, for the writer: any iterable, read once."""

    bundle_id: str
    items: Iterable[X9Item]
    sequence: str = "0001"
    cycle_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CashLetter:
    """Record 10 and the bundles of the cash letter, for the writer: any iterable, read once.

    `collection_type` is 01 for forward presentment, 03 for returns; `returns_indicator` names the reason list of the
    returns (E administrative, R customer, J reject).
    """

    cash_letter_id: str
    destination_routing: str
    ece_routing: str
    business_date: date
    bundles: Iterable[Bundle]
    creation_date: date | None = None
    creation_time: str = "0000"
    collection_type: str = "01"
    record_type_indicator: str = "I"
    documentation: str = "G"
    contact_name: str = ""
    contact_phone: str = ""
    work_type: str = ""
    returns_indicator: str = ""


@dataclass(slots=True)
class Totals:
    """What a file was seen to hold: counts, and the cents of its records 25 and 31."""

    checks: int = 0
    returns: int = 0
    credits: int = 0
    views: int = 0
    amount_cents: int = 0
    records: int = 0


@dataclass(slots=True)
class FindingLog:
    """All findings counted, the first `keep` of them kept: a hostile file can hold a million."""

    keep: int = 10_000
    total: int = 0
    kept: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """Count a finding, and keep it while there is room."""
        self.total += 1
        if len(self.kept) < self.keep:
            self.kept.append(finding)
