"""Clients of redis-py: for Redis, behind Sentinels, in a cluster, and for an embedded broker."""

from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any, NamedTuple

import fakeredis
from redis.asyncio import Redis, Sentinel
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from node.brokers.connection import use_redis_connections
from node.brokers.slot_map import Address
from node.config.redis_url import RedisUrl
from node.process.dial import Dialler
from node.process.listening import shown

Connect = Callable[[float | None], "Redis"]
"""Makes a client with its own connection pool, given the seconds to wait for a reply."""

CONNECT_TIMEOUT = 1.0
"""Seconds for the lookup of a name, for each of its addresses to answer, and for TLS."""
REPLY_TIMEOUT = 2.0
"""Seconds without a reply after which a connection is closed, and its calls are repeated."""


class Topology(NamedTuple):
    """How to connect to the data: to the only server, or to any server of a cluster.

    ``connect_to`` connects to the server at an address; None if there is only one. ``seeds``: at
    how many servers ``connect`` tries in turns. ``name`` is that of the only server.
    """

    connect: Connect
    connect_to: Callable[[Address], Connect] | None = None
    seeds: int = 1
    name: str = "redis"


def to(url: RedisUrl) -> Topology:
    """Return what makes clients of the broker at a URL."""
    if url.is_memory:
        return Topology(memory(), name="memory")
    if url.scheme == "redis+sentinel":
        found = sentinel(url.hosts, url.service, url.db, url.username, url.password)
        return Topology(found)
    return cluster(url) if url.is_cluster else Topology(redis(url.url), name=shown(url.hosts[0]))


def _options(timeout: float | None) -> dict[str, Any]:
    # By default redis-py retries ten times, and would append twice: the pipeline repeats calls.
    # RESP2 is enough: messages of channels and replies never share a connection here.
    return {
        "retry": Retry(NoBackoff(), 0),
        "socket_connect_timeout": CONNECT_TIMEOUT,
        "socket_timeout": timeout,
        "socket_keepalive": True,
        "protocol": 2,
    }


def memory() -> Connect:
    """Return a function that makes clients of one embedded broker."""
    server = fakeredis.FakeServer(server_type="redis", version=(7,))
    return lambda timeout: fakeredis.FakeAsyncRedis(server=server, protocol=2)


def redis(url: str) -> Connect:
    """Return a function that makes clients for a redis:// or rediss:// URL."""
    dialler = Dialler(CONNECT_TIMEOUT)
    return lambda timeout: use_redis_connections(Redis.from_url(url, **_options(timeout)), dialler)


def cluster(url: RedisUrl) -> Topology:
    """Return what makes clients of a Redis Cluster; of the hosts in its URL, any one will do."""
    dialler = Dialler(CONNECT_TIMEOUT)
    hosts = url.hosts
    turns = cycle(hosts)

    def connect(timeout: float | None) -> "Redis":
        client = Redis.from_url(url.server(*hosts[0]), **_options(timeout))
        return use_redis_connections(client, dialler, turns)

    return Topology(connect, lambda address: redis(url.server(*address)), len(hosts))


def sentinel(
    hosts: Sequence[tuple[str, int]],
    service: str,
    db: int,
    username: str | None,
    password: str | None,
) -> Connect:
    """Return a function that makes clients for the master that Sentinels name."""
    dialler = Dialler(CONNECT_TIMEOUT)

    def connect(timeout: float | None) -> "Redis":
        # A Sentinel is not asked ten times either: there are others.
        short = _options(CONNECT_TIMEOUT)
        watchers = Sentinel(list(hosts), sentinel_kwargs=short)  # type: ignore[no-untyped-call]
        for watcher in watchers.sentinels:
            use_redis_connections(watcher, dialler)
        master: Redis = watchers.master_for(
            service, db=db, username=username, password=password, **_options(timeout)
        )
        return use_redis_connections(master, dialler)

    return connect
