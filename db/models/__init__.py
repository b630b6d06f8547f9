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
from db.models.audit import AuditAnchor, AuditEntry, AuditHead
from db.models.base import Base
from db.models.decisions import Decision, Evidence, ItemDraft, PendingDecision, RoleLimit, SecondOpinion
from db.models.institution import ClosedDay, Institution, Queue, QueueMember, User, UserKey, UserRole
from db.models.intake import FileFinding, FileReceived, Image
from db.models.items import CheckItem, Claim, Flag, ItemAlert, ItemClearance, ItemTally, ItemTransition, KeptFacts
from db.models.jobs import InstallationCheck, JobRun, ScheduledJob, Worker
from db.models.lab import PolicyTrial, PolicyTrialFile, PolicyTrialItem
from db.models.notices import Notice, NoticeSetting
from db.models.policy import (
    PolicyContributor,
    PolicyList,
    PolicyListChange,
    PolicyListEntry,
    PolicyStep,
    PolicyTransition,
    PolicyVersion,
    PolicyWorkingCopy,
)
from db.models.queue_views import DefaultView, SavedView
from db.models.retention import LegalHold, ObjectHold, ObjectPurge
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
    "AuditAnchor",
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
    "InstallationCheck",
    "Institution",
    "IssuedCheck",
    "ItemAlert",
    "ItemAttachment",
    "ItemClearance",
    "ItemDraft",
    "ItemNote",
    "ItemTally",
    "ItemTransition",
    "JobRun",
    "KeptFacts",
    "LegalHold",
    "Notice",
    "NoticeSetting",
    "ObjectHold",
    "ObjectPurge",
    "PendingDecision",
    "PolicyContributor",
    "PolicyList",
    "PolicyListChange",
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
    "ScheduledJob",
    "SecondOpinion",
    "SessionRecord",
    "StopPayment",
    "User",
    "UserKey",
    "UserRole",
    "Worker",
]
