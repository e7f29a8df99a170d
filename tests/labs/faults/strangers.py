"""What others do to a Redis: they fill it, evict from it, and write what nobody understands."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable, Coroutine
from typing import Any

from redis.exceptions import RedisError

from tests.labs.faults import acts
from tests.labs.faults.cluster import START_WITHIN, Cluster
from tests.labs.faults.verdict import Kind, Violation
from tests.support.talker import Talker

TEXT = 4000
"""Bytes of a message that fills: nearly the most that there may be."""
FILLERS, ROOMS = 6, 40
"""Sessions that fill, and rooms of each: with TEXT and what a room keeps, more than there is."""
AT_ONCE = 20
"""Messages of a session that are under way."""
FULL = 3.0
"""Seconds for which it stays full."""


async def fill(lab: Cluster, end: float) -> None:
    """Fill Redis, to the last byte, leave, and have nobody help it."""
    await asyncio.sleep(min(2.0, lab.plan.seconds / 5))
    guest = lab.add_chatter(1, "fleeting")
    await lab.until(lambda: lab.is_in(guest), START_WITHIN)
    lab.faults += 1
    tasks = [asyncio.create_task(_fill(lab, number)) for number in range(FILLERS)]
    try:
        if not await lab.until(lambda: any(task.done() for task in tasks), 60.0):
            raise AssertionError("Redis could not be filled")
        guest.vanish()
        await asyncio.sleep(FULL)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    lab.back.append(time.monotonic())


async def _fill(lab: Cluster, number: int) -> None:
    """Say long things until that is refused, and then now and then."""
    rooms = [f"filled-{number}-{n}" for n in range(ROOMS)]
    async with await Talker.connect(lab.addresses[number % 3]) as talker:
        await talker.hello(f"filler{lab.number()}", rooms=rooms)
        for turn in itertools.count():
            ids = [f"{number}-{turn}-{n}" for n in range(AT_ONCE)]
            for id in ids:
                talker.send("send", room=rooms[turn % ROOMS], text="x" * TEXT, id=id)
            answers = [await talker.expect_any("ack", "error", id=id) for id in ids]
            talker.pending.clear()
            talker.events.clear()
            talker.lines.clear()
            if any(answer["type"] == "error" for answer in answers):
                return


LOGS = ("chat:{r:general}", "chat:{r:general}:log")
SESSIONS = (
    *("chat:{c}:nicks", "chat:{r:general}:members", "chat:{c}:session:SID"),
    *("chat:{c}:sent:SID", "chat:{r:general}:sent:SID"),
)
"""One key of each kind that an eviction may take; SID is a session's. The nicks first: nobody is
let in for 8 s then, and a client that looks at the end is new."""


def evict(*keys: str) -> Callable[[Cluster, float], Coroutine[Any, Any, None]]:
    """Delete one key of each kind, one after the other, as an eviction would."""

    async def drive(lab: Cluster, end: float) -> None:
        pause = lab.plan.seconds / (len(keys) + 1)
        for key in keys:
            await asyncio.sleep(pause)
            lab.faults += 1
            if "SID" in key:
                key = key.replace("SID", await _session_of(lab, lab.chatters[0].nick))
            await acts.command(lab, "DEL", key)

    return drive


async def _session_of(lab: Cluster, nick: str) -> str:
    with contextlib.suppress(RedisError, OSError):
        async with lab.redis.client() as client:
            found = await client.execute_command(  # type: ignore[no-untyped-call]
                "HGET", "chat:{c}:nicks", nick
            )
            return found.decode() if found else "none"
    return "none"


FRAMES = (
    b"",
    b"hello world",
    b"log x",
    b"log r:general e 5 x\nm",
    b"log r:general e five x\nm id at - \n{}",
    b"\xff\xfe\x00",
    b"moved",
    b"orders",
)
"""What is no frame."""
ENTRIES = ({"x": "y"}, {"h": "m", "b": ""}, {"h": "\xff", "b": "{"}, {"h": "m id at - ", "b": "]"})
"""Fields of what is no entry."""


async def write_odds(lab: Cluster, end: float) -> None:
    """Publish what is no frame, and put what is no entry into a log that somebody then reads."""
    for number in itertools.count():
        await asyncio.sleep(1.0)
        if time.monotonic() + 2.0 > end:
            return
        lab.faults += 1
        with contextlib.suppress(RedisError, OSError):
            async with lab.redis.client() as client:
                for channel in await client.pubsub_shardchannels("chat:*"):
                    for frame in FRAMES:
                        await client.spublish(channel, frame)
        await _read_odds(lab, f"odds-{number}", ENTRIES[number % len(ENTRIES)])


async def _read_odds(lab: Cluster, room: str, fields: dict[str, str]) -> None:
    """Let a room have an entry that nobody understands, and somebody read it."""
    try:
        async with await Talker.connect(lab.addresses[0]) as talker:
            await talker.hello(f"odd{lab.number()}", rooms=[room])
            await talker.say(room, "before", f"{room}-1")
        async with lab.redis.client() as client:
            words = [word for field in fields.items() for word in field]
            await client.execute_command(  # type: ignore[no-untyped-call]
                "XADD", f"chat:{{r:{room}}}:log", "900-0", *words
            )
            await client.hset(f"chat:{{r:{room}}}", mapping={"top": 900, "id": "zz"})
        async with await Talker.connect(lab.addresses[1]) as talker:
            await talker.hello(f"odd{lab.number()}", rooms=[room])
            await talker.ask("history", "history", "error", room=room, limit=200)
            await talker.say(room, "after", f"{room}-2")
    except (OSError, AssertionError) as error:
        text = f"a room with an entry that is none cannot be used: {str(error)[:200]}"
        lab.found.append(Violation(Kind.SESSION, text))
