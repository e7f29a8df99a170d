"""Connects to hosts by name; look-ups are in daemon threads, and each address has its own timeout.

The loop's own look-ups use threads that a process waits for when it ends, 75 s if no nameserver
answers. The client has a twin of this module in client/transport/dial.py.
"""

import asyncio
import socket
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain, zip_longest
from typing import Any

Address = tuple[socket.AddressFamily, tuple[Any, ...]]
"""A family, and an address as its sockets take it."""

NEXT_AFTER = 0.25
"""Seconds after which the next address is tried as well, if one has not answered (RFC 8305)."""
TRIED_MOST = 16
"""Most addresses of one name that are tried: it takes four seconds to begin with all."""
KEPT_FOR = 30.0
"""Seconds for which the result of a look-up is kept for a caller that gave up and asks again."""


def look_up(host: str) -> Sequence[Address]:
    """Return the addresses of a name; blocks as long as the system takes. Raises OSError."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except ValueError:  # not a valid name; UnicodeError is one of these
        raise socket.gaierror(socket.EAI_NONAME, "not a valid host name") from None
    return [(family, address) for family, _, _, _, address in found]


def host_of(address: tuple[Any, ...]) -> str:
    """Return the host of an address, with the scope of an IPv6 address, as uvloop expects it."""
    host: str = address[0]
    scope = address[3] if len(address) == 4 else 0
    return f"{host}%{scope}" if scope and "%" not in host else host


async def connected(address: Address) -> socket.socket:
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
    """Connects to the first address of a name that answers, within ``within`` seconds.

    The limit holds for the look-up, and then for each address by itself. There is at most one
    look-up for each name at a time, so no more threads than hosts in the settings and Sentinels.
    """

    def __init__(
        self,
        within: float,
        look_up: Callable[[str], Sequence[Address]] = look_up,
        connect: Callable[[Address], Awaitable[socket.socket]] = connected,
    ) -> None:
        self._within = within
        self._look_up = look_up
        self._connect = connect
        self._asked: dict[str, asyncio.Future[Sequence[Address]]] = {}

    async def dial(self, host: str, port: int) -> socket.socket:
        """Return a connected socket. Raises OSError; TimeoutError is one."""
        try:
            async with asyncio.timeout(self._within):
                found = await self.resolve(host)
        except TimeoutError:
            raise TimeoutError(f"{host} could not be looked up in time") from None
        return await self._first(deque(_in_turns(found, port)[:TRIED_MOST]))

    async def hosts(self, host: str) -> list[str]:
        """Return the addresses of a host as texts, to listen on. Raises OSError."""
        return [host_of(address) for _, address in await self.resolve(host)]

    async def resolve(self, host: str) -> Sequence[Address]:
        """Return addresses, at least one. Raises OSError.

        A caller that gives up waiting gets the same look-up, or its result, the next time.
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

    def _ask(self, host: str) -> asyncio.Future[Sequence[Address]]:
        loop = asyncio.get_running_loop()
        asked = self._asked[host] = loop.create_future()

        def settle(found: Sequence[Address] | OSError) -> None:
            if isinstance(found, OSError):
                asked.set_exception(found)
                asked.exception()  # mark it as retrieved: maybe no caller is waiting any more
            else:
                asked.set_result(found)
            loop.call_later(KEPT_FOR, self._forget, host, asked)

        def work() -> None:
            found: Sequence[Address] | OSError
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

    def _forget(self, host: str, asked: asyncio.Future[Sequence[Address]]) -> None:
        if self._asked.get(host) is asked:
            del self._asked[host]

    async def _first(self, addresses: deque[Address]) -> socket.socket:
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

    async def _one(self, address: Address) -> socket.socket:
        try:
            async with asyncio.timeout(self._within):
                return await self._connect(address)
        except TimeoutError:
            raise TimeoutError(f"{address[1][0]} does not answer") from None


def _in_turns(addresses: Sequence[Address], port: int) -> list[Address]:
    """Return the addresses with the families taking turns, that of the first address first."""
    to = [(family, (host_of(rest), port, *rest[2:])) for family, rest in addresses]
    one, other = ([each for each in to if (each[0] == to[0][0]) is same] for same in (True, False))
    return [each for each in chain.from_iterable(zip_longest(one, other)) if each is not None]


def _close(task: asyncio.Task[socket.socket]) -> None:
    """Close a connection that was made too late."""
    if not task.cancelled() and task.exception() is None:
        task.result().close()
