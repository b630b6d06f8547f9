"""Where the audit trail stands is written outside of the database, so that nobody can write it anew unseen."""

from console.operations import audit_seals


async def seal_audit_trail() -> int:
    """How many institutions' trails were sealed."""
    return await audit_seals.seal_trails()
