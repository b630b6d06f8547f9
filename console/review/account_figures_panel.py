"""The account's figures and the outcomes of earlier reviews, as a reviewer reads them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from console.review.item_view import AccountShown, ItemView, PastReview
from console.review.reasons import REASONS
from console.ui.format import clock, count, day, in_full, money
from console.ui.pieces import Tone
from console.ui.still import Node, node

_WINDOWS: Final = (30, 90, 365)
_MEASURES: Final = (("average", "Average check"), ("sigma", "Deviation (σ)"), ("maximum", "Largest check"))
_OUTCOME: Final = {
    "pay": "Paid",
    "return": "Returned",
    "reject": "Rejected",
    "hold": "Held",
    "escalate": "Escalated",
    "ask": "Asked about",
}
_BAD: Final = {"return", "reject"}


def summary(view: ItemView, account: AccountShown, today: date) -> Node:
    """The figures that are looked at first, in two lines."""
    bad = (account.returns_90d, account.nsf_90d, account.overdrafts_90d)
    return node(
        "dl",
        _pair("Open since", since(account.opened_on, today)),
        _pair("Balance", _money(account.balance)),
        _pair("Usual check, 90 d", _usual(account.amounts)),
        _pair("Largest, 90 d", _amount(account.amounts, "maximum_90")),
        _pair("7 days", f"{count(account.checks_7d)} · {money(account.total_7d)}"),
        _pair("14 days", f"{count(account.checks_14d)} · {money(account.total_14d)}"),
        _pair("Returned · NSF · OD, 90 d", " · ".join(map(count, bad)), Tone.BREACH if any(bad) else Tone.PLAIN),
        _pair("Income", _income(account)),
        _pair("Last serial", _last_serial(view, account)),
        _pair("Reviewed here", _reviewed(view.reviews)),
        class_="crc-context",
    )


def figures(view: ItemView, account: AccountShown, today: date, zone: ZoneInfo) -> Node:
    """All figures of the account."""
    recent = node(
        "dl",
        _pair("Checks in 7 days", f"{count(account.checks_7d)} · {money(account.total_7d)}"),
        _pair("Checks in 14 days", f"{count(account.checks_14d)} · {money(account.total_14d)}"),
        _pair("Average balance, 30 days", _money(account.average_balance_30d)),
        _pair("Balance as of", in_full(account.as_of, zone).partition(" ")[2] if account.as_of else "—"),
        class_="crc-pairs",
    )
    trouble = (
        ("Returned in 90 days", account.returns_90d),
        ("NSF in 90 days", account.nsf_90d),
        ("Overdrafts in 90 days", account.overdrafts_90d),
    )
    standing = node(
        "dl",
        _pair("Account", f"{account.account_type}, {account.holder}"),
        _pair("Open since", f"{day(account.opened_on)} · {since(account.opened_on, today)}"),
        _pair("Balance", _money(account.balance)),
        *(_pair(words, count(number), Tone.BREACH if number else Tone.PLAIN) for words, number in trouble),
        _pair("Last serial (to this one)", _last_serial(view, account)),
        _pair("Payroll · direct deposit", f"{_yes(account.payroll)} · {_yes(account.direct_deposit)}"),
        class_="crc-pairs",
    )
    return node("div", node("div", _windows(account), recent), standing, class_="crc-figures-all")


def reviews(view: ItemView, zone: ZoneInfo) -> Node:
    """How other checks of the account were decided here, the newest first."""
    if not view.reviews:
        return node("p", "No other check of this account was decided here.", class_="crc-none")
    heads = [node("th", words, scope="col") for words in ("When", "Serial", "Amount", "Outcome", "By")]
    rows = [_review(one, view, zone) for one in view.reviews]
    # It may be longer than its place: whoever has no mouse scrolls it with the arrow keys.
    return node(
        "div",
        node("table", node("thead", node("tr", *heads)), node("tbody", *rows)),
        class_="crc-reviews",
        tabindex="0",
        role="region",
        aria_label="Earlier reviews",
    )


def since(start: date, today: date) -> str:
    """From a day until today as `2 y 4 m`, or in days within the first month."""
    months = (today.year - start.year) * 12 + today.month - start.month - (today.day < start.day)
    if months < 1:
        return f"{max(0, (today - start).days)} d"
    years, rest = divmod(months, 12)
    return " ".join(part for part in (f"{years} y" if years else "", f"{rest} m" if rest else "") if part)


def _review(review: PastReview, view: ItemView, zone: ZoneInfo) -> Node:
    reasons = [REASONS[key] for key in review.reasons if key in REASONS]
    words = " ".join([_OUTCOME.get(review.action, review.action), ", ".join(one.code for one in reasons)]).strip()
    return node(
        "tr",
        node("td", clock(review.decided_at, zone, now=view.received_at), title=in_full(review.decided_at, zone)),
        node("td", f"#{review.serial}" if review.serial else "—"),
        node("td", money(review.amount), data_align="right"),
        node(
            "td",
            words,
            class_="crc-breach" if review.action in _BAD else None,
            title="; ".join(one.text for one in reasons),
        ),
        node("td", review.who),
    )


def _windows(account: AccountShown) -> Node:
    head = node("tr", node("td", ""), *(node("th", f"{days} days", scope="col") for days in _WINDOWS))
    rows = (
        node(
            "tr",
            node("th", words, scope="row"),
            *(node("td", _amount(account.amounts, f"{measure}_{days}")) for days in _WINDOWS),
        )
        for measure, words in _MEASURES
    )
    return node("table", node("thead", head), node("tbody", *rows), class_="crc-windows")


def _pair(label: str, value: str, tone: Tone = Tone.PLAIN) -> Node:
    return node("div", node("dt", label), node("dd", value, data_tone=tone.value, title=value))


def _reviewed(reviews: tuple[PastReview, ...]) -> str:
    if not reviews:
        return "never"
    bad = sum(review.action in _BAD for review in reviews)
    return f"{len(reviews)} · {bad} refused" if bad else f"{len(reviews)} · none refused"


def _income(account: AccountShown) -> str:
    known = [name for on, name in ((account.payroll, "payroll"), (account.direct_deposit, "direct deposit")) if on]
    return ", ".join(known) or "none known"


def _last_serial(view: ItemView, account: AccountShown) -> str:
    if account.last_serial is None:
        return "—"
    if not view.serial.isdigit():
        return str(account.last_serial)
    gap = int(view.serial) - account.last_serial
    return f"{account.last_serial} ({gap:+,})".replace("-", "−")


def _usual(amounts: dict[str, Any]) -> str:
    average, sigma = _decimal(amounts, "average_90"), _decimal(amounts, "sigma_90")
    if average is None:
        return "—"
    return money(average) if sigma is None else f"{money(average)} ± {money(sigma)}"


def _amount(amounts: dict[str, Any], key: str) -> str:
    return _money(_decimal(amounts, key))


def _money(value: Decimal | None) -> str:
    return "—" if value is None else money(value)


def _decimal(amounts: dict[str, Any], key: str) -> Decimal | None:
    value = amounts.get(key)
    return None if value is None else Decimal(str(value)).quantize(Decimal("0.01"))


def _yes(known: bool) -> str:
    return "yes" if known else "no"
