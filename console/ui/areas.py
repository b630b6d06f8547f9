"""The parts of the console that the rail leads to, and who sees the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from console.access.permissions import Permission


@dataclass(frozen=True)
class Area:
    """A part of the console that the rail leads to."""

    icon: str
    label: str
    path: str
    permission: Permission


AREAS: Final = (
    Area("inbox", "Queue", "/queue", Permission.QUEUE_READ),
    Area("done_all", "Approve", "/approvals", Permission.ITEM_APPROVE),
    Area("insights", "Reports", "/reports", Permission.REPORT_READ),
    Area("balance", "Policy", "/policy", Permission.POLICY_READ),
    Area("upload_file", "Intake", "/intake", Permission.FILE_READ),
    Area("schedule", "Hours", "/hours", Permission.INSTITUTION_HOURS),
    Area("group", "People", "/people", Permission.USER_READ),
    Area("devices", "Sessions", "/sessions", Permission.SESSION_READ),
    Area("lan", "Allowlist", "/allowlist", Permission.ALLOWLIST_MANAGE),
    Area("vpn_key", "API keys", "/api-keys", Permission.API_KEY_MANAGE),
    Area("fact_check", "Access review", "/access-review", Permission.ACCESS_REPORT_READ),
    Area("receipt_long", "Audit", "/audit", Permission.AUDIT_READ),
    Area("verified_user", "Compliance", "/compliance", Permission.COMPLIANCE_READ),
    Area("monitor_heart", "Operations", "/operations", Permission.OPERATIONS_READ),
)
