"""Where a person's notices are sent by e-mail. No I/O."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from console.access.held import InvalidPerson

MAXIMUM_EMAIL = 254


def checked_email(given: str) -> str | None:
    """An address as it is stored; None for none. Nobody is asked whether it exists. Raises InvalidPerson."""
    given = given.strip()
    if not given:
        return None
    try:
        return validate_email(given, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise InvalidPerson(f"This is no e-mail address: {error}") from None
