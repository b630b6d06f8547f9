"""The account's story below the image: earlier checks, figures, reviews, and amounts over time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from nicegui.element import Element

from console.review.account_figures_panel import draw_figures, draw_reviews, draw_summary, since
from console.review.item_view import EarlierCheck, ImageShown, ItemView
from console.ui.amount_plot import AmountPlot, AmountPoint
from console.ui.format import count, day, money
from console.ui.pieces import ActionButton, Text

THUMBNAILS: Final = 12
Link = Callable[[UUID], str]
_TABS: Final = {"checks": "Earlier checks", "figures": "Figures", "reviews": "Reviews"}


class AccountPanel:
    """Two panels side by side. `link(image_id)` is an address for this person.

    A thumbnail opens the comparison in the viewer, which finds it by its `data-compare`.
    """

    def __init__(self, zone: ZoneInfo, link: Link) -> None:
        self._zone, self._link = zone, link
        self._tab = "checks"
        self._view: ItemView | None = None
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
        """Show the account of a check, with the same tab in front as before."""
        self._view = view
        presented = self._presented(view)
        earlier = [AmountPoint(one.presented_on, one.amount, one.outcome == "returned") for one in view.earlier]
        self._plot.show(earlier, AmountPoint(presented, view.amount))
        months = since(min(check.presented_on for check in view.earlier), presented) if view.earlier else ""
        self._plot_title.set_text(f"Amounts, {months}" if months else "Amounts")
        self._draw()

    def _presented(self, view: ItemView) -> date:
        return view.received_at.astimezone(self._zone).date()

    def _turn_to(self, tab: str) -> None:
        self._tab = tab
        self._draw()

    def _draw(self) -> None:
        view = self._view
        assert view is not None
        self._box.clear()
        with self._box:
            with Element("div").classes("crc-panel-head"):
                if view.account:
                    self._draw_tabs(view)
                else:
                    Text("Earlier checks of this account", tag="h2")
                Text(_summary(view, self._presented(view)))
            if view.account is None:
                Text(_nothing(view), tag="p", classes="crc-none")
            elif self._tab == "figures":
                draw_figures(view, view.account, self._presented(view), self._zone)
            elif self._tab == "reviews":
                draw_reviews(view, self._zone)
            else:
                self._draw_checks(view)
                draw_summary(view, view.account, self._presented(view))

    def _draw_tabs(self, view: ItemView) -> None:
        with Element("div").classes("crc-tabs") as tabs:
            tabs.props["role"] = "group"
            tabs.props["aria-label"] = "What to see of the account"
            for tab, words in _TABS.items():
                label = f"{words} · {len(view.reviews)}" if tab == "reviews" else words
                button = ActionButton(label, partial(self._turn_to, tab))
                button.set_chosen(tab == self._tab)

    def _draw_checks(self, view: ItemView) -> None:
        if not view.earlier and not view.cards:
            Text("No earlier check of this account is known.", tag="p", classes="crc-none")
            return
        with Element("div").classes("crc-thumbs"):
            for card in view.cards:
                self._card(card)
            for check in view.earlier[:THUMBNAILS]:
                self._thumbnail(check)

    def _card(self, card: ImageShown) -> None:
        address = None if card.problem else self._link(card.id)
        thumb = _thumb(str(card.id), address, "Compare with the signature card")
        with thumb, Element("span").classes("crc-thumb-words"):
            Text("Signature card", classes="crc-strong")

    def _thumbnail(self, check: EarlierCheck) -> None:
        image = check.image if check.image and not check.image.problem else None
        words = f"#{check.serial}" if check.serial else "a check without a serial"
        name = f"{words}, {money(check.amount)}, {day(check.presented_on)}, {check.outcome}, to {check.payee}"
        with _thumb(str(check.id), self._link(image.id) if image else None, f"Compare with {name}") as thumb:
            thumb.props["data-outcome"] = check.outcome
            with Element("span").classes("crc-thumb-words"):
                Text(f"#{check.serial}" if check.serial else "—", classes="crc-strong")
                Text(f"{check.presented_on.day} {check.presented_on:%b}", classes="crc-soft")
                Text(money(check.amount))
                if check.outcome == "returned":
                    Text(f"returned {check.return_code or ''}".strip(), classes="crc-breach")
                else:
                    Text("paid", classes="crc-soft")


def _thumb(key: str, address: str | None, name: str) -> Element:
    """A small picture that opens its comparison; without a picture there is nothing to compare with."""
    thumb = Element("button" if address else "div").classes("crc-thumb")
    thumb.props["title"] = name if address else name.removeprefix("Compare with ")
    if address:
        thumb.props["type"] = "button"
        thumb.props["data-compare"] = key
        thumb.props["aria-label"] = name
        thumb.props["aria-pressed"] = "false"
    with thumb:
        if address:
            picture = Element("img")
            picture.props["src"] = address
            picture.props["alt"] = ""
            picture.props["loading"] = "lazy"
        else:
            Text("no image", classes="crc-no-image")
    return thumb


def _summary(view: ItemView, today: date) -> str:
    account = view.account
    if account is None or account.history_since is None:
        return ""
    return (
        f"{since(account.history_since, today)} · {count(account.history_count)} checks"
        f" · {count(account.history_returned)} returned"
    )


def _nothing(view: ItemView) -> str:
    if view.item_type == "transit":
        return "Drawn on another bank: this bank knows nothing of the account."
    return "The account is not known."
