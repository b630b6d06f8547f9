"""A notice as a line of the bell's list and as a toast: what it says, where it leads, and the small button beside."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from console.notices.inbox import NoticeShown
from console.notices.kinds import NoticeKind
from console.notices.words import detail, headline, leads_to
from console.ui.format import clock, in_full, money
from console.ui.still import Node, node
from console.ui.still_pieces import icon

# What a click on a line, and on the button beside it, tells: with the notice's id behind it.
FOLLOW: Final = "follow "
BESIDE: Final = "beside "
ICONS: Final[Mapping[NoticeKind, str]] = {
    NoticeKind.ASSIGNED: "assignment_ind",
    NoticeKind.SENT_BACK: "undo",
    NoticeKind.MENTIONED: "alternate_email",
    NoticeKind.QUESTION_ASKED: "help",
    NoticeKind.QUESTION_ANSWERED: "chat",
    NoticeKind.SLA_WARNING: "schedule",
    NoticeKind.SLA_BREACH: "timer_off",
    NoticeKind.STATUTORY_NEAR: "gavel",
    NoticeKind.CUT_OFF_NEAR: "alarm",
    NoticeKind.APPROVAL_WAITING: "done_all",
    NoticeKind.NOT_COMMITTED: "error",
    NoticeKind.HOLD_RELEASED: "lock_open",
    NoticeKind.JOB_FAILING: "error",
    NoticeKind.CHAIN_FAULT: "link_off",
    NoticeKind.EXPIRY_NEAR: "event_busy",
    NoticeKind.ACCESS_REVIEW_DUE: "fact_check",
    NoticeKind.POLICY_WAITING: "balance",
    NoticeKind.POLICY_SENT_BACK: "undo",
    NoticeKind.POLICY_ACTIVE: "balance",
    NoticeKind.POLICY_NOT_ACTIVATED: "error",
    NoticeKind.LEGAL_HOLD_LIFTING: "gavel",
    NoticeKind.LIST_CHANGE_WAITING: "list_alt",
    NoticeKind.LIST_CHANGE_DECIDED: "list_alt",
}


def told(notice: NoticeShown, zone: ZoneInfo) -> Node:
    """A line of the list; while it is unread the button beside marks it as read."""
    beside = _beside(notice, "Mark as read", "done") if notice.unread else None
    return node(
        "div",
        _link(notice, zone),
        beside,
        class_="crc-told",
        data_unread="true" if notice.unread else "false",
        key=str(notice.id),
    )


def toast(notice: NoticeShown, zone: ZoneInfo) -> Node:
    """The same as something that has just come; the button beside closes it."""
    return node("div", _link(notice, zone), _beside(notice, "Close", "close"), class_="crc-toast", key=str(notice.id))


def _link(notice: NoticeShown, zone: ZoneInfo) -> Node:
    """Leads to the notice's check; a button where there is none."""
    target, act = leads_to(notice.kind, notice.item_id, notice.values), f"{FOLLOW}{notice.id}"
    parts = (icon(ICONS[notice.kind]), _words(notice, zone))
    if target is None:
        return node("button", *parts, class_="crc-notice-link", type="button", data_act=act)
    return node("a", *parts, class_="crc-notice-link", href=target, data_act=act)


def _beside(notice: NoticeShown, label: str, icon_name: str) -> Node:
    act = f"{BESIDE}{notice.id}"
    return node("button", icon(icon_name), class_="crc-notice-read", type="button", aria_label=label, data_act=act)


def _words(notice: NoticeShown, zone: ZoneInfo) -> Node:
    unread = node("span", "Unread: ", class_="crc-unseen") if notice.unread else None
    more = detail(notice.kind, notice.values)
    check = f"${money(notice.item.amount)} · {notice.item.account} · " if notice.item else ""
    when = check + clock(notice.created_at, zone, now=datetime.now(UTC))
    return node(
        "span",
        node("strong", unread, node("span", headline(notice.kind, notice.values, zone))),
        node("span", more, class_="crc-notice-detail") if more else None,
        node("span", when, class_="crc-soft", title=in_full(notice.created_at, zone)),
        class_="crc-notice-text",
    )
