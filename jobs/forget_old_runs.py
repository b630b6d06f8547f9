"""Runs of jobs are listed for JOB_RUN_RETENTION_DAYS, those that found nothing to do for one."""

from jobs import runs


async def forget_old_runs() -> int:
    """How many were deleted."""
    return await runs.forget_old_runs()
