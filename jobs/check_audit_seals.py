"""Every seal outside of the database is held against the audit trail: what was sealed must still be there."""

from console.operations import audit_seals


async def check_audit_seals() -> int:
    """How many seals were held against their trails."""
    return await audit_seals.check_all_seals()
