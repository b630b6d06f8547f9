"""A notice in words, from its kind and its values. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from console.notices.kinds import NoticeKind

K = NoticeKind

_HEADLINES: dict[NoticeKind, str] = {
    K.ASSIGNED: "{by} assigned {what} to you",
    K.SENT_BACK: "{by} sent your recommendation back",
    K.MENTIONED: "{by} mentioned you",
    K.QUESTION_ASKED: "{by} asks about a check",
    K.QUESTION_ANSWERED: "{by} answered your question",
    K.SLA_WARNING: "A check is due at {due_at}",
    K.SLA_BREACH: "A check is overdue since {due_at}",
    K.STATUTORY_NEAR: "Last minute to return a check: {return_by}",
    K.CUT_OFF_NEAR: "Cut-off at {cut_off_at}: {count} of your checks must be returned by then",
    K.APPROVAL_WAITING: "{by} recommends: a second signature is needed",
    K.NOT_COMMITTED: "Your decision was not committed",
    K.HOLD_RELEASED: "A hold that you placed has ended",
    K.JOB_FAILING: "The job “{job}” fails since {since}",
    K.CHAIN_FAULT: "The audit trail or the evidence is not what was written",
    K.EXPIRY_NEAR: "{what} expires at {expires_at}",
    K.POLICY_WAITING: "{by} sent version {version} of the policy for approval",
    K.POLICY_SENT_BACK: "{by} sent version {version} of the policy back",
    K.POLICY_ACTIVE: "Version {version} of the policy is active",
    K.POLICY_NOT_ACTIVATED: "Version {version} of the policy could not be activated",
    K.LEGAL_HOLD_LIFTING: "{by} asks that a legal hold be lifted",
    K.LIST_CHANGE_WAITING: "{by} proposes a change of a list: {what}",
    K.LIST_CHANGE_DECIDED: "{by} {what} your change of a list",
    K.ACCESS_REVIEW_DUE: "{count} lines of an access review are to be decided by {due_on}",
}
# Of many items at once, told to who manages their queue.
_OF_QUEUE: dict[NoticeKind, str] = {
    K.SLA_WARNING: "{count} checks of {queue} are due soon, the first at {due_at}",
    K.SLA_BREACH: "{count} checks of {queue} are overdue, the first since {due_at}",
    K.STATUTORY_NEAR: "{count} checks of {queue} must be returned soon, the first by {return_by}",
}
# Of one, where what is counted is told in the plural.
_OF_ONE: dict[NoticeKind, str] = {
    K.CUT_OFF_NEAR: "Cut-off at {cut_off_at}: one of your checks must be returned by then",
    K.ACCESS_REVIEW_DUE: "One line of an access review is to be decided by {due_on}",
}
_TIMES = frozenset({"due_at", "return_by", "cut_off_at", "since", "expires_at"})
_DAYS = frozenset({"due_on"})
# Where people see to what a notice tells, where that is no single check, list or version.
_PLACES: dict[NoticeKind, str] = {
    K.ASSIGNED: "/queue?tab=mine",
    K.CUT_OFF_NEAR: "/queue?tab=mine",
    K.SLA_WARNING: "/queue?tab=all",
    K.SLA_BREACH: "/queue?tab=all",
    K.STATUTORY_NEAR: "/queue?tab=all",
    K.JOB_FAILING: "/operations",
    K.CHAIN_FAULT: "/operations",
    K.EXPIRY_NEAR: "/operations",
    K.LEGAL_HOLD_LIFTING: "/legal-holds",
    K.ACCESS_REVIEW_DUE: "/access-review",
}


def headline(kind: NoticeKind, values: Mapping[str, Any], zone: ZoneInfo) -> str:
    """What happened, in one line; moments in the institution's zone. It holds nothing that a person wrote."""
    shown = {name: _shown(name, value, zone) for name, value in values.items()}
    words = _OF_QUEUE[kind] if "queue" in values and kind in _OF_QUEUE else _HEADLINES[kind]
    if values.get("count") == 1:
        words = _OF_ONE.get(kind, words)
    return words.format_map(shown)


def detail(kind: NoticeKind, values: Mapping[str, Any]) -> str:
    """What a person wrote, or the law's reference; empty where there is nothing to add."""
    return str(values.get("rule" if kind is K.STATUTORY_NEAR else "text", ""))


def leads_to(kind: NoticeKind, item_id: UUID | None, values: Mapping[str, Any]) -> str | None:
    """Where the notice leads: to its check, a list or a version of the policy, or the page on which people see to such
    things; None: nowhere."""
    if item_id is not None:
        return f"/review/{item_id}"
    if "list" in values:
        return f"/policy-lists/{values['list']}"
    return f"/policy/{values['version']}" if "version" in values else _PLACES.get(kind)


def _shown(name: str, value: Any, zone: ZoneInfo) -> Any:
    if name in _TIMES:
        return _moment(value, zone)
    if name in _DAYS:
        day = date.fromisoformat(value)
        return f"{day:%a} {day.day} {day:%b}"
    return value


def _moment(value: str, zone: ZoneInfo) -> str:
    local = datetime.fromisoformat(value).astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %H:%M}"
