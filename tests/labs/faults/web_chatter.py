"""A client that is the SDK of web/sdk in a process of Node, over WebSocket; same record."""

import asyncio
import time
from collections.abc import Sequence
from random import Random
from typing import Any

from tests.labs.faults.chatter import Address, Chatter, Pending
from tests.labs.faults.record import Dropped, Greeted, Record, Sent
from tests.support.web_chats import WebChats

ENTRIES = ("message", "entered", "left", "renamed")
CONNECTIONS = 1_000_000
"""What is added to the driver's numbers of connections: the other clients count from 1."""


class WebChatter(Chatter):
    """One session of the SDK: what it shows to a program is what is noted.

    ``web`` is the process, ``addresses`` are the web ports of the nodes.
    """

    def __init__(
        self,
        number: int,
        nick: str,
        rooms: Sequence[str],
        nodes: Sequence[Address],
        record: Record,
        rng: Random,
        web: WebChats,
    ) -> None:
        super().__init__(number, nick, rooms, nodes, record, rng)
        self._web = web
        self._over = asyncio.Event()
        self._failure = ""
        self._greeted_on = 0
        self._welcomed_on: int | None = None
        self._reason = "lost"

    # What a test does with it

    def say(self, room: str, length: int = 0) -> str:
        """Post a message; return its id."""
        id = f"{self.number}-{next(self._ids)}"
        now = time.monotonic()
        if self._waiting_since is None:
            self._waiting_since = now
        self.outbox[id] = Pending(room, id.ljust(length, "."), now)
        self._tell("post", {"room": room, "text": self.outbox[id].text, "id": id})
        return id

    def rename(self, nick: str) -> None:
        """Ask for another nick."""
        self._tell("rename", nick)

    def abort(self) -> None:
        """Break the connection; it goes on at another node."""
        self._tell("abort")

    def vanish(self) -> None:
        """Go away for good, without a word."""
        self._end("lost")
        self._tell("close", {"quit": False})

    def quit(self) -> None:
        """End the session; if the connection is lost on the way, nobody knows whether it did."""
        self._quitting = True
        self._tell("close", {"quit": True})
        if not self.in_service:
            self._end("gone")

    def stop(self) -> None:
        """End the test's part."""
        if not self.stopped:
            self._tell("close", {"quit": False})
        self.hush()
        self.stopped = True
        self._over.set()

    async def run(self) -> None:
        """Live. Raises RuntimeError when the SDK has given up."""
        self._web.listen(str(self.number), self._hear)
        turned = [*self.nodes[self.node :], *self.nodes[: self.node]]
        options = {"nick": self.nick, "rooms": self.rooms, "key": self._key}
        addresses = [f"ws://{host}:{port}/ws" for host, port in turned]
        self._tell("connect", addresses, {**options, "patience": None, "trace": True})
        await self._over.wait()
        if self._failure:
            raise RuntimeError(self._failure)

    def _tell(self, call: str, *args: Any) -> None:
        if self._web.running:
            self._web.tell(str(self.number), call, *args)

    # What the process says

    def _hear(self, said: dict[str, Any]) -> None:
        if self.finished:
            return
        if "wrote" in said:
            self._wrote(said["at"], said["connection"], said["wrote"])
        elif "closed" in said:
            self._closed(said["at"], said["connection"], said["closed"])
        elif "ended" in said:
            if said["ended"] is not None:
                self._failure = f"the SDK gave up: {said['ended']}"
            self._over.set()
        else:
            self._event(said["at"], said["event"], said["show"])

    def _event(self, now: float, event: dict[str, Any], show: bool) -> None:
        kind = event["type"]
        if kind == "away" or (kind in ENTRIES and "position" in event and not show):
            return
        if kind == "welcome":
            self._welcomed_on = self._greeted_on
        if kind == "joined" and event["room"] in self.joined and not self._is_last(event):
            # The second connection of a handover repeats what the first one brought meanwhile. The
            # SDK does not show it again.
            return
        if kind == "bye":
            self._reason = event["reason"]
        self._take(event, now)

    def _is_last(self, event: dict[str, Any]) -> bool:
        return bool(self.positions.get(event["room"]) == event["position"])

    def _wrote(self, now: float, connection: int, request: dict[str, Any]) -> None:
        if request["type"] == "hello":
            self._greeted_on = connection
            self.last = f"connection {connection}: under way"
            self.record.add(Greeted(now, self.number))
        elif request["type"] == "send":
            where, id = connection + CONNECTIONS, request["id"]
            self._connection = where
            self.record.add(Sent(now, self.number, where, request["room"], id))

    def _closed(self, now: float, connection: int, reason: str) -> None:
        """Note a lost connection, but not one that a handover replaces or did not need."""
        if connection == self._welcomed_on:
            self._welcomed_on = None
            if self._greeted_on == connection:
                self._lost(now, reason)
        elif connection == self._greeted_on:
            if self._welcomed_on is None:
                self._lost(now, reason)
            else:
                self._greeted_on = self._welcomed_on

    def _lost(self, now: float, reason: str) -> None:
        reason = self._reason if self._reason != "lost" else reason
        self.last, self._reason = f"connection {self._greeted_on}: {reason}", "lost"
        if self._quitting:
            self._end("gone")
            return
        if self._waiting_since is None:
            self._waiting_since = now
        self.record.add(Dropped(now, self.number, reason))
        self.in_service = False
        self.joined.clear()

    # The SDK does these by itself

    def _write(self, request: dict[str, Any]) -> None:
        pass

    def _send_all(self) -> None:
        self._holding = None
