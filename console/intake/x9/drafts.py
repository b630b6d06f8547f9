"""One item while its records are still coming: detail, addenda, views, and what was odd about them."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from console.intake.x9.fields import Layout
from console.intake.x9.layouts import (
    CHECK_DETAIL,
    CREDIT,
    CREDIT_LONG,
    CREDIT_SHIFTED,
    LAYOUTS,
    RETURN_DETAIL,
)
from console.intake.x9.records import Addendum, Finding, ItemKind, Side, X9ImageView, X9Item
from console.intake.x9.structure import Place, Record
from console.intake.x9.values import read_date, read_number, routing_fault
from console.intake.x9.views import DraftView, ViewDetail

_REFERENCE_TYPES = ("27", "34")


@dataclass(slots=True)
class Draft:
    """An item being read. `fields` are the keyword arguments of X9Item known so far."""

    record: Record
    kind: ItemKind
    fields: dict[str, Any]
    addenda_said: int | None
    findings: list[Finding] = field(default_factory=list)
    addenda: list[Addendum] = field(default_factory=list)
    details: deque[ViewDetail] = field(default_factory=deque)
    views: list[DraftView] = field(default_factory=list)
    records: int = 1
    size: int = 0

    def build(self, ordinal: int, place: Place) -> X9Item:
        """The finished item. What only its whole shows (missing images, counts) becomes findings here."""
        views = tuple(view.build(position) for position, view in enumerate(self.views) if view.content.data)
        self._check_views(views)
        self._check_addenda()
        return X9Item(
            kind=self.kind,
            record_type=self.record.type,
            ordinal=ordinal,
            record=self.record.number,
            offset=self.record.offset,
            addenda=tuple(self.addenda),
            views=views,
            collection_type=place.collection_type,
            cash_letter_id=place.cash_letter_id,
            bundle_id=place.bundle_id,
            business_date=place.business_date or place.letter_date,
            findings=tuple(_of_item(finding, ordinal) for finding in self.findings),
            **self.fields,
        )

    def _check_views(self, views: tuple[X9ImageView, ...]) -> None:
        for detail in self.details:
            if detail.indicator != "0":
                self.findings.append(
                    Finding(
                        detail.record,
                        detail.offset,
                        "image view data",
                        "An image is announced, but no image data follows.",
                        "no record 52",
                        "a record 52",
                    )
                )
        if self.kind is ItemKind.CREDIT:
            return
        sides = {view.side for view in views}
        for side in Side:
            if side not in sides:
                problem = f"The {side} image is missing."
                self.findings.append(self.record.finding("image", problem, "no image", f"a {side} image"))

    def _check_addenda(self) -> None:
        if self.kind is ItemKind.CREDIT:
            return
        there = sum(addendum.record_type != "68" for addendum in self.addenda)
        if self.addenda_said != there:
            where = LAYOUTS[self.record.type]["addendum_count"]
            said = where.of(self.record.text).strip()
            problem = "The count of addenda does not agree with the addenda that follow."
            self.findings.append(self.record.finding(where, problem, said, str(there)))


def _of_item(finding: Finding, ordinal: int) -> Finding:
    return Finding(
        finding.record, finding.offset, finding.field, finding.problem, finding.found, finding.expected, ordinal
    )


def read_check(record: Record) -> tuple[Draft, Finding | None]:
    """A record 25, and the finding that its amount cannot be read (then the file is refused)."""
    (aux, epc, payor, digit, on_us, amount, sequence, documentation, acceptance, valid, bofd, addenda, correction,
     archive) = CHECK_DETAIL.split(record.text)  # fmt: skip
    fields = {
        "routing": payor + digit,
        "auxiliary_on_us": aux.strip(),
        "epc": epc.strip(),
        "on_us": on_us.strip(),
        "amount_cents": read_number(amount),
        "sequence": sequence.strip(),
        "documentation": documentation.strip(),
        "return_acceptance": acceptance.strip(),
        "micr_valid": valid.strip(),
        "bofd_indicator": bofd.strip(),
        "correction_indicator": correction.strip(),
        "archive_type": archive.strip(),
    }
    draft = Draft(record, ItemKind.CHECK, fields, read_number(addenda) if addenda.strip() else 0)
    return draft, _check_item(draft, CHECK_DETAIL, amount)


def read_return(record: Record) -> tuple[Draft, Finding | None]:
    """A record 31, and the finding that its amount cannot be read (then the file is refused)."""
    (payor, digit, on_us, amount, reason, addenda, documentation, bundle_date, sequence, epc, notification, archive,
     times) = RETURN_DETAIL.split(record.text)  # fmt: skip
    fields = {
        "routing": payor + digit,
        "epc": epc.strip(),
        "on_us": on_us.strip(),
        "amount_cents": read_number(amount),
        "return_reason": reason.strip(),
        "documentation": documentation.strip(),
        "forward_bundle_date": read_date(bundle_date),
        "sequence": sequence.strip(),
        "return_notification": notification.strip(),
        "archive_type": archive.strip(),
        "times_returned": times.strip(),
    }
    draft = Draft(record, ItemKind.RETURN, fields, read_number(addenda) if addenda.strip() else 0)
    if reason == " ":
        where = RETURN_DETAIL["return_reason"]
        draft.findings.append(record.finding(where, "The return names no reason.", "blank", "a return reason code"))
    return draft, _check_item(draft, RETURN_DETAIL, amount)


def _check_item(draft: Draft, layout: Layout, amount: str) -> Finding | None:
    record, routing = draft.record, draft.fields["routing"]
    if fault := routing_fault(routing):
        draft.findings.append(record.finding(layout["payor_routing"], fault[0], routing.rstrip(), fault[1]))
    if amount.isdecimal():
        return None
    where = layout["amount"]
    if draft.fields["amount_cents"] is None:
        draft.fields["amount_cents"] = 0
        problem = "The amount of the item cannot be read, and the file would have to be guessed at."
        return record.finding(where, problem, amount.strip() or "blank", f"{where.width} digits")
    problem = "The amount is not filled with zeros; its digits were read as they stand."
    draft.findings.append(record.finding(where, problem, amount.strip(), f"{where.width} digits"))
    return None


def read_credit(record: Record) -> Draft:
    """A record 61 or 62. Their layouts vary between institutions, so what cannot be read is a finding, not an error."""
    layout = CREDIT_LONG if record.type == "62" else _credit_layout(record.text)
    aux, epc, routing, on_us, amount, sequence, documentation = layout.split(record.text)
    cents = read_number(amount)
    fields = {
        "routing": routing,
        "auxiliary_on_us": aux.strip(),
        "epc": epc.strip(),
        "on_us": on_us.strip(),
        "amount_cents": cents or 0,
        "sequence": sequence.strip(),
        "documentation": documentation.strip(),
    }
    draft = Draft(record, ItemKind.CREDIT, fields, None)
    problem = "This is a credit (a deposit slip or its like), not a check: it is listed and not added to the total."
    draft.findings.append(record.finding("record type", problem, record.type))
    if fault := routing_fault(routing):
        draft.findings.append(record.finding(layout["payor_routing"], fault[0], routing.rstrip(), fault[1]))
    if cents is None:
        problem = "The amount of the credit cannot be read; it is shown as zero."
        where = layout["amount"]
        draft.findings.append(record.finding(where, problem, amount.strip() or "blank", f"{where.width} digits"))
    return draft


def _credit_layout(text: str) -> Layout:
    """The layout of a record 61: the one whose routing number and amount make sense, the standard's when both do."""

    def sense(layout: Layout) -> int:
        routing, amount = layout["payor_routing"].of(text), layout["amount"].of(text)
        return 2 * (routing_fault(routing) is None) + routing.isdecimal() + amount.isdecimal()

    return CREDIT_SHIFTED if sense(CREDIT_SHIFTED) > sense(CREDIT) else CREDIT


def read_addendum(record: Record) -> Addendum:
    """An addendum or user record with its fields by name. Text behind a key or a length moves with it."""
    values = LAYOUTS[record.type].values(record.text)
    if record.type in _REFERENCE_TYPES:
        key = read_number(values["key_length"]) or 0
        rest = record.text[22 + key :]
        values |= {
            "reference_key": record.text[22 : 22 + key].strip(),
            "description": rest[:15].strip(),
            "user_field": rest[15:19].strip(),
        }
    elif record.type == "68":
        values["data"] = record.text[45 : 45 + (read_number(values["data_length"]) or 0)].strip()
    return Addendum(record.type, record.number, record.offset, values)
