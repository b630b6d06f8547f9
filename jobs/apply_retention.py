"""What has been kept long enough is destroyed, on record, and what a legal hold covers is not."""

from console.operations import retention


async def apply_retention() -> int:
    """How many rows, images and attachments were destroyed, over all institutions."""
    return await retention.apply_retention()
