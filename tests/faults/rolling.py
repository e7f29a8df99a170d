"""`python -m tests.faults.rolling`: three nodes are restarted one after the other under load.

The clients are those of this project, which go over before their node is gone. It prints for how
long the worst off of them was without a connection, without an acknowledgement and without news;
and what was missing, doubled, in another order, or seen to leave, which must be nothing.
"""

import argparse
import asyncio
import itertools
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from client import Away, Chat, connect
from tests.support import web
from tests.support.node_process import NodeProcess
from tests.support.redis_server import RedisServer, free_port
from wire.messages import Gap, Left, Message, Send, Welcome

NODES = 3
ROOMS = 4
SETTLE_WITHIN = 20.0
"""Seconds for the last messages to come, when nobody says anything any more."""


@dataclass(frozen=True)
class Plan:
    """How large it is; ``rate`` is in messages a second, of all clients together."""

    clients: int = 36
    rate: float = 120.0
    rounds: int = 1
    drain: float = 5.0


@dataclass
class Felt:
    """What one client saw and felt; times are in seconds."""

    said: list[str] = field(default_factory=list)
    acked: list[str] = field(default_factory=list)
    heard: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    bad: list[str] = field(default_factory=list)
    nodes: list[str] = field(default_factory=list)
    away: float = 0.0
    unanswered: float = 0.0
    silence: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    seconds: float
    messages: int
    felt: list[Felt]
    broken: list[str]

    @property
    def moves(self) -> int:
        """How often clients were welcomed by another node."""
        return sum(len(one.nodes) - 1 for one in self.felt)

    def table(self) -> str:
        """Return the figures in words."""
        worst = {
            "without a connection": max(one.away for one in self.felt),
            "until an acknowledgement": max(one.unanswered for one in self.felt),
            "between two deliveries": max(one.silence for one in self.felt),
        }
        lines = [
            f"{len(self.felt)} clients, {self.messages} messages in {self.seconds:.0f} s"
            f" ({self.messages / self.seconds:.0f}/s), {self.moves} moves to another node",
            *(f"longest time {what}: {time * 1000:.0f} ms" for what, time in worst.items()),
            f"missing, doubled, out of order, seen to leave: {len(self.broken)}",
        ]
        return "\n".join([*lines, *self.broken[:20]])


class Rolling:
    """A whole system, its clients, and their talk."""

    def __init__(self, directory: Path, plan: Plan) -> None:
        self.plan = plan
        self._directory = directory
        self._redis = RedisServer(directory, appendonly="yes", appendfsync="always")
        self._ports = [free_port() for _ in range(NODES)]
        self._nodes: list[NodeProcess] = []
        self._chats: list[tuple[Chat, Felt]] = []
        self._talking = True

    async def run(self) -> Outcome:
        """Let clients talk, restart each node so many times, and look what everybody saw."""
        try:
            await self._redis.start()
            self._nodes = [await self._start(number) for number in range(NODES)]
            for number in range(self.plan.clients):
                self._enter(number)
            await asyncio.gather(*[chat.ready() for chat, _ in self._chats])
            start = time.monotonic()
            async with asyncio.TaskGroup() as tasks:
                listening = [tasks.create_task(self._listen(*one)) for one in self._chats]
                talking = [
                    tasks.create_task(self._talk(number, *one))
                    for number, one in enumerate(self._chats)
                ]
                await self._restart_all()
                self._talking = False
                await asyncio.wait(talking)
                seconds = time.monotonic() - start
                await self._settle()
                for task in listening:
                    task.cancel()
            felt = [felt for _, felt in self._chats]
            messages = sum(len(one.acked) for one in felt)
            return Outcome(seconds, messages, felt, broken(self._rooms(), felt))
        finally:
            await asyncio.gather(*[chat.close() for chat, _ in self._chats])
            for process in (*self._nodes, self._redis):
                await process.kill()

    async def _start(self, number: int) -> NodeProcess:
        flags = {
            **{"port": self._ports[number], "redis-url": self._redis.url, "http-port": 0},
            **{"name": f"node-{number}", "rate": 0, "drain": self.plan.drain},
        }
        words = [word for name, value in flags.items() for word in (f"--{name}", str(value))]
        node = NodeProcess(self._directory / f"node-{number}.log", *words)
        await node.start()
        await web.ready(node.http)
        return node

    async def _restart_all(self) -> None:
        for _, number in itertools.product(range(self.plan.rounds), range(NODES)):
            await asyncio.sleep(1.0)
            self._nodes[number].terminate()
            await self._nodes[number].wait()
            self._nodes[number] = await self._start(number)
        await asyncio.sleep(1.0)

    # Clients

    def _rooms(self) -> list[list[str]]:
        return [["general", f"room-{n % ROOMS}"] for n in range(self.plan.clients)]

    def _enter(self, number: int) -> None:
        ports = self._ports[number % NODES :] + self._ports[: number % NODES]
        addresses = [f"127.0.0.1:{port}" for port in ports]
        chat = connect(addresses, nick=f"c{number}", rooms=self._rooms()[number])
        chat.start()
        self._chats.append((chat, Felt()))

    async def _listen(self, chat: Chat, felt: Felt) -> None:
        gone: float | None = None
        last: float | None = None
        async for event in chat:
            now = time.monotonic()
            if isinstance(event, Away):
                gone = now
            elif isinstance(event, Welcome):
                felt.nodes.append(event.node)
                if gone is not None:
                    felt.away, gone = max(felt.away, now - gone), None
            elif isinstance(event, Message):
                felt.heard[event.room].append(event.text)
                if last is not None and self._talking:
                    felt.silence = max(felt.silence, now - last)
                last = now
            elif isinstance(event, (Left, Gap)):
                felt.bad.append(f"{chat.nick} was told: {event}")

    async def _talk(self, number: int, chat: Chat, felt: Felt) -> None:
        turn = self.plan.clients / self.plan.rate
        await asyncio.sleep(turn * number / self.plan.clients)
        due = time.monotonic()
        pending: set[asyncio.Task[None]] = set()
        for count in itertools.count():
            if not self._talking:
                break
            text = f"{number}-{count}"
            room = self._rooms()[number][count % 2]
            felt.said.append(text)
            pending.add(asyncio.create_task(self._say(chat, felt, room, text)))
            due += turn
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        await asyncio.gather(*pending)

    async def _say(self, chat: Chat, felt: Felt, room: str, text: str) -> None:
        since = time.monotonic()
        await chat.post(Send(room=room, text=text))
        felt.unanswered = max(felt.unanswered, time.monotonic() - since)
        felt.acked.append(text)

    async def _settle(self) -> None:
        """Wait until everybody has heard what everybody has said, or ought to have."""
        end = time.monotonic() + SETTLE_WITHIN
        while time.monotonic() < end:
            if not broken(self._rooms(), [felt for _, felt in self._chats]):
                return
            await asyncio.sleep(0.2)


def broken(rooms: list[list[str]], felt: list[Felt]) -> list[str]:
    """Return what is wrong with what clients saw, given the rooms that each was in."""
    found = [text for one in felt for text in one.bad]
    for one in felt:
        found += [f"never acknowledged: {text}" for text in set(one.said) - set(one.acked)]
    said: dict[str, list[str]] = defaultdict(list)
    for number, one in enumerate(felt):
        for count, text in enumerate(one.said):
            said[rooms[number][count % 2]].append(text)
    for room in sorted(said):
        members = [n for n, mine in enumerate(rooms) if room in mine]
        order = felt[members[0]].heard[room]
        for number in members:
            heard = felt[number].heard[room]
            times = Counter(heard)
            found += [f"{room}: c{number} missed {text}" for text in set(said[room]) - set(times)]
            found += [f"{room}: c{number} heard twice: {t}" for t, n in times.items() if n > 1]
            if heard != order and set(heard) == set(order):
                found.append(f"{room}: c{number} and c{members[0]} saw different orders")
    return found


def main() -> int:
    """Run what the command line says; return 1 if anything was broken."""
    plan = Plan()
    parser = argparse.ArgumentParser(prog="python -m tests.faults.rolling", description=__doc__)
    parser.add_argument("--clients", type=int, default=plan.clients)
    parser.add_argument("--rate", type=float, default=plan.rate, help="messages a second")
    parser.add_argument("--rounds", type=int, default=3, help="restarts of each node")
    parser.add_argument("--drain", type=float, default=plan.drain, help="as of the node")
    plan = Plan(**vars(parser.parse_args()))
    with tempfile.TemporaryDirectory(prefix="rolling-") as name:
        outcome = asyncio.run(Rolling(Path(name), plan).run())
    print(outcome.table())
    return 1 if outcome.broken else 0


if __name__ == "__main__":
    sys.exit(main())
