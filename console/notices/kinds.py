"""The kinds of notices: what each says of itself, what it must be given, and how people are told at first. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class NoticeKind(StrEnum):
    ASSIGNED = "assigned"
    SENT_BACK = "sent_back"
    MENTIONED = "mentioned"
    QUESTION_ASKED = "question_asked"
    QUESTION_ANSWERED = "question_answered"
    SLA_WARNING = "sla_warning"
    SLA_BREACH = "sla_breach"
    STATUTORY_NEAR = "statutory_near"
    CUT_OFF_NEAR = "cut_off_near"
    APPROVAL_WAITING = "approval_waiting"
    NOT_COMMITTED = "not_committed"
    HOLD_RELEASED = "hold_released"
    JOB_FAILING = "job_failing"
    CHAIN_FAULT = "chain_fault"
    EXPIRY_NEAR = "expiry_near"
    ACCESS_REVIEW_DUE = "access_review_due"
    POLICY_WAITING = "policy_waiting"
    POLICY_SENT_BACK = "policy_sent_back"
    POLICY_ACTIVE = "policy_active"
    POLICY_NOT_ACTIVATED = "policy_not_activated"
    LEGAL_HOLD_LIFTING = "legal_hold_lifting"
    LIST_CHANGE_WAITING = "list_change_waiting"
    LIST_CHANGE_DECIDED = "list_change_decided"


@dataclass(frozen=True)
class KindWords:
    """`label` names the kind in settings, `meaning` says when it comes.

    `needs` are the values that a notice of this kind must carry. `by_email` is how it begins where a person has said
    nothing; in the console every kind is on at first, and one with `always` cannot be turned off there: the text says
    why.
    """

    label: str
    meaning: str
    needs: frozenset[str] = frozenset()
    by_email: bool = False
    always: str = ""


def _kind(label: str, meaning: str, *needs: str, by_email: bool = False, always: str = "") -> KindWords:
    return KindWords(label, meaning, frozenset(needs), by_email, always)


K = NoticeKind

# Values: `by` is a person's display name, `text` what they wrote, the others moments or counts.
KINDS: dict[NoticeKind, KindWords] = {
    K.ASSIGNED: _kind("Assigned to you", "somebody gave you a check", "by", "what"),
    K.SENT_BACK: _kind(
        "Sent back",
        "an approver sent your recommendation back",
        "by", "text",
        by_email=True, always="the check waits for you again",
    ),
    K.MENTIONED: _kind("Mentioned", "somebody named you in a note", "by", "text"),
    K.QUESTION_ASKED: _kind("Question asked", "somebody asks you about a check", "by", "text", by_email=True),
    K.QUESTION_ANSWERED: _kind("Question answered", "your question was answered", "by", "text", by_email=True),
    K.SLA_WARNING: _kind("SLA warning", "a check of yours, or of your queue, is due soon", "due_at"),
    K.SLA_BREACH: _kind("SLA breach", "a check of yours, or of your queue, is overdue", "due_at"),
    K.STATUTORY_NEAR: _kind(
        "Return deadline near",
        "the last minute to return a check comes near",
        "return_by", "rule",
        by_email=True, always="after it the bank is liable for the amount",
    ),
    K.CUT_OFF_NEAR: _kind(
        "Cut-off near",
        "the cut-off hour comes near while you hold checks that must be returned by tomorrow",
        "cut_off_at", "count",
        always="after it a return goes out a day later",
    ),
    K.APPROVAL_WAITING: _kind(
        "Approval waiting",
        "a recommendation waits for a second signature; while it is unread, not of each that follows",
        "by",
    ),
    K.NOT_COMMITTED: _kind(
        "Decision not committed",
        "a decision of yours could not be committed when its undo time ended",
        "text",
        by_email=True, always="the check is undecided although you decided it",
    ),
    K.HOLD_RELEASED: _kind("Hold released", "the hold that you placed has ended"),
    K.JOB_FAILING: _kind(
        "Job failing",
        "a scheduled job failed several times in a row: told to administrators",
        "job", "since", "count",
        by_email=True, always="what it does stays undone",
    ),
    K.CHAIN_FAULT: _kind(
        "Audit chain fault",
        "the audit trail or the evidence is not what was written: told to administrators",
        "text",
        by_email=True, always="it must be investigated at once",
    ),
    K.EXPIRY_NEAR: _kind(
        "Expiry near",
        "a certificate or an API key expires soon: told to administrators",
        "what", "expires_at",
        by_email=True,
    ),
    K.ACCESS_REVIEW_DUE: _kind(
        "Access review due",
        "an access review with lines to decide ends soon: told to those who decide on them",
        "due_on", "count",
        by_email=True,
    ),
    K.POLICY_WAITING: _kind(
        "Policy waits for approval",
        "a version of the policy was sent for review: told to those who may approve it and wrote no part of it",
        "by", "version", "text",
        by_email=True,
    ),
    K.POLICY_SENT_BACK: _kind(
        "Policy sent back",
        "a version of the policy that you wrote was sent back",
        "by", "version", "text",
        by_email=True, always="it is a draft again and waits for you",
    ),
    K.POLICY_ACTIVE: _kind("Policy active", "another version of the policy judges checks from now on", "version"),
    K.POLICY_NOT_ACTIVATED: _kind(
        "Policy not activated",
        "a version of the policy could not become active at its moment: told to those who may activate it",
        "version", "text",
        by_email=True, always="checks are judged by the version before",
    ),
    K.LEGAL_HOLD_LIFTING: _kind(
        "Legal hold to be lifted",
        "somebody asks that a legal hold be lifted, and a second person has to agree: told to those who may",
        "by", "text", "matter",
        by_email=True,
    ),
    K.LIST_CHANGE_WAITING: _kind(
        "Change of a list waits",
        "somebody would put entries on a list of the policy, or take some off: told to others who may approve it",
        "by", "what", "list", "text",
        by_email=True,
    ),
    K.LIST_CHANGE_DECIDED: _kind(
        "Change of a list decided",
        "a change of a list that you proposed was approved or refused",
        "by", "what", "list", "text",
    ),
}  # fmt: skip
