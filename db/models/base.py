"""What every table has in common: names of constraints, column types, the institution's column."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import DateTime, ForeignKey, LargeBinary, MetaData, Numeric, Text, Uuid, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# Dollars and cents; no float ever touches an amount.
Amount = Annotated[Decimal, mapped_column(Numeric(14, 2))]
Sha256 = Annotated[bytes, mapped_column(LargeBinary(32))]


class Base(DeclarativeBase):
    """Declarative base: aware timestamps, text for strings, JSONB for dictionaries."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        str: Text(),
        UUID: Uuid(),
        dict[str, Any]: JSONB(none_as_null=True),
        list[Any]: JSONB(none_as_null=True),
        bytes: LargeBinary(),
    }


class OpaqueId:
    """Primary key that says nothing about the row it names."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)


class OfInstitution:
    """A table of one institution's data; row-level security hides every other institution's rows."""

    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"))


class OfItemsInstitution(OfInstitution):
    """A table of what belongs to an item, written many rows at a time: a trigger sees that each row is of the
    institution of its item, in place of a foreign key that would look for the institution of each row by itself."""

    institution_id: Mapped[UUID] = mapped_column()


def now() -> Any:
    """The database's clock, so that rows written by several replicas are in one order."""
    return func.now()


__all__ = ["Amount", "Base", "OfInstitution", "OfItemsInstitution", "OpaqueId", "Sha256", "now"]
