"""The deployment guide's checklists of security and compliance: each line, how it is met, and what proves it. No I/O.

`docs/compliance.md` is printed from it; the Compliance page shows it with what is known at present.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Rule(StrEnum):
    TLS = "tls"
    SECRET_KEY = "secret_key"  # noqa: S105 - the name of a rule
    CREDENTIALS = "credentials"
    NETWORK = "network"
    WAF = "waf"
    HEADERS = "headers"
    RATES = "rates"
    AUDIT = "audit"
    ACCESS_LOGS = "access_logs"
    AUDIT_YEARS = "audit_years"
    IMAGES = "images"
    SESSIONS = "sessions"
    BACKUPS = "backups"
    HOLDS = "holds"
    MFA = "mfa"
    ALLOWLIST = "allowlist"
    REVIEWS = "reviews"


@dataclass(frozen=True)
class Line:
    """A line of the guide, how it is met, where, and the test that proves it. `live`: what the page shows of it."""

    guide: str
    how: str
    where: str
    test: str
    live: str


SECTIONS: Final[dict[str, dict[Rule, Line]]] = {
    "Security": {
        Rule.TLS: Line(
            "TLS/HTTPS enabled on all endpoints",
            "nginx speaks TLS 1.2 and 1.3 alone; cookies are Secure",
            "deploy/nginx/compose.conf",
            "tests/deploy/test_edge.py::test_tls",
            "the certificate that people's browsers see, and its end",
        ),
        Rule.SECRET_KEY: Line(
            "Strong SECRET_KEY generated (64+ characters)",
            "production refuses to start with a weak one",
            "console/settings.py",
            "tests/test_settings.py::test_production_names_every_fault_at_once",
            "its length, and whether a change is under way",
        ),
        Rule.CREDENTIALS: Line(
            "Database credentials rotated",
            "each role has a password of its own, changed under people at work",
            "deploy/postgres/roles.sql",
            "tests/db/test_credentials.py::test_a_password_is_changed_under_people_at_work",
            "not known to the console: whoever runs the database answers for it",
        ),
        Rule.NETWORK: Line(
            "Network segmentation configured",
            "nobody reaches a database but the console's own processes",
            "deploy/kubernetes/base/network.yaml",
            "tests/deploy/test_kubernetes.py::test_nobody_speaks_to_anybody_but_by_name",
            "not known to the console: the cluster enforces it",
        ),
        Rule.WAF: Line(
            "WAF/DDoS protection enabled",
            "nginx bounds sizes, rates and slow clients; a WAF stands before it",
            "deploy/nginx/http.conf",
            "tests/deploy/test_edge.py::test_what_is_too_large_or_too_much",
            "not known to the console: a WAF is the bank's",
        ),
        Rule.HEADERS: Line(
            "Security headers configured",
            "every answer carries them, a content policy with nonces among them",
            "console/edge/headers.py",
            "tests/deploy/test_edge.py::test_each_security_header_stands_once_whoever_answers",
            "that they are part of every answer",
        ),
        Rule.RATES: Line(
            "Rate limiting enabled",
            "for each person, key and address; sign-ins by themselves",
            "console/access/attempts.py",
            "tests/access/test_attempts.py::test_a_minute_allows_so_many_and_says_how_long_to_wait",
            "the rates in force",
        ),
        Rule.AUDIT: Line(
            "Audit logging to secure storage",
            "append-only under the database's guards, chained by hashes, sealed every hour outside of the database",
            "console/audit/entries.py",
            "tests/audit/test_verify.py::test_a_change_past_all_triggers_is_named",
            "what the last verification found, and when",
        ),
        Rule.ACCESS_LOGS: Line(
            "Access logs retained for compliance",
            "a line of JSON for each request; sign-ins and refusals are in the audit trail",
            "deploy/nginx/http.conf",
            "tests/deploy/test_edge.py::test_a_killed_replica_costs_seconds_and_nothing_else",
            "sign-ins of the last 30 days in the audit trail; the lines are kept by the platform's log store",
        ),
    },
    "Data retention": {
        Rule.AUDIT_YEARS: Line(
            "Audit logs: 7 years minimum",
            "a month is archived as a file that proves itself, and detached; nothing is deleted",
            "console/retention/audit_months.py",
            "tests/retention/test_audit_months.py::test_a_month_is_archived_when_its_years_are_over",
            "the months at hand, those ahead, and one that a hold keeps",
        ),
        Rule.IMAGES: Line(
            "Check images: per regulatory requirements",
            "destroyed, as attachments are, when the setting's days are over, on record; locked in the store till then",
            "console/retention/object_purge.py",
            "tests/retention/test_purges.py::test_images_go_when_their_time_is_over",
            "the days in force, and what the last run destroyed or kept",
        ),
        Rule.SESSIONS: Line(
            "User sessions: 90 days",
            "what ended longer ago is destroyed, on record",
            "console/access/session_history.py",
            "tests/retention/test_purges.py::test_a_hold_keeps_a_persons_sessions",
            "the days in force, and whether older ones are left",
        ),
        Rule.BACKUPS: Line(
            "Backup retention: 30 days minimum (7 years for audit data)",
            "daily and continuous, encrypted, under object lock; each holds the whole trail that is at hand",
            "deploy/backup/pgbackrest.conf",
            "tests/deploy/test_backup.py::test_nothing_of_the_last_30_days_is_expired",
            "the last backup",
        ),
        Rule.HOLDS: Line(
            "Legal holds",
            "what one covers is not destroyed, and in the object store nobody can; placed by one person, lifted by two",
            "console/retention/legal_holds.py",
            "tests/retention/test_legal_holds.py::test_one_places_and_two_lift",
            "how many stand, and whether the object store was told",
        ),
    },
    "Access control": {
        Rule.MFA: Line(
            "MFA required for admin access",
            "nobody who administers signs in without a second factor",
            "console/access/mfa.py",
            "tests/access/test_sign_in_steps.py::test_who_needs_a_second_factor_is_the_setting",
            "who administers and has one, and everybody",
        ),
        Rule.ALLOWLIST: Line(
            "IP allowlisting for sensitive operations",
            "roles and single operations can be bound to networks",
            "console/access/allowlist.py",
            "tests/access/test_allowlist.py::test_an_operation_is_refused_elsewhere_and_all_else_goes_on",
            "how many roles and operations are bound",
        ),
        Rule.REVIEWS: Line(
            "Regular access reviews",
            "every role that somebody holds is confirmed or revoked by another person",
            "console/access/access_review.py",
            "tests/access/test_access_review.py::test_a_campaign_makes_a_line_of_every_role_and_closes_with_the_last",
            "when the last one was closed, and one that is open",
        ),
    },
}


def as_markdown() -> str:
    """The checklists as `docs/compliance.md` prints them."""
    lines = []
    for section, rules in SECTIONS.items():
        lines += [
            f"## {section}",
            "",
            "| the guide says | how | where | proven by | the page shows |",
            "|---|---|---|---|---|",
        ]
        lines += [f"| {one.guide} | {one.how} | `{one.where}` | `{one.test}` | {one.live} |" for one in rules.values()]
        lines.append("")
    return "\n".join(lines).rstrip()
