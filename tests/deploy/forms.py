"""As much of a browser as the sign-in's forms need, behind a TLS that ended before."""

from __future__ import annotations

import http.client
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

ORIGIN = "https://console.example.com"


@dataclass
class Browser:
    """`path`, `page` and `status` are those of the last answer, after what it led to."""

    port: int
    path: str = "/"
    page: str = ""
    status: int = 0
    _cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> None:
        self._ask("GET", path)

    def post(self, path: str, **fields: str) -> None:
        self._ask("POST", path, urlencode({"next": "/", **fields}))

    def _ask(self, method: str, path: str, body: str | None = None) -> None:
        headers = {"Host": "console.example.com", "Origin": ORIGIN, "Accept": "text/html"}
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        line.request(method, path, body, headers)
        answer = line.getresponse()
        self.path, self.status, self.page = urlsplit(path).path, answer.status, answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            self._cookies |= {name: morsel.value for name, morsel in SimpleCookie(cookie).items()}
        if answer.status == 303:
            self._ask("GET", answer.headers["Location"])
