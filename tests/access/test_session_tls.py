"""Sessions over `rediss://`: the connection is encrypted, and a server with a foreign certificate is not believed."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from console.access import sessions
from console.access.sessions import SessionServiceUnavailable, Stage
from console.settings import Settings
from db.redis_pool import close_redis, open_redis
from tests.access.test_sessions import HERE, person_of
from tests.factories import make_bank


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A key and a certificate for 127.0.0.1 that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(hours=1))
        .not_valid_after(datetime.now(UTC) + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / f"{name}.pem", folder / f"{name}.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem, secret


@asynccontextmanager
async def behind_tls(host: str, port: int, pem: Path, secret: Path) -> AsyncIterator[int]:
    """The port of a listener that speaks TLS and passes everything on to the server at `host` and `port`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)

    async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
        target.close()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(host, port)
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer), return_exceptions=True)

    server = await asyncio.start_server(pass_on, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def test_sessions_over_tls(run: Callable[..., None], console: Settings, tmp_path: Path) -> None:
    plain = urlsplit(console.redis_url.get_secret_value())
    pem, secret = certificate(tmp_path, "redis")
    stranger, _ = certificate(tmp_path, "stranger")

    async def story() -> None:
        person = person_of((await make_bank()).reviewer)
        async with behind_tls(plain.hostname or "", plain.port or 0, pem, secret) as port:
            address = f"rediss://:{plain.password or ''}@127.0.0.1:{port}{plain.path}?ssl_ca_certs="
            await close_redis()
            open_redis(f"{address}{pem}")
            token = await sessions.promote(await sessions.start(person, Stage.PASSWORD, HERE))
            actor = await sessions.actor_of(token)
            assert actor.user_id == person.user_id
            await close_redis()
            open_redis(f"{address}{stranger}")
            with pytest.raises(SessionServiceUnavailable):
                await sessions.actor_of(token)
            await close_redis()

    run(story())
