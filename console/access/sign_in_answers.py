"""What the forms of the sign-in answer with: a form again with what was wrong, the next step, or a page of its own."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import parse_qs, urlencode

from fastapi import HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from console.access import look, sessions
from console.access.attempts import TooManyAttempts
from console.access.authentication import WrongCode
from console.access.lockout import LockedOut, SlowDown
from console.access.password_rules import WeakPassword
from console.access.second_factor import EnrolInPerson
from console.access.sessions import SignedOut, Stage
from console.access.signing_in import NotFromHere, OneTimePasswordOver, Step, TooManyCodes
from console.settings import Settings

SIGN_IN, CODE, ENROL, SIGN_OUT = "/sign-in", "/sign-in/code", "/sign-in/enrol", "/sign-out"
RECOVERY, RECOVERED, REPLACE = "/sign-in/recovery", "/sign-in/recovered", "/sign-in/replace"
CODES, NEW_CODES, PASSWORD = "/sign-in/codes", "/sign-in/new-codes", "/sign-in/password"
# Where a sign-in goes on that waits for something.
STEPS = {
    Stage.PASSWORD: CODE,
    Stage.ENROL: ENROL,
    Stage.RECOVERED: RECOVERED,
    Stage.RECOVERY_CODES: CODES,
    Stage.NEW_PASSWORD: PASSWORD,
}
MAXIMUM_FORM_BYTES = 16 * 1024

# No script, nothing from elsewhere: stricter than what pages of the console need.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
WRONG_CODE = (
    "This code did not work. Enter the code that your authenticator shows now; each code works once. "
    "If it goes on, set your phone’s clock to automatic."
)


class Form(Protocol):
    """Shows a form, with what was wrong with the last attempt."""

    async def __call__(self, request: Request, wanted: str, error: str = "") -> Response: ...


def safe_path(wanted: str) -> str:
    """`wanted` where it is a path of this site that a person may be sent to after signing in, else `/`.

    Browsers read `//host`, `/\\host` and paths with control characters as other sites' addresses.
    """
    plain = wanted.startswith("/") and not wanted.startswith("//") and len(wanted) <= 2000
    if not plain or "\\" in wanted or not wanted.isascii() or not wanted.isprintable() or " " in wanted:
        return "/"
    # Going back to the sign-in would lead nowhere.
    return "/" if wanted.split("?")[0].startswith((SIGN_IN, SIGN_OUT)) else wanted


def go_to(path: str, **query: str) -> Response:
    """See another page of the sign-in, or of the console."""
    given = {name: value for name, value in query.items() if value and (name, value) != ("next", "/")}
    return RedirectResponse(path + ("?" + urlencode(given) if given else ""), HTTPStatus.SEE_OTHER)


async def read_form(request: Request) -> dict[str, str]:
    """The fields of an urlencoded form, the last of each name. Raises HTTPException where it is too large."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAXIMUM_FORM_BYTES:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in fields.items()}


class Answers:
    """Pages, redirects and the cookie of the sign-in."""

    def __init__(self, settings: Settings, style: look.StyleSheet) -> None:
        self._settings = settings
        self._style = style
        self._cookie = sessions.cookie_name(settings)

    def page(self, template: str, *, error: str = "", **values: Any) -> Response:
        """A form; with an error it is told on top."""
        shown = {"style": self._style.path, "error": error, "notice": "", "username": "", **values}
        text = look.TEMPLATES.get_template(template).render(shown, openid=bool(self._settings.oidc_issuer))
        status = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
        return HTMLResponse(text, status, {"Content-Security-Policy": CONTENT_SECURITY_POLICY})

    def step(self, step: Step, wanted: str) -> Response:
        """On to what the session waits for, or to where the person wanted to go."""
        where = wanted if step.stage is Stage.FULL else STEPS[step.stage]
        answer = go_to(where) if step.stage is Stage.FULL else go_to(where, next=wanted)
        # No Max-Age: the browser forgets it when it closes, Redis much earlier.
        answer.set_cookie(
            self._cookie, step.token, path="/", secure=self._settings.behind_tls, httponly=True, samesite="lax"
        )
        return answer

    async def attempt(self, request: Request, wanted: str, work: Awaitable[Step | Response], again: Form) -> Response:
        """Do a step; what is wrong with it is told in the form, or on a page of its own."""
        try:
            done = await work
        except WrongCode:
            return await again(request, wanted, WRONG_CODE)
        except (WeakPassword, EnrolInPerson, NotFromHere, OneTimePasswordOver) as error:
            return await again(request, wanted, str(error))
        except LockedOut as locked:
            return self._locked(locked, wanted)
        except SlowDown as slow:
            return self._wait(slow.seconds, wanted)
        except TooManyAttempts as many:
            return self._wait(many.retry_after, wanted)
        except TooManyCodes:
            return self.without_token(go_to(SIGN_IN, reason="codes", next=wanted))
        except SignedOut:
            return self.without_token(go_to(SIGN_IN, reason="ended", next=wanted))
        return self.step(done, wanted) if isinstance(done, Step) else done

    def token(self, request: Request) -> str:
        """The token that the browser sent, or nothing."""
        return request.cookies.get(self._cookie, "")

    def without_token(self, answer: Response) -> Response:
        """The answer, which makes the browser forget its token."""
        answer.delete_cookie(self._cookie, path="/", secure=self._settings.behind_tls, httponly=True, samesite="lax")
        return answer

    def _locked(self, locked: LockedOut, wanted: str) -> Response:
        minutes = max(1, -(-(locked.until.astimezone(UTC) - datetime.now(UTC)) // timedelta(minutes=1)))
        until = f"{locked.until:%H:%M} ({locked.until.tzname()})"
        # A right password is no reason to keep the half-open sign-in.
        answer = self.page("locked.html", next=wanted, until=until, minutes=minutes)
        answer.status_code = HTTPStatus.FORBIDDEN
        return self.without_token(answer)

    def _wait(self, seconds: int, wanted: str) -> Response:
        answer = self.page("wait.html", next=wanted, seconds=seconds)
        answer.status_code = HTTPStatus.TOO_MANY_REQUESTS
        answer.headers["Retry-After"] = str(seconds)
        return answer
