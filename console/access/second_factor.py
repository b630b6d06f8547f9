"""Who needs a second factor, and how somebody without one gets it."""

from __future__ import annotations

from enum import StrEnum

from console.access.people import Account
from console.access.permissions import ADMINISTERING
from console.access.sessions import Person
from console.roles import Role
from console.settings import MfaRequired, settings


class Enrolment(StrEnum):
    """How a person without a second factor gets one; stored with the person."""

    AS_REQUIRED = "as_required"
    AT_SIGN_IN = "at_sign_in"
    IN_PERSON = "in_person"


class EnrolInPerson(Exception):
    """The second factor was revoked: the password opens nothing before an administrator has enrolled a new one."""

    def __init__(self) -> None:
        super().__init__("Your second factor was revoked. Ask an administrator to enrol a new one with you, in person.")


def is_required(person: Person) -> bool:
    """Whether this person must have a second factor, by the settings. Administrators always must."""
    if settings().mfa_required is MfaRequired.EVERYONE or Role.ADMINISTRATOR in person.roles:
        return True
    return any(grant.permissions & ADMINISTERING for grant in person.grants)


def must_enrol(account: Account) -> bool:
    """Whether a person who gave the right password has to set up an authenticator now. Raises EnrolInPerson."""
    if account.totp_confirmed_at is not None:
        return False
    if account.mfa_enrolment == Enrolment.IN_PERSON:
        raise EnrolInPerson
    return account.mfa_enrolment == Enrolment.AT_SIGN_IN or is_required(account.person)
