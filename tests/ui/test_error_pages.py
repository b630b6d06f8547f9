"""Where there is no page, or building one fails, a person reads our words and a number to report."""

from __future__ import annotations

from uuid import UUID

import pytest
from fastapi import FastAPI, Request
from starlette.testclient import TestClient

from console.access.sessions import SessionServiceUnavailable
from console.ui import error_pages

PAGE = {"accept": "text/html"}


@pytest.fixture
def browser() -> TestClient:
    app = FastAPI()
    error_pages.install(app)

    @app.get("/broken")
    async def broken(request: Request) -> None:
        request.scope["state"] = {"request_id": "a1b2"}
        raise ValueError("the secret inside")

    @app.get("/away")
    async def away() -> None:
        raise SessionServiceUnavailable

    @app.get("/checks/{item_id}")
    async def check(item_id: UUID) -> None: ...

    return TestClient(app, raise_server_exceptions=False)


def test_no_page_is_said_in_our_words(browser: TestClient) -> None:
    answer = browser.get("/nowhere", headers=PAGE)
    assert answer.status_code == 404
    assert "There is no page at this address" in answer.text
    assert "Exception" not in answer.text


def test_an_address_with_an_id_that_is_none_is_no_page(browser: TestClient) -> None:
    answer = browser.get("/checks/first", headers=PAGE)
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (404, "text/html")
    assert "There is no page at this address" in answer.text
    assert "item_id" not in answer.text


def test_programs_get_no_page(browser: TestClient) -> None:
    answer = browser.get("/nowhere", headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_failure_names_the_request_and_nothing_of_the_program(browser: TestClient, accept: str) -> None:
    answer = browser.get("/broken", headers={"accept": accept})
    assert answer.status_code == 500
    assert "report a1b2" in answer.text
    assert "secret" not in answer.text
    assert "ValueError" not in answer.text


def test_what_the_gate_explains_is_left_to_it(browser: TestClient) -> None:
    with pytest.raises(SessionServiceUnavailable):
        TestClient(browser.app).get("/away", headers=PAGE)
