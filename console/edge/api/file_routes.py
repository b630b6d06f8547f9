"""X9 files: handing one over, and what came of it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import unquote
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from console.edge.api import cursor as cursors
from console.edge.api.door import Caller, identify
from console.edge.api.problems import problem
from console.intake import arrivals, file_list
from console.intake.arrivals import NAME_HEADER
from console.intake.file_list import FileKey, ReceivedFile
from console.intake.report import ImportReport, ImportStatus

router = APIRouter(prefix="/files", tags=["files"])

_ORDER: Final = "files"
_MAX_NAME: Final = 1000
_NO_FILE: Final = "There is no such file."
# A body that is the file's bytes, whatever the caller calls them: what it is, is told by its records.
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class FileAnswer(BaseModel):
    """A file that was imported or refused. `amount` in dollars."""

    id: UUID
    name: str
    sha256: str
    size: int
    status: str
    received_at: datetime
    received_by: str | None
    checks: int
    returns: int
    credits: int
    images_stored: int
    images_displayable: int
    amount: Decimal
    findings: int


class FilesPage(BaseModel):
    """Files, the latest first, and the cursor of the next page; null at the end."""

    files: list[FileAnswer]
    next: str | None


@router.post("", status_code=HTTPStatus.CREATED, openapi_extra=_BODY)
async def import_file(request: Request, caller: Caller) -> JSONResponse:
    """Import an X9 file, which is the body; X-File-Name, percent-encoded, is how people will know it.

    201 where it was imported, 200 where the same bytes were imported before, 422 where it is refused whole: then
    `findings` has every problem.
    """
    name = unquote(request.headers.get(NAME_HEADER, "")[:_MAX_NAME]) or "unnamed"
    length = request.headers.get("content-length", "")
    size = int(length) if length.isascii() and length.isdigit() else None
    arrival = await arrivals.take(caller, name, size, request.stream(), lambda: identify(request))
    report = await arrivals.outcome(arrival)
    answer = {"file_id": str(report.file_id), **report.as_json()}
    if report.status is ImportStatus.REFUSED:
        return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, report.message, None, **_refused(report))
    return JSONResponse(answer, HTTPStatus.CREATED if report.status is ImportStatus.IMPORTED else HTTPStatus.OK)


@router.get("")
async def list_files(
    caller: Caller,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=file_list.MAX_PAGE)] = file_list.PAGE,
) -> FilesPage:
    """A page of the files that came in."""
    after = None
    if cursor:
        (moment,), file_id = cursors.read(_ORDER, cursor, (datetime,))
        assert isinstance(moment, datetime)
        after = FileKey(moment, file_id)
    page = await file_list.list_files(caller, after=after, limit=limit)
    following = cursors.written(_ORDER, (page.next.received_at,), page.next.id) if page.next else None
    return FilesPage(files=[_file(row) for row in page.rows], next=following)


@router.get("/{file_id}")
async def read_file(caller: Caller, file_id: UUID) -> FileAnswer:
    """One file."""
    found = await file_list.find_file(caller, file_id)
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, _NO_FILE)
    return _file(found)


def _refused(report: ImportReport) -> dict[str, Any]:
    whole = report.as_json()
    return {"file_id": str(report.file_id)} | {name: whole[name] for name in ("file", "sha256", "findings")}


def _file(row: ReceivedFile) -> FileAnswer:
    return FileAnswer(
        id=row.id,
        name=row.name,
        sha256=row.sha256.hex(),
        size=row.size,
        status=row.status,
        received_at=row.received_at,
        received_by=row.received_by,
        checks=row.checks,
        returns=row.returns,
        credits=row.credits,
        images_stored=row.images_stored,
        images_displayable=row.images_displayable,
        amount=row.amount,
        findings=row.findings,
    )
