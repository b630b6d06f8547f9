"""The demo bank's day as a file: the X9.100-187 file that brings the items, and the truth about them beside it."""

import json
from collections.abc import Iterator
from typing import BinaryIO

from console.intake.demo.model import DemoBank, DemoItem, ItemKind
from console.intake.demo.paper import EndorsementStyle
from console.intake.x9 import Addendum, Bundle, CashLetter, FileHeader, Side, Totals, X9ImageView, X9Item, write_file
from console.intake.x9 import ItemKind as RecordKind

ITEMS_IN_BUNDLE = 50
_CREATED_AT = "0615"
_BOFD_SEQUENCE_WIDTH = 15


def write_demo_file(bank: DemoBank, stream: BinaryIO) -> Totals:
    """Write all items, in their order, as one length-prefixed EBCDIC file of forward presentment; returns its totals.

    One cash letter for what other banks present to us, one for what our own branches took in; bundles of at most 50.
    Each item carries both sides and an addendum A with bank of first deposit, date, account and payee.
    """
    own = bank.institution
    header = FileHeader(
        destination_routing=own.routing,
        origin_routing=own.routing,
        creation_date=bank.business_date,
        creation_time=_CREATED_AT,
        test_indicator="T",
        destination_name=own.name.upper()[:18],
        origin_name=own.name.upper()[:18],
    )
    return write_file(stream, header, _cash_letters(bank))


def _cash_letters(bank: DemoBank) -> Iterator[CashLetter]:
    for number, kind in enumerate(ItemKind, start=1):
        items = [item for item in bank.items if item.kind is kind]
        if items:
            yield CashLetter(
                cash_letter_id=f"DEMO{number:04d}",
                destination_routing=bank.institution.routing,
                ece_routing=bank.institution.routing,
                business_date=bank.business_date,
                creation_date=bank.business_date,
                creation_time=_CREATED_AT,
                bundles=_bundles(bank, items, number),
            )


def _bundles(bank: DemoBank, items: list[DemoItem], letter: int) -> Iterator[Bundle]:
    for number, start in enumerate(range(0, len(items), ITEMS_IN_BUNDLE), start=1):
        yield Bundle(
            bundle_id=f"{letter:02d}{number:04d}",
            sequence=f"{number:04d}",
            items=[_item(bank, item) for item in items[start : start + ITEMS_IN_BUNDLE]],
        )


def _item(bank: DemoBank, item: DemoItem) -> X9Item:
    return X9Item(
        kind=RecordKind.CHECK,
        record_type="25",
        routing=item.routing,
        on_us=item.on_us,
        auxiliary_on_us=item.auxiliary_on_us,
        amount_cents=int(item.amount.scaleb(2)),
        sequence=item_sequence(item),
        documentation="G",
        micr_valid="1",
        bofd_indicator="Y" if item.paper.endorsement.bank_of_first_deposit == bank.institution else "N",
        addenda=(_addendum(item),),
        views=tuple(
            X9ImageView(side, data, creator_routing=bank.institution.routing, creation_date=bank.business_date)
            for side, data in ((Side.FRONT, item.front), (Side.BACK, item.back))
        ),
    )


def item_sequence(item: DemoItem) -> str:
    """The item sequence number (record 25, columns 58–72) under which the item is in the file."""
    return f"{item.sequence:015d}"


def _addendum(item: DemoItem) -> Addendum:
    """Addendum A: what the bank of first deposit says about the deposit."""
    endorsement = item.paper.endorsement
    fields = {
        "record_number": "1",
        "bofd_routing": endorsement.bank_of_first_deposit.routing,
        "bofd_date": f"{endorsement.deposited_on:%Y%m%d}",
        "bofd_sequence": endorsement.sequence.rjust(_BOFD_SEQUENCE_WIDTH, "0"),
        "deposit_account": endorsement.account,
        "payee_name": item.payee[:15],
        "truncation_indicator": "Y",
        "conversion_indicator": "2",
        "correction_indicator": "0",
    }
    return Addendum("26", 0, 0, fields)


def truth_as_json(bank: DemoBank) -> str:
    """What is really the case with each item, as a JSON document for measuring: items by their sequence in the file.

    Amounts are strings with two decimals, dates ISO 8601, regions inches from the top left of the named side's scan.
    """
    document = {
        "seed": bank.seed,
        "business_date": bank.business_date.isoformat(),
        "institution": {"name": bank.institution.name, "routing": bank.institution.routing},
        "items": [_truth_of(item) for item in bank.items],
    }
    return json.dumps(document, indent=1, ensure_ascii=False)


def _truth_of(item: DemoItem) -> dict[str, object]:
    paper, truth = item.paper, item.truth
    region = truth.region
    return {
        "sequence": item_sequence(item),
        "kind": item.kind.value,
        "account": item.account_number,
        "routing": item.routing,
        "serial": item.serial,
        "amount": f"{item.amount:.2f}",
        "scenario": truth.scenario.value,
        "what_is_wrong": truth.what_is_wrong,
        "side": truth.side.value if truth.side else None,
        "region": [region.left, region.top, region.width, region.height] if region else None,
        "paper": {
            "drawer": paper.stock.drawer,
            "payee": paper.payee,
            "date": paper.written_on.isoformat(),
            "figures": f"{paper.figures:.2f}",
            "words": paper.words,
            "layout": paper.stock.layout.value,
            "ink": paper.ink.value,
            "signature": paper.signature.forgery.value if paper.signature else None,
            "endorsed_by": None if paper.endorsement.style is EndorsementStyle.MISSING else paper.endorsement.name,
        },
    }
