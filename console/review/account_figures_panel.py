"""The account's figures and the outcomes of earlier reviews, as a reviewer reads them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from nicegui.element import Element

from console.review.item_view import AccountShown, ItemView, PastReview
from console.review.reasons import REASONS
from console.ui.format import clock, count, day, in_full, money
from console.ui.pieces import Text, Tone

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


def draw_summary(view: ItemView, account: AccountShown, today: date) -> None:
    """The figures that are looked at first, in two lines."""
    bad = (account.returns_90d, account.nsf_90d, account.overdrafts_90d)
    with Element("dl").classes("crc-context"):
        _pair("Open since", since(account.opened_on, today))
        _pair("Balance", _money(account.balance))
        _pair("Usual check, 90 d", _usual(account.amounts))
        _pair("Largest, 90 d", _amount(account.amounts, "maximum_90"))
        _pair("7 days", f"{count(account.checks_7d)} · {money(account.total_7d)}")
        _pair("14 days", f"{count(account.checks_14d)} · {money(account.total_14d)}")
        _pair("Returned · NSF · OD, 90 d", " · ".join(map(count, bad)), Tone.BREACH if any(bad) else Tone.PLAIN)
        _pair("Income", _income(account))
        _pair("Last serial", _last_serial(view, account))
        _pair("Reviewed here", _reviewed(view.reviews))


def draw_figures(view: ItemView, account: AccountShown, today: date, zone: ZoneInfo) -> None:
    """All figures of the account."""
    with Element("div").classes("crc-figures-all"):
        with Element("div"):
            _draw_windows(account)
            with Element("dl").classes("crc-pairs"):
                _pair("Checks in 7 days", f"{count(account.checks_7d)} · {money(account.total_7d)}")
                _pair("Checks in 14 days", f"{count(account.checks_14d)} · {money(account.total_14d)}")
                _pair("As of", in_full(account.as_of, zone) if account.as_of else "—")
        with Element("dl").classes("crc-pairs"):
            _pair("Account", f"{account.account_type}, {account.holder}")
            _pair("Open since", f"{day(account.opened_on)} · {since(account.opened_on, today)}")
            _pair("Balance now · average, 30 d", f"{_money(account.balance)} · {_money(account.average_balance_30d)}")
            for words, number in (
                ("Returned in 90 days", account.returns_90d),
                ("NSF in 90 days", account.nsf_90d),
                ("Overdrafts in 90 days", account.overdrafts_90d),
            ):
                _pair(words, count(number), Tone.BREACH if number else Tone.PLAIN)
            _pair("Last serial, and from it to this", _last_serial(view, account))
            _pair("Payroll · direct deposit", f"{_yes(account.payroll)} · {_yes(account.direct_deposit)}")


def draw_reviews(view: ItemView, zone: ZoneInfo) -> None:
    """How other checks of the account were decided here, the newest first."""
    if not view.reviews:
        Text("No other check of this account was decided here.", tag="p", classes="crc-none")
        return
    with Element("div").classes("crc-reviews") as box:
        # It may be longer than its place: whoever has no mouse scrolls it with the arrow keys.
        box.props["tabindex"] = "0"
        box.props["role"] = "region"
        box.props["aria-label"] = "Earlier reviews"
        with Element("table"):
            with Element("thead"), Element("tr"):
                for words in ("When", "Serial", "Amount", "Outcome", "By"):
                    Text(words, tag="th").props["scope"] = "col"
            with Element("tbody"):
                for review in view.reviews:
                    _draw_review(review, view, zone)


def since(start: date, today: date) -> str:
    """From a day until today as `2 y 4 m`, or in days within the first month."""
    months = (today.year - start.year) * 12 + today.month - start.month - (today.day < start.day)
    if months < 1:
        return f"{max(0, (today - start).days)} d"
    years, rest = divmod(months, 12)
    return " ".join(part for part in (f"{years} y" if years else "", f"{rest} m" if rest else "") if part)


def _draw_review(review: PastReview, view: ItemView, zone: ZoneInfo) -> None:
    reasons = [REASONS[key] for key in review.reasons if key in REASONS]
    with Element("tr"):
        when = Text(clock(review.decided_at, zone, now=view.received_at), tag="td")
        when.props["title"] = in_full(review.decided_at, zone)
        Text(f"#{review.serial}" if review.serial else "—", tag="td")
        Text(money(review.amount), tag="td").props["data-align"] = "right"
        words = " ".join([_OUTCOME.get(review.action, review.action), ", ".join(one.code for one in reasons)]).strip()
        outcome = Text(words, tag="td", classes="crc-breach" if review.action in _BAD else "")
        outcome.props["title"] = "; ".join(one.text for one in reasons)
        Text(review.who, tag="td")


def _draw_windows(account: AccountShown) -> None:
    with Element("table").classes("crc-windows"):
        with Element("thead"), Element("tr"):
            Text("", tag="td")
            for days in _WINDOWS:
                Text(f"{days} days", tag="th").props["scope"] = "col"
        with Element("tbody"):
            for measure, words in _MEASURES:
                with Element("tr"):
                    Text(words, tag="th").props["scope"] = "row"
                    for days in _WINDOWS:
                        Text(_amount(account.amounts, f"{measure}_{days}"), tag="td")


def _pair(label: str, value: str, tone: Tone = Tone.PLAIN) -> None:
    with Element("div"):
        Text(label, tag="dt")
        said = Text(value, tag="dd")
        said.props["data-tone"] = tone.value
        said.props["title"] = value


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
