"""Sends calls and subscriptions to the masters of a Redis Cluster that keep their slots.

redis-py's RedisCluster is not used: after a slot has moved its subscriptions stay deaf, and its
pipelines repeat calls, and change their order.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from redis import exceptions

from node.brokers import keys
from node.brokers.broker_counts import BrokerCounts
from node.brokers.calls import Call
from node.brokers.connect import CONNECT_TIMEOUT, Connect
from node.brokers.connection import CommandRunner, heed_cancelling
from node.brokers.failures import BACKOFF, LOST, WRONG_KIND, is_down, redirection
from node.brokers.malformed import WRONG
from node.brokers.outage import OLD, RIGHTS, code
from node.brokers.server_kind import ServerKind
from node.brokers.shards import Shards
from node.brokers.slot_map import SEED, SLOTS, Address, Moves, SlotMap, slot_of
from node.brokers.slot_queues import PAUSE
from node.brokers.subscriptions import Subscriptions

log = logging.getLogger(__name__)

ASK_EVERY = 10.0
"""Seconds between two questions for the map of slots, if nothing says that it has changed."""
ASK_PAUSE = 0.1
"""Seconds between two such questions at least."""
SPREAD_AFTER = 0.02
"""Seconds after which subscriptions follow a slot: those of many slots do so together."""
FORGET = 1.0
"""Seconds after which another refusal of a slot is not one in a row with the last one."""
AT_ONCE = 3
"""How often in a row a slot is followed at once: masters that do not know yet which of them has it
may point at each other."""
_ASKED = "CLUSTER SLOTS"
_CONTROL = slot_of(keys.CONTROL_TAG)

Refused = Sequence[tuple[Call, Exception]]


class Routing:
    """Keeps the map of slots, and moves what waits at a server that has given its slot away.

    A script that a master has not run, because its slot is not there, is run by the one that has
    it. While a slot moves, its scripts are made again after a moment: each declares a key that
    nobody writes, so none runs with half of its keys.
    """

    def __init__(
        self,
        slots: SlotMap,
        shards: Shards,
        subscriptions: Subscriptions,
        kind: ServerKind,
        connect: Connect,
        connect_to: Callable[[Address], Connect],
        add: Callable[[Connect], None],
        counts: BrokerCounts,
    ) -> None:
        self._slots = slots
        self._shards = shards
        self._queues = shards.queues
        self._subscriptions = subscriptions
        self._kind = kind
        self._connects = [connect]
        self._connect_to = connect_to
        self._add = add
        self._counts = counts
        self._wanted = asyncio.Event()
        self._refusals: dict[int, tuple[float, int]] = {}
        """When each slot was refused last, and how often in a row."""
        self._down: set[int] = set()
        """Servers that said last that they serve nobody: others may have taken over from them."""
        self._control = SEED
        self._spreading: asyncio.TimerHandle | None = None

    # What servers answer

    def ended(self, number: int, ran: bool, refused: Refused, failed: bool) -> None:
        """A server has answered its calls, or has failed; what was not done is queued there again.

        ``ran``: it has run some of them. ``refused`` are those that it did not run because of their
        slots.
        """
        if failed:
            self._wanted.set()
        if ran:
            self._down.discard(number)
        queues = self._queues
        slots = {slot_of(call.tag) for call, _ in refused}
        ended = queues.awaiting(number)
        for slot in slots:
            queues.wait(slot, PAUSE)
        if slots or ended:
            leaving = slots.union(ended)
            pipeline = self._shards.all[number].pipeline
            queues.put_before(pipeline.release(lambda call: slot_of(call.tag) not in leaving))
        self._learn(number, refused)
        for slot in ended:
            queues.done(slot, number)

    def _learn(self, number: int, refused: Refused) -> None:
        """Learn where slots are, and have their calls made there, at once or after a moment."""
        errors = {slot_of(call.tag): error for call, error in refused}
        moves: Moves = set()
        moved = {slot: self._moved(number, error, moves) for slot, error in errors.items()}
        self._gone(moves)
        for _, error in refused:
            self._counts.redirected(error)
        for slot, is_moved in moved.items():
            if not is_moved and slot == _CONTROL:
                self._shards.control.contact.withheld()
            if pause := self._pause(slot, is_moved):
                loop = asyncio.get_running_loop()
                loop.call_later(pause, self._queues.done, slot, PAUSE)
            else:
                self._queues.done(slot, PAUSE)

    def _pause(self, slot: int, is_moved: bool) -> float:
        now = asyncio.get_running_loop().time()
        at, count = self._refusals.get(slot, (now, 0))
        count = count + 1 if now - at < FORGET else 1
        self._refusals[slot] = now, count
        at_once = is_moved and count <= AT_ONCE
        return 0.0 if at_once else BACKOFF[min(count, AT_ONCE) - 1]

    def subscription_refused(self, number: int, error: Exception) -> None:
        """Take an error for a subscription: it may say where its channel is to be asked for."""
        self._counts.redirected(error)
        moves: Moves = set()
        self._moved(number, error, moves)
        self._gone(moves)

    def _moved(self, number: int, error: Exception, moves: Moves) -> bool:
        """Learn from an error where a slot is, and add to ``moves``; return whether it says so."""
        self._wanted.set()
        if is_down(error):
            self._down.add(number)
        if (found := redirection(error)) is None or found[0] >= SLOTS:
            # The slot is being moved, or nobody serves it yet.
            return False
        slot, address = found
        owner = self._known(address)
        moves |= self._slots.move([slot], owner)
        return owner != number

    def _gone(self, moves: Moves) -> None:
        """Slots have gone from servers to others: after a failure those may lack the latest data.

        A replica that takes over has what its master had sent it. A slot that is moved in peace
        comes whole; then its former server still answers.
        """
        shards = self._shards.all
        for number in sorted({number for before, number in moves if self._is_lost(before)}):
            shards[number].contact.lost()
        for before in sorted({before for before, _ in moves}):
            if before != SEED and not self._slots.keeps(before):
                shards[before].outage.replaced()
        for before in sorted({before for before, _ in moves}):
            self._leave(before)
        control = self._slots.place(keys.CONTROL_TAG)
        if control != self._control:
            # Who could renew a lease at the former server may not have been able to here.
            self._control = control
            shards[control].contact.withheld()
        if moves:
            self._follow()

    def _is_lost(self, number: int) -> bool:
        if number == SEED:
            return False
        return self._shards.all[number].contact.since is None or number in self._down

    def _leave(self, number: int) -> None:
        """Move the calls that wait at a server to those that keep their slots now.

        If older ones are under way, the others wait for them: they may not have been run.
        """
        slots, queues, pipeline = self._slots, self._queues, self._shards.all[number].pipeline

        def stays(call: Call) -> bool:
            return slots.place(call.tag) == number

        calls = pipeline.release(stays)
        waiting = dict.fromkeys(slot_of(call.tag) for call in calls)
        under_way = {slot_of(call.tag) for call in pipeline.under_way if not stays(call)}
        for slot in (*waiting, *under_way):
            queues.wait(slot, number)
        queues.put_before(calls)
        for slot in waiting:
            if slot not in under_way:
                queues.done(slot, number)

    def _known(self, address: Address) -> int:
        """Return the number of a server; begin with one that is new."""
        number = self._slots.number(address)
        if number == len(self._connects):
            self._connects.append(self._connect_to(address))
            self._add(self._connects[number])
        return number

    # Subscriptions

    def _follow(self) -> None:
        """Let subscriptions follow their slots soon."""
        if self._spreading is None:
            loop = asyncio.get_running_loop()
            self._spreading = loop.call_later(SPREAD_AFTER, self._spread)

    def _spread(self) -> None:
        self._spreading = None
        self._subscriptions.spread()

    # The map

    async def run(self) -> None:
        """Keep the map up to date, for ever."""
        while True:
            self._wanted.clear()
            if (found := await self._fetch()) is not None:
                self._take(*found)
            await asyncio.sleep(ASK_PAUSE)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ASK_EVERY):
                    await self._wanted.wait()

    def _take(self, rows: Any, asked: str) -> None:
        try:
            moves = self._slots.take(rows, asked)
        except WRONG as error:
            log.warning("the reply to CLUSTER SLOTS is not what it should be: %r", error)
            return
        for number in sorted({number for _, number in moves}):
            self._known(self._slots.address(number))
        self._gone(moves)

    async def _fetch(self) -> tuple[Any, str] | None:
        """Return the rows of CLUSTER SLOTS, and who was asked; None if no server answers."""
        for number in self._askable():
            client = self._connects[number](CONNECT_TIMEOUT)
            try:
                runner = CommandRunner(client)
                [rows] = await runner.execute([tuple(_ASKED.split())])
                host = runner.host
            except (*LOST, exceptions.RedisError) as error:
                log.debug("a server does not tell the map of slots: %s", error)
                continue
            finally:
                await client.aclose()
                heed_cancelling()
            if not isinstance(rows, Exception):
                self._told_by(number)
                return rows, host
            self._refused(number, rows)
        return None

    def _told_by(self, number: int) -> None:
        """Note that a server has told the map of the cluster."""
        self._kind.found_cluster()
        outage = self._shards.all[number].outage
        if outage.denied == _ASKED:
            outage.allowed()

    def _refused(self, number: int, error: Exception) -> None:
        """Log why a server will not tell the map; end the node at its start if it has none."""
        is_no_cluster = WRONG_KIND in str(error)
        if is_no_cluster or code(error) in (OLD, *RIGHTS):
            self._shards.all[number].outage.deny(_ASKED, error)
        if is_no_cluster:
            self._kind.found_none()

    def _askable(self) -> Iterable[int]:
        """Return all servers; those that may be cut off come last, because their map may be old.

        A master that keeps no slot may have left the cluster, and be gone.
        """
        shards, down, slots = self._shards.all, self._down, self._slots

        def doubt(number: int) -> tuple[bool, bool, bool]:
            silent = shards[number].contact.since is None
            return number in down, silent, not slots.keeps(number)

        return sorted(range(len(shards)), key=doubt)
