"""Months of the audit trail are made ahead, and archived when their years are over and no legal hold covers them."""

from console.operations import audit_months


async def keep_audit_months() -> int:
    """How many months were made or archived."""
    return await audit_months.keep_months()
