"""Clients that come for one thing: to try for a nick that somebody holds, to read a log."""

import asyncio
import contextlib
import itertools
import json
import time
from typing import Any

from tests.labs.faults.chatter import LINE, PONG_WITHIN, Address
from tests.labs.faults.record import Acked, Ended, Kept, Record, Sent, Welcomed

_readers = itertools.count(1)


async def rival(number: int, nick: str, node: Address, record: Record) -> None:
    """Try to get a nick that somebody holds, in a session without rooms; note it if that works."""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(PONG_WITHIN):
            reader, writer = await asyncio.open_connection(*node, limit=LINE)
            try:
                hello = {"type": "hello", "nick": nick, "key": f"rival-{number:032x}", "rooms": []}
                writer.write(json.dumps(hello).encode() + b"\n")
                event = json.loads(await reader.readline() or b'{"type":"bye"}')
                if event["type"] == "welcome":
                    now = time.monotonic()
                    record.add(Welcomed(now, number, event["nick"], False, event["node"]))
                    record.add(Ended(now, number, event["nick"], "quit"))
                    writer.write(b'{"type":"quit"}\n')
                    await reader.read()
            finally:
                writer.transport.abort()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()


async def save(number: int, room: str, node: Address, record: Record) -> None:
    """Send one message after the other to a room where nobody else is, until the node is gone."""
    with contextlib.suppress(OSError):
        reader, writer = await asyncio.open_connection(*node, limit=LINE)
        try:
            hello = {"type": "hello", "nick": f"saver{number}", "rooms": [room]}
            await _ask(reader, writer, hello, "welcome")
            for n in itertools.count(1):
                id = f"{number}-{n}"
                record.add(Sent(time.monotonic(), number, number, room, id))
                send = {"type": "send", "room": room, "text": id, "id": id}
                ack = await _ask(reader, writer, send, "ack")
                record.add(Acked(time.monotonic(), number, room, id, ack["position"]))
        finally:
            writer.transport.abort()


async def look(room: str, node: Address, record: Record, members: bool) -> None:
    """Note who is in a room, or everything that its log keeps, as one who has just come."""
    nick = f"reader-{next(_readers)}"
    async with asyncio.timeout(60):
        reader, writer = await asyncio.open_connection(*node, limit=2 * LINE)
        try:
            # Its `entered` and its `left` are entries, and push out what is older.
            record.visits[room] = record.visits.get(room, 0) + 2
            await _ask(reader, writer, {"type": "hello", "nick": nick, "rooms": [room]}, "welcome")
            if members:
                who = await _ask(reader, writer, {"type": "members", "room": room}, "members")
                record.members[room] = sorted(set(who["members"]) - {nick})
            else:
                record.final[room] = await _kept(reader, writer, room)
            await _ask(reader, writer, {"type": "quit"}, "bye")
        finally:
            writer.transport.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def _kept(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, room: str
) -> list[Kept]:
    ask: dict[str, Any] = {"type": "history", "room": room, "limit": 200}
    kept: list[Kept] = []
    more = True
    while more:
        event = await _ask(reader, writer, ask, "history")
        kept[:0] = [Kept(m.get("id", ""), m["position"]) for m in event["messages"]]
        ask["before"], more = kept[0].position if kept else None, event["more"]
    return kept


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: dict[str, Any], answer: str
) -> dict[str, Any]:
    """Send a request until its answer is not that the broker is away; return it."""
    while True:
        writer.write(json.dumps(request).encode() + b"\n")
        while True:
            if not (line := await reader.readline()).endswith(b"\n"):
                raise ConnectionError("the node is gone")
            event: dict[str, Any] = json.loads(line)
            if event["type"] == answer:
                return event
            if event["type"] == "error":
                break
        if event["code"] != "unavailable":
            raise RuntimeError(f"{request} was answered by {event}")
        await asyncio.sleep(event["retry_after_ms"] / 1000)
