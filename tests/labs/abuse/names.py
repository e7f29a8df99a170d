"""Attacks by words: naughty strings wherever a client may choose some."""

import asyncio
import itertools
import json
from typing import Any

from tests.labs.abuse.naughty import strings
from tests.labs.abuse.stranger import CONNECT_WITHIN, WRONG, Pit
from wire import limits

ANSWER_WITHIN = 30.0
"""Seconds for an answer: above what a node may take, for it is attacked by others as well."""
Event = dict[str, Any]


class Speaker:
    """One connection that waits for each answer, and looks at it."""

    def __init__(
        self, pit: Pit, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.pit = pit
        self.reader = reader
        self.writer = writer
        self.others: list[Event] = []
        self._refs = itertools.count()

    async def ask(self, type: str, **fields: Any) -> Event:
        """Return the answer to a request: what carries its `ref`."""
        ref = f"r{next(self._refs)}"
        self.pit.tried["requests"] += 1
        self._write({"type": type, "ref": ref} | fields)
        async with asyncio.timeout(ANSWER_WITHIN):
            while True:
                event = await self.read()
                if event.get("ref") == ref:
                    if event["type"] == "error":
                        self.pit.met[event["code"]] += 1
                        if event["code"] == "internal":
                            self.pit.met[f"{WRONG}internal error for {type}"] += 1
                    if event.get("code") != "rate-limited":
                        return event
                    await asyncio.sleep(event["retry_after_ms"] / 1000)
                    self._write({"type": type, "ref": ref} | fields)
                else:
                    self.others.append(event)

    async def read(self) -> Event:
        """Return the next event."""
        line = await self.reader.readline()
        if not line.endswith(b"\n"):
            raise ConnectionError("closed")
        event: Event = json.loads(line)
        if event["type"] == "bye":
            self.pit.met[f"bye {event['reason']}"] += 1
        return event

    def _write(self, request: Event) -> None:
        # A lone surrogate can only be said as an escape.
        self.writer.write(json.dumps(request).encode() + b"\n")


async def naughty(pit: Pit) -> None:
    """Say each string as nick, room, text, id, ref, key, position and token, one after the other.

    What is taken must come back as it was said; what is not must be refused, and the connection
    stays.
    """
    waiting = strings()
    pit.rng.shuffle(waiting)
    shared = itertools.cycle(waiting)

    async def work(pit: Pit, number: int) -> None:
        while pit.going_on:
            try:
                await _some(pit, number, shared)
            except (OSError, TimeoutError) as error:
                pit.met[type(error).__name__] += 1
            await pit.rest(0.0, 0.1)

    await pit.each(work)


async def _some(pit: Pit, number: int, strings: "itertools.cycle[str]") -> None:
    async with asyncio.timeout(CONNECT_WITHIN):
        reader, writer = await asyncio.open_connection(
            pit.host, pit.port, limit=limits.NODE_LINE + 1, local_addr=pit.source(number)
        )
    pit.tried["connections"] += 1
    speaker = Speaker(pit, reader, writer)
    try:
        nick = f"naughty-{number}-{pit.rng.getrandbits(40):x}"
        hello: Event = {"rooms": ["naughty"], "key": f"{pit.rng.getrandbits(128):032x}"}
        answer = await speaker.ask("hello", nick=next(strings), **hello)
        if answer["type"] == "error":
            await speaker.ask("hello", nick=nick, **hello)
        for string in itertools.islice(strings, 10):
            if not pit.going_on:
                return
            await _say(speaker, string)
            pit.tried["strings"] += 1
    except ConnectionError:
        if pit.going_on:
            pit.met["closed"] += 1
    finally:
        writer.transport.abort()


async def _say(speaker: Speaker, string: str) -> None:
    pit = speaker.pit
    wherever: dict[str, Event] = {
        "hello": {"nick": string, "key": string, "token": string, "positions": {string: string}},
        "create": {"room": string},
        "join": {"room": string, "history": 1},
        "nick": {"nick": string},
        "members": {"room": string, "after": string},
        "rooms": {"after": string},
        "history": {"room": "naughty", "before": string},
        "direct": {"to": string, "text": string, "id": f"{pit.rng.getrandbits(64):x}"},
    }
    for type, fields in wherever.items():
        answer = await speaker.ask(type, **fields)
        if answer["type"] == "joined":
            await speaker.ask("leave", room=string)
    # A repeated id would be a repeated message: only sometimes is the string the id as well.
    fits = 0 < len(string.encode(errors="replace")) <= limits.ID
    id = string if fits and pit.rng.random() < 0.5 else f"{pit.rng.getrandbits(64):x}"
    speaker.others.clear()
    answer = await speaker.ask("send", room="naughty", text=string, id=id)
    if answer["type"] == "ack" and answer["id"] != id:
        pit.met[f"{WRONG}an id came back as another one"] += 1
    if answer["type"] == "ack":
        await _comes_back(speaker, answer["position"], string)


async def _comes_back(speaker: Speaker, position: str, string: str) -> None:
    """A message that was taken comes to its author, as it was said."""
    async with asyncio.timeout(ANSWER_WITHIN):
        while True:
            for event in speaker.others:
                if event["type"] == "message" and event["position"] == position:
                    if event["text"] != string:
                        speaker.pit.met[f"{WRONG}a text came back as another one"] += 1
                    speaker.pit.met["texts came back as said"] += event["text"] == string
                    return
            speaker.others[:] = [await speaker.read()]
