"""A connection of redis-py that runs pipelines, and reads channels, with less Python code.

redis-py opens, secures and closes the connection. Its own pipelines cost about as much time as
everything else that a node does for a message: they pack arguments one by one, in Python, and await
each reply, and each message of a channel, by itself. Here hiredis packs a whole pipeline, and all
replies that one read brings are handled at once.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

from hiredis import Reader, pack_command
from redis import exceptions
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection

from node.brokers.slot_map import Address
from node.process.dial import Dialler

Commands = Sequence[tuple[Any, ...]]

_CHUNK = 256 * 1024


class RedisConnection(AbstractConnection):
    """A connection that can also send many commands at once; only one such exchange may run.

    Its loss is always an exception of redis-py: uvloop raises a RuntimeError where asyncio ignores
    that a connection is closed, and redis-py passes it on as it is.
    """

    dialler: Dialler
    addresses: Iterator[Address] | None = None
    """Servers of which any will do: each attempt goes to the next one."""
    host: str
    port: int

    async def _connect(self) -> None:
        """Open the socket, for redis-py; its own time limit remains for TLS."""
        if self.addresses is not None:
            self.host, self.port = next(self.addresses)
        self._dialled = await self.dialler.dial(self.host, self.port)
        await super()._connect()  # type: ignore[safe-super, no-untyped-call]
        self._replies = Reader(replyError=_error, notEnoughData=_NOTHING, protocolError=_stranger)

    def _connection_arguments(self) -> dict[str, Any]:
        """Return the arguments of redis-py's connect: an open socket, and the name of its host."""
        found: dict[str, Any] = {**super()._connection_arguments()}  # type: ignore[misc]
        name = {"server_hostname": found.pop("host")} if "ssl" in found else {}
        return {**found, "host": None, "port": None, "sock": self._dialled, **name}

    async def disconnect(self, *args: Any, **named: Any) -> None:
        """Close the connection, also if the server takes no part in that, as one that hangs.

        With TLS the ends tell each other; redis-py raises an error if that takes too long, though
        the connection is closed then.
        """
        with contextlib.suppress(exceptions.TimeoutError):
            await super().disconnect(*args, **named)

    async def send_packed_command(self, *args: Any, **kwargs: Any) -> None:
        """Send a command."""
        try:
            await super().send_packed_command(*args, **kwargs)
        except RuntimeError as error:
            raise exceptions.ConnectionError(f"closed while writing: {error}") from error

    async def read_response(self, *args: Any, **named: Any) -> Any:
        """Return the reply to one of redis-py's own commands, such as those when it connects."""
        try:
            return await super().read_response(*args, **named)
        except exceptions.InvalidResponse as error:
            raise _stranger(str(error)) from None

    async def exchange(self, commands: Commands) -> list[Any]:
        """Return the replies to commands; an error reply is an exception among them.

        Raises redis.exceptions.ConnectionError or TimeoutError; then the connection is closed, and
        it is not known which of the commands were run.
        """
        replies: list[Any] = []

        async def work() -> None:
            assert self._writer
            self._writer.write(b"".join([pack_command(command) for command in commands]))
            while len(replies) < len(commands):
                await self._read(replies.append)

        await self._guarded(work(), self.socket_timeout)
        if len(replies) > len(commands):
            await self.disconnect(nowait=True)
            raise exceptions.ConnectionError("more replies than commands: the server is not Redis")
        return replies

    async def send(self, commands: Commands) -> None:
        """Send commands whose replies ``listen`` passes on."""
        packed = b"".join([pack_command(command) for command in commands])
        await self.send_packed_command(packed, check_health=False)

    async def listen(self, take: Callable[[Any], None]) -> None:
        """Pass messages to ``take``, for ever. Raises as ``exchange`` does."""

        async def work() -> None:
            while True:
                await self._read(take)

        await self._guarded(work(), None)

    async def _read(self, take: Callable[[Any], None]) -> None:
        """Wait for data, and pass on the replies that they complete."""
        assert self._reader
        data = await self._reader.read(_CHUNK)
        if not data:
            raise ConnectionResetError("Redis has closed it")
        reader = self._replies
        reader.feed(data)
        while (reply := reader.gets()) is not _NOTHING:
            take(reply)

    async def _guarded(self, work: Awaitable[None], within: float | None) -> None:
        """Await some work on the connection, and close it if that fails in any way."""
        try:
            async with asyncio.timeout(within):
                await work
        except BaseException as error:
            await self.disconnect(nowait=True)
            if isinstance(error, TimeoutError):
                raise exceptions.TimeoutError("no reply in time") from None
            if isinstance(error, OSError | RuntimeError):
                raise exceptions.ConnectionError(f"connection lost: {error}") from error
            raise


def heed_cancelling() -> None:
    """End a task that was cancelled while redis-py was at work.

    redis-py may have taken that for a failure to connect. And it uses ``asyncio.wait_for``, which
    in Python 3.11 swallows a cancellation if what it waits for is done just then.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


_NOTHING = object()


def _error(text: str) -> exceptions.ResponseError:
    """Return the exception for an error that Redis replies; the text begins with its code."""
    kind = exceptions.NoScriptError if text.startswith("NOSCRIPT") else exceptions.ResponseError
    return kind(text)


_STRANGERS = {
    "H": "an HTTP server",
    "<": "an HTTP server",
    "S": "an SSH server",
    "2": "a mail or file server",
    "\\x15": "one that expects TLS: try rediss:// in the URL",
    "J": "a MySQL server",
}
"""What kind of server answers, by the first byte that it sends, as hiredis writes it."""


def _stranger(text: str) -> exceptions.ConnectionError:
    """Return the exception for a server that is no Redis; ``text`` is the error of hiredis."""
    found = re.search(r'got "(.*)" as reply', text)
    guess = _STRANGERS.get(found[1], "") if found else ""
    return exceptions.ConnectionError(
        f"the server is not Redis{guess and ', but probably '}{guess}: {text}"
    )


def use_redis_connections(
    client: "Redis", dialler: Dialler, addresses: Iterator[Address] | None = None
) -> "Redis":
    """Make a client use RedisConnection, combined with the kind of connection that it has."""
    pool = client.connection_pool
    made = {"dialler": dialler, "addresses": addresses}
    pool.connection_class = type("Connection", (RedisConnection, pool.connection_class), made)
    return client


class CommandRunner:
    """Runs commands over one connection of a client, which is kept until it fails."""

    def __init__(self, client: "Redis") -> None:
        self._client = client
        self._connection: RedisConnection | None = None

    @property
    def host(self) -> str:
        """The host to which it is connected; "" if it is not."""
        return self._connection.host if self._connection is not None else ""

    async def execute(self, commands: Commands) -> list[Any]:
        """Run commands in one pipeline; return the replies, with exceptions for those that failed.

        Raises redis.exceptions.ConnectionError or TimeoutError, or OSError.
        """
        pool = self._client.connection_pool
        if not issubclass(getattr(pool, "connection_class", object), RedisConnection):
            return await self._execute_slowly(commands)
        if self._connection is None:
            self._connection = await pool.get_connection()  # type: ignore[no-untyped-call]
            heed_cancelling()
        try:
            return await self._connection.exchange(commands)
        except BaseException:
            await self.drop()
            raise

    async def _execute_slowly(self, commands: Commands) -> list[Any]:
        """Run commands by redis-py alone: the embedded broker has other connections."""
        pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        replies: list[Any] = await pipeline.execute(raise_on_error=False)
        heed_cancelling()
        return replies

    async def drop(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        pool = self._client.connection_pool
        if connection is not None:
            await pool.release(connection)
        await pool.disconnect()
