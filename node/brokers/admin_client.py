"""What moderators ask of the whole system: they talk to Redis, and the nodes hear of it there."""

from collections.abc import AsyncIterator, Sequence
from secrets import token_hex
from time import time
from typing import Any

import msgspec
from redis import exceptions
from redis.asyncio import Redis

from node.brokers import decode_upkeep, keys, scripts
from node.brokers.connect import REPLY_TIMEOUT, Connect
from node.brokers.lease import FORMAT
from node.core.log_names import room_log
from node.core.model import ModerationRule

KEPT_OUT_MS = 600_000
"""For how long the key of a kicked session begins no new one: its client comes back by itself for
less long. A person who wants to come back has another key."""
CLOSED_MS = 86_400_000
"""For how long it is known that a room was closed: no node remembers its log for longer."""
PAGE = 500
"""Sessions that are looked at in one go: Redis does something else in between."""


class Trouble(Exception):
    """Redis did not do what was asked; the text is for people."""


class ClusterFacts(msgspec.Struct):
    """What a node tells of itself; what an older or newer one does not tell has a default."""

    name: str = "?"
    version: str = ""
    format: int = 0
    clients: int = 0
    sessions: int = 0
    rooms: int = 0
    lag_ms: float | None = None
    faults: list[str] = []


class NodeRow(msgspec.Struct):
    """A node of the system. ``alive``: its lease is not over. Times are Unix time in ms."""

    incarnation: str
    alive: bool
    since: int | None
    facts: ClusterFacts


class Totals(msgspec.Struct):
    """Sizes of the whole system; ``away`` are sessions in their grace period."""

    sessions: int
    away: int
    rooms: int
    orders: int


class SessionRow(msgspec.Struct):
    """A session; one in its grace period has no ``node``."""

    nick: str
    node: str | None
    address: str
    since: int | None
    rooms: list[str]


class AdminClient:
    """Asks Redis, each thing once: whoever asks can see whether to ask again. Raises Trouble."""

    def __init__(self, connect: Connect) -> None:
        self._redis: Redis = connect(REPLY_TIMEOUT)

    async def __aenter__(self) -> "AdminClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._redis.aclose()

    async def check(self) -> None:
        """Look whether Redis is there, and whether the data are of a kind that we know."""
        format = await self._do("GET", keys.FORMAT)
        if format is None:
            raise Trouble("no node has ever run on this Redis; is it the right one?")
        if format != b"%d" % FORMAT:
            shown = format.decode(errors="replace")
            raise Trouble(f"the data in Redis have format {shown}, not {FORMAT}")

    async def nodes(self) -> list[NodeRow]:
        """List the nodes, by their names."""
        seconds, _ = await self._do("TIME")
        shift = await self._do("HGET", keys.CLOCK, "shift") or b"0"
        try:
            now = int(seconds) * 1000 + int(shift)
        except ValueError:
            shown = shift.decode(errors="replace")
            raise Trouble(f"{keys.CLOCK} in Redis has the shift {shown!r}, not ms") from None
        found = await self._do("ZRANGE", keys.NODES, 0, -1, "WITHSCORES")
        leases = zip(found[::2], found[1::2], strict=True)
        rows = [await self._node(inc.decode(), float(until) > now) for inc, until in leases]
        return sorted(rows, key=lambda row: (row.facts.name, row.incarnation))

    async def _node(self, incarnation: str, alive: bool) -> NodeRow:
        facts, since = await self._do("HMGET", keys.facts_key(incarnation), "facts", "since")
        try:
            told = msgspec.json.decode(facts, type=ClusterFacts) if facts else ClusterFacts()
        except msgspec.DecodeError:
            told = ClusterFacts()  # a node is there, whatever it says of itself
        at = int(since) if since and since.isdigit() else None
        return NodeRow(incarnation, alive, at, told)

    async def totals(self) -> Totals:
        """Count what there is."""
        return Totals(
            await self._do("HLEN", keys.NICKS),
            await self._do("ZCARD", keys.GRACE),
            await self._do("ZCARD", keys.ROOMS),
            await self._do("HLEN", keys.RULES),
        )

    async def kick(self, fold: str, why: str) -> str | None:
        """End the session that holds a nick; return the nick, None if nobody holds it."""
        found = await self._kick(fold, "", why)
        return found[1].decode() if found[0] == b"ok" else None

    async def ban_nick(self, fold: str, seconds: float, why: str) -> str:
        """Let nobody hold a nick, 0 seconds for ever; return the nick of who held it, or ''."""
        nick: bytes = (await self._kick(fold, int(seconds * 1000), why))[1]
        return nick.decode()

    async def _kick(self, fold: str, ban_ms: int | str, why: str) -> Any:
        notices, kept = await self._rules()
        return await self._run("kick", fold, ban_ms, _quoted(why), KEPT_OUT_MS, notices, kept)

    async def _rules(self) -> Sequence[int]:
        """Return the nodes' --notices and --history, which are the same on all of them."""
        for inc in await self._do("ZREVRANGE", keys.NODES, 0, -1):
            found = await self._do("HMGET", keys.facts_key(inc.decode()), "notices", "kept")
            if None not in found:
                return [int(rule) for rule in found]
        return 200, 1000

    async def ban_network(self, network: str, seconds: float, why: str) -> None:
        """Let nobody come from a network, 0 seconds for ever."""
        await self._run("order", "net:" + network, int(seconds * 1000), _quoted(why))

    async def unban(self, field: str) -> bool:
        """Take back the ban of ``nick:FOLDED`` or ``net:NETWORK``; say whether there was one."""
        found = await self._run("recall", field)
        return bool(found[0] == b"ok")

    async def bans(self) -> list[ModerationRule]:
        """List the bans that hold, until Unix times in seconds."""
        cursor, bans = b"0", dict[tuple[str, str], ModerationRule]()
        while True:
            found = await self._eval("orders", cursor, PAGE)
            orders = decode_upkeep.moderation_rules(found, time())
            bans |= {order[:2]: order for order in orders if order.kind in ("nick", "net")}
            if (cursor := found[1]) == b"0":
                return sorted(bans.values())

    async def close(self, room: str, why: str) -> int | None:
        """End a room; return how many were in it, None if there is no such room."""
        found = await self._run("close", room, CLOSED_MS, _quoted(why))
        return int(found[1]) if found[0] == b"ok" else None

    async def announce(self, text: str, room: str | None) -> int:
        """Say something to everybody, or to everybody in a room; return how many nodes heard it."""
        seconds, micros = await self._do("TIME")
        at = int(seconds) * 1000 + int(micros) // 1000
        payload = b"announce " + msgspec.json.encode({"text": text, "room": room, "at": at})
        heard = 0
        for inc in await self._do("ZRANGE", keys.NODES, 0, -1):
            heard += await self._do("PUBLISH", keys.node_channel(inc.decode()), payload)
        return heard

    async def has_room(self, room: str) -> bool:
        """Say whether there is a room of that name."""
        return await self._do("ZSCORE", keys.ROOMS, room) is not None

    async def sessions(self, room: str | None = None) -> AsyncIterator[SessionRow]:
        """List all sessions, or those in a room, in no order; one that moves may come twice."""
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
        key, after = keys.members_key(room_log(room)), b"-"
        while found := await self._do("ZRANGEBYLEX", key, after, "+", "LIMIT", 0, PAGE):
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
        """Run a script that changes something; each has an id, as the entries that it makes do."""
        return await self._eval(script, "m" + token_hex(8), *args)

    async def _eval(self, script: str, *args: Any) -> Any:
        return await self._do("EVAL", scripts.source(script), 0, *args)

    async def _do(self, *command: Any) -> Any:
        try:
            return await self._redis.execute_command(*command)  # type: ignore[no-untyped-call]
        except (exceptions.RedisError, OSError) as error:
            raise Trouble(f"Redis: {error or type(error).__name__}") from error


def _quoted(why: str) -> str:
    return msgspec.json.encode(why).decode() if why else ""
