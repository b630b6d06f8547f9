"""The policy, read: the version that holds, and those before and after it."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Path, Query
from pydantic import BaseModel

from console.edge.api.door import Caller
from console.policy.errors import VersionNotFound
from console.policy.version_list import VersionRow, list_versions, read_version, version_numbered

router = APIRouter(prefix="/policy", tags=["policy"])
_NONE: Final = "There is no such version of the policy."


class VersionLine(BaseModel):
    """A version: it was active from `activated_at` until `retired_at`, or is to be from `scheduled_for` on."""

    number: int
    status: str
    note: str
    author: str | None
    created_at: datetime
    based_on: int | None
    restores: int | None
    approver: str | None
    approved_at: datetime | None
    scheduled_for: datetime | None
    activated_at: datetime | None
    retired_at: datetime | None


class VersionAnswer(VersionLine):
    """A version with what it says: thresholds and rules. Amounts are text, in dollars."""

    document: dict[str, Any]


class VersionsPage(BaseModel):
    """Versions, newest first; `next`: ask for those before this number, null at the end."""

    versions: list[VersionLine]
    next: int | None


@router.get("", responses={404: {"description": _NONE}})
async def active_version(caller: Caller) -> VersionAnswer:
    """The version by which checks are judged now."""
    found = await list_versions(caller)
    if found.active is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "No version of the policy is active.")
    return _answer(found.active)


@router.get("/versions")
async def versions(caller: Caller, before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None) -> VersionsPage:
    """Every version that is not retired and the last retired ones; with `before` earlier retired ones."""
    found = await list_versions(caller, before)
    living = () if before is not None else (*filter(None, (found.active,)), *found.others)
    rows = sorted((*living, *found.retired), key=lambda row: row.number, reverse=True)
    after = found.retired[-1].number if found.more else None
    return VersionsPage(versions=[VersionLine(**_line(row)) for row in rows], next=after)


@router.get("/versions/{number}", responses={404: {"description": _NONE}})
async def one_version(caller: Caller, number: Annotated[int, Path(ge=1, le=2**31 - 1)]) -> VersionAnswer:
    """One version with what it says."""
    try:
        return _answer((await read_version(caller, await version_numbered(caller, number))).row)
    except VersionNotFound:
        raise HTTPException(HTTPStatus.NOT_FOUND, _NONE) from None


def _answer(row: VersionRow) -> VersionAnswer:
    return VersionAnswer(document=row.document, **_line(row))


def _line(row: VersionRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in VersionLine.model_fields}
