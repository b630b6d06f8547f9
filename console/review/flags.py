"""Flags: what a reviewer must look at on an item, and what each says of it. No I/O.

When one is raised is a condition over the field catalogue (`console.policy.flag_conditions`); here stands what it
says: what, why and on which values. None of them decides anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from console.policy.explain import Test
from console.policy.facts import AccountFacts, IssuedLine, ItemFacts
from console.policy.flag_conditions import flag_conditions
from console.policy.judgement import Judgement
from console.policy.kept import read_facts
from console.policy.model import Thresholds
from console.policy.questions import evaluator

# The MICR clear band is the bottom 5/8 inch of every check, on every stock (ANSI X9.100-160).
MICR_REGION = "micr"


@dataclass(frozen=True)
class FlagFound:
    code: str
    title: str
    explanation: str
    evidence: dict[str, Any]


def detect(item: ItemFacts, thresholds: Thresholds) -> list[FlagFound]:
    """Every flag that the facts of an item raise under these thresholds."""
    facts = read_facts(item)
    return describe((code for code, test in _tests(thresholds) if test(facts) is True), item, thresholds)


def describe(codes: Iterable[str], item: ItemFacts, thresholds: Thresholds) -> list[FlagFound]:
    """What these flags say of the item that raised them."""
    return [_WORDS[code](code, item, thresholds) for code in codes]


def of_rules(word: Judgement, version: int) -> list[FlagFound]:
    """The flags that rules of this policy version add, each saying which rule did."""
    return [
        _flag(action.code, action.title, f"The rule “{rule.name}” of policy version {version} asks for it.")
        for action, rule in word.added
    ]


@lru_cache(maxsize=64)
def _tests(thresholds: Thresholds) -> tuple[tuple[str, Test], ...]:
    return tuple((code, evaluator(node, {})) for code, node in flag_conditions(thresholds).items())


def _flag(code: str, title: str, explanation: str, *, region: str | None = None, **values: object) -> FlagFound:
    fields = [{"label": label.replace("_", " "), "value": _shown(value)} for label, value in values.items()]
    return FlagFound(code, title, explanation, {"fields": fields, "region": region})


def _shown(value: object) -> str:
    match value:
        case Decimal():
            return f"{value:,.2f}"
        case date():
            return f"{value.day} {value:%b %Y}"
    return str(value)


def _duplicate(code: str, item: ItemFacts, thresholds: Thresholds) -> FlagFound:
    window = thresholds.duplicate_window_days
    return _flag(
        code,
        "Duplicate presentment",
        f"Same account, serial and amount in the last {window} days.",
        serial=item.serial,
        amount=item.amount,
        seen="; ".join(one.words for one in item.duplicates if one.days_ago <= window),
    )


def _stop(code: str, item: ItemFacts, _: Thresholds) -> FlagFound:
    return _flag(code, "Stop payment", "The customer has ordered this check not to be paid.", serial=item.serial)


def _unusual(code: str, item: ItemFacts, _: Thresholds) -> FlagFound:
    usual = _known(item).average_90 or Decimal(1)
    times = (item.amount / usual).quantize(Decimal("0.1"))
    return _flag(
        code,
        f"{times:,} × the usual amount",
        f"The account's average check of 90 days is {usual:,.2f}.",
        amount=item.amount,
        usual_check=usual,
    )


def _balance(code: str, item: ItemFacts, _: Thresholds) -> FlagFound:
    balance = _known(item).balance
    return _flag(code, "Above the balance", f"The balance is {balance:,.2f}.", amount=item.amount, balance=balance)


def _new_account(code: str, item: ItemFacts, thresholds: Thresholds) -> FlagFound:
    return _flag(
        code,
        "Large, new account",
        f"Opened {item.account_age_days} days ago; checks of {thresholds.new_account_amount:,.2f} and over are looked "
        f"at for {thresholds.new_account_days} days.",
        amount=item.amount,
        opened_on=_known(item).opened_on,
    )


def _serial_zero(code: str, item: ItemFacts, _: Thresholds) -> FlagFound:
    return _flag(
        code,
        "No serial number",
        "The serial is missing or zero, as on counterfeit stock.",
        region=MICR_REGION,
        serial=item.serial or "none",
    )


def _serial_duplicate(code: str, item: ItemFacts, _: Thresholds) -> FlagFound:
    return _flag(
        code,
        "Serial seen before",
        "This serial was presented earlier with another amount.",
        region=MICR_REGION,
        serial=item.serial,
        earlier_amount=item.serial_seen_amount,
    )


def _serial_gap(code: str, item: ItemFacts, _: Thresholds) -> FlagFound:
    last = _known(item).last_serial
    return _flag(
        code,
        "Serial out of sequence",
        f"The last serial was {last}, {item.serial_distance:,} away.",
        region=MICR_REGION,
        serial=item.serial,
        last_serial=last,
    )


def _velocity(code: str, item: ItemFacts, _: Thresholds) -> FlagFound:
    account = _known(item)
    return _flag(
        code,
        "Velocity",
        f"{account.checks_7d} checks in 7 days, {account.checks_week_before} in the week before.",
        checks_in_7_days=account.checks_7d,
        week_before=account.checks_week_before,
    )


def _returned(code: str, item: ItemFacts, _: Thresholds) -> FlagFound:
    return _flag(
        code,
        "Returned before",
        "Checks of this account were returned in the last 90 days.",
        returned_in_90_days=_known(item).returns_90d,
    )


def _not_issued(code: str, item: ItemFacts, _: Thresholds) -> FlagFound:
    explanation = "The customer's issued file has no check of this serial."
    return _flag(code, "Not on the issued file", explanation, serial=item.serial)


def _void(code: str, item: ItemFacts, _: Thresholds) -> FlagFound:
    return _flag(code, "Voided by the customer", "The issued file says void.", serial=item.serial)


def _paid(code: str, item: ItemFacts, _: Thresholds) -> FlagFound:
    return _flag(code, "Already paid", "The issued file says paid.", serial=item.serial)


def _issued_amount(code: str, item: ItemFacts, _: Thresholds) -> FlagFound:
    issued = _line(item).amount
    return _flag(code, "Amount not as issued", f"Issued for {issued:,.2f}.", amount=item.amount, issued_amount=issued)


def _issued_payee(code: str, item: ItemFacts, _: Thresholds) -> FlagFound:
    issued = _line(item).payee
    return _flag(code, "Payee not as issued", f"Issued to {issued}.", payee=item.payee, issued_to=issued)


def _stale(code: str, item: ItemFacts, thresholds: Thresholds) -> FlagFound:
    return _flag(
        code,
        "Stale dated",
        f"Issued more than {thresholds.stale_months} months ago. It may be refused, and may be paid in good faith "
        "(UCC 4-404).",
        issued_on=_line(item).issued_on,
    )


def _routing(code: str, item: ItemFacts, _: Thresholds) -> FlagFound:
    explanation = "The check digit of the routing number is wrong."
    return _flag(code, "Routing number invalid", explanation, region=MICR_REGION, routing=item.routing)


def _account(code: str, _: ItemFacts, __: Thresholds) -> FlagFound:
    explanation = "No account with this number is known at our routing number."
    return _flag(code, "Account not found", explanation, region=MICR_REGION)


def _image_missing(code: str, item: ItemFacts, _: Thresholds) -> FlagFound:
    sides = " and ".join(item.missing_sides)
    return _flag(code, "Image missing", f"The file holds no {sides} image.", missing=sides)


def _image_unusable(code: str, item: ItemFacts, _: Thresholds) -> FlagFound:
    sides = " and ".join(item.undisplayable_sides)
    return _flag(code, "Image cannot be displayed", f"The {sides} view is no image.", sides=sides)


def _image_quality(code: str, item: ItemFacts, _: Thresholds) -> FlagFound:
    fields = ", ".join(item.unusable_fields)
    explanation = f"The sender's image analysis says unusable: {fields} (record 54)."
    return _flag(code, "Poor image", explanation, unusable=fields)


def _known(item: ItemFacts) -> AccountFacts:
    """The account of an item whose flag stands on it."""
    if item.account is None:
        raise ValueError("a flag on the account needs an account")
    return item.account


def _line(item: ItemFacts) -> IssuedLine:
    """The issued line of an item whose flag stands on it."""
    if item.issued is None:
        raise ValueError("a flag on the issued file needs its line")
    return item.issued


_WORDS: Final[dict[str, Callable[[str, ItemFacts, Thresholds], FlagFound]]] = {
    "stop_payment": _stop,
    "duplicate_presentment": _duplicate,
    "not_issued": _not_issued,
    "void_check": _void,
    "already_paid": _paid,
    "issued_amount_differs": _issued_amount,
    "issued_payee_differs": _issued_payee,
    "stale_dated": _stale,
    "unusual_amount": _unusual,
    "exceeds_balance": _balance,
    "new_account_large": _new_account,
    "serial_zero": _serial_zero,
    "serial_duplicate": _serial_duplicate,
    "serial_gap": _serial_gap,
    "velocity": _velocity,
    "returned_before": _returned,
    "routing_invalid": _routing,
    "account_unknown": _account,
    "image_missing": _image_missing,
    "image_unusable": _image_unusable,
    "image_quality": _image_quality,
}
