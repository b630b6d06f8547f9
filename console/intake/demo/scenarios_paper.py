"""Troubles that can be seen on the check itself."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from console.intake.demo.day import Day, Draft
from console.intake.demo.drawers import Drawer
from console.intake.demo.model import Scenario, Side
from console.intake.demo.paper import (
    Alteration,
    EndorsementStyle,
    Forgery,
    Ink,
    LayoutName,
    Pattern,
    Signature,
    Tampering,
)
from console.intake.demo.words import courtesy_amount, dollars_in_words, legal_amount

_OTHER_LAYOUT = {
    LayoutName.PERSONAL_CLASSIC: LayoutName.PERSONAL_MODERN,
    LayoutName.PERSONAL_MODERN: LayoutName.PERSONAL_CLASSIC,
    LayoutName.PERSONAL_SCENIC: LayoutName.PERSONAL_CLASSIC,
    LayoutName.BUSINESS_CLASSIC: LayoutName.BUSINESS_LASER,
    LayoutName.BUSINESS_LASER: LayoutName.BUSINESS_CLASSIC,
}


def counterfeit_stock(day: Day) -> None:
    """The right numbers on the wrong stock: another layout, no logo, no background, office type."""
    for business in (True, False, True, False):
        drawer = day.next_customer(business)
        amount = Decimal(day.stream("counterfeit", drawer.number).randrange(1800, 9800))
        draft = day.draft(drawer, amount=amount, payee=day.stranger("counterfeit", drawer.number))
        stock = replace(draft.paper.stock, layout=_OTHER_LAYOUT[draft.paper.stock.layout], pattern=Pattern.PLAIN)
        draft.paper = replace(draft.paper, stock=stock, counterfeit=True, ink=Ink.PRINTED)
        day.present(
            draft,
            Scenario.COUNTERFEIT_STOCK,
            "Stock differs from every earlier check: layout, type, no logo, no background, no microprinting",
            side=Side.FRONT,
        )


def forged_signature(day: Day) -> None:
    """Somebody else signed: half of them practised, half never saw the genuine signature."""
    for turn, forgery in enumerate((Forgery.UNSKILLED, Forgery.SKILLED) * 3):
        drawer = day.next_customer(business=turn == 4)
        rng = day.stream("forged", turn)
        draft = day.draft(drawer, amount=drawer.usual_amount(rng) * 3, payee=day.stranger("forged", turn))
        draft.paper = replace(draft.paper, signature=Signature(drawer.signer, drawer.signer_key, forgery))
        what = "another hand" if forgery is Forgery.UNSKILLED else "a trembling, drawn copy"
        day.present(draft, Scenario.FORGED_SIGNATURE, f"Maker's signature is {what}", side=Side.FRONT, at="signature")


def _payable_to_customer(day: Day, drawer: Drawer, turn: int) -> Draft:
    """A check to one of our own customers, whose genuine signature is on file."""
    others = [other for other in day.established(business=False) if other is not drawer]
    payee = others[-1 - 3 * turn]
    return day.draft(drawer, payee=payee.holder, endorser=payee)


def forged_endorsement(day: Day) -> None:
    """Endorsed in the payee's name by somebody else."""
    for turn in range(4):
        draft = _payable_to_customer(day, day.next_customer(business=turn % 2 == 1), turn)
        genuine = draft.paper.endorsement
        assert genuine.signature is not None
        forged = replace(
            genuine,
            signature=replace(genuine.signature, forgery=Forgery.UNSKILLED),
            deposit_only=False,
        )
        draft.paper = replace(draft.paper, endorsement=forged)
        day.present(
            draft,
            Scenario.FORGED_ENDORSEMENT,
            f"Endorsed as {genuine.name}, not in the hand on {genuine.name}'s signature card",
            side=Side.BACK,
        )


def missing_endorsement(day: Day) -> None:
    """Deposited without any endorsement by the payee."""
    drawers = [day.next_customer(), day.next_customer(business=True), *day.foreign[:2]]
    for drawer in drawers:
        draft = day.draft(drawer)
        bare = replace(draft.paper.endorsement, style=EndorsementStyle.MISSING, signature=None)
        draft.paper = replace(draft.paper, endorsement=bare)
        day.present(draft, Scenario.MISSING_ENDORSEMENT, "No endorsement by the payee", side=Side.BACK)


def payee_mismatch(day: Day) -> None:
    """Made out to one person, endorsed by another."""
    for turn, drawer in enumerate((day.next_customer(), day.next_customer(True), day.foreign[2], day.next_customer())):
        draft = day.draft(drawer)
        other = day.stranger("mismatch", turn)
        signed = Signature(other, f"person/{other}")
        wrong = replace(
            draft.paper.endorsement, style=EndorsementStyle.SIGNATURE, name=other, signature=signed, deposit_only=False
        )
        draft.paper = replace(draft.paper, endorsement=wrong)
        day.present(
            draft,
            Scenario.PAYEE_MISMATCH,
            f"Payable to {draft.paper.payee}, endorsed by {other}",
            side=Side.BACK,
        )


def _pen_writers(day: Day, count: int) -> list[Drawer]:
    """Customers who fill in checks by hand."""
    return [day.next_customer() for _ in range(count)]


def altered_amount(day: Day) -> None:
    """Raised: digits and words squeezed in before the genuine ones."""
    for turn, drawer in enumerate(_pen_writers(day, 4)):
        rng = day.stream("altered", turn)
        written = Decimal(rng.randrange(110, 780)) + Decimal(rng.randrange(100)).scaleb(-2)
        thousands = rng.choice((2, 4, 6, 9))
        raised = written + thousands * 1000
        draft = day.draft(drawer, amount=raised)
        words = f"{dollars_in_words(thousands).capitalize()} thousand {legal_amount(written)}"
        draft.paper = replace(
            draft.paper,
            words=words,
            encoded_amount=None,
            alterations=(
                Alteration("figures", courtesy_amount(written), Tampering.RAISED),
                Alteration("words", legal_amount(written), Tampering.RAISED),
            ),
        )
        day.present(
            draft,
            Scenario.ALTERED_AMOUNT,
            f"Raised from {courtesy_amount(written)} to {courtesy_amount(raised)}",
            side=Side.FRONT,
            at="figures",
        )


def washed(day: Day) -> None:
    """The genuine payee and amount were dissolved and written over; traces are left."""
    for turn, drawer in enumerate([*_pen_writers(day, 3), day.foreign[4]]):
        rng = day.stream("washed", turn)
        genuine = Decimal(rng.randrange(25, 240)) + Decimal(rng.randrange(100)).scaleb(-2)
        stolen = Decimal(rng.randrange(1900, 8800))
        ours = drawer in day.customers
        draft = day.draft(drawer, amount=stolen, payee=day.stranger("washed", turn) if ours else None)
        draft.paper = replace(
            draft.paper,
            ink=Ink.PEN,
            encoded_amount=None,
            alterations=(
                Alteration("payee", drawer.payees[turn], Tampering.WASHED),
                Alteration("figures", courtesy_amount(genuine), Tampering.WASHED),
                Alteration("words", legal_amount(genuine), Tampering.WASHED),
            ),
        )
        day.present(
            draft,
            Scenario.WASHED,
            f"Faded {courtesy_amount(genuine)} under {courtesy_amount(stolen)}; payee written over faded ink",
            side=Side.FRONT,
            at="payee",
        )


def amount_mismatch(day: Day) -> None:
    """Figures and words differ; by law the words count (UCC 3-114)."""
    for turn, drawer in enumerate((*_pen_writers(day, 3), day.foreign[6])):
        draft = day.draft(drawer)
        figures = draft.paper.figures
        words = figures + (Decimal(100), Decimal(9), Decimal(-40), Decimal(1000))[turn]
        words = words if words > 0 else figures + 40
        draft.paper = replace(draft.paper, words=legal_amount(words))
        day.present(
            draft,
            Scenario.AMOUNT_MISMATCH,
            f"Figures say {courtesy_amount(figures)}, words say {courtesy_amount(words)}",
            side=Side.FRONT,
            at="words",
        )


def stale_dated(day: Day) -> None:
    """Older than six months (UCC 4-404)."""
    for turn, drawer in enumerate((day.next_customer(), day.foreign[7], day.next_customer(), day.foreign[8])):
        long_ago = day.business_date - timedelta(days=(201, 245, 320, 412)[turn])
        old = [serial for serial, on in drawer.skipped if abs((on - long_ago).days) < 60]
        draft = day.draft(drawer, written_on=long_ago, serial=str(old[0]) if old else None)
        day.present(draft, Scenario.STALE_DATED, f"Dated {long_ago:%Y-%m-%d}", side=Side.FRONT, at="date")


def post_dated(day: Day) -> None:
    """Dated after today."""
    for turn, drawer in enumerate((day.next_customer(), day.foreign[9], day.next_customer(), day.next_customer(True))):
        later = day.business_date + timedelta(days=(6, 19, 33, 61)[turn])
        draft = day.draft(drawer, written_on=later)
        day.present(draft, Scenario.POST_DATED, f"Dated {later:%Y-%m-%d}", side=Side.FRONT, at="date")
