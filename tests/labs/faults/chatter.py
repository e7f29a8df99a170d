"""A client of the protocol, written from docs/protocol.md alone, that notes all that it sees."""

import asyncio
import contextlib
import itertools
import json
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.labs.faults.record import (
    Acked,
    Delivered,
    Dropped,
    Ended,
    Gap,
    Greeted,
    Joined,
    Record,
    Refused,
    Sent,
    Welcomed,
)

Address = tuple[str, int]

LINE = 1 << 20
"""The longest line of a node."""
PING_EVERY, PONG_WITHIN = 1.0, 5.0
"""Seconds: how often a node is asked whether it lives, and how long it may take to say so."""
CONNECT_WITHIN = 3.0
"""Seconds for a connection to be made."""
AGAIN = ("unavailable", "rate-limited")
"""Errors after which a message is sent again."""

_connections = itertools.count(1)


@dataclass
class Pending:
    """A message that has not been acknowledged, since when, and whether it went out already."""

    room: str
    text: str
    since: float
    written: bool = False


class Chatter:
    """One session: stays in its rooms, over all connections, until it is told to end."""

    def __init__(
        self,
        number: int,
        nick: str,
        rooms: Sequence[str],
        nodes: Sequence[Address],
        record: Record,
        rng: Random,
    ) -> None:
        self.number = number
        self.nick = nick
        self.rooms = list(rooms)
        self.record = record
        self.nodes = nodes
        self.node = number % len(nodes)
        self.outbox: dict[str, Pending] = {}
        self.positions: dict[str, str] = {}
        self.seen: dict[str, set[str]] = {room: set() for room in rooms}
        self.left: set[str] = set()
        self.in_service = False
        self.last = "never connected"
        """What was last heard of its connection."""
        self.finished = False
        self.stopped = False
        self.gapped = False
        self.narrow = False
        self.reading = asyncio.Event()
        self.reading.set()
        self.joined: set[str] = set()
        self._key = f"{rng.getrandbits(128):032x}"
        self._attempt = 0
        self._ids = itertools.count(1)
        self._rng = rng
        self._connection = 0
        self._writer: asyncio.StreamWriter | None = None
        self._waiting_since: float | None = None
        self._pinged: dict[str, float] = {}
        self._holding: asyncio.TimerHandle | None = None
        self._pause = 0.0
        self._quitting = False

    # What a test does with it

    def say(self, room: str, length: int = 0) -> str:
        """Send a message, at once or as soon as there is a connection; return its id."""
        id = f"{self.number}-{next(self._ids)}"
        now = time.monotonic()
        if self._waiting_since is None:
            self._waiting_since = now
        self.outbox[id] = Pending(room, id.ljust(length, "."), now)
        if self.in_service and self._holding is None:
            self._write_message(id)
        return id

    def rename(self, nick: str) -> None:
        """Ask for another nick."""
        if self.in_service:
            self._write({"type": "nick", "nick": nick})

    def abort(self) -> None:
        """Break the connection; it goes on at another node."""
        if self._writer is not None:
            self._writer.transport.abort()

    def vanish(self) -> None:
        """Go away for good, without a word."""
        self._end("lost")
        self.abort()

    def quit(self) -> None:
        """End the session; if the connection is lost on the way, nobody knows whether it did."""
        self._quitting = True
        self._write({"type": "quit"})
        if not self.in_service:
            self._end("gone")

    def hush(self) -> None:
        """Note nothing any more; the connection stays."""
        if not self.finished:
            self._served()
        self.finished = True

    def stop(self) -> None:
        """End the test's part: nothing is noted any more, no connection is made."""
        self.hush()
        self.stopped = True
        self.abort()

    def _end(self, reason: str) -> None:
        self.finished = self.stopped = True
        self.record.add(Ended(time.monotonic(), self.number, self.nick, reason))

    # Connections

    async def run(self) -> None:
        """Live."""
        while not self.finished:
            self._pause = self._rng.uniform(0.02, 0.2)
            address = self.nodes[self.node]
            reason = "lost"
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                reason = await self._connect(address)
            self._dropped(reason)
            self.node = (self.node + 1) % len(self.nodes)
            if not self.finished:
                await asyncio.sleep(self._pause)

    def _dropped(self, reason: str) -> None:
        now = time.monotonic()
        self.last = f"connection {self._connection} at node {self.node}: {reason}"
        if self._quitting and not self.finished:
            self._end("gone")
        if self._waiting_since is None:
            self._waiting_since = now
        if self._writer is not None and not self.finished:
            self.record.add(Dropped(now, self.number, reason))
        self._writer = None
        self.in_service = False
        self.joined.clear()
        if self._holding is not None:
            self._holding.cancel()
            self._holding = None
        for pending in self.outbox.values():
            pending.written = False

    async def _connect(self, address: Address) -> str:
        async with asyncio.timeout(CONNECT_WITHIN):
            reader, writer = await self.open(address)
        self._writer = writer
        self._connection = next(_connections)
        self.last = f"connection {self._connection} at node {self.node}: under way"
        self._pinged.clear()
        pinging = asyncio.create_task(self._ping())
        try:
            self._hello()
            while (line := await reader.readline()).endswith(b"\n"):
                if not self.reading.is_set():
                    await self._not_reading(writer.transport)
                if (reason := self._take(json.loads(line))) is not None:
                    return reason
            return "closed"
        finally:
            pinging.cancel()
            writer.transport.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def open(self, address: Address) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Make a connection to a node."""
        return await asyncio.open_connection(sock=await self._socket(address), limit=LINE)

    async def _socket(self, address: Address) -> socket.socket:
        connected = socket.socket()
        connected.setblocking(False)
        try:
            if self.narrow:
                connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            await asyncio.get_running_loop().sock_connect(connected, address)
        except BaseException:
            connected.close()
            raise
        return connected

    async def _not_reading(self, transport: Any) -> None:
        transport.pause_reading()
        await self.reading.wait()
        with contextlib.suppress(RuntimeError):
            transport.resume_reading()

    async def _ping(self) -> None:
        """Break the connection of a node that does not answer."""
        for number in itertools.count(1):
            now = time.monotonic()
            if self.reading.is_set():
                if any(at + PONG_WITHIN < now for at in self._pinged.values()):
                    self.abort()
                    return
                self._pinged[str(number)] = now
                self._write({"type": "ping", "ref": str(number)})
            else:
                self._pinged.clear()
                self._write({"type": "pong"})
            await asyncio.sleep(PING_EVERY)

    def _hello(self) -> None:
        self._attempt = max(self._attempt + 1, int(time.time() * 1000))
        hello = {"type": "hello", "nick": self.nick, "key": self._key, "attempt": self._attempt}
        self.record.add(Greeted(time.monotonic(), self.number))
        self._write({**hello, "rooms": self.rooms, "positions": self.positions})

    def _write(self, request: dict[str, Any]) -> None:
        if self._writer is not None and not self._writer.transport.is_closing():
            self._writer.write(json.dumps(request).encode() + b"\n")

    # Messages out

    def _write_message(self, id: str) -> None:
        pending = self.outbox[id]
        pending.written = True
        self.record.add(Sent(time.monotonic(), self.number, self._connection, pending.room, id))
        self._write({"type": "send", "room": pending.room, "text": pending.text, "id": id})

    def _send_all(self) -> None:
        """Send everything that is not acknowledged, in order, with the same ids."""
        self._holding = None
        for id in self.outbox:
            self._write_message(id)

    def _served(self) -> None:
        now = time.monotonic()
        if self._waiting_since is not None:
            self.record.served(self._waiting_since, now, self.number)
        self._waiting_since = now if self.outbox else None

    # Events in

    def _take(self, event: dict[str, Any], at: float | None = None) -> str | None:
        """Note an event that comes now or came at a time; return why the connection is over."""
        now, me, kind = at or time.monotonic(), self.number, event["type"]
        if self.finished:
            self._pinged.clear()
            return "finished" if self.stopped else None
        room = event.get("room", "")
        if kind == "message" or kind in ("entered", "left", "renamed") and "position" in event:
            self._deliver(now, kind, room, event)
        elif kind == "ack":
            self.outbox.pop(event["id"], None)
            self.record.add(Acked(now, me, room, event["id"], event["position"]))
            self._served()
        elif kind == "ping":
            self._write({"type": "pong", "ref": event.get("ref", "")})
        elif kind == "pong":
            self._pinged.pop(event.get("ref", ""), None)
        elif kind == "gap":
            self.gapped = True
            self.record.add(Gap(now, me, room, event["after"], event["position"]))
        elif kind == "joined":
            self.joined.add(room)
            self.positions[room] = event["position"]
            self.record.add(Joined(now, me, room, event["position"]))
        elif kind in ("welcome", "renamed"):
            self._welcomed(now, event)
        elif kind == "error":
            return self._refused(now, event)
        elif kind == "bye":
            self._pause = event.get("retry_after_ms", 1000) / 1000
            if event["reason"] == "quit":
                self._end("quit")
            return str(event["reason"])
        return None

    def _welcomed(self, now: float, event: dict[str, Any]) -> None:
        self.nick = event["nick"]
        resumed, node = event.get("resumed", True), event.get("node", "")
        self.record.add(Welcomed(now, self.number, self.nick, resumed, node))
        if event["type"] == "welcome":
            self.in_service = True
            self._served()
            self._send_all()

    def _deliver(self, now: float, kind: str, room: str, event: dict[str, Any]) -> None:
        position, nick = event["position"], event.get("nick", event.get("from", ""))
        if kind == "message":
            key = event.get("id", position)
        else:
            key = f"{kind} {nick} {room} {event['at']} {event.get('from', '')}"
        self.positions[room] = position
        self.seen[room].add(key)
        if kind == "left":
            self.left.add(nick)
        if kind == "renamed" and event["from"] == self.nick:
            # It was done after all, though the answer was lost, or said that it is unknown.
            self._welcomed(now, event)
        reason = event.get("reason", "")
        self.record.add(Delivered(now, self.number, room, key, position, kind, nick, reason))

    def _refused(self, now: float, event: dict[str, Any]) -> str | None:
        """Take an error: of a message, which is sent again a little later, or of the hello."""
        code, wait = event["code"], event.get("retry_after_ms", 1000) / 1000
        if "id" in event:
            refused = Refused(now, self.number, self._connection, event["id"], code)
            self.record.add(refused)
            if code in AGAIN and self._holding is None:
                loop = asyncio.get_running_loop()
                self._holding = loop.call_later(wait, self._send_all)
            return None
        if not self.in_service:
            self._pause = wait * self._rng.uniform(0.5, 1.0)
            return f"hello: {code}: {event['text']}"
        return None
