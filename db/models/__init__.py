"""Every table, a family per file."""

from db.models.access import (
    AccessChange,
    AccessReview,
    AccessReviewLine,
    AllowRule,
    ApiKey,
    CustomRole,
    EarlierPassword,
    RecoveryCode,
    SessionRecord,
)
from db.models.accounts import Account, AccountContext, HistoryCheck, IssuedCheck, StopPayment
from db.models.audit import AuditEntry, AuditHead
from db.models.base import Base
from db.models.institution import ClosedDay, Institution, Queue, QueueMember, User, UserKey, UserRole
from db.models.intake import FileFinding, FileReceived, Image
from db.models.jobs import JobRun
from db.models.lab import PolicyTrial, PolicyTrialFile, PolicyTrialItem
from db.models.notices import Notice, NoticeSetting
from db.models.policy import (
    PolicyContributor,
    PolicyList,
    PolicyListEntry,
    PolicyStep,
    PolicyTransition,
    PolicyVersion,
    PolicyWorkingCopy,
)
from db.models.queue_views import DefaultView, SavedView
from db.models.review import (
    CheckItem,
    Claim,
    Decision,
    Evidence,
    Flag,
    ItemAlert,
    ItemDraft,
    ItemTally,
    ItemTransition,
    KeptFacts,
    PendingDecision,
    RoleLimit,
    SecondOpinion,
)
from db.models.timeline import Advice, ItemAttachment, ItemNote

__all__ = [
    "AccessChange",
    "AccessReview",
    "AccessReviewLine",
    "Account",
    "AccountContext",
    "Advice",
    "AllowRule",
    "ApiKey",
    "AuditEntry",
    "AuditHead",
    "Base",
    "CheckItem",
    "Claim",
    "ClosedDay",
    "CustomRole",
    "Decision",
    "DefaultView",
    "EarlierPassword",
    "Evidence",
    "FileFinding",
    "FileReceived",
    "Flag",
    "HistoryCheck",
    "Image",
    "Institution",
    "IssuedCheck",
    "ItemAlert",
    "ItemAttachment",
    "ItemDraft",
    "ItemNote",
    "ItemTally",
    "ItemTransition",
    "JobRun",
    "KeptFacts",
    "Notice",
    "NoticeSetting",
    "PendingDecision",
    "PolicyContributor",
    "PolicyList",
    "PolicyListEntry",
    "PolicyStep",
    "PolicyTransition",
    "PolicyTrial",
    "PolicyTrialFile",
    "PolicyTrialItem",
    "PolicyVersion",
    "PolicyWorkingCopy",
    "Queue",
    "QueueMember",
    "RecoveryCode",
    "RoleLimit",
    "SavedView",
    "SecondOpinion",
    "SessionRecord",
    "StopPayment",
    "User",
    "UserKey",
    "UserRole",
]
