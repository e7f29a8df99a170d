"""What `chat-node status` asks Redis beside what moderators need. It changes nothing."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from redis import exceptions

from node.brokers import health, keys
from node.brokers.admin_client import LEASE, AdminClient, NodeRow, Trouble

DEAD_FOR = 86_400.0
"""Seconds for which Redis remembers that a lease was over (reap.lua)."""
SHOWN_FOR = 600.0
"""Seconds for which a node that died is shown: long enough for a person who is called to it."""
GONE = -2
"""What Redis replies for the time that a key has left which does not exist."""
SCANNED, SCANS = 1000, 500
"""Keys that one reply looks through for dead nodes, and most replies: a Redis that others share may
have millions of keys."""


class StatusClient(AdminClient):
    """Also shows nodes that are gone, and the present faults of Redis."""

    async def nodes_in_service(self) -> list[NodeRow]:
        """List the nodes but those that were shut down: nobody reaps the last one of a system."""
        return [row for row in await self.nodes() if row.alive or not await self._gave_up(row)]

    async def _gave_up(self, row: NodeRow) -> bool:
        """Return whether a lease ended before its time, or so long ago that nothing tells how.

        Without the right to ask, it counts as one that ended by itself.
        """
        with _if_allowed():
            left = await self._do("PTTL", keys.facts_key(row.incarnation))
            return bool(left == GONE or row.silent > _since_renewal(left) + 1)
        return False

    async def dead_nodes(self) -> list[NodeRow]:
        """List nodes that died lately and whose sessions were released; without a right, none.

        A node that was shut down is none of them: it gave up its lease just after a renewal.
        """
        with _if_allowed():
            found = [await self._dead(key) async for key in self._keys(keys.DEAD)]
            return [row for row in found if row is not None]
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

    async def _dead(self, key: str) -> NodeRow | None:
        """Return the dead node that a key names, if it renewed its lease to the end, and lately."""
        incarnation = key.removeprefix(keys.DEAD)
        released_left = await self._do("PTTL", key)
        lease_left = await self._do("PTTL", keys.facts_key(incarnation))
        if released_left < 0 or lease_left < 0:
            return None
        # What is left of a day after the release of the sessions, and after the end of the lease.
        released, silent = DEAD_FOR - released_left / 1000, _since_renewal(lease_left)
        if released > SHOWN_FOR or silent - released < LEASE - 1:
            return None
        return await self._node(incarnation, (LEASE - silent) * 1000)

    async def faults(self) -> list[health.Fault] | None:
        """Return what is wrong with Redis now; None without the right to ask it."""
        with _if_allowed():
            sections = [await self._do("INFO", each) for each in ("memory", "persistence")]
            lines = [f"{name}:{value}" for found in sections for name, value in found.items()]
            return health.faults("\n".join(lines).encode(), b"")
        return None


def _since_renewal(left_ms: float) -> float:
    """Return for how many seconds a node has not renewed, by the ms that its facts have left."""
    return LEASE + DEAD_FOR - left_ms / 1000


@contextmanager
def _if_allowed() -> Iterator[None]:
    """Go on behind the block if Redis does not allow its user a command in it."""
    try:
        yield
    except Trouble as trouble:
        if not isinstance(trouble.__cause__, exceptions.NoPermissionError):
            raise
