"""What clients of this project feel of something that is done to a system while they talk.

`python -m tests.labs.faults.felt ADDRESS ... -- COMMAND ...` lets them talk as long as a command
takes, and prints for how long the worst off of them was without a connection, without an
acknowledgement and without news; and what was missing, doubled, in another order, or seen to leave,
which must be nothing. It needs nothing that the client does not need.
"""

import argparse
import asyncio
import itertools
import secrets
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from client import Chat, Disconnected, connect
from wire.messages import Gap, Left, Message, Send, Welcome

ROOMS = 4
SETTLE_WITHIN = 20.0
"""Seconds for the last messages to come, when nobody says anything any more."""
BEFORE_AND_AFTER = 1.0
"""Seconds of talk around what is done."""
MOST_AWAY = 0.5
"""Seconds without a connection that are too many."""


@dataclass(frozen=True)
class Load:
    """How large it is; ``rate`` is in messages a second, of all clients together."""

    clients: int = 36
    rate: float = 120.0


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

    @property
    def away(self) -> float:
        """For how long a client was without a connection, at most."""
        return max(one.away for one in self.felt)

    def table(self) -> str:
        """Return the figures in words."""
        worst = {
            "without a connection": self.away,
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


class Talk:
    """Clients that talk; each knows the addresses in another order."""

    def __init__(self, load: Load, addresses: list[str]) -> None:
        self._load = load
        self._addresses = addresses
        # One may come to the same system twice: nothing of before must be there.
        self._name = secrets.token_hex(3)
        self._chats: list[tuple[Chat, Felt]] = []
        self._talking = True

    async def during(self, what: Callable[[], Awaitable[None]]) -> Outcome:
        """Talk while something is done; return what was felt."""
        try:
            for number in range(self._load.clients):
                self._enter(number)
            await asyncio.gather(*[chat.ready() for chat, _ in self._chats])
            start = time.monotonic()
            async with asyncio.TaskGroup() as tasks:
                listening = [tasks.create_task(self._listen(*one)) for one in self._chats]
                talking = [
                    tasks.create_task(self._talk(number, *one))
                    for number, one in enumerate(self._chats)
                ]
                await asyncio.sleep(BEFORE_AND_AFTER)
                await what()
                await asyncio.sleep(BEFORE_AND_AFTER)
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

    def _rooms(self) -> list[list[str]]:
        name = self._name
        return [[f"all-{name}", f"{n % ROOMS}-{name}"] for n in range(self._load.clients)]

    def _enter(self, number: int) -> None:
        first = number % len(self._addresses)
        addresses = self._addresses[first:] + self._addresses[:first]
        nick = f"c{number}-{self._name}"
        chat = connect(addresses, nick=nick, rooms=self._rooms()[number])
        chat.start()
        self._chats.append((chat, Felt()))

    async def _listen(self, chat: Chat, felt: Felt) -> None:
        gone: float | None = None
        last: float | None = None
        async for event in chat:
            now = time.monotonic()
            if isinstance(event, Disconnected):
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
        turn = self._load.clients / self._load.rate
        await asyncio.sleep(turn * number / self._load.clients)
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


async def _run(load: Load, addresses: list[str], command: list[str]) -> tuple[Outcome, int]:
    status = 0

    async def run() -> None:
        nonlocal status
        # What it prints is for people; what we print at the end is the result.
        process = await asyncio.create_subprocess_exec(*command, stdout=sys.stderr)
        status = await process.wait()

    return await Talk(load, addresses).during(run), status


def main() -> int:
    """Run what the command line says; return 1 if anything broke, or somebody was away for long."""
    load = Load()
    parser = argparse.ArgumentParser(prog="python -m tests.labs.faults.felt", description=__doc__)
    parser.add_argument("--clients", type=int, default=load.clients)
    parser.add_argument("--rate", type=float, default=load.rate, help="messages a second")
    parser.add_argument("addresses", nargs="+", metavar="ADDRESS")
    words = sys.argv[1:]
    end = words.index("--") if "--" in words else len(words)
    options = parser.parse_args(words[:end])
    command = words[end + 1 :] or ["sleep", "10"]
    load = Load(options.clients, options.rate)
    outcome, status = asyncio.run(_run(load, options.addresses, command))
    print(outcome.table())
    return 1 if status or outcome.broken or outcome.away > MOST_AWAY else 0


if __name__ == "__main__":
    sys.exit(main())
