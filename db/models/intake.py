"""Files that came in, their findings, and the images they carried."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Amount, Base, OfInstitution, OfItemsInstitution, OpaqueId, Sha256, now


class FileReceived(OpaqueId, OfInstitution, Base):
    """An X9 file that was offered: imported whole, or refused whole with the reason."""

    __tablename__ = "file_received"

    name: Mapped[str]
    sha256: Mapped[Sha256]
    size: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(server_default=now())
    received_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    framing: Mapped[str | None]
    encoding: Mapped[str | None]
    origin: Mapped[str | None]
    destination: Mapped[str | None]
    checks: Mapped[int] = mapped_column(server_default="0")
    returns: Mapped[int] = mapped_column(server_default="0")
    credits: Mapped[int] = mapped_column(server_default="0")
    images_stored: Mapped[int] = mapped_column(server_default="0")
    images_displayable: Mapped[int] = mapped_column(server_default="0")
    amount: Mapped[Amount] = mapped_column(server_default="0")
    findings: Mapped[int] = mapped_column(server_default="0")

    __table_args__ = (
        # The same bytes are imported once; a refused file may be offered again.
        Index(
            "uq_file_received_imported",
            "institution_id",
            "sha256",
            unique=True,
            postgresql_where=text("status = 'imported'"),
        ),
        Index("ix_file_received_received_at", "institution_id", text("received_at DESC"), "id"),
        CheckConstraint("status in ('imported','refused')", name="status"),
    )


class FileFinding(OpaqueId, OfInstitution, Base):
    """Something odd in a file: where it stands, what was found and what the standard expects."""

    __tablename__ = "file_finding"

    file_id: Mapped[UUID] = mapped_column(ForeignKey("file_received.id"), index=True)
    item_id: Mapped[UUID | None] = mapped_column(ForeignKey("check_item.id"), index=True)
    record: Mapped[int]
    offset: Mapped[int] = mapped_column("byte_offset", BigInteger)
    field: Mapped[str]
    problem: Mapped[str]
    found: Mapped[str]
    expected: Mapped[str]


class Image(OpaqueId, OfItemsInstitution, Base):
    """An image's original bytes in the object store, named by their SHA-256."""

    __tablename__ = "image"

    # Of an item (front, back), or of an account (its signature card); an earlier check names its own front.
    item_id: Mapped[UUID | None] = mapped_column(ForeignKey("check_item.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    side: Mapped[str]
    # Place among the views of its item, as in the file.
    ordinal: Mapped[int] = mapped_column(default=0, server_default="0")
    sha256: Mapped[Sha256]
    size: Mapped[int]
    format: Mapped[str]
    width: Mapped[int | None]
    height: Mapped[int | None]
    dpi: Mapped[int | None]
    # Null where the image can be displayed; else why it cannot.
    problem: Mapped[str | None]

    __table_args__ = (
        Index("ix_image_item", "item_id", "side"),
        Index("ix_image_account_id", "account_id", postgresql_where=text("account_id is not null")),
        CheckConstraint("side in ('front','back','card')", name="side"),
        CheckConstraint("octet_length(sha256) = 32", name="sha256"),
    )
