"""What keeps objects of the store from being destroyed, by anybody: the date until which each is locked when it is put,
and legal holds on single ones. Both need a bucket with object lock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from minio import Minio
from minio.commonconfig import COMPLIANCE
from minio.error import S3Error
from minio.retention import Retention
from minio.time import to_iso8601utc

_NONE = frozenset({"ObjectLockConfigurationNotFoundError", "NotImplemented", "MethodNotAllowed"})


class HoldNotAllowed(Exception):
    """The console's key may set no legal holds in the store."""

    def __init__(self) -> None:
        super().__init__(
            "The console's key may set no legal holds in the object store: it lacks s3:PutObjectLegalHold. Until then "
            "what a hold covers is kept by the console, and by the objects' own dates."
        )


class ObjectLock:
    """The lock of one bucket. The methods block, and let through what the S3 client raises."""

    def __init__(self, client: Minio, bucket: str, retention_days: int) -> None:
        self._client, self._bucket, self._days = client, bucket, retention_days
        self._there: bool | None = None

    def is_there(self) -> bool:
        """Whether the bucket has object lock; asked once."""
        if self._there is None:
            try:
                self._client.get_object_lock_config(self._bucket)
                self._there = True
            except S3Error as error:
                if error.code not in _NONE:
                    raise
                self._there = False
        return self._there

    def retention(self) -> Retention | None:
        """Until when an object that is put now cannot be destroyed; None: it can be at any time."""
        if not self._days or not self.is_there():
            return None
        return Retention(COMPLIANCE, datetime.now(UTC) + timedelta(days=self._days))

    def headers(self) -> dict[str, str]:
        """The same as headers of a request that puts an object."""
        retention = self.retention()
        if retention is None:
            return {}
        return {
            "x-amz-object-lock-mode": retention.mode,
            "x-amz-object-lock-retain-until-date": to_iso8601utc(retention.retain_until_date) or "",
        }

    def hold(self, key: str, *, held: bool) -> bool:
        """Put every version of an object under legal hold, or take it off; whether there is any.

        Raises HoldNotAllowed.
        """
        change = self._client.enable_object_legal_hold if held else self._client.disable_object_legal_hold
        there = False
        try:
            for version in self._client.list_objects(self._bucket, prefix=key, include_version=True):
                if not version.is_delete_marker:
                    change(self._bucket, key, version.version_id)
                    there = True
        except S3Error as error:
            if error.code == "AccessDenied":
                raise HoldNotAllowed from error
            raise
        return there
