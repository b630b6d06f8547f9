"""Puts bytes into the object store through libcurl, for the import's innermost step: the S3 client takes three times
as long for the same request, in Python, while no other thread runs. Addresses are the S3 client's own; libcurl signs
what it sends (AWS Signature Version 4), which Python would do in as much time as all the rest takes.
"""

from __future__ import annotations

import base64
import hashlib
import io
import ssl
import threading
import time
from collections.abc import Mapping
from urllib.parse import quote, urlunsplit

import pycurl
from minio.helpers import BaseURL

from console.settings import Settings

_CONNECT_MS = 3_000
# A transfer is given up when less than a byte a second has moved for so long.
_STALLED_SECONDS = 20
# Before each attempt. A put of the same bytes twice leaves what one leaves.
_WAITS = (0.0, 0.2, 0.4, 0.8)
_PASSING = frozenset({500, 502, 503, 504})
_KEPT_OF_ANSWER = 500


class UploadFailed(Exception):
    """The store was not reached, or refused."""


class Uploads:
    """Puts objects into one bucket, over one connection kept open for each thread that does."""

    def __init__(self, settings: Settings) -> None:
        base = BaseURL(settings.object_store_endpoint, settings.object_store_region)
        # Where objects lie, up to their keys: which of S3's two styles the store wants, the S3 client knows.
        placed = base.build(
            method="PUT",
            region=settings.object_store_region,
            bucket_name=settings.object_store_bucket,
            object_name="-",
        )
        self._place = urlunsplit(placed).removesuffix("-")
        self._signing = f"aws:amz:{settings.object_store_region}:s3"
        self._access_key = settings.object_store_access_key
        self._secret_key = settings.object_store_secret_key
        self._threads = threading.local()

    def put(self, key: str, data: bytes, sha256: bytes, headers: Mapping[str, str]) -> None:
        """Store the bytes under the key, with these headers besides the usual ones.

        `sha256` is that of the bytes: the signature covers it. Raises UploadFailed.
        """
        problem = ""
        for wait in _WAITS:
            if wait:  # to sleep for no time costs as much as to sign
                time.sleep(wait)
            try:
                status, answer = self._send(key, data, sha256, headers)
            except pycurl.error as error:
                problem = str(error.args[-1])
                continue
            if 200 <= status < 300:
                return
            problem = f"{status} {answer}"
            if status not in _PASSING:
                break
        raise UploadFailed(problem)

    def _send(self, key: str, data: bytes, sha256: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        """The store's answer: its status and how its body begins."""
        sent = {
            "Content-Type": "application/octet-stream",
            # Object lock asks for it, and every store checks what came against it.
            "Content-MD5": base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode(),
            "x-amz-content-sha256": sha256.hex(),
            **headers,
        }
        curl = self._curl()
        answer = io.BytesIO()
        curl.setopt(pycurl.URL, self._place + quote(key))
        # All of them are signed. Without `Expect` the body follows at once, however long it is.
        curl.setopt(pycurl.HTTPHEADER, [*(f"{name}: {value}" for name, value in sent.items()), "Expect:"])
        curl.setopt(pycurl.POSTFIELDS, data)
        curl.setopt(pycurl.WRITEDATA, answer)
        curl.perform()
        return curl.getinfo(pycurl.RESPONSE_CODE), answer.getvalue()[:_KEPT_OF_ANSWER].decode(errors="replace")

    def _curl(self) -> pycurl.Curl:
        """This thread's handle, which keeps its connection until the thread ends."""
        curl: pycurl.Curl | None = getattr(self._threads, "curl", None)
        if curl is None:
            curl = self._threads.curl = _new_curl()
            curl.setopt(pycurl.AWS_SIGV4, self._signing)
            curl.setopt(pycurl.USERNAME, self._access_key)
            curl.setopt(pycurl.PASSWORD, self._secret_key.get_secret_value())
        return curl


def _new_curl() -> pycurl.Curl:
    curl = pycurl.Curl()
    curl.setopt(pycurl.CUSTOMREQUEST, "PUT")
    curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
    # The store is where the settings say, whatever proxy the environment names; so does the S3 client.
    curl.setopt(pycurl.PROXY, "")
    # No signals: a thread other than the first must not get them.
    curl.setopt(pycurl.NOSIGNAL, 1)
    curl.setopt(pycurl.CONNECTTIMEOUT_MS, _CONNECT_MS)
    curl.setopt(pycurl.LOW_SPEED_LIMIT, 1)
    curl.setopt(pycurl.LOW_SPEED_TIME, _STALLED_SECONDS)
    # The authorities that Python trusts, in place of those of whoever built libcurl.
    trusted = ssl.get_default_verify_paths()
    if trusted.cafile:
        curl.setopt(pycurl.CAINFO, trusted.cafile)
    if trusted.capath:
        curl.setopt(pycurl.CAPATH, trusted.capath)
    return curl
