"""What is said of a version: by whom, when, and what was done with it. No I/O."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from console.policy.lifecycle import VersionAct, VersionStatus
from console.policy.version_list import Step, VersionRow

_SETTINGS: Final = "the settings"
_DONE: Final = {
    VersionAct.DRAFTED: "Drafted",
    VersionAct.IMPORTED: "Imported",
    VersionAct.SEND: "Sent for review",
    VersionAct.WITHDRAW: "Withdrawn",
    VersionAct.SEND_BACK: "Sent back",
    VersionAct.APPROVE: "Approved",
    VersionAct.SCHEDULE: "Date set",
    VersionAct.ACTIVATE: "Became active",
    VersionAct.RETIRE: "Retired",
    VersionAct.DISCARD: "Discarded",
}


def moment(at: datetime, zone: ZoneInfo) -> str:
    """A moment with its year, as policies outlive one: ``24 Nov 2026, 23:59``."""
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %Y, %H:%M}"


def status_words(row: VersionRow, zone: ZoneInfo) -> str:
    """How a version stands, in a line."""
    match row.status:
        case VersionStatus.ACTIVE:
            assert row.activated_at is not None
            return f"active since {moment(row.activated_at, zone)}"
        case VersionStatus.RETIRED if row.activated_at and row.retired_at:
            return f"active {moment(row.activated_at, zone)} – {moment(row.retired_at, zone)}"
        case VersionStatus.RETIRED:
            return "discarded, never active"
        case VersionStatus.APPROVED if row.scheduled_for:
            return f"becomes active {moment(row.scheduled_for, zone)}"
        case VersionStatus.APPROVED:
            return "approved, without a date"
        case VersionStatus.IN_REVIEW:
            return "in review"
        case _:
            return f"draft, saved {moment(row.saved_at, zone)}"


def origin_words(row: VersionRow, zone: ZoneInfo) -> str:
    """Who wrote it and from what."""
    words = f"by {row.author or _SETTINGS}, {moment(row.created_at, zone)}"
    if row.restores is not None:
        return f"{words}, brings back version {row.restores}"
    return f"{words}, from version {row.based_on}" if row.based_on is not None else words


def facts(row: VersionRow, zone: ZoneInfo) -> list[tuple[str, str]]:
    """Everything that is known of it, in pairs of a label and its words."""
    found = [("Status", status_words(row, zone)), ("Written", origin_words(row, zone))]
    if row.approved_at:
        found.append(("Approved", f"by {row.approver or _SETTINGS}, {moment(row.approved_at, zone)}"))
    if row.status in {VersionStatus.APPROVED, VersionStatus.ACTIVE} and row.approved_at:
        found.append(("Open checks", _open_checks(row, zone)))
    if row.note:
        found.append(("What for", row.note))
    return found


def step_words(step: Step) -> str:
    """What was done, by whom and why."""
    reason = f": {step.reason}" if step.reason else ""
    return f"{_DONE[step.act]} by {step.by}{reason}"


def _open_checks(row: VersionRow, zone: ZoneInfo) -> str:
    if not row.reevaluate:
        return "keep the version that judged them"
    if row.reevaluated_at:
        return f"judged anew by {moment(row.reevaluated_at, zone)}"
    return "are judged anew" if row.status is VersionStatus.ACTIVE else "will be judged anew"
