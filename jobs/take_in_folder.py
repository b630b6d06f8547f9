"""Files that another system put into the watched folder are imported."""

from console.actor import system_actor
from console.institution import institution_ids
from console.intake.watched_folder import take_in


async def take_in_folder() -> int:
    """How many files were imported or refused. The folder is that of the installation's first institution."""
    found = await institution_ids()
    return await take_in(system_actor(found[0], "watched folder")) if found else 0
