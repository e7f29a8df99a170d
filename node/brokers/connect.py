"""Clients for the URLs that a node takes: Redis, Redis behind Sentinels, and none at all."""

from collections.abc import Callable, Sequence
from typing import Any

import fakeredis
from redis.asyncio import Redis, Sentinel
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from node.brokers.connection import quick
from node.config.redis_url import RedisUrl
from node.process.dial import Dialler

Connect = Callable[[float | None], "Redis"]
"""Makes a client with a connection pool of its own, given the seconds to wait for a reply."""

CONNECT_TIMEOUT = 1.0
"""Seconds for a name to be looked up, for each of its addresses to answer, and for TLS: Redis is
near."""
REPLY_TIMEOUT = 2.0
"""Seconds without a reply after which a connection is given up, and its calls are made again."""


def to(url: RedisUrl) -> Connect:
    """Return what makes clients of the broker at a URL."""
    if url.is_memory:
        return memory()
    if url.scheme == "redis+sentinel":
        return sentinel(url.hosts, url.service, url.db, url.username, url.password)
    return redis(url.url)


def _options(timeout: float | None) -> dict[str, Any]:
    # By default redis-py retries ten times, and would append twice: the pipeline repeats calls.
    # RESP2: what is pushed and what is answered never share a connection here.
    return {
        "retry": Retry(NoBackoff(), 0),
        "socket_connect_timeout": CONNECT_TIMEOUT,
        "socket_timeout": timeout,
        "socket_keepalive": True,
        "protocol": 2,
    }


def memory() -> Connect:
    """Return what makes clients of one embedded broker."""
    server = fakeredis.FakeServer(server_type="redis", version=(7,))
    return lambda timeout: fakeredis.FakeAsyncRedis(server=server, protocol=2)


def redis(url: str) -> Connect:
    """Return what makes clients for a redis:// or rediss:// URL."""
    dialler = Dialler(CONNECT_TIMEOUT)
    return lambda timeout: quick(Redis.from_url(url, **_options(timeout)), dialler)


def sentinel(
    hosts: Sequence[tuple[str, int]],
    service: str,
    db: int,
    username: str | None,
    password: str | None,
) -> Connect:
    """Return what makes clients for the master that Sentinels tell of."""
    dialler = Dialler(CONNECT_TIMEOUT)

    def connect(timeout: float | None) -> "Redis":
        # Nor is a Sentinel asked ten times: there are others.
        short = _options(CONNECT_TIMEOUT)
        watchers = Sentinel(list(hosts), sentinel_kwargs=short)  # type: ignore[no-untyped-call]
        for watcher in watchers.sentinels:
            quick(watcher, dialler)
        master: Redis = watchers.master_for(
            service, db=db, username=username, password=password, **_options(timeout)
        )
        return quick(master, dialler)

    return connect
