"""When somebody last used a role: read from the audit trail and the sessions, for many people in two queries.

A role counts as used when the person did something that the audit trail keeps and that needs a permission of the
role. Looking leaves no entry, so a role that allows nothing but looking counts as used while its holder is in the
console: the end of the last session. A sign-in says nothing about any other role.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission as P
from console.audit.entries import Event as E

# Which permission each audited act needs.
ACTS: Final[Mapping[P, tuple[E, ...]]] = {
    P.QUEUE_MANAGE: (
        E.QUEUE_CREATED,
        E.QUEUE_CHANGED,
        E.QUEUE_CLOSED,
        E.QUEUE_VIEW_SHARED,
        E.QUEUE_VIEW_DELETED,
        E.ITEM_MOVED,
        E.ITEM_PULLED_IN,
    ),
    P.INSTITUTION_HOURS: (E.HOURS_CHANGED,),
    P.POLICY_READ: (E.POLICY_EXPORTED,),
    P.POLICY_EDIT: (
        E.POLICY_DRAFTED,
        E.POLICY_DRAFT_SAVED,
        E.POLICY_SENT,
        E.POLICY_WITHDRAWN,
        E.POLICY_DISCARDED,
        E.POLICY_TRIAL_STARTED,
        E.POLICY_TRIAL_ENDED,
    ),
    P.POLICY_APPROVE: (E.POLICY_APPROVED, E.POLICY_SENT_BACK, E.POLICY_LIST_CHANGED, E.POLICY_LIST_REFUSED),
    P.POLICY_ACTIVATE: (E.POLICY_ACTIVATED, E.POLICY_SCHEDULED, E.ITEM_REEVALUATED),
    P.POLICY_LISTS: (
        E.POLICY_LIST_CREATED,
        E.POLICY_LIST_PROPOSED,
        E.POLICY_LIST_WITHDRAWN,
        E.POLICY_LIST_CHANGED,
    ),
    P.ITEM_READ: (E.ATTACHMENT_OPENED,),
    P.ITEM_CLAIM: (E.ITEM_CLAIMED, E.ITEM_RELEASED, E.ITEM_UNDONE),
    P.ITEM_DECIDE: (E.ITEM_SUBMITTED, E.ITEM_DECIDED, E.ITEM_RECOMMENDED, E.FLAG_ANSWERED),
    P.ITEM_APPROVE: (E.ITEM_CONFIRMED, E.ITEM_SENT_BACK, E.OPINION_RECORDED),
    P.ITEM_RELEASE_OTHERS: (E.ITEM_RELEASED,),
    P.ITEM_ASSIGN: (E.ITEM_ASSIGNED,),
    P.ITEM_NOTE: (E.NOTE_WRITTEN, E.FILE_ATTACHED, E.ITEM_RESUMED),
    P.ADVICE_WRITE: (E.ADVICE_GIVEN,),
    P.ACCOUNT_NUMBER_READ: (E.ACCOUNT_NUMBER_VIEWED, E.POLICY_LIST_READ),
    P.FILE_IMPORT: (E.FILE_IMPORTED, E.FILE_REFUSED),
    P.ACCOUNT_LOAD: (E.ACCOUNTS_LOADED,),
    P.USER_READ: (E.ACCESS_CHANGE_WITHDRAWN,),
    P.USER_MANAGE: (
        E.USER_CREATED,
        E.USER_CHANGED,
        E.USER_DEACTIVATED,
        E.USER_REACTIVATED,
        E.USER_UNLOCKED,
        E.PASSWORD_RESET,
        E.ACCESS_CHANGE_REQUESTED,
    ),
    P.ROLE_MANAGE: (E.ROLE_CREATED, E.ROLE_CHANGED, E.ROLE_RETIRED),
    P.ACCESS_CHANGE_APPROVE: (E.ACCESS_CHANGE_APPLIED, E.ACCESS_CHANGE_REFUSED),
    P.MFA_MANAGE: (E.MFA_ENROLLED, E.MFA_REVOKED, E.RECOVERY_CODES_MADE),
    P.SESSION_END: (E.SESSION_ENDED,),
    P.ALLOWLIST_MANAGE: (E.ALLOW_RULE_ADDED, E.ALLOW_RULE_REMOVED),
    P.API_KEY_MANAGE: (E.API_KEY_CREATED, E.API_KEY_REVOKED),
    P.REPORT_READ: (E.REPORT_EXPORTED,),
    P.ACCESS_REPORT_READ: (E.ACCESS_REPORT_EXPORTED,),
    P.ACCESS_REVIEW_START: (E.ACCESS_REVIEW_STARTED,),
    P.ACCESS_REVIEW_DECIDE: (E.ACCESS_REVIEW_LINE_DECIDED,),
    P.AUDIT_READ: (E.AUDIT_EXPORTED,),
    P.AUDIT_VERIFY: (E.CHAINS_VERIFIED,),
    P.EVIDENCE_EXPORT: (E.EVIDENCE_EXPORTED,),
    P.LEGAL_HOLD_MANAGE: (E.LEGAL_HOLD_PLACED, E.LEGAL_HOLD_LIFT_ASKED, E.LEGAL_HOLD_KEPT, E.LEGAL_HOLD_LIFTED),
    P.OPERATIONS_MANAGE: (E.JOB_ASKED_FOR, E.JOB_PAUSED, E.JOB_RESUMED),
}
# Of which no role is the reason: signing in, one's own account, what follows by itself, and what the console does.
OF_NO_ROLE: Final = frozenset(
    {E.SIGN_IN_SUCCEEDED, E.SIGN_IN_FAILED, E.SIGNED_OUT, E.LOCKED_OUT, E.STEP_UP_SUCCEEDED, E.STEP_UP_FAILED}
    | {E.PASSWORD_CHANGED, E.RECOVERY_CODE_USED, E.TOKEN_ISSUED, E.TOKEN_REUSED, E.ACCESS_REFUSED}
    | {E.ACCESS_REVIEW_CLOSED, E.ACCESS_REVIEW_OVERDUE, E.COMMIT_REFUSED}
    | {E.INSTITUTION_CREATED, E.POLICY_CREATED, E.KEY_ROTATED}
    | {E.SESSIONS_PURGED, E.IMAGES_PURGED, E.ATTACHMENTS_PURGED, E.IMAGES_RESTORED, E.NOTICES_PURGED}
    | {E.AUDIT_MONTH_ARCHIVED, E.AUDIT_SEALS_ACCEPTED, E.OBJECTS_HELD, E.OBJECTS_RELEASED}
)
_EVENTS: Final = sorted({event.value for events in ACTS.values() for event in events})
_ONLY_LOOKS: Final = (":read", ":verify", ":export")

# One probe of the index for each person and event: as many as there are people, however long the trail is. What
# somebody does to themselves (enrols, signs out elsewhere) needs no role.
_LAST_ACTS = text(
    """
    select person.id as user_id, event.action, last.at
    from unnest(:people) person(id) cross join unnest(:events) event(action)
    cross join lateral (
        select at from audit_entry
        where institution_id = :institution and actor_id = person.id and action = event.action
        and coalesce(after ->> 'user', object_id) <> person.id::text
        order by at desc limit 1
    ) last
    """
).bindparams(bindparam("people", type_=ARRAY(Uuid())), bindparam("events", type_=ARRAY(Text())))

_LAST_SEEN = text(
    """
    select person.id as user_id, last.last_seen_at
    from unnest(:people) person(id)
    cross join lateral (
        select last_seen_at from session_record where user_id = person.id order by started_at desc, id limit 1
    ) last
    """
).bindparams(bindparam("people", type_=ARRAY(Uuid())))


class Uses:
    """What some people last did, from which `last_used` answers for each of their roles."""

    def __init__(self, acts: Mapping[tuple[UUID, str], datetime], seen: Mapping[UUID, datetime]) -> None:
        self._acts = acts
        self._seen = seen

    def last_used(self, user_id: UUID, permissions: Collection[str]) -> datetime | None:
        """When this person last used one of these permissions; None: not as far as the trail goes."""
        moments = [
            self._acts.get((user_id, event.value))
            for permission, events in ACTS.items()
            if permission in permissions
            for event in events
        ]
        if all(permission.endswith(_ONLY_LOOKS) for permission in permissions):
            moments.append(self._seen.get(user_id))
        return max((moment for moment in moments if moment is not None), default=None)


async def read_uses(session: AsyncSession, institution_id: UUID, people: Collection[UUID]) -> Uses:
    """What these people last did, in two queries whatever their number."""
    wanted = sorted(set(people))
    acts = await session.execute(_LAST_ACTS, {"people": wanted, "events": _EVENTS, "institution": institution_id})
    seen = await session.execute(_LAST_SEEN, {"people": wanted})
    return Uses({(row.user_id, row.action): row.at for row in acts}, {row.user_id: row.last_seen_at for row in seen})
