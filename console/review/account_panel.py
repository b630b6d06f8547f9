"""The account's story below the image: earlier checks, figures, and amounts over time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from nicegui.element import Element

from console.review.item_view import AccountShown, EarlierCheck, ItemView
from console.ui.amount_plot import AmountPlot, AmountPoint
from console.ui.format import count, day, money
from console.ui.pieces import Text, Tone

THUMBNAILS: Final = 8
Link = Callable[[UUID], str]


class AccountPanel:
    """Two panels side by side. `link(image_id)` is an address for this person."""

    def __init__(self, zone: ZoneInfo, link: Link) -> None:
        self._zone, self._link = zone, link
        with Element("div").classes("crc-below"):
            with Element("section").classes("crc-panel crc-account") as self._box:
                self._box.props["aria-label"] = "Earlier checks and the account"
            with Element("section").classes("crc-panel crc-plot-panel") as plot:
                plot.props["aria-label"] = "Amounts over time"
                with Element("div").classes("crc-panel-head"):
                    self._plot_title = Text("Amounts", tag="h2")
                    Text("◆ this check", classes="crc-present")
                self._plot = AmountPlot()

    def show(self, view: ItemView) -> None:
        """Show the account of a check."""
        presented = view.received_at.astimezone(self._zone).date()
        earlier = [AmountPoint(one.presented_on, one.amount, one.outcome == "returned") for one in view.earlier]
        self._plot.show(earlier, AmountPoint(presented, view.amount))
        self._plot_title.set_text(f"Amounts, {_months(view, presented)}" if view.earlier else "Amounts")
        self._box.clear()
        with self._box:
            with Element("div").classes("crc-panel-head"):
                Text("Earlier checks of this account", tag="h2")
                Text(_summary(view, presented))
            if view.earlier:
                with Element("div").classes("crc-thumbs"):
                    for check in view.earlier[:THUMBNAILS]:
                        self._thumbnail(check)
            else:
                Text(_nothing(view), tag="p", classes="crc-none")
            if view.account:
                _draw_figures(view, view.account, presented)

    def _thumbnail(self, check: EarlierCheck) -> None:
        with Element("figure").classes("crc-thumb") as thumb:
            thumb.props["data-outcome"] = check.outcome
            if check.image_id:
                picture = Element("img")
                picture.props["src"] = self._link(check.image_id)
                picture.props["alt"] = f"Front of check {check.serial}"
                picture.props["loading"] = "lazy"
            else:
                Text("no image", classes="crc-no-image")
            with Element("figcaption"):
                Text(f"#{check.serial}" if check.serial else "—", classes="crc-strong")
                Text(f"{check.presented_on.day} {check.presented_on:%b}", classes="crc-soft")
                Text(money(check.amount))
                if check.outcome == "returned":
                    Text(f"returned {check.return_code or ''}".strip(), classes="crc-breach")
                else:
                    Text("paid", classes="crc-soft")
            thumb.props["title"] = (
                f"{check.payee} · {money(check.amount)} · {day(check.presented_on)} · {check.outcome}"
            )


def _draw_figures(view: ItemView, account: AccountShown, today: date) -> None:
    with Element("dl").classes("crc-context"):
        for label, value, tone in _figures(view, account, today):
            with Element("div"):
                Text(label, tag="dt")
                Text(value, tag="dd").props["data-tone"] = tone.value


def _figures(view: ItemView, account: AccountShown, today: date) -> list[tuple[str, str, Tone]]:
    bad = (account.returns_90d, account.nsf_90d, account.overdrafts_90d)
    income = [name for on, name in ((account.payroll, "payroll"), (account.direct_deposit, "direct deposit")) if on]
    return [
        ("Open since", _since(account.opened_on, today), Tone.PLAIN),
        ("Balance", money(account.balance) if account.balance is not None else "—", Tone.PLAIN),
        ("Usual check, 90 d", _usual(account.amounts), Tone.PLAIN),
        ("Largest, 90 d", _amount(account.amounts, "maximum_90"), Tone.PLAIN),
        ("7 days", f"{count(account.checks_7d)} · {money(account.total_7d)}", Tone.PLAIN),
        ("14 days", f"{count(account.checks_14d)} · {money(account.total_14d)}", Tone.PLAIN),
        ("Returned · NSF · OD, 90 d", " · ".join(map(count, bad)), Tone.BREACH if any(bad) else Tone.PLAIN),
        ("Income", ", ".join(income) or "none known", Tone.PLAIN),
        ("Last serial", _last_serial(view, account), Tone.PLAIN),
    ]


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
    value = _decimal(amounts, key)
    return "—" if value is None else money(value)


def _decimal(amounts: dict[str, Any], key: str) -> Decimal | None:
    value = amounts.get(key)
    return None if value is None else Decimal(str(value)).quantize(Decimal("0.01"))


def _since(opened: date, today: date) -> str:
    months = (today.year - opened.year) * 12 + today.month - opened.month - (today.day < opened.day)
    if months < 1:
        return f"{max(0, (today - opened).days)} d"
    years, rest = divmod(months, 12)
    return " ".join(part for part in (f"{years} y" if years else "", f"{rest} m" if rest else "") if part)


def _months(view: ItemView, today: date) -> str:
    return _since(min(check.presented_on for check in view.earlier), today)


def _summary(view: ItemView, today: date) -> str:
    account = view.account
    if account is None or account.history_since is None:
        return ""
    return (
        f"{_since(account.history_since, today)} · {count(account.history_count)} checks"
        f" · {count(account.history_returned)} returned"
    )


def _nothing(view: ItemView) -> str:
    if view.account is None and view.item_type == "transit":
        return "Drawn on another bank: this bank knows nothing of the account."
    return "The account is not known." if view.account is None else "No earlier check of this account is known."
