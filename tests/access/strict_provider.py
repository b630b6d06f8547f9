"""An OpenID Connect provider in a process of its own: `oidc-provider-mock`, which also demands PKCE (RFC 7636).

Run with the port, and the life of tokens in seconds.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from typing import Any

import uvicorn
from authlib.integrations import flask_oauth2
from authlib.oauth2.rfc7636 import CodeChallenge
from oidc_provider_mock import _app

_challenges: dict[str, tuple[str, str]] = {}


class StrictGrant(_app.AuthorizationCodeGrant):
    """Keeps each code's challenge, which the library's own extension then checks."""

    def save_authorization_code(self, code: str, request: Any) -> None:
        super().save_authorization_code(code, request)
        data = request.payload.data
        _challenges[code] = data.get("code_challenge"), data.get("code_challenge_method")

    def query_authorization_code(self, code: str, client: Any) -> Any:
        found = super().query_authorization_code(code, client)
        if found:
            challenge, method = _challenges[code]
            object.__setattr__(found, "code_challenge", challenge)
            object.__setattr__(found, "code_challenge_method", method)
        return found


class StrictServer(flask_oauth2.AuthorizationServer):
    def register_grant(self, grant_class: Any, extensions: Any = None) -> None:
        if grant_class is StrictGrant:
            extensions = [*extensions, CodeChallenge(required=True)]
        super().register_grant(grant_class, extensions)


if __name__ == "__main__":
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    _app.AuthorizationCodeGrant = StrictGrant
    _app.flask_oauth2.AuthorizationServer = StrictServer
    provider = _app.app(
        require_client_registration=True,
        require_nonce=True,
        access_token_max_age=timedelta(seconds=int(sys.argv[2])),
    )
    uvicorn.run(provider, interface="wsgi", host="127.0.0.1", port=int(sys.argv[1]), log_config=None)
