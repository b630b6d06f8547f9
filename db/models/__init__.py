"""Every table, a family per file."""

from db.models.accounts import Account, AccountContext, HistoryCheck, IssuedCheck, StopPayment
from db.models.audit import AuditEntry, AuditHead
from db.models.base import Base
from db.models.institution import Institution, Queue, User, UserRole
from db.models.intake import FileFinding, FileReceived, Image
from db.models.jobs import JobRun
from db.models.policy import PolicyVersion
from db.models.review import CheckItem, Claim, Decision, Evidence, Flag, ItemTransition

__all__ = [
    "Account",
    "AccountContext",
    "AuditEntry",
    "AuditHead",
    "Base",
    "CheckItem",
    "Claim",
    "Decision",
    "Evidence",
    "FileFinding",
    "FileReceived",
    "Flag",
    "HistoryCheck",
    "Image",
    "Institution",
    "IssuedCheck",
    "ItemTransition",
    "JobRun",
    "PolicyVersion",
    "Queue",
    "StopPayment",
    "User",
    "UserRole",
]
