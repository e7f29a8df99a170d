"""Commands of `chat-node admin` and `status`: each is run once, at the server with its keys."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from redis import exceptions
from redis.asyncio import Redis

from node.brokers import keys, scripts
from node.brokers.connection import CommandRunner
from node.brokers.connect import REPLY_TIMEOUT, Topology
from node.brokers.failures import LOST
from node.brokers.malformed import WRONG
from node.brokers.outage import explained
from node.brokers.slot_map import SEED, UNKNOWN, Address, SlotMap, address_in

REDIRECTED_MOST = 20
"""How often a command is made again that a server of a cluster did not run, because of its slot."""
PAUSE = 0.1
"""Seconds before that, if the slot is just being moved, or nobody serves it."""

_NOT_NOW = (exceptions.AskError, exceptions.TryAgainError, exceptions.ClusterDownError)


class Trouble(Exception):
    """Redis did not do what was asked; the text is shown to people."""


class ServerClients:
    """Clients of the only server, or of those of a cluster. Raises Trouble."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._slots: SlotMap | None = None
        self._seed: Redis = topology.connect(REPLY_TIMEOUT)
        self._clients: dict[Address, Redis] = {}

    async def close(self) -> None:
        """Close all connections."""
        for client in (self._seed, *self._clients.values()):
            await client.aclose()

    @property
    def is_cluster(self) -> bool:
        """Whether there may be several servers."""
        return self._topology.connect_to is not None

    async def do(self, *command: Any, tag: str = keys.CONTROL_TAG) -> Any:
        """Run a command at the server that keeps the keys of a hash tag."""
        with _troubles():
            return await self._redirected(tag, *command)

    async def run(self, script: str, declared: Sequence[str], *args: Any) -> Any:
        """Run a script at the server that keeps the keys which it declares."""
        # Not EVAL, for which the user of the nodes has no right.
        command = ("EVALSHA", scripts.digest(script), len(declared), *declared, *args)
        with _troubles():
            return await self._redirected(
                keys.tag_of(declared[0]), *command, source=scripts.source(script)
            )

    async def ask(self, server: Address, *command: Any) -> Any:
        """Run a command at a server of a cluster."""
        with _troubles():
            return await _run(self._at(server), *command)

    async def _redirected(self, tag: str, *command: Any, source: str = "") -> Any:
        failure: exceptions.RedisError
        for _ in range(REDIRECTED_MOST):
            client = await self._client(tag)
            try:
                return await _run(client, *command)
            except exceptions.NoScriptError as error:
                # Another server may have taken the slot over since the script was loaded.
                await _run(client, "SCRIPT LOAD", source)
                failure = error
            except exceptions.MovedError as error:
                if self._slots is None:
                    raise
                self._follow(error)
                failure = error
            except _NOT_NOW as error:
                if self._slots is None:
                    raise
                failure = error
                await asyncio.sleep(PAUSE)
        if isinstance(failure, exceptions.ClusterDownError):
            raise failure
        raise Trouble("Redis: this slot is being moved, try again in a moment") from failure

    def _follow(self, error: exceptions.MovedError) -> None:
        """Learn where a slot is; if the error does not say at which host, the next map does."""
        assert self._slots is not None
        host, _ = error.node_addr
        if host in ("", UNKNOWN):
            self._slots = None
        else:
            self._slots.move([error.slot_id], self._slots.number(error.node_addr))

    async def _client(self, tag: str) -> Redis:
        if not self.is_cluster:
            return self._seed
        if self._slots is None:
            self._slots, _ = await self.ask_for_map()
        number = self._slots.place(tag)
        return self._seed if number == SEED else self._at(self._slots.address(number))

    def _at(self, server: Address) -> Redis:
        connect_to = self._topology.connect_to
        assert connect_to is not None
        if server not in self._clients:
            self._clients[server] = connect_to(server)(REPLY_TIMEOUT)
        return self._clients[server]

    async def ask_for_map(self) -> tuple[SlotMap, dict[Address, int]]:
        """Return where the slots are, and how many replicas each master has.

        That is as the first of the URL's servers says that answers.
        """
        slots = SlotMap()
        with _troubles():
            rows, asked = await self._slot_rows()
        try:
            slots.take(rows, asked)
            found = [(address_in(row[2], asked), len(row) - 3) for row in rows]
            return slots, {address: n for address, n in found if address is not None}
        except WRONG:
            raise Trouble("the reply to CLUSTER SLOTS is not what it should be") from None

    async def _slot_rows(self) -> tuple[Any, str]:
        runner = CommandRunner(self._seed)
        for _ in range(self._topology.seeds):
            try:
                [rows] = await runner.execute([("CLUSTER", "SLOTS")])
            except LOST as error:
                failure = error
                continue
            if isinstance(rows, Exception):
                raise rows
            asked = runner.host
            await runner.drop()
            return rows, asked
        raise failure


@contextmanager
def _troubles() -> Iterator[None]:
    """Turn errors of Redis into those that are shown to people."""
    try:
        yield
    except (exceptions.RedisError, OSError) as error:
        raise Trouble(f"Redis: {explained(error)}") from error


@contextmanager
def if_allowed() -> Iterator[None]:
    """Go on behind the block if Redis does not allow its user a command in it."""
    try:
        yield
    except Trouble as trouble:
        if not isinstance(trouble.__cause__, exceptions.NoPermissionError):
            raise


async def _run(client: Redis, *command: Any) -> Any:
    return await client.execute_command(*command)  # type: ignore[no-untyped-call]
