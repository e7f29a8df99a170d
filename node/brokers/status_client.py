"""What `chat-node status` asks Redis beside what moderators need. It changes nothing."""

from collections.abc import AsyncIterator
from math import inf
from typing import NamedTuple

import msgspec
from redis import exceptions

from node.brokers import health, keys
from node.brokers.admin_client import LEASE, AdminClient, NodeRow, Totals
from node.brokers.malformed import read
from node.brokers.outage import untrusted
from node.brokers.server_clients import Trouble, if_allowed
from node.brokers.shard_status import ShardRow, shards
from node.config.redis_url import RedisUrl
from node.process.listening import shown

DEAD_FOR = 86_400.0
"""Seconds for which Redis remembers that a lease was over (reap.lua)."""
SHOWN_FOR = 600.0
"""Seconds for which a node that died is shown: long enough for a person who is called to it."""
GONE = -2
"""What Redis replies for the time that a key has left which does not exist."""
SCANNED, SCANS = 1000, 500
"""Keys that one reply looks through for dead nodes, and most replies: a Redis that others share may
have millions of keys."""


class _Ended(NamedTuple):
    """A node whose lease is over; it was heard of ``heard`` seconds ago for the last time.

    ``is_shown``: it died, and not long ago.
    """

    row: NodeRow
    heard: float
    is_shown: bool


class StatusClient(AdminClient):
    """Also shows nodes that are gone, the shards of a cluster, and the present faults of Redis."""

    async def all_nodes(self) -> list[NodeRow]:
        """List the nodes, and those that died lately, by their names.

        Without the right to ask for them, dead nodes whose sessions were released are left out. So
        are nodes that were shut down, and a dead node if a run of the same name was heard of later:
        somebody has started it again, and perhaps shut it down since.
        """
        nodes = await self.nodes()
        living = [row for row in nodes if row.alive]
        ended = [await self._over(row) for row in nodes if not row.alive]
        # Asked last: the lease of a node may just have ended.
        listed = {row.incarnation for row in nodes}
        ended += [each for each in await self._released() if each.row.incarnation not in listed]
        last: dict[str, float] = {row.facts.name: row.silent for row in living}
        for row, heard, _ in ended:
            last[row.facts.name] = min(heard, last.get(row.facts.name, inf))
        dead = [one.row for one in ended if one.is_shown and one.heard <= last[one.row.facts.name]]
        return sorted([*living, *dead], key=lambda row: (row.facts.name, row.incarnation))

    async def _over(self, row: NodeRow) -> _Ended:
        """Return how a lease ended whose node is not reaped yet: nobody reaps the last of a system.

        The lease of one of long ago has left nothing that tells how. Without the right to ask, it
        counts as ended by itself.
        """
        with if_allowed():
            left = await self._do("PTTL", keys.facts_key(row.incarnation))
            if left == GONE:
                return _Ended(row, inf, False)
            return _Ended(row, _since_renewal(left), not await self._is_retired(row.incarnation))
        return _Ended(row, row.silent, True)

    async def _is_retired(self, incarnation: str) -> bool:
        """Return whether a node was shut down: it says so when it gives up its lease."""
        return bool(await self._do("HEXISTS", keys.facts_key(incarnation), "retired"))

    async def totals(self) -> Totals:
        """Count sessions, rooms and rules; those of nodes whose lease is over have no connection.

        Redis does not know that yet if no node is left to reap them.
        """
        sizes = await super().totals()
        over = [row.incarnation for row in await self.nodes() if not row.alive]
        left = sum([await self._do("SCARD", keys.SESSIONS_AT + each) for each in over])
        return msgspec.structs.replace(sizes, away=min(sizes.sessions, sizes.away + left))

    async def _released(self) -> list[_Ended]:
        """List the nodes whose sessions were released in the last day; without a right, none."""
        with if_allowed():
            found = [await self._dead(key) async for key in self._keys(keys.DEAD)]
            return [each for each in found if each is not None]
        return []

    async def _keys(self, prefix: str) -> AsyncIterator[str]:
        cursor = 0
        for _ in range(SCANS):
            next, page = await self._do("SCAN", cursor, "MATCH", prefix + "*", "COUNT", SCANNED)
            for key in page:
                yield key.decode()
            cursor = int(next)
            if not cursor:
                return

    async def _dead(self, key: str) -> _Ended | None:
        """Return the node that such a key names, None if its facts are gone."""
        incarnation = key.removeprefix(keys.DEAD)
        lease_left = await self._do("PTTL", keys.facts_key(incarnation))
        if lease_left < 0:
            return None
        heard = _since_renewal(lease_left)
        is_shown = heard - LEASE <= SHOWN_FOR and not await self._is_retired(incarnation)
        return _Ended(await self._node(incarnation, (LEASE - heard) * 1000), heard, is_shown)

    async def shards(self, counts_rooms: bool = True) -> list[ShardRow]:
        """Describe the masters of a cluster; of a single Redis there is nothing to say."""
        if not self._servers.is_cluster:
            return []
        return await shards(self._servers, self._rooms() if counts_rooms else None)

    async def _rooms(self) -> AsyncIterator[str]:
        cursor = 0
        while True:
            next, page = await self._do("HSCAN", keys.BIRTHS, cursor, "COUNT", SCANNED)
            for room in page:
                yield room.decode()
            cursor = int(next)
            if not cursor:
                return

    async def faults(self) -> list[health.Fault] | None:
        """Return what is wrong now with Redis, in a cluster with that which has the sessions.

        None without the right to ask it.
        """
        with if_allowed():
            sections = [await self._do("INFO", each) for each in ("memory", "persistence")]
            lines = [f"{name}:{value}" for found in sections for name, value in found.items()]
            return read(health.faults, "\n".join(lines).encode())
        return None


def trouble_text(trouble: Trouble, url: RedisUrl) -> str:
    """Return the text of a trouble, or if there is no connection over TLS, what may be wrong."""
    cause = trouble.__cause__
    if not url.scheme.startswith("rediss") or not isinstance(cause, Exception):
        return str(trouble)
    where = "Redis: " + shown(url.hosts[0])
    if isinstance(cause, exceptions.TimeoutError) and "connecting" in str(cause):
        plain = url.scheme.replace("rediss", "redis")
        hint = f"if it speaks no TLS, its URL begins with {plain}:// (see --redis-url)"
        return f"{where} does not answer in time: {hint}"
    if why := untrusted(cause):
        return f"{where} cannot be reached over TLS: {why} (see --redis-url)"
    return str(trouble)


def _since_renewal(left_ms: float) -> float:
    """Return for how many seconds a node has not renewed, by the ms that its facts have left."""
    return LEASE + DEAD_FOR - left_ms / 1000
