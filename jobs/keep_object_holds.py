"""What a legal hold covers is held in the object store as well, and let go of when the last such hold is lifted."""

from console.operations import object_holds


async def keep_object_holds() -> int:
    """How many objects were held or let go of, over all institutions."""
    return await object_holds.keep_holds()
