"""Certificates and API keys that expire soon are told to those who can renew them."""

from console.operations import expiries


async def check_expiries() -> int:
    """How many people were told, over all institutions."""
    return await expiries.check_certificate() + await expiries.check_api_keys()
