"""The commands of moderators: they change Redis directly, and the nodes learn of it there."""

from collections.abc import AsyncIterator
from functools import partial
from secrets import token_hex
from time import time
from typing import Any, Self

import msgspec

from node.brokers import decode_upkeep, keys
from node.brokers.config import BrokerConfig
from node.brokers.connect import Topology
from node.brokers.lease import FORMAT
from node.brokers.malformed import read
from node.brokers.server_clients import ServerClients, Trouble
from node.core.log_names import room_log
from node.core.model import ModerationRule

KEPT_OUT_MS = 600_000
"""For how long the key of a kicked session cannot begin another one: longer than its client tries
to reconnect. A person may come back with another key."""
CLOSED_MS = 86_400_000
"""For how long Redis remembers that a room was closed: no node remembers its log for longer."""
LEASE = BrokerConfig.lease
"""Seconds from a renewal to the end of the lease."""
PAGE = 500
"""Sessions in one reply: Redis can run other calls in between."""


class ShardFacts(msgspec.Struct):
    """What a node tells about a server of a cluster that keeps data.

    ``lag_ms``: how long the last batch of calls took that it answered.
    """

    lag_ms: float | None = None
    reconnects: int = 0


class ClusterFacts(msgspec.Struct):
    """What a node tells about itself; a field that its version does not tell has its default.

    ``up`` is for how many seconds it has been running, by its own clock. ``shards`` are the servers
    of a cluster, by their addresses.
    """

    name: str = "?"
    version: str = ""
    format: int = 0
    clients: int = 0
    sessions: int = 0
    rooms: int = 0
    lag_ms: float | None = None
    up: float | None = None
    faults: list[str] = []
    shards: dict[str, ShardFacts] = {}


class NodeRow(msgspec.Struct):
    """A node of the system. ``alive``: its lease is not over. ``since`` is a Unix time in ms.

    ``silent`` is for how many seconds it has not renewed its lease; a second is normal.
    """

    incarnation: str
    alive: bool
    since: int | None
    facts: ClusterFacts
    silent: float = 0.0


class Totals(msgspec.Struct):
    """Sizes of the whole system; ``away`` are sessions in their grace period.

    ``outs`` are sessions whose departures their rooms have not been told yet, and closed rooms
    whose data are not deleted yet; ``outs_oldest`` is for how many seconds the oldest waits.
    """

    sessions: int
    away: int
    rooms: int
    orders: int
    outs: int = 0
    outs_oldest: float = 0.0


class SessionRow(msgspec.Struct):
    """A session; one in its grace period has no ``node``."""

    nick: str
    node: str | None
    address: str
    since: int | None
    rooms: list[str]


class AdminClient:
    """Runs each command once, without a repeat. Raises Trouble."""

    def __init__(self, topology: Topology) -> None:
        self._servers = ServerClients(topology)
        self._do = self._servers.do

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._servers.close()

    async def check(self) -> None:
        """Check that Redis answers, and that its data have the known format."""
        format, advice = await self._do("GET", keys.FORMAT), ""
        if format is None:
            format = await self._do("GET", keys.OLD_FORMAT, tag=keys.OLD_FORMAT)
            advice = ": delete them with FLUSHDB, or use another database"
            # Nodes of this format write that key before they write any data.
            if format in (None, b"%d" % FORMAT):
                raise Trouble("no node has ever run on this Redis; is it the right one?")
        if format != b"%d" % FORMAT:
            shown = format.decode(errors="replace")
            raise Trouble(f"the data in Redis have format {shown}, not {FORMAT}{advice}")

    async def nodes(self) -> list[NodeRow]:
        """List the nodes, by their names."""
        now = await self._now()
        found = await self._do("ZRANGE", keys.NODES, 0, -1, "WITHSCORES")
        leases = zip(found[::2], found[1::2], strict=True)
        rows = [await self._node(inc.decode(), float(until) - now) for inc, until in leases]
        return sorted(rows, key=lambda row: (row.facts.name, row.incarnation))

    async def _now(self) -> int:
        """Return the chat's time, in ms."""
        seconds, micros = await self._do("TIME")
        shift = await self._do("HGET", keys.CLOCK, "shift") or b"0"
        try:
            return int(seconds) * 1000 + int(micros) // 1000 + int(shift)
        except ValueError:
            shown = shift.decode(errors="replace")
            raise Trouble(f"{keys.CLOCK} in Redis has the shift {shown!r}, not ms") from None

    async def _node(self, incarnation: str, left_ms: float) -> NodeRow:
        """Return a node whose lease ends in so many ms."""
        facts, since = await self._do("HMGET", keys.facts_key(incarnation), "facts", "since")
        try:
            about = msgspec.json.decode(facts, type=ClusterFacts) if facts else ClusterFacts()
        except msgspec.DecodeError:
            about = ClusterFacts()  # the node is there, whatever it tells about itself
        at = int(since) if since and since.isdigit() else None
        silent = max(0.0, round(LEASE - left_ms / 1000, 1))
        return NodeRow(incarnation, left_ms > 0, at, about, silent)

    async def totals(self) -> Totals:
        """Count sessions, rooms, rules, and what rooms are still to be told."""
        now = await self._now()
        oldest = await self._do(
            "ZRANGEBYSCORE", keys.OUTS, "-inf", now, "WITHSCORES", "LIMIT", 0, 1
        )
        waits = (now - float(oldest[1])) / 1000 if oldest else 0.0
        return Totals(
            await self._do("HLEN", keys.NICKS),
            await self._do("ZCARD", keys.GRACE),
            await self._do("HLEN", keys.BIRTHS),
            await self._do("HLEN", keys.RULES),
            await self._do("ZCOUNT", keys.OUTS, "-inf", now),
            round(waits, 1),
        )

    async def kick(self, fold: str, why: str) -> str | None:
        """End the session that holds a nick; return the nick, None if nobody holds it."""
        found = await self._kick(fold, "", why)
        return found[1].decode() if found[0] == b"ok" else None

    async def ban_nick(self, fold: str, seconds: float, why: str) -> str:
        """Ban a nick, for ever if ``seconds`` is 0; return the nick that was in use, or ''."""
        nick: bytes = (await self._kick(fold, int(seconds * 1000), why))[1]
        return nick.decode()

    async def _kick(self, fold: str, ban_ms: int | str, why: str) -> Any:
        return await self._run("kick", fold, ban_ms, _quoted(why), KEPT_OUT_MS)

    async def ban_network(self, network: str, seconds: float, why: str) -> None:
        """Ban a network, for ever if ``seconds`` is 0."""
        await self._run("order", "net:" + network, int(seconds * 1000), _quoted(why))

    async def unban(self, field: str) -> bool:
        """Lift the ban of ``nick:FOLDED`` or ``net:NETWORK``; return whether there was one."""
        found = await self._run("recall", field)
        return bool(found[0] == b"ok")

    async def bans(self) -> list[ModerationRule]:
        """List the bans in force; their ends are Unix times in seconds."""
        cursor, bans = b"0", dict[tuple[str, str], ModerationRule]()
        while True:
            found = await self._eval("orders", cursor, PAGE)
            rules = read(partial(decode_upkeep.moderation_rules, now=time()), found)
            bans |= {rule[:2]: rule for rule in rules if rule.kind in ("nick", "net")}
            if (cursor := found[1]) == b"0":
                return sorted(bans.values())

    async def close(self, room: str, why: str) -> int | None:
        """Close a room; return how many members it had, None if there is no such room."""
        found = await self._run("close", room, CLOSED_MS, _quoted(why))
        return int(found[1]) if found[0] == b"ok" else None

    async def announce(self, text: str, room: str | None) -> int:
        """Announce a text to everybody, or to a room; return how many nodes received it."""
        seconds, micros = await self._do("TIME")
        at = int(seconds) * 1000 + int(micros) // 1000
        payload = b"announce " + msgspec.json.encode({"text": text, "room": room, "at": at})
        received = 0
        for inc in await self._do("ZRANGE", keys.NODES, 0, -1):
            received += await self._do("SPUBLISH", keys.node_channel(inc.decode()), payload)
        return received

    async def has_room(self, room: str) -> bool:
        """Say whether there is a room of that name."""
        return bool(await self._do("HEXISTS", keys.BIRTHS, room))

    async def sessions(self, room: str | None = None) -> AsyncIterator[SessionRow]:
        """List all sessions, or those in a room, unsorted; one that moves may come twice."""
        names = {row.incarnation: row.facts.name for row in await self.nodes()}
        pages = self._all_sessions() if room is None else self._members(room)
        async for page in pages:
            for sid in page:
                if sid is not None and (row := await self._session(sid.decode(), names)):
                    yield row

    async def _all_sessions(self) -> AsyncIterator[list[bytes]]:
        cursor = 0
        while True:
            next, found = await self._do("HSCAN", keys.NICKS, cursor, "COUNT", PAGE)
            yield list(found.values())
            cursor = int(next)
            if not cursor:
                return

    async def _members(self, room: str) -> AsyncIterator[list[bytes | None]]:
        log, after = room_log(room), b"-"
        [key] = keys.of_log(log, ["members"])
        while found := await self._do("ZRANGEBYLEX", key, after, "+", "LIMIT", 0, PAGE, tag=log):
            yield await self._do("HMGET", keys.NICKS, *[row.partition(b"\0")[0] for row in found])
            after = b"(" + found[-1]

    async def _session(self, sid: str, names: dict[str, str]) -> SessionRow | None:
        fields = ("nick", "owner", "address", "since")
        nick, owner, address, since = await self._do("HMGET", keys.session_key(sid), *fields)
        if nick is None:
            return None
        rooms = [room.decode() for room in await self._do("HKEYS", keys.session_rooms_key(sid))]
        incarnation = (owner or b"").decode().partition(".")[0]
        node = names.get(incarnation, "?") if incarnation else None
        at = int(since) if since else None
        return SessionRow(nick.decode(), node, (address or b"").decode(), at, sorted(rooms))

    async def _run(self, script: str, *args: Any) -> Any:
        """Run a script that changes something; its id is that of the entries that it makes."""
        return await self._eval(script, "m" + token_hex(8), *args)

    async def _eval(self, script: str, *args: Any) -> Any:
        return await self._servers.run(script, keys.CONTROL, *args)


def _quoted(why: str) -> str:
    return msgspec.json.encode(why).decode() if why else ""
