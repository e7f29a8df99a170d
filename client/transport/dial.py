"""Connects to hosts by name; a slow look-up or address does not block the others.

The look-ups of asyncio run in threads that a process joins at its end, which takes 75 s if no
nameserver answers. node/process/dial.py is a copy of this module for the node.
"""

import asyncio
import socket
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain, zip_longest
from typing import Any

SocketAddress = tuple[socket.AddressFamily, tuple[Any, ...]]
"""An address family, and the address for its sockets."""

NEXT_AFTER = 0.25
"""Seconds after which the next address is tried beside one that has not answered (RFC 8305)."""
TRIED_MOST = 16
"""Addresses of one name that are tried, for four seconds."""
KEPT_FOR = 30.0
"""Seconds for which the result of a look-up is kept for a caller that timed out and retries."""


def look_up(host: str) -> Sequence[SocketAddress]:
    """Ask the system for the addresses of a name; may block for long. Raises OSError."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except ValueError:  # not a possible name; UnicodeError is a ValueError
        raise socket.gaierror(socket.EAI_NONAME, "not a host name") from None
    return [(family, address) for family, _, _, _, address in found]


def host_of(address: tuple[Any, ...]) -> str:
    """Return the host of an address."""
    host: str = address[0]
    scope = address[3] if len(address) == 4 else 0
    return f"{host}%{scope}" if scope and "%" not in host else host


async def connected(address: SocketAddress) -> socket.socket:
    """Return a socket that is connected to an address. Raises OSError."""
    family, where = address
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        await asyncio.get_running_loop().sock_connect(made, where)
    except BaseException:
        made.close()
        raise
    return made


class Dialler:
    """Connects to the first address of a name that answers.

    ``within`` seconds is the limit for the look-up, and for each address. There is one look-up at a
    time for each name, so there are at most as many threads as names.
    """

    def __init__(
        self,
        within: float,
        look_up: Callable[[str], Sequence[SocketAddress]] = look_up,
        connect: Callable[[SocketAddress], Awaitable[socket.socket]] = connected,
    ) -> None:
        self._within = within
        self._look_up = look_up
        self._connect = connect
        self._asked: dict[str, asyncio.Future[Sequence[SocketAddress]]] = {}

    async def dial(self, host: str, port: int) -> socket.socket:
        """Return a connected socket. Raises OSError; TimeoutError is one."""
        try:
            async with asyncio.timeout(self._within):
                found = await self.resolve(host)
        except TimeoutError:
            raise TimeoutError(f"{host} could not be looked up in time") from None
        return await self._first(deque(_in_turns(found, port)[:TRIED_MOST]))

    async def resolve(self, host: str) -> Sequence[SocketAddress]:
        """Return addresses, at least one. Raises OSError.

        A caller that times out gets the same look-up, or its result, the next time.
        """
        try:
            found = socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
            return [(family, address) for family, _, _, _, address in found[:1]]
        except (OSError, ValueError):
            pass  # it is a name
        asked = self._asked.get(host)
        if asked is None or asked.get_loop() is not asyncio.get_running_loop():
            asked = self._ask(host)
        try:
            return await asyncio.shield(asked)
        finally:
            if asked.done():
                self._forget(host, asked)

    def _ask(self, host: str) -> asyncio.Future[Sequence[SocketAddress]]:
        loop = asyncio.get_running_loop()
        asked = self._asked[host] = loop.create_future()

        def settle(found: Sequence[SocketAddress] | OSError) -> None:
            if isinstance(found, OSError):
                asked.set_exception(found)
                asked.exception()  # the caller may have timed out
            else:
                asked.set_result(found)
            loop.call_later(KEPT_FOR, self._forget, host, asked)

        def work() -> None:
            found: Sequence[SocketAddress] | OSError
            try:
                found = self._look_up(host) or OSError(f"{host} has no address")
            except OSError as error:
                found = error
            try:
                loop.call_soon_threadsafe(settle, found)
            except RuntimeError:
                pass  # the loop is closed

        threading.Thread(target=work, name=f"look up {host}", daemon=True).start()
        return asked

    def _forget(self, host: str, asked: asyncio.Future[Sequence[SocketAddress]]) -> None:
        if self._asked.get(host) is asked:
            del self._asked[host]

    async def _first(self, addresses: deque[SocketAddress]) -> socket.socket:
        trying: set[asyncio.Task[socket.socket]] = set()
        failure = OSError("there is no address")
        try:
            while addresses or trying:
                if addresses:
                    trying.add(asyncio.create_task(self._one(addresses.popleft())))
                pause = NEXT_AFTER if addresses else None
                first = asyncio.FIRST_COMPLETED
                done, _ = await asyncio.wait(trying, timeout=pause, return_when=first)
                for task in done:
                    trying.discard(task)
                    try:
                        return task.result()
                    except OSError as error:
                        failure = error
            raise failure
        finally:
            for task in trying:
                task.cancel()
                task.add_done_callback(_close)

    async def _one(self, address: SocketAddress) -> socket.socket:
        try:
            async with asyncio.timeout(self._within):
                return await self._connect(address)
        except TimeoutError:
            raise TimeoutError(f"{address[1][0]} does not answer") from None


def _in_turns(addresses: Sequence[SocketAddress], port: int) -> list[SocketAddress]:
    """Return the addresses with their families alternating, the first family first."""
    to = [(family, (host_of(rest), port, *rest[2:])) for family, rest in addresses]
    one, other = ([each for each in to if (each[0] == to[0][0]) is same] for same in (True, False))
    return [each for each in chain.from_iterable(zip_longest(one, other)) if each is not None]


def _close(task: asyncio.Task[socket.socket]) -> None:
    """Close a connection that is too late."""
    if not task.cancelled() and task.exception() is None:
        task.result().close()
