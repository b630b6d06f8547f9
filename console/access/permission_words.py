"""The permission table in words: what each permission allows, and the table as a document prints it. No I/O."""

from __future__ import annotations

from console.access.permissions import DECIDING, GRANTS, Permission
from console.roles import Role

P = Permission

MEANINGS: dict[Permission, str] = {
    P.QUEUE_READ: "see the queue and its figures",
    P.QUEUE_MANAGE: "set queues, move checks between them, see who works on how much",
    P.INSTITUTION_HOURS: "set business hours, cut-off and own closings",
    P.POLICY_READ: "see the policy, its versions and rules",
    P.POLICY_EDIT: "draft a version of the policy (thresholds, rules), send it for review, withdraw it",
    P.POLICY_APPROVE: "approve, or send back, a version of the policy or a change of its lists that others wrote",
    P.POLICY_ACTIVATE: "activate an approved version of the policy, or set its date",
    P.POLICY_LISTS: "make lists of payees, accounts and routing numbers that rules use, propose what they hold",
    P.ITEM_READ: "open a check: images, account, flags, history",
    P.ITEM_CLAIM: "take a check from the queue",
    P.ITEM_DECIDE: "decide a check, alone up to the amount limit",
    P.ITEM_APPROVE: "give the second signature, take escalated checks",
    P.ITEM_RELEASE_OTHERS: "put a check that another person holds back into the queue",
    P.ITEM_ASSIGN: "say who is to work on a check",
    P.ITEM_NOTE: "write notes on a check, attach files, answer a question that one is asked",
    P.ADVICE_WRITE: "give advice on a check: for keys of other systems, and no role",
    P.ACCOUNT_NUMBER_READ: "see a full account number, which is audited",
    P.REPORT_READ: "read and export reports: the work's figures, none of a person",
    P.REPORT_PEOPLE: "read and export what reports say of each person: decisions, time, agreement",
    P.FILE_READ: "see files that came in and what was found in them",
    P.FILE_IMPORT: "hand over files",
    P.ACCOUNT_LOAD: "load accounts from the core banking system",
    P.USER_READ: "see people, roles and changes of access",
    P.USER_MANAGE: "create, deactivate and unlock people, reset passwords, ask for roles and limits",
    P.ROLE_MANAGE: "copy, edit and retire custom roles",
    P.ACCESS_CHANGE_APPROVE: "approve or refuse another administrator's change of access",
    P.MFA_MANAGE: "enrol, require or revoke another person's second factor",
    P.SESSION_READ: "see who is, and was, signed in",
    P.SESSION_END: "end other people's sessions",
    P.ALLOWLIST_MANAGE: "say from which networks roles may sign in and operations be done",
    P.API_KEY_MANAGE: "make and revoke keys of other systems",
    P.ACCESS_REPORT_READ: "read and export who may do what",
    P.ACCESS_REVIEW_START: "start an access review",
    P.ACCESS_REVIEW_DECIDE: "confirm or revoke each line of an access review",
    P.AUDIT_READ: "read the audit trail",
    P.AUDIT_VERIFY: "verify the audit and evidence chains",
    P.EVIDENCE_EXPORT: "export what the deciders of a check saw, as a file that proves itself",
    P.COMPLIANCE_READ: "see how each rule of compliance is met, and the legal holds",
    P.LEGAL_HOLD_MANAGE: "place legal holds, ask that one be lifted, agree to what another person asks",
    P.OPERATIONS_READ: "see scheduled jobs, their runs, and what regular checks found",
    P.OPERATIONS_MANAGE: "run, pause and resume scheduled jobs",
}


def as_markdown() -> str:
    """The built-in roles' permissions and limits, as `docs/permissions.md` prints them."""
    roles = list(Role)
    lines = [f"| permission | allows to | {' | '.join(role.value for role in roles)} |"]
    lines.append("|---|---|" + ":-:|" * len(roles))
    for permission in Permission:
        marks = " | ".join("✓" if permission in GRANTS[role].permissions else "" for role in roles)
        lines.append(f"| `{permission.value}` | {MEANINGS[permission]} | {marks} |")
    limits = " | ".join(_limit(role) for role in roles)
    lines.append(f"| | decides alone up to, in dollars | {limits} |")
    return "\n".join(lines)


def _limit(role: Role) -> str:
    grant = GRANTS[role]
    if not grant.permissions & DECIDING:
        return "—"
    return "no limit" if grant.amount_limit is None else f"{grant.amount_limit:,.2f}"
