"""The object store: image bytes under their SHA-256, unchanged, in a private bucket."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import anyio
import urllib3
from minio import Minio
from minio.datatypes import Object
from minio.error import MinioException, S3Error

from console.images.object_lock import ObjectLock
from console.images.uploads import UploadFailed, Uploads
from console.settings import Settings

# Requests in flight at once, over all callers of this process.
CONNECTIONS = 16
_CHUNK = 1 << 18
_HASH = re.compile("[0-9a-f]{64}")
# How stores refuse to delete what object lock keeps.
_LOCKED = frozenset({"AccessDenied", "ObjectLocked", "InvalidRequest", "MethodNotAllowed"})


class StoreUnavailable(Exception):
    """The object store did not answer, or refused."""

    def __init__(self, doing: str) -> None:
        super().__init__(f"The image store does not answer ({doing}). Nothing was changed; try again in a moment.")


@dataclass(frozen=True)
class Version:
    """One of the objects that were stored under a key; `deleted` says that it only marks the key as deleted."""

    id: str
    deleted: bool
    order: tuple[bool, datetime]


class ImageStore:
    """Keeps images of every institution apart, each under `institution/sha256`.

    The methods block: call them from a thread, as `fetch` does.
    """

    def __init__(self, settings: Settings) -> None:
        parts = urlsplit(settings.object_store_endpoint)
        pool = urllib3.PoolManager(
            maxsize=CONNECTIONS,
            timeout=urllib3.Timeout(connect=3, read=20),
            retries=urllib3.Retry(total=3, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]),
        )
        self._client = Minio(
            parts.netloc,
            access_key=settings.object_store_access_key,
            secret_key=settings.object_store_secret_key.get_secret_value(),
            secure=parts.scheme == "https",
            region=settings.object_store_region,
            http_client=pool,
        )
        self._uploads = Uploads(settings)
        self._bucket = settings.object_store_bucket
        self._lock = ObjectLock(self._client, self._bucket, settings.object_store_retention_days)
        self._limiter: anyio.CapacityLimiter | None = None

    def put(self, institution_id: UUID, data: bytes, sha256: bytes) -> None:
        """Store the bytes under their hash; storing the same bytes again changes nothing that can be read.

        Raises StoreUnavailable.
        """
        try:
            self._uploads.put(_key(institution_id, sha256), data, sha256, self._lock.headers())
        except (MinioException, urllib3.exceptions.HTTPError, UploadFailed) as error:
            raise StoreUnavailable("storing an image") from error

    def get(self, institution_id: UUID, sha256: bytes, version: str | None = None) -> bytes:
        """The bytes under this hash, checked against it; of an earlier version where one is named.

        Raises StoreUnavailable, also where the bytes do not match their hash any more.
        """
        response = None
        try:
            response = self._client.get_object(self._bucket, _key(institution_id, sha256), version_id=version)
            data: bytes = response.read()
        except (MinioException, urllib3.exceptions.HTTPError) as error:
            raise StoreUnavailable("reading an image") from error
        finally:
            if response is not None:
                response.close()
                response.release_conn()
        if hashlib.sha256(data).digest() != sha256:
            raise StoreUnavailable("an image's bytes no longer match their hash")
        return data

    def open(self, institution_id: UUID, sha256: bytes) -> Iterator[bytes]:
        """The bytes under this hash, in chunks; the last one comes only where all of them match the hash.

        Raises StoreUnavailable at once where there is nothing to read, and in place of the last chunk where the
        bytes are others.
        """
        try:
            response = self._client.get_object(self._bucket, _key(institution_id, sha256))
        except (MinioException, urllib3.exceptions.HTTPError) as error:
            raise StoreUnavailable("opening a file") from error
        return _checked(response, sha256)

    def put_file(self, key: str, path: Path, sha256: bytes) -> None:
        """Store a file under this key, under the same lock as images, and compare what the store then has with its
        SHA-256. Raises StoreUnavailable.
        """
        try:
            self._client.fput_object(self._bucket, key, str(path), retention=self._lock.retention())
            response = self._client.get_object(self._bucket, key)
        except (MinioException, urllib3.exceptions.HTTPError) as error:
            raise StoreUnavailable("storing a file") from error
        for _ in _checked(response, sha256):
            pass

    def purge(self, institution_id: UUID, sha256: bytes, before: datetime) -> bool:
        """Destroy every version of these bytes that was stored before; whether nothing of them is left.

        Something is left where the store's object lock still holds, or the same bytes have come again since. Raises
        StoreUnavailable.
        """
        key, left = _key(institution_id, sha256), False
        try:
            for version in list(self._client.list_objects(self._bucket, prefix=key, include_version=True)):
                if version.last_modified is None or version.last_modified >= before:
                    left = True
                    continue
                try:
                    self._client.remove_object(self._bucket, key, version_id=version.version_id)
                except S3Error as error:
                    if error.code not in _LOCKED:
                        raise
                    left = True
        except (MinioException, urllib3.exceptions.HTTPError) as error:
            raise StoreUnavailable("destroying an image") from error
        return not left

    def keys(self, prefix: str) -> dict[str, datetime]:
        """Each key with this beginning under which bytes are kept, and since when; deleted ones as well, where the
        store keeps their versions. Raises StoreUnavailable.
        """
        found: dict[str, datetime] = {}
        try:
            for one in self._client.list_objects(self._bucket, prefix, recursive=True, include_version=True):
                if not one.is_delete_marker and one.object_name and one.last_modified:
                    since = found.get(one.object_name, one.last_modified)
                    found[one.object_name] = min(since, one.last_modified)
        except (MinioException, urllib3.exceptions.HTTPError) as error:
            raise StoreUnavailable("listing files") from error
        return found

    def can_hold(self) -> bool:
        """Whether the bucket has object lock, without which no object can be put under a legal hold.

        Raises StoreUnavailable.
        """
        try:
            return self._lock.is_there()
        except (MinioException, urllib3.exceptions.HTTPError) as error:
            raise StoreUnavailable("asking for the bucket's object lock") from error

    def set_legal_hold(self, institution_id: UUID, sha256: bytes, *, held: bool) -> bool:
        """Put every version of these bytes under the store's legal hold, or take it off; whether there is any.

        Until it is taken off nobody can destroy them, whatever their retention date. Raises StoreUnavailable,
        HoldNotAllowed.
        """
        return self.hold_file(_key(institution_id, sha256), held=held)

    def hold_file(self, key: str, *, held: bool) -> bool:
        """`set_legal_hold` for every version under this key."""
        try:
            return self._lock.hold(key, held=held)
        except (MinioException, urllib3.exceptions.HTTPError) as error:
            raise StoreUnavailable("holding an object") from error

    def versions(self, institution_id: UUID) -> Iterator[tuple[bytes, list[Version]]]:
        """Each hash under which something was ever stored, with what there is, the newest first.

        Raises StoreUnavailable.
        """
        try:
            # The client hands out a page's marks of deletion after its objects: a part of the keys at a time is put in
            # order here, and not all of them, which may be millions.
            for part in range(256):
                found: dict[str, list[Version]] = defaultdict(list)
                prefix = f"{institution_id}/{part:02x}"
                for one in self._client.list_objects(self._bucket, prefix, recursive=True, include_version=True):
                    name = (one.object_name or "").removeprefix(f"{institution_id}/")
                    if _HASH.fullmatch(name):
                        found[name].append(_version(one))
                for name in sorted(found):
                    yield bytes.fromhex(name), sorted(found[name], key=lambda one: one.order, reverse=True)
        except (MinioException, urllib3.exceptions.HTTPError) as error:
            raise StoreUnavailable("listing the images") from error

    async def fetch(self, institution_id: UUID, sha256: bytes) -> bytes:
        """`get` from a bounded number of threads, so that the event loop never waits for the store."""
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(CONNECTIONS)
        return await anyio.to_thread.run_sync(partial(self.get, institution_id, sha256), limiter=self._limiter)

    async def answers(self) -> bool:
        """Whether the store can be reached at present, asked from a thread."""
        try:
            await anyio.to_thread.run_sync(self.check)
        except StoreUnavailable:
            return False
        return True

    def check(self) -> None:
        """Raise StoreUnavailable unless the bucket is there."""
        try:
            found = self._client.bucket_exists(self._bucket)
        except (MinioException, urllib3.exceptions.HTTPError) as error:
            raise StoreUnavailable("looking for the bucket") from error
        if not found:
            raise StoreUnavailable(f"there is no bucket {self._bucket}")


def _checked(response: urllib3.BaseHTTPResponse, sha256: bytes) -> Iterator[bytes]:
    digest, last = hashlib.sha256(), b""
    try:
        for chunk in response.stream(_CHUNK):
            if last:
                yield last
            digest.update(chunk)
            last = chunk
    except urllib3.exceptions.HTTPError as error:
        raise StoreUnavailable("reading a file") from error
    finally:
        response.close()
        response.release_conn()
    if digest.digest() != sha256:
        raise StoreUnavailable("a file's bytes no longer match their hash")
    yield last


def _version(found: Object) -> Version:
    at = found.last_modified or datetime.min.replace(tzinfo=UTC)
    return Version(found.version_id or "", found.is_delete_marker, (str(found.is_latest).lower() == "true", at))


def _key(institution_id: UUID, sha256: bytes) -> str:
    return f"{institution_id}/{sha256.hex()}"


_store: ImageStore | None = None


def open_store(settings: Settings) -> ImageStore:
    """Open this process's store."""
    global _store
    _store = ImageStore(settings)
    return _store


def image_store() -> ImageStore:
    """The open store. Raises RuntimeError where `open_store` was not called."""
    if _store is None:
        raise RuntimeError("the image store is not open in this process: call open_store first")
    return _store
