"""How much memory Redis uses, and may use: of one server, or of each node of a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from redis.asyncio.cluster import RedisCluster

from db.redis_pool import redis


@dataclass(frozen=True)
class Memory:
    """Bytes in use, and the most there may be: `maxmemory`, else what the machine has."""

    used: int
    most: int


async def redis_memory() -> dict[str, Memory]:
    """By node, `host:port`; one server is named `redis`. Raises REDIS_ERRORS."""
    client: Any = redis()
    if not isinstance(client, RedisCluster):
        return {"redis": _memory(await client.info("memory"))}
    await client.initialize()
    answers = await client.info("memory", target_nodes=RedisCluster.ALL_NODES)
    return {node: _memory(answer) for node, answer in answers.items()}


def _memory(answer: dict[str, Any]) -> Memory:
    return Memory(int(answer["used_memory"]), int(answer["maxmemory"]) or int(answer["total_system_memory"]))
