"""The matrix: who may open which page, call which route and do which operation. Every one has its row here.

A row names the permission, or says why none is needed. Which role holds which permission is the table's word
(`console/access/permissions.py`, printed in `docs/permissions.md`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from console.access.permissions import Permission as P


@dataclass(frozen=True)
class Open:
    """For whoever comes, signed in or not."""

    because: str


@dataclass(frozen=True)
class SignedIn:
    """For everybody who is signed in, whatever the role."""

    because: str


@dataclass(frozen=True)
class Inner:
    """Not reached from outside: part of operations that check for themselves."""

    because: str


Row = P | Open | SignedIn | Inner

_FORM = Open("a form of the sign-in")
_LIBRARY = SignedIn("files of NiceGUI itself, the same for everybody")

# Pages of the console and every other http route.
ROUTES: Final[dict[str, Row]] = {
    "GET /": SignedIn("leads to the first area that the role has, and says so where it has none"),
    "GET /queue": P.QUEUE_READ,
    "GET /review/{item_id}": P.ITEM_READ,
    "GET /intake": P.FILE_READ,
    "POST /intake/files": P.FILE_IMPORT,
    "GET /people": P.USER_READ,
    "GET /people/{user_id}": P.USER_READ,
    "GET /roles": P.USER_READ,
    "GET /changes": P.USER_READ,
    "GET /sessions": P.SESSION_READ,
    "POST /session/renew": SignedIn("a new token for one's own session"),
    "GET /allowlist": P.ALLOWLIST_MANAGE,
    "GET /api-keys": P.API_KEY_MANAGE,
    "GET /access-review": P.ACCESS_REPORT_READ,
    "GET /access-review/{review_id}": P.ACCESS_REPORT_READ,
    "GET /account": SignedIn("one's own account"),
    "GET /images/{image_id}": P.ITEM_READ,
    "GET /api/v1/items": P.QUEUE_READ,
    "GET /api/v1/items/{item_id}": P.ITEM_READ,
    "GET /api/v1/files": P.FILE_READ,
    "GET /api/v1/files/{file_id}": P.FILE_READ,
    "POST /api/v1/files": P.FILE_IMPORT,
    "GET /api/v1/openapi.json": SignedIn("what the API has; whoever calls it may read that"),
    "GET /api/v1/auth/me": SignedIn("who one is"),
    "POST /api/v1/auth/logout": SignedIn("one's own session"),
    "POST /api/v1/auth/token": Open("asks for password and code"),
    "POST /api/v1/auth/refresh": Open("asks for a refresh token"),
    "GET /health": Open("load balancers ask without a session; it says up or down"),
    "HEAD /health": Open("as GET"),
    "GET /api/v1/health": Open("as /health"),
    "HEAD /api/v1/health": Open("as GET"),
    "GET /sign-in": _FORM,
    "POST /sign-in": _FORM,
    "GET /sign-in/code": _FORM,
    "POST /sign-in/code": _FORM,
    "GET /sign-in/enrol": _FORM,
    "POST /sign-in/enrol": _FORM,
    "GET /sign-in/codes": _FORM,
    "POST /sign-in/codes": _FORM,
    "POST /sign-in/new-codes": _FORM,
    "GET /sign-in/password": _FORM,
    "POST /sign-in/password": _FORM,
    "GET /sign-in/recovered": _FORM,
    "POST /sign-in/recovered": _FORM,
    "GET /sign-in/recovery": _FORM,
    "POST /sign-in/recovery": _FORM,
    "POST /sign-in/replace": _FORM,
    "GET /sign-in/openid": Open("begins a sign-in at the provider"),
    "GET /sign-in/openid/callback": Open("the provider's answer, for the browser that began"),
    "POST /sign-out": _FORM,
    "GET /sign-in/style-HASH.css": Open("colours of the forms"),
    "GET /assets/console-HASH.css": SignedIn("colours of the pages"),
    "ANY /_nicegui/VERSION/static": _LIBRARY,
    "ANY /_nicegui_ws": SignedIn("the socket of pages; each message is checked, see tests/edge/test_page_browser.py"),
    "GET /_nicegui/VERSION/components/{key:path}": _LIBRARY,
    "GET /_nicegui/VERSION/dynamic_resources/{name}": _LIBRARY,
    "GET /_nicegui/VERSION/esm/{key}/{path:path}": _LIBRARY,
    "GET /_nicegui/VERSION/libraries/{key:path}": _LIBRARY,
    "GET /_nicegui/VERSION/resources/{key}/{path:path}": _LIBRARY,
}

# Public functions of the console whose first parameter is the actor.
OPERATIONS: Final[dict[str, Row]] = {
    "access.access_changes.approve": P.ACCESS_CHANGE_APPROVE,
    "access.access_changes.change_person": P.USER_MANAGE,
    "access.access_changes.change_role": P.ROLE_MANAGE,
    "access.access_changes.refuse": P.ACCESS_CHANGE_APPROVE,
    "access.access_changes.request_for_new_person": Inner("makes a row for `create_person`"),
    "access.access_changes.withdraw": P.USER_READ,  # and only what one has asked for oneself
    "access.access_export.export_report": P.ACCESS_REPORT_READ,
    "access.access_export.export_review": P.ACCESS_REPORT_READ,
    "access.access_report.count_report": P.ACCESS_REPORT_READ,
    "access.access_report.list_report": P.ACCESS_REPORT_READ,
    "access.access_report.role_choices": P.ACCESS_REPORT_READ,
    "access.access_review.confirm": P.ACCESS_REVIEW_DECIDE,
    "access.access_review.note_overdue": P.ACCESS_REVIEW_START,
    "access.access_review.start": P.ACCESS_REVIEW_START,
    "access.access_review_list.list_lines": P.ACCESS_REPORT_READ,
    "access.access_review_list.list_reviews": P.ACCESS_REPORT_READ,
    "access.access_review_list.overdue_for": SignedIn("says nothing to whom it does not concern"),
    "access.access_review_list.read_review": P.ACCESS_REPORT_READ,
    "access.allowlist.is_shut_out": Inner("what the door asks of every request"),
    "access.allowlist.placed": Inner("what the door asks of every request"),
    "access.allowlist.role_subjects": Inner("names the rules that bind somebody"),
    "access.allowlist_rules.add_rule": P.ALLOWLIST_MANAGE,
    "access.allowlist_rules.list_rules": P.ALLOWLIST_MANAGE,
    "access.allowlist_rules.remove_rule": P.ALLOWLIST_MANAGE,
    "access.allowlist_rules.try_address": P.ALLOWLIST_MANAGE,
    "access.api_keys.create": P.API_KEY_MANAGE,
    "access.api_keys.list_keys": P.API_KEY_MANAGE,
    "access.api_keys.revoke": P.API_KEY_MANAGE,
    "access.api_tokens.revoke": SignedIn("one's own session"),
    "access.authentication.refuse": Inner("audits a sign-in that failed"),
    "access.change_list.count_waiting": P.USER_READ,
    "access.change_list.list_changes": P.USER_READ,
    "access.custom_roles.copy_role": P.ROLE_MANAGE,
    "access.custom_roles.list_roles": P.USER_READ,
    "access.custom_roles.retire_role": P.ROLE_MANAGE,
    "access.demo_people.enrol_demo_user": P.USER_MANAGE,
    "access.lockout.unlock": P.USER_MANAGE,
    "access.mfa.confirm_in_person": P.MFA_MANAGE,
    "access.mfa.enrol_in_person": P.MFA_MANAGE,
    "access.mfa.new_recovery_codes": P.MFA_MANAGE,
    "access.mfa.require_enrolment": P.MFA_MANAGE,
    "access.mfa.revoke": P.MFA_MANAGE,
    "access.mfa.state_of": P.USER_READ,
    "access.own_account.confirm_authenticator": SignedIn("one's own account"),
    "access.own_account.end_others": SignedIn("one's own sessions"),
    "access.own_account.new_codes": SignedIn("one's own account"),
    "access.own_account.own_events": SignedIn("one's own account"),
    "access.own_account.own_sessions": SignedIn("one's own sessions"),
    "access.own_account.read_own": SignedIn("one's own account"),
    "access.own_account.start_authenticator": SignedIn("one's own account"),
    "access.password_change.change_own": SignedIn("one's own password, for the present one"),
    "access.password_change.choose": Inner("a step of the sign-in, which has asked for the one-time password"),
    "access.people.create_user": P.USER_MANAGE,
    "access.people.creating": Inner("the transaction of `create_person` and `create_user`"),
    "access.person_list.active_administrators": P.USER_READ,
    "access.person_list.count_people": P.USER_READ,
    "access.person_list.list_people": P.USER_READ,
    "access.person_list.read_person": P.USER_READ,
    "access.person_services.change_email": P.USER_MANAGE,
    "access.person_services.create_person": P.USER_MANAGE,
    "access.person_services.reactivate": P.USER_MANAGE,
    "access.person_services.reset_password": P.USER_MANAGE,
    "access.places.queue_choices": P.USER_READ,
    "access.recovery_codes.make_own": SignedIn("one's own codes"),
    "access.session_list.count_sessions": P.SESSION_READ,
    "access.session_list.end_session": P.SESSION_END,
    "access.session_list.end_sessions_of": P.SESSION_END,
    "access.session_list.list_sessions": P.SESSION_READ,
    "access.step_up.confirm": SignedIn("one's own code"),
    "access.step_up.require_fresh_code": Inner("what services ask beside the permission"),
    "audit.verify.verify": P.AUDIT_VERIFY,
    "images.links.fetch": P.ITEM_READ,
    "images.links.link": SignedIn("the address works for the session alone, and `fetch` asks for the permission"),
    "institution.institution_of": SignedIn("the name and zone of one's own bank, shown on every page"),
    "intake.accounts.has_accounts": P.ACCOUNT_LOAD,
    "intake.accounts.load_accounts": P.ACCOUNT_LOAD,
    "intake.arrivals.arrivals": P.FILE_READ,
    "intake.arrivals.dismiss": P.FILE_IMPORT,
    "intake.arrivals.take": P.FILE_IMPORT,
    "intake.file_list.count_files": P.FILE_READ,
    "intake.file_list.find_file": P.FILE_READ,
    "intake.file_list.list_files": P.FILE_READ,
    "intake.file_list.list_findings": P.FILE_READ,
    "intake.file_list.received_since": P.FILE_READ,
    "intake.files.import_file": P.FILE_IMPORT,
    "intake.rows.file_row": Inner("makes a row for `import_file`"),
    "notices.inbox.list_arrived": SignedIn("one's own notices"),
    "notices.inbox.list_notices": SignedIn("one's own notices; the check in a line is shown to who may read it"),
    "notices.inbox.mark_all_read": SignedIn("one's own notices"),
    "notices.inbox.mark_read": SignedIn("one's own notices"),
    "notices.inbox.standing": SignedIn("one's own notices"),
    "notices.preferences.choose": SignedIn("one's own wishes"),
    "notices.preferences.read_own": SignedIn("one's own wishes and address"),
    "review.assignment.assign": P.ITEM_ASSIGN,
    "review.beside.beside": P.QUEUE_READ,
    "review.claims.claim": P.ITEM_CLAIM,
    "review.claims.claim_next": P.ITEM_CLAIM,
    "review.claims.peek_next": P.ITEM_CLAIM,
    "review.claims.release": P.ITEM_CLAIM,
    "review.claims.release_expired": P.ITEM_RELEASE_OTHERS,
    "review.claims.touch": P.ITEM_CLAIM,
    "review.decisions.confirm": P.ITEM_APPROVE,
    "review.decisions.decide": P.ITEM_DECIDE,
    "review.decisions.resume": P.ITEM_NOTE,
    "review.decisions.resume_due_holds": P.ITEM_RELEASE_OTHERS,
    "review.decisions.send_back": P.ITEM_APPROVE,
    "review.undo.submit": P.ITEM_DECIDE,  # and ITEM_APPROVE for a second signature
    "review.undo.undo": P.ITEM_CLAIM,  # and only one's own
    "review.undo.waiting": P.ITEM_CLAIM,
    "review.drafts.forget_finished": P.ITEM_RELEASE_OTHERS,
    "review.drafts.read_draft": P.ITEM_NOTE,
    "review.drafts.save_draft": P.ITEM_NOTE,
    "review.flag_answers.answer_flag": P.ITEM_DECIDE,
    "review.leaving.deactivate": P.USER_MANAGE,
    "review.next_item.wanted": Inner("the parameters of a query of `claims`"),
    "review.notes.add_note": P.ITEM_NOTE,
    "review.opinions.record_opinion": P.ITEM_APPROVE,
    "review.blinding.as_shown_to": Inner("takes out of a view what is hidden from somebody"),
    "review.blinding.is_blind_to": Inner("says what is hidden from somebody"),
    "review.opening.account_number": P.ACCOUNT_NUMBER_READ,
    "review.opening.open_item": P.ITEM_READ,
    "review.opening.standing_of": Inner("what an item that was opened shows; reads nothing"),
    "review.people_here.offer_people": P.ITEM_NOTE,
    "review.queue.list_items": P.QUEUE_READ,
    "review.queue.queue_names": P.QUEUE_READ,
    "review.queue.rows_by_id": P.QUEUE_READ,
    "review.saved_views.delete_view": P.QUEUE_READ,
    "review.saved_views.list_views": P.QUEUE_READ,
    "review.saved_views.save_view": P.QUEUE_READ,
    "review.saved_views.set_default": P.QUEUE_READ,
    "review.tally.fold": P.QUEUE_READ,
    "review.queue_changes.add_queue": P.QUEUE_MANAGE,
    "review.queue_changes.change_queue": P.QUEUE_MANAGE,
    "review.queue_changes.close_queue": P.QUEUE_MANAGE,
    "review.queue_counts.counts": P.QUEUE_READ,
    "review.queue_counts.neighbours": P.QUEUE_READ,
    "review.queue_moves.move": P.QUEUE_MANAGE,
    "review.queue_settings.account_types": P.QUEUE_MANAGE,
    "review.queue_settings.candidates": P.QUEUE_MANAGE,
    "review.queue_settings.read_queues": P.QUEUE_MANAGE,
    "review.releasing.release_others": P.ITEM_RELEASE_OTHERS,
    "review.rerouting.apply_routing": P.QUEUE_MANAGE,
    "review.rerouting.preview_routing": P.QUEUE_MANAGE,
    "review.revoking.revoke": P.ACCESS_REVIEW_DECIDE,
    "review.timeline.read_timeline": P.ITEM_READ,
}
