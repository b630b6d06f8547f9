"""Putting records together into items, and noting what is odd about their order, their headers and their totals."""

from collections.abc import Callable
from typing import Final

from console.intake.x9.drafts import Draft, read_addendum, read_check, read_credit, read_return
from console.intake.x9.layouts import IMAGE_VIEW_DETAIL, LAYOUTS
from console.intake.x9.records import (
    Encoding,
    Finding,
    FindingLog,
    ItemKind,
    Limits,
    Totals,
    X9Error,
    X9Item,
)
from console.intake.x9.structure import Record, Structure
from console.intake.x9.views import DraftView, read_detail, read_quality, split_view_data

# Account totals, box and routing summaries: they repeat what the items say.
_SUMMARIES: Final = ("40", "41", "75", "85")
_ADDENDA: Final = ("26", "27", "28", "32", "33", "34", "35", "68")
_CLOSING: Final = frozenset({"01", "10", "20", "25", "31", "61", "62", "70", "90", "99", *_SUMMARIES})
_RETURN_LETTER: Final = "03"
_FORWARD_LETTERS: Final = frozenset({"00", "01", "02"})


class Assembly:
    """The state between records of one file. `feed` records in order, then `finish`."""

    def __init__(self, encoding: Encoding, limits: Limits) -> None:
        self.totals = Totals()
        self.log = FindingLog()
        self.structure = structure = Structure(self.log)
        self.refusals: list[Finding] = []
        self._encoding = encoding
        self._limits = limits
        self._draft: Draft | None = None
        self._ordinal = 0
        self._told: set[str] = set()
        self._handlers: dict[str, Callable[[Record], None]] = {
            "01": structure.file_header,
            "10": structure.letter_header,
            "20": structure.bundle_header,
            "25": self._check,
            "31": self._return,
            "50": self._view_detail,
            "52": self._view_data,
            "54": self._view_analysis,
            "61": self._credit,
            "62": self._credit,
            "70": structure.bundle_control,
            "90": structure.letter_control,
            "99": structure.file_control,
            **dict.fromkeys(_ADDENDA, self._addendum),
            **dict.fromkeys(_SUMMARIES, self._summary),
        }

    def feed(self, record: Record) -> X9Item | None:
        """Take the next record; returns the item it closes, if any."""
        item = self._close_item() if record.type in _CLOSING and self._draft is not None else None
        self.totals.records += 1
        self.structure.count_record()
        if self.structure.closed and record.type != "01":
            self.once("after end", record, "record type", "Records follow the file control record.", record.type)
        self._handlers.get(record.type, self._unknown)(record)
        return item

    def finish(self, last: Record) -> X9Item | None:
        """The last item, if it is still open. Raises X9Error when the file stops before its file control record."""
        if not self.structure.closed:
            raise X9Error(
                last.number,
                last.offset,
                "record type",
                "The file ends without its file control record: it was cut off.",
                last.type,
                "record 99",
            )
        return self._close_item() if self._draft is not None else None

    def once(self, key: str, record: Record, field: str, problem: str, found: str = "", expected: str = "") -> None:
        """A finding that would otherwise repeat on every record: given for the first one only."""
        if key not in self._told:
            self._told.add(key)
            self.log.add(record.finding(field, f"{problem} This is the first such record.", found, expected))

    # Items

    def _check(self, record: Record) -> None:
        draft, refusal = read_check(record)
        self._start(draft, refusal)

    def _return(self, record: Record) -> None:
        draft, refusal = read_return(record)
        if self.structure.place.collection_type in _FORWARD_LETTERS:
            draft.findings.append(
                record.finding(
                    "record type",
                    "This return stands in a cash letter for forward presentment.",
                    f"collection type {self.structure.place.collection_type}",
                    f"collection type {_RETURN_LETTER}",
                )
            )
        self._start(draft, refusal)

    def _credit(self, record: Record) -> None:
        self._start(read_credit(record), None)

    def _start(self, draft: Draft, refusal: Finding | None) -> None:
        self._draft = draft
        if refusal and len(self.refusals) < self.log.keep:
            self.refusals.append(refusal)
        if not self.structure.in_bundle and draft.kind is not ItemKind.CREDIT:
            draft.findings.append(draft.record.finding("record type", "This item stands outside any bundle."))
        valid = draft.fields.get("micr_valid") == "1"
        self.structure.count_item(draft.kind, draft.fields["amount_cents"], valid)

    def _close_item(self) -> X9Item:
        draft, self._draft = self._draft, None
        assert draft is not None
        self._ordinal += 1
        item = draft.build(self._ordinal, self.structure.place)
        for finding in item.findings:
            self.log.add(finding)
        totals = self.totals
        totals.views += len(item.views)
        if draft.kind is ItemKind.CHECK:
            totals.checks += 1
        elif draft.kind is ItemKind.RETURN:
            totals.returns += 1
        else:
            totals.credits += 1
            return item
        totals.amount_cents += item.amount_cents
        return item

    def _grow(self, record: Record) -> Draft | None:
        """The open item, one record larger; None (and a finding) when the record belongs to no item."""
        draft = self._draft
        if draft is None:
            title = LAYOUTS[record.type].title
            self.log.add(record.finding("record type", f"This {title} belongs to no item; it was left out."))
            return None
        draft.records += 1
        draft.size += len(record.raw)
        limits = self._limits
        if draft.records > limits.item_records or draft.size > limits.item_bytes:
            raise X9Error(
                record.number,
                record.offset,
                "item",
                f"The item that begins at record {draft.record.number} is larger than allowed.",
                f"{draft.records} records, {draft.size} bytes",
                f"at most {limits.item_records} records, {limits.item_bytes} bytes",
            )
        return draft

    def _addendum(self, record: Record) -> None:
        if self._draft is None and record.type == "68":
            return  # user records may stand anywhere
        if draft := self._grow(record):
            addendum = read_addendum(record)
            draft.addenda.append(addendum)
            if record.type == "33" and draft.kind is ItemKind.RETURN:
                draft.fields.setdefault("auxiliary_on_us", addendum.fields["auxiliary_on_us"])

    # Views

    def _view_detail(self, record: Record) -> None:
        if draft := self._grow(record):
            draft.details.append(read_detail(record.number, record.offset, record.text))

    def _view_data(self, record: Record) -> None:
        self.structure.count_image()
        if not (draft := self._grow(record)):
            return
        detail = draft.details.popleft() if draft.details else None
        content = split_view_data(record.raw, self._encoding)
        view = DraftView(detail, record.number, record.offset, content)
        draft.views.append(view)
        for at, name, problem, found, expected in content.problems:
            draft.findings.append(record.finding(name, problem, found, expected, column=at + 1))
        if not content.data:
            problem = "The image is empty; it was left out."
            draft.findings.append(record.finding("image length", problem, "0 bytes", "an image"))
        if detail is None:
            problem = "The image's own record is missing, so its side follows from its place."
            draft.findings.append(record.finding("image view detail", problem, "no record 50", "a record 50"))
            return
        length = len(content.data)
        if detail.side is None:
            draft.findings.append(
                _view_finding(detail.record, detail.offset, "view_side",
                              "The image does not say which side it shows; its place decides.",
                              detail.side_text.strip() or "blank", "0 or 1")
            )  # fmt: skip
        if detail.size and detail.size != length:
            draft.findings.append(
                _view_finding(detail.record, detail.offset, "image_size",
                              "The announced image size does not agree with the image data.",
                              str(detail.size), str(length))
            )  # fmt: skip

    def _view_analysis(self, record: Record) -> None:
        if draft := self._grow(record):
            if draft.views:
                draft.views[-1].quality = read_quality(record.text)
            else:
                problem = "An image analysis stands before any image of its item; it was left out."
                draft.findings.append(record.finding("image view analysis", problem))

    # The rest

    def _summary(self, record: Record) -> None:
        """Tolerated without a word."""

    def _unknown(self, record: Record) -> None:
        problem = "Records of this type are not known; they were left out."
        self.once(f"type {record.type}", record, "record type", problem, record.type, "a record type of X9.37")


def _view_finding(record: int, offset: int, name: str, problem: str, found: str, expected: str) -> Finding:
    field = IMAGE_VIEW_DETAIL[name]
    return Finding(record, offset + field.first - 1, field.label, problem, found, expected)
