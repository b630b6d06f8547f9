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
    "GET /images/{image_id}": P.ITEM_READ,
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
    "access.demo_people.enrol_demo_user": P.USER_MANAGE,
    "access.lockout.unlock": P.USER_MANAGE,
    "access.people.create_user": P.USER_MANAGE,
    "access.recovery_codes.make_own": SignedIn("one's own codes"),
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
    "review.beside.beside": P.QUEUE_READ,
    "review.claims.claim": P.ITEM_CLAIM,
    "review.claims.claim_next": P.ITEM_CLAIM,
    "review.claims.peek_next": P.ITEM_CLAIM,
    "review.claims.release": P.ITEM_CLAIM,
    "review.claims.release_expired": P.ITEM_RELEASE_OTHERS,
    "review.claims.touch": P.ITEM_CLAIM,
    "review.decisions.confirm": P.ITEM_APPROVE,
    "review.decisions.decide": P.ITEM_DECIDE,
    "review.decisions.resume": P.ITEM_DECIDE,
    "review.decisions.resume_due_holds": P.ITEM_RELEASE_OTHERS,
    "review.decisions.send_back": P.ITEM_APPROVE,
    "review.flag_answers.answer_flag": P.ITEM_DECIDE,
    "review.opening.account_number": P.ACCOUNT_NUMBER_READ,
    "review.opening.open_item": P.ITEM_READ,
    "review.opening.standing_of": Inner("what an item that was opened shows; reads nothing"),
    "review.queue.list_items": P.QUEUE_READ,
    "review.queue.queue_names": P.QUEUE_READ,
    "review.queue.rows_by_id": P.QUEUE_READ,
    "review.queue_counts.counts": P.QUEUE_READ,
    "review.queue_counts.neighbours": P.QUEUE_READ,
}
