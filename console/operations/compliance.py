"""How each line of the guide's checklists stands at present, as far as the console can know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row, select, text

from console.access.permissions import ADMINISTERING, Permission, require
from console.actor import Actor
from console.operations.checklist import SECTIONS, Line, Rule
from console.operations.checks import CheckName
from console.settings import MINIMUM_SECRET_LENGTH, Settings, settings
from db.engine import transaction
from db.models import InstallationCheck

# An access review that was closed longer ago is no regular one.
REVIEW_EVERY: Final = timedelta(days=184)
# What is done daily and was not done for so long has stopped.
DAILY: Final = timedelta(hours=50)
BACKUP_EVERY: Final = timedelta(hours=26)

_FIGURES: Final = text(
    """
    with person as (
        select u.id, u.totp_confirmed_at is not null as enrolled, exists (
            select from user_role r left join custom_role c on c.id = r.custom_role_id
            where r.user_id = u.id
              and (r.role = 'administrator' or jsonb_exists_any(c.permissions, :administering))) as administers
        from app_user u where u.active)
    select count(*) as people, count(*) filter (where enrolled) as enrolled,
        count(*) filter (where administers) as administrators,
        count(*) filter (where administers and enrolled) as enrolled_administrators,
        (select count(distinct subject) from allow_rule) as bound,
        (select max(closed_at) from access_review) as reviewed_at,
        (select min(due_on) from access_review where closed_at is null) as review_due_on,
        (select count(*) from legal_hold where lifted_at is null) as holds,
        (select count(*) from legal_hold where lifted_at is null and lift_asked_at is not null) as lifting,
        (select count(*) from session_record where ended_at < now() - make_interval(days => :session_days)
            and not on_legal_hold_person(institution_id, user_id, started_at, ended_at)) as old_sessions,
        (select count(*) from session_record where started_at > now() - interval '30 days') as sign_ins
    from person
    """
)


class State(StrEnum):
    """How a line stands. UNKNOWN: the console cannot know."""

    WELL = "well"
    LOOK = "look"
    FAULT = "fault"
    UNKNOWN = "not known"


@dataclass(frozen=True)
class Found:
    """How a line stands, in words."""

    state: State
    words: str


@dataclass(frozen=True)
class LineShown:
    """A line of the guide with how it stands."""

    rule: Rule
    line: Line
    found: Found


Checks = dict[str, InstallationCheck]


async def read_compliance(actor: Actor) -> dict[str, tuple[LineShown, ...]]:
    """Every line of the checklists, by section. Raises NotAllowed."""
    require(actor, Permission.COMPLIANCE_READ)
    now, current = datetime.now(UTC), settings()
    wanted = {"administering": sorted(ADMINISTERING), "session_days": current.session_history_days}
    async with transaction(actor) as session:
        figures = (await session.execute(_FIGURES, wanted)).one()
        checks = {one.name: one for one in await session.scalars(select(InstallationCheck))}
    found = {**_of_settings(current), **_of_checks(checks, current, now), **_of_figures(figures, current, now)}
    found[Rule.HOLDS] = _holds(figures, checks.get(CheckName.OBJECT_HOLDS))
    return {
        section: tuple(LineShown(rule, line, found.get(rule, _unknown(line))) for rule, line in rules.items())
        for section, rules in SECTIONS.items()
    }


def _unknown(line: Line) -> Found:
    words = line.live.removeprefix("not known to the console: ")
    return Found(State.UNKNOWN, f"{words[0].upper()}{words[1:]}")


def _of_settings(current: Settings) -> dict[Rule, Found]:
    key, rotating = current.secret_key.get_secret_value(), current.previous_secret_key.get_secret_value()
    strong = len(key) >= MINIMUM_SECRET_LENGTH
    words = f"{len(key)} characters" + (", a change of it is under way" if rotating else "")
    rates = f"{current.rate_limit_per_minute:,} API requests and {current.sign_in_limit_per_minute:,} sign-ins a minute"
    return {
        Rule.SECRET_KEY: Found(State.WELL if strong and not rotating else State.LOOK, words),
        Rule.HEADERS: Found(State.WELL, "Part of every answer"),
        Rule.RATES: Found(State.WELL, rates),
    }


def _of_checks(checks: Checks, current: Settings, now: datetime) -> dict[Rule, Found]:
    def of(name: CheckName, every: timedelta, before: str = "") -> Found:
        check = checks.get(name)
        if check is None:
            return Found(State.LOOK, f"{before}Not done yet")
        late = now - check.at > every
        state = State.FAULT if not check.ok else State.LOOK if late else State.WELL
        return Found(state, f"{before}{check.detail[:1].upper()}{check.detail[1:]} ({check.at:%d %b %Y %H:%M} UTC)")

    tls = of(CheckName.CERTIFICATE, DAILY)
    if not current.behind_tls:
        tls = Found(State.FAULT, "PUBLIC_ORIGIN is not https: this installation is for one machine alone")
    # A chain that was written anew is right in itself: its seals say otherwise.
    seals = checks.get(CheckName.AUDIT_SEALS)
    audit = CheckName.AUDIT_SLICE if seals is None or seals.ok else CheckName.AUDIT_SEALS
    images = f"{current.image_retention_days:,} days. Last run: "
    return {
        Rule.TLS: tls,
        Rule.AUDIT: of(audit, DAILY),
        Rule.AUDIT_YEARS: of(CheckName.AUDIT_MONTHS, DAILY, f"{current.audit_retention_years} years. "),
        Rule.IMAGES: of(CheckName.RETENTION, DAILY, images),
        Rule.BACKUPS: of(CheckName.BACKUP, BACKUP_EVERY),
    }


def _of_figures(row: Row[Any], current: Settings, now: datetime) -> dict[Rule, Found]:
    days = current.session_history_days
    kept = f"{row.old_sessions:,} older ones are left" if row.old_sessions else "none is older"
    return {
        Rule.MFA: _mfa(row),
        Rule.ALLOWLIST: Found(
            State.WELL if row.bound else State.LOOK,
            f"{row.bound:,} roles and operations are bound to networks"
            if row.bound
            else "Nothing is bound to a network",
        ),
        Rule.REVIEWS: _reviews(row, now),
        Rule.SESSIONS: Found(State.LOOK if row.old_sessions else State.WELL, f"{days:,} days; {kept}"),
        Rule.ACCESS_LOGS: Found(State.WELL, f"{row.sign_ins:,} sign-ins of 30 days; request lines: the log store's"),
    }


def _holds(row: Row[Any], store: InstallationCheck | None) -> Found:
    if not row.holds:
        return Found(State.WELL, "None stands")
    asked = f", {row.lifting:,} of them asked to be lifted" if row.lifting else ""
    told = store.detail if store else "the object store was not told yet"
    well = store is not None and store.ok and store.figures.get("supported")
    state = State.WELL if well else State.LOOK if store is None or store.ok else State.FAULT
    return Found(state, f"{row.holds:,} stand{'s' if row.holds == 1 else ''}{asked}; {told}")


def _mfa(row: Row[Any]) -> Found:
    words = (
        f"{row.enrolled_administrators:,} of {row.administrators:,} who administer are enrolled,"
        f" {row.enrolled:,} of {row.people:,} of everybody"
    )
    # Who is not enrolled yet does so at the next sign-in, before anything else.
    return Found(State.WELL if row.enrolled_administrators == row.administrators else State.LOOK, words)


def _reviews(row: Row[Any], now: datetime) -> Found:
    last = f"last closed {_day(row.reviewed_at)}" if row.reviewed_at else "none was closed yet"
    regular = row.reviewed_at is not None and now - row.reviewed_at <= REVIEW_EVERY
    if row.review_due_on is not None:
        late = row.review_due_on < now.date()
        words = f"One is open, due {_day(row.review_due_on)}; {last}"
        return Found(State.FAULT if late else State.WELL if regular else State.LOOK, words)
    return Found(State.WELL if regular else State.LOOK, f"{last[0].upper()}{last[1:]}")


def _day(moment: date) -> str:
    return f"{moment.day} {moment:%b %Y}"
