"""The account's story below the image: earlier checks, figures, reviews, and amounts over time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from nicegui.element import Element

from console.review.account_figures_panel import figures, reviews, since, summary
from console.review.item_view import AccountShown, EarlierCheck, ImageShown, ItemView
from console.ui.amount_plot import AmountPlot, AmountPoint
from console.ui.format import count, day, money
from console.ui.pieces import Text
from console.ui.still import Node, Still, node

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
            self._box = Still(root="section", on_act=self._turn_to)
            self._box.classes("crc-panel crc-account").props["aria-label"] = "Earlier checks and the account"
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
        aside = node("span", _summary(view, self._presented(view)))
        if view.account is None:
            head = node("h2", "Earlier checks of this account")
            self._box.show([_head(head, aside), node("p", _nothing(view), class_="crc-none")])
        else:
            self._box.show([_head(self._tabs(view), aside), *self._parts(view, view.account)])

    def _parts(self, view: ItemView, account: AccountShown) -> list[Node]:
        if self._tab == "figures":
            return [figures(view, account, self._presented(view), self._zone)]
        if self._tab == "reviews":
            return [reviews(view, self._zone)]
        return [self._checks(view), summary(view, account, self._presented(view))]

    def _tabs(self, view: ItemView) -> Node:
        buttons = []
        for tab, words in _TABS.items():
            label = f"{words} · {len(view.reviews)}" if tab == "reviews" else words
            pressed = "true" if tab == self._tab else "false"
            text = node("span", label, class_="crc-button-text")
            buttons.append(
                node("button", text, type="button", class_="crc-button crc-plain", aria_pressed=pressed, data_act=tab)
            )
        return node("div", *buttons, class_="crc-tabs", role="group", aria_label="What to see of the account")

    def _checks(self, view: ItemView) -> Node:
        if not view.earlier and not view.cards:
            return node("p", "No earlier check of this account is known.", class_="crc-none")
        checks = (self._thumbnail(check) for check in view.earlier[:THUMBNAILS])
        return node("div", *map(self._card, view.cards), *checks, class_="crc-thumbs")

    def _card(self, card: ImageShown) -> Node:
        words = node("span", node("span", "Signature card", class_="crc-strong"), class_="crc-thumb-words")
        address = None if card.problem else self._link(card.id)
        return _thumb(str(card.id), address, "Compare with the signature card", words)

    def _thumbnail(self, check: EarlierCheck) -> Node:
        image = check.image if check.image and not check.image.problem else None
        serial = f"#{check.serial}" if check.serial else "a check without a serial"
        name = f"{serial}, {money(check.amount)}, {day(check.presented_on)}, {check.outcome}, to {check.payee}"
        returned = check.outcome == "returned"
        outcome = f"returned {check.return_code or ''}".strip() if returned else "paid"
        words = node(
            "span",
            node("span", f"#{check.serial}" if check.serial else "—", class_="crc-strong"),
            node("span", f"{check.presented_on.day} {check.presented_on:%b}", class_="crc-soft"),
            node("span", money(check.amount)),
            node("span", outcome, class_="crc-breach" if returned else "crc-soft"),
            class_="crc-thumb-words",
        )
        address = self._link(image.id) if image else None
        return _thumb(str(check.id), address, f"Compare with {name}", words, outcome=check.outcome)


def _head(*parts: Node) -> Node:
    return node("div", *parts, class_="crc-panel-head")


def _thumb(key: str, address: str | None, name: str, words: Node, *, outcome: str | None = None) -> Node:
    """A small picture that opens its comparison; without a picture there is nothing to compare with."""
    if address is None:
        missing = node("span", "no image", class_="crc-no-image")
        title = name.removeprefix("Compare with ")
        return node("div", missing, words, class_="crc-thumb", title=title, data_outcome=outcome)
    return node(
        "button",
        node("img", src=address, alt="", loading="lazy"),
        words,
        class_="crc-thumb",
        type="button",
        title=name,
        data_outcome=outcome,
        data_compare=key,
        aria_label=name,
        aria_pressed="false",
    )


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
