"""A page of the console: who looks at it, what they may do, its frame, and what happens when an event fails.

`console_page` makes a NiceGUI page out of a function whose first parameter is a `ConsolePage`. The page keeps the
session's token and never the actor: every event asks again who is there.
"""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import Request
from fastapi.responses import Response
from nicegui import Client, context, ui
from nicegui.element import Element
from psycopg.errors import QueryCanceled
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from console.access import refusals
from console.access.access_review_list import Review, overdue_for
from console.access.permissions import NotAllowed, Permission, may
from console.access.sessions import PageSession, SessionServiceUnavailable, SignedOut
from console.access.step_up import CodeNeeded
from console.access.step_up_panel import ask_for_code
from console.access.visit import visit_of
from console.actor import Actor
from console.edge.headers import PRELOADED
from console.institution import InstitutionFacts, institution_of
from console.metrics import PAGE_EVENT_SECONDS
from console.notices import inbox
from console.notices.bell_panel import Bell
from console.notices.inbox import Standing
from console.settings import settings
from console.ui import open_pages
from console.ui.areas import AREAS
from console.ui.format import day
from console.ui.line_guard import LineGuard
from console.ui.own_keys import own_keys
from console.ui.page_keys import use_keys
from console.ui.pieces import Text, icon
from console.ui.refusal import refusal
from console.ui.session_guard import WARN_BEFORE_END, SessionGuard
from console.ui.shell import NavItem, SessionClock, Shell, shell

RESPONSE_TIMEOUT: Final = 10.0
# A session is prolonged with each keystroke. Its clock counts minutes while the end is far, and need not follow so
# closely; near the end it is exact.
_ROUGHLY: Final = timedelta(seconds=5)
_EXACT_BEFORE_END: Final = WARN_BEFORE_END + timedelta(minutes=1)
TITLE: Final = "Check Review Console"
# Where the browser gets a new cookie for its session; `edge.session_renewal` answers.
RENEW: Final = "/session/renew"
# The person's own page, behind their name.
ACCOUNT: Final = "/account"
NOTICE_SETTINGS: Final = f"{ACCOUNT}#notices"

_log = structlog.get_logger(__name__)

_NO_DATABASE: Final = "The database cannot be reached. Nothing was changed; try again in a moment."
_TOO_LONG: Final = (
    "The database took too long and was stopped. Nothing was changed; try again in a moment, or ask for less at once."
)
# Refusals whose message is meant for the person: rooms add theirs with `show_to_people`.
_TOLD: list[type[Exception]] = [NotAllowed, SessionServiceUnavailable]


def show_to_people(*errors: type[Exception]) -> None:
    """Name exceptions whose text says what happened, what was kept and what to do."""
    _TOLD.extend(error for error in errors if error not in _TOLD)


@dataclass
class ConsolePage:
    """An open page. `actor` is who opened it, for drawing; an event's handler is given its own."""

    session: PageSession
    actor: Actor
    client: Client
    institution: InstitutionFacts
    # When the session ends unless it is used, as it stood when the page was built.
    ends: datetime
    # What its bell shows at first.
    notices: Standing
    # Where it was opened.
    path: str = ""
    # The access review that is late, where this person is to do something about it.
    late: Review | None = None
    shell: Shell | None = field(default=None)
    guard: SessionGuard | None = field(default=None)

    @contextmanager
    def frame(
        self, title: str, subtitle: str = "", *, path: str, on_leave: Callable[[str], Any] | None = None
    ) -> Iterator[Shell]:
        """The shell with the links that this person may follow; `path` is the area shown.

        With `on_leave(path)` the page itself follows the rail's links, so that it can ask or tidy up first.
        """
        nav = [
            NavItem(area.icon, area.label, area.path, active=path.startswith(area.path))
            for area in AREAS
            if may(self.actor, area.permission)
        ]
        now = datetime.now(UTC)
        clock = SessionClock(self.ends, now, self.ends - WARN_BEFORE_END)
        with shell(
            nav=nav,
            user=self.actor.name,
            title=title,
            subtitle=subtitle,
            institution=self.institution.name,
            session=clock,
            account=ACCOUNT,
            on_sign_out=self.sign_out,
            on_leave=on_leave,
        ) as parts:
            self.shell = parts
            self.guard = SessionGuard(
                self.ends, self.institution.zone, on_active=self._be_active, on_sign_out=self.sign_out
            )
            LineGuard()
            open_pages.watch(self.client, self)
            with parts.bell:
                Bell(self, self.notices, on_leave or self.client.open, NOTICE_SETTINGS)
            if self.late:
                _tell_late(self.late)
            yield parts

    def handler(self, work: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[None]]:
        """An event handler that calls `work(actor, …)` for whoever is signed in at that moment.

        What a person did counts as activity. A refusal is told in its own words; anything else is logged under a
        request id that the person is shown.
        """

        @functools.wraps(work)
        async def handle(*arguments: Any) -> None:
            await self.run(work, *arguments)

        # NiceGUI looks at the signature to decide whether to pass the event.
        parameters = list(inspect.signature(work).parameters.values())[1:]
        handle.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return handle

    async def run(self, work: Callable[..., Awaitable[Any]], *arguments: Any) -> None:
        """Call `work(actor, …)` as `handler` does."""
        try:
            session = await self.session.active()
            actor = await self.session.actor_in(session)
        except SignedOut:
            self.show_signed_out()
            return
        except SessionServiceUnavailable as error:
            self.tell(str(error), bad=True)
            return
        await self._attempt(work, actor, *arguments)
        self.session_stands(session.idle_until(), final=session.is_final())

    async def refresh(self, work: Callable[..., Awaitable[Any]], *arguments: Any) -> None:
        """Call `work(actor, …)` for a timer or a live message: it does not count as activity."""
        try:
            actor = await self.session.actor()
        except SignedOut:
            self.show_signed_out()
            return
        except SessionServiceUnavailable:
            return  # the next one heals it
        await self._attempt(work, actor, *arguments)

    async def follow(self, actor: Actor, work: Callable[..., Awaitable[Any]], *arguments: Any) -> None:
        """Call `work(actor, …)` as the rest of an event of this person's, for which nobody waits."""
        await self._attempt(work, actor, *arguments)

    async def _attempt(self, work: Callable[..., Awaitable[Any]], actor: Actor, *arguments: Any) -> None:
        began, outcome = time.perf_counter(), "failed"
        try:
            with open_pages.running():
                outcome = await self._outcome(work, actor, *arguments)
        finally:
            area = self.path.split("/")[1] if self.path else ""
            PAGE_EVENT_SECONDS.labels(area, outcome).observe(time.perf_counter() - began)

    async def _outcome(self, work: Callable[..., Awaitable[Any]], actor: Actor, *arguments: Any) -> str:
        """Do it, and tell the person of what it refuses; how it ended, for the metrics."""
        try:
            async with refusals.witnessed(actor, f"{self.path} {work.__qualname__}"):
                await work(actor, *arguments)
        except CodeNeeded:
            self._ask_for_code(work, *arguments)
            return "refused"
        except tuple(_TOLD) as refused:
            self.tell(str(refused), bad=True)
            return "refused"
        except (OperationalError, PoolTimeout) as error:
            _log.error("database unavailable", error=type(error).__name__, request_id=actor.request_id)
            stopped = isinstance(error, OperationalError) and isinstance(error.orig, QueryCanceled)
            self.tell(_TOO_LONG if stopped else _NO_DATABASE, bad=True)
        except Exception as error:
            _log.exception("event failed", work=work.__qualname__, request_id=actor.request_id)
            told = f"Something went wrong. Reload to see what was saved; if it stays so, report {actor.request_id}."
            self.tell(f"{told} {type(error).__name__}: {error}" if settings().debug else told, bad=True)
        else:
            return "done"
        return "failed"

    def _ask_for_code(self, work: Callable[..., Awaitable[Any]], *arguments: Any) -> None:
        """Ask for a fresh code, and do what was refused once it is right."""

        async def confirmed() -> None:
            # The session may do more now: the browser gets a new token for it, which open pages follow.
            self.client.run_javascript(f"fetch('{RENEW}', {{method: 'POST'}})")
            await self.run(work, *arguments)

        if self.client.id in Client.instances:
            with self.client:
                ask_for_code(self.session, confirmed)

    def preload(self, addresses: Iterable[str]) -> None:
        """Have the browser fetch these images of our own while it is still reading the page's scripts. For a page that
        is being built, and shows them at once."""
        setattr(self.client.request.state, PRELOADED, tuple(addresses))

    def tell(self, message: str, *, bad: bool = False) -> None:
        """Show a message that stays long enough to be read."""
        if self.client.id in Client.instances:
            # Of the letters that the page has loaded: those of Quasar's own icons would be fetched now, and are refused
            # in the moment after a fresh code, when the session's token changes. Their names stood in their place then.
            sign, timeout = ("o_warning", 8000) if bad else ("o_info", 3500)
            with self.client:
                ui.notify(message, type="negative" if bad else "info", icon=sign, timeout=timeout, position="top")

    def session_stands(self, ends: datetime, *, final: bool) -> None:
        """The session ends then unless it is used, or in any case where `final`."""
        if abs(ends - self.ends) < _ROUGHLY and self.ends - datetime.now(UTC) > _EXACT_BEFORE_END:
            return
        if self.shell and self.shell.session and ends != self.ends:
            self.ends = ends
            self.shell.session.set(ends, now=datetime.now(UTC), warn_at=ends - WARN_BEFORE_END)
        if self.guard:
            self.guard.stands(ends, final=final)

    def session_service(self, *, available: bool) -> None:
        """Whether anybody can be recognised at this moment."""
        if self.guard:
            self.guard.service(available=available)

    async def _be_active(self) -> None:
        """The person is there: nothing else is done."""

        async def nothing(_: Actor) -> None: ...

        await self.run(nothing)

    async def sign_out(self) -> None:
        """Sign out through the form, so that the browser's cookie goes as well."""
        self.client.run_javascript(
            "const f=document.createElement('form');f.method='post';f.action='/sign-out';"
            "document.body.append(f);f.submit()"
        )

    def show_signed_out(self) -> None:
        """Lead the pages of this session to the sign-in, which says why, and take them apart."""
        open_pages.close_pages(self.session.reference)


def console_page(path: str, *, permission: Permission | None, title: str = TITLE) -> Callable[..., Any]:
    """Make a page at `path` for those who hold `permission` (None: for everybody who is signed in); others are told
    that they may not.

    The function gets a `ConsolePage`, then the path's parameters. It may answer with a `refusal` in place of a page.
    """

    def decorate(build: Callable[..., Awaitable[Response | None]]) -> Any:
        @functools.wraps(build)
        async def page(request: Request, **parameters: Any) -> Response | None:
            actor: Actor = request.state.actor
            if permission is not None and not may(actor, permission):
                request.state.refused = permission.value
                return refusal(HTTPStatus.FORBIDDEN, str(NotAllowed(permission)))
            client = context.client
            open_pages.own(client, actor.session or "")
            session = PageSession(request.state.session_token, visit_of(request.scope))
            stands = await session.session()
            facts = await institution_of(actor)
            use_keys(client, await own_keys(actor))
            late = await overdue_for(actor, datetime.now(facts.zone).date())
            told = await inbox.standing(actor)
            shown = ConsolePage(session, actor, client, facts, stands.idle_until(), told, request.url.path, late)
            return await build(shown, **parameters)

        own = [inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Request)]
        rest = list(inspect.signature(build, eval_str=True).parameters.values())[1:]
        page.__signature__ = inspect.Signature(own + rest)  # type: ignore[attr-defined]
        return ui.page(path, title=title, response_timeout=RESPONSE_TIMEOUT)(page)

    return decorate


def _tell_late(review: Review) -> None:
    with Element("a").classes("crc-banner") as banner:
        banner.props["href"] = f"/access-review/{review.id}"
        icon("warning")
        left = "1 line" if review.left == 1 else f"{review.left} lines"
        Text(f"The access review “{review.name}” is overdue since {day(review.due_on)}: {left} to decide.")
