"""This process's one pool of Redis connections: sessions, rate limits and live hints."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, cast

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff
from redis.exceptions import RedisClusterException, RedisError

from db.redis_address import DEFAULT_PORT, parse_address

# Every way in which Redis can be away.
REDIS_ERRORS: Final = (RedisError, RedisClusterException, OSError, TimeoutError)
# A person waits for the answer: one more attempt on a connection that the server closed, not a minute of them.
_RETRIES: Final = 1
# Asks again while a cluster elects another master.
_CLUSTER_RETRIES: Final = 3
_REPLICATED_WITHIN_MS: Final = 500

_log = structlog.get_logger(__name__)
_client: Redis | RedisCluster | None = None


def open_redis(url: str) -> Redis | RedisCluster:
    """Open the pool to one server, or to a cluster where the address says so.

    Values are bytes; a call waits at most two seconds for a server. Raises ValueError for an address of another kind.
    """
    global _client
    address = parse_address(url)
    options: dict[str, Any] = {"socket_connect_timeout": 2, "socket_timeout": 2, "health_check_interval": 15}
    if address.cluster:
        retry = Retry(ConstantBackoff(0.1), _CLUSTER_RETRIES)
        nodes = [_node(one) for one in address.urls[1:]]
        _client = RedisCluster.from_url(address.urls[0], startup_nodes=nodes, retry=retry, **options)
    else:
        _client = Redis.from_url(address.urls[0], retry=Retry(ConstantBackoff(0.05), _RETRIES), **options)
    return _client


def redis() -> Redis:
    """The open client. Raises RuntimeError where `open_redis` was not called.

    A cluster's client has the same commands as far as the console uses them, so callers see one type.
    """
    return cast(Redis, _opened())


async def evaluate(script: str, keys: Sequence[str], arguments: Sequence[Any], *, replicated: bool = False) -> Any:
    """Run a Lua script on keys that lie in one slot.

    `replicated`: in a cluster, wait half a second at most until a replica of the keys' master has the change.
    Raises REDIS_ERRORS.
    """
    client = _opened()
    if not replicated or not isinstance(client, RedisCluster):
        return await cast(Redis, client).eval(script, len(keys), *keys, *arguments)
    await client.initialize()
    node = client.get_node_from_key(keys[0])
    # In one pipeline, because WAIT tells of what its own connection wrote.
    pipeline = client.pipeline()
    pipeline.execute_command("EVAL", script, len(keys), *keys, *arguments)
    pipeline.execute_command("WAIT", 1, _REPLICATED_WITHIN_MS, target_nodes=node)
    answer, replicas = await pipeline.execute()
    if not replicas:
        _log.warning("redis.not_replicated")
    return answer


@asynccontextmanager
async def subscribed(*channels: str) -> AsyncIterator[PubSub]:
    """Messages of these channels, from whichever node, until the block ends. Raises REDIS_ERRORS."""
    client = _opened()
    if isinstance(client, RedisCluster):
        # Which nodes there are is asked first: a subscription does not do it by itself.
        await client.initialize()
    async with cast(Redis, client).pubsub(ignore_subscribe_messages=True) as messages:
        await messages.subscribe(*channels)
        yield messages


async def close_redis() -> None:
    """Close every connection of the pool."""
    global _client
    if _client is not None:
        await _client.aclose()
    _client = None


def _opened() -> Redis | RedisCluster:
    if _client is None:
        raise RuntimeError("Redis is not open in this process: call open_redis first")
    return _client


def _node(url: str) -> ClusterNode:
    parts = parse_url(url)
    return ClusterNode(parts["host"], parts.get("port", DEFAULT_PORT))
