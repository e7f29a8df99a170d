"""Commands of `chat-node admin` and `status`: each is run once, at the server with its keys."""

import asyncio
from typing import Any

from redis import exceptions
from redis.asyncio import Redis

from node.brokers import keys
from node.brokers.connect import REPLY_TIMEOUT, Topology
from node.brokers.failures import LOST
from node.brokers.malformed import WRONG
from node.brokers.outage import explained
from node.brokers.slot_map import SEED, SlotMap

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
        self._clients: dict[int, Redis] = {SEED: topology.connect(REPLY_TIMEOUT)}

    async def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            await client.aclose()

    @property
    def is_cluster(self) -> bool:
        """Whether there may be several servers."""
        return self._topology.connect_to is not None

    async def do(self, *command: Any, tag: str = keys.CONTROL_TAG) -> Any:
        """Run a command at the server that keeps the keys of a hash tag."""
        try:
            return await self._redirected(tag, *command)
        except (exceptions.RedisError, OSError) as error:
            raise Trouble(f"Redis: {explained(error)}") from error

    async def _redirected(self, tag: str, *command: Any) -> Any:
        for _ in range(REDIRECTED_MOST):
            client = await self._client(tag)
            try:
                return await _run(client, *command)
            except exceptions.MovedError as error:
                if self._slots is None:
                    raise
                self._slots.move([error.slot_id], self._slots.number(error.node_addr))
                failure: Exception = error
            except _NOT_NOW as error:
                if self._slots is None:
                    raise
                failure = error
                await asyncio.sleep(PAUSE)
        raise failure

    async def _client(self, tag: str) -> Redis:
        connect_to = self._topology.connect_to
        if connect_to is None:
            return self._clients[SEED]
        if self._slots is None:
            self._slots = await self._ask_for_map()
        number = self._slots.place(tag)
        if number not in self._clients:
            self._clients[number] = connect_to(self._slots.address(number))(REPLY_TIMEOUT)
        return self._clients[number]

    async def _ask_for_map(self) -> SlotMap:
        """Return where the slots are, as the first of the URL's servers says that answers."""
        slots, client = SlotMap(), self._clients[SEED]
        for left in reversed(range(self._topology.seeds)):
            try:
                slots.take(await _run(client, "CLUSTER SLOTS"))
                break
            except WRONG:
                raise Trouble("the reply to CLUSTER SLOTS is not what it should be") from None
            except LOST:
                if not left:
                    raise
        return slots


async def _run(client: Redis, *command: Any) -> Any:
    return await client.execute_command(*command)  # type: ignore[no-untyped-call]
