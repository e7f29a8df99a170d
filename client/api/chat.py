"""The client as programs use it: ``connect``, and the chat that it returns."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from typing import Self

from client.api.requests import Requests, check
from client.protocol.errors import RequestRefused
from client.protocol.events import Disconnected, Received, Then
from client.protocol.greeting import Identity
from client.protocol.session import Session, State
from client.transport.addresses import Endpoints, parse_addresses
from client.transport.connector import Connector
from client.transport.incoming import Incoming
from client.transport.reconnect import ReconnectingLink, Rename
from client.transport.runtime import Runtime
from wire import messages as m
from wire import text as texts

__all__ = ["Chat", "connect"]

QUIT_WITHIN = 2.0
"""Seconds for the node to answer a quit."""


def connect(
    addresses: str | Iterable[str] = (),
    *,
    nick: str,
    rooms: Sequence[str] | None = None,
    token: str | None = None,
    password: str | None = None,
    tls: ssl.SSLContext | bool = False,
    key: str | None = None,
    stays: bool | None = None,
    positions: dict[str, str] | None = None,
    patience: float | None = 60.0,
    rename: Rename | None = None,
    window: int = 1,
    runtime: Runtime | None = None,
) -> "Chat":
    """Return a chat, to be used as a context manager; inside it, it is connected.

    A whole bot; examples/bot.py is another one::

        import asyncio
        from client import Message, connect

        async def main() -> None:
            async with connect("localhost:9999-10001", nick="echo", rooms=["lab"]) as chat:
                async for event in chat:
                    if isinstance(event, Message) and event.from_ != chat.nick:
                        await chat.send(event.room, event.text)

        asyncio.run(main())

    Iterating gives the events of wire.messages, in each room in order and each once, and a
    ``Disconnected`` whenever the connection is lost. The client then reconnects to the next
    address, gets what was said meanwhile, and repeats its own messages until they are acknowledged.
    The iteration ends when the chat is closed, and raises the failure that ended it otherwise.
    While nobody iterates, only the newest thousand events are kept. ``received()`` iterates with
    the lines of the nodes as they came.

    Requests, also while iterating; each returns when the node has answered, or raises
    RequestRefused::

        await chat.send("lab", "hi")          # stored, once it returns; kind="action" for /me
        await chat.direct("bo", "hi")         # to one nick; likewise
        await chat.join("lab", history=20)    # .messages are the past ones
        await chat.create("lab")
        await chat.leave("lab")
        await chat.rename("echo2")
        await chat.history("lab", limit=50)   # .messages, oldest first; or before=, after=
        await chat.members("lab")             # nicks
        await chat.list_rooms()               # rows of .room and .members

    ``post(Send(...))`` and ``ask(request)`` do the same and return a future at once.
    ``nick``, ``node``, ``rooms``, ``positions``, ``is_connected``, ``is_greeting`` (a node is
    there, the hello unanswered) and ``is_throttled`` (the node asked for a pause) are the present
    state; ``failure`` is what ended it. Without ``async with``: ``start``, ``ready`` and ``close``.

    ``addresses``: ``HOST:PORT``, ``[IPV6]:PORT`` or ranges ``HOST:FIRST-LAST``, tried in turn.
    ``rooms``: created where missing; None is ``general``. ``token``: the nodes' access token.
    ``password``: of the nick's account, if it has one.
    ``tls``: True checks the node's certificate by the system's authorities; a context, by its own.
    ``key``: the secret of the session, random if None. With the key and the ``positions`` of an
    earlier chat, this one resumes its session; such a session is not ended by closing the chat,
    unless ``stays`` is False. What ``unacknowledged()`` returned there, ``post_again`` posts here.
    ``patience``: seconds without any node before giving up with Unreachable; None: never.
    ``rename``: awaited for another nick when a node refuses the present one.
    ``window``: messages on the wire at once. More than 1 is faster over a slow network, but then
    messages may be reordered when one of them is refused for a while.

    Entering raises NickRefused or RequestRefused when a node refuses the session or one of the
    rooms, Unreachable when no node is there. Raises ValueError for an invalid address.
    """
    runtime = runtime or Runtime()
    identity = Identity(key or runtime.secret(16), f"{runtime.secret(4)}-")
    session = Session(
        identity,
        nick=nick,
        rooms=rooms,
        positions=positions,
        token=token,
        password=password,
        window=window,
    )
    check(m.Hello(nick=nick, rooms=list(rooms or ()), token=token, password=password, key=key))
    context = ssl.create_default_context() if tls is True else tls or None
    endpoints = Endpoints(parse_addresses(addresses), runtime.random)
    connector = Connector(endpoints, runtime, context)
    incoming = Incoming(session)
    link = ReconnectingLink(session, connector, runtime, incoming, patience=patience, rename=rename)
    return Chat(session, link, incoming, runtime, stays=key is not None if stays is None else stays)


class Chat(Requests):
    """A session that is kept connected; see ``connect``.

    The link fills ``incoming``. The chat reads it, and lets the link know when it has caught up.
    """

    def __init__(
        self,
        session: Session,
        link: ReconnectingLink,
        incoming: Incoming,
        runtime: Runtime,
        *,
        stays: bool = False,
    ) -> None:
        self._session = session
        self._link = link
        self._incoming = incoming
        self._runtime = runtime
        self._stays = stays
        self._task: asyncio.Task[None] | None = None

    # State

    @property
    def nick(self) -> str:
        """Our nick, as the nodes write it."""
        return self._session.nick or ""

    @property
    def node(self) -> str | None:
        """The name of the present or last node."""
        return self._session.node

    @property
    def rooms(self) -> list[str]:
        """The rooms we are in, in the order of entering."""
        return self._session.read_state.rooms

    @property
    def positions(self) -> dict[str, str]:
        """The last position read of each room (``@``: the inbox), for a later ``connect``."""
        return self._session.read_state.positions()

    @property
    def is_connected(self) -> bool:
        """Whether the session is live on a node."""
        return self._session.state is State.LIVE

    @property
    def is_greeting(self) -> bool:
        """Whether a node has shown that it is there, and has not answered our hello yet."""
        return self._session.state is State.GREETING and self._link.has_answered

    @property
    def is_throttled(self) -> bool:
        """Whether messages wait because the node asked for a pause."""
        return self._session.outbox.is_throttled

    @property
    def failure(self) -> Exception | None:
        """What ended the chat; None if it goes on or was closed."""
        return self._incoming.queue.failure

    # Start and end

    async def __aenter__(self) -> Self:
        self.start()
        try:
            await self.ready()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.close()

    def start(self) -> None:
        """Start to connect, without waiting; only needed without ``async with``."""
        self._incoming.start()
        self._task = asyncio.create_task(self._live())

    async def ready(self) -> None:
        """Wait until the session is live and all rooms are joined. Raises ChatError."""
        await self._incoming.ready()

    async def close(self) -> None:
        """Quit, and end the connection."""
        if self._task is None:
            return
        if not self._task.done() and self.is_connected and not self._stays:
            self._incoming.queue.abandon()
            self._link.balance()
            self._link.quit()
            quitting = asyncio.shield(self._task)
            with suppress(TimeoutError):
                await self._runtime.within(QUIT_WITHIN, quitting)
        self._task.cancel()
        await asyncio.wait([self._task])
        self._incoming.end(None)
        await asyncio.sleep(0)  # asyncio closes a socket one turn later

    # The two kinds of requests; each method of Requests is one of them

    def post(
        self, message: m.Send | m.SendDirect, doubtful_since: float | None = None
    ) -> asyncio.Future[m.AnyEvent]:
        """Put a message into the outbox; the future is done with its ``ack``.

        Messages are sent in the order of posting, also over a lost connection. Raises
        RequestRefused at once for a text no node takes. ``doubtful_since``: see ``post_again``.
        """
        if found := texts.check(message.text):
            raise RequestRefused(*found)
        check(message)
        id = self._session.post(message, doubtful_since)
        answer = self._expect(id)
        self._link.stir()
        return answer

    def post_again(
        self, message: m.Send | m.SendDirect, written_ms: int | None
    ) -> asyncio.Future[m.AnyEvent]:
        """Post a message of an earlier chat with the same key; it has an id.

        ``written_ms``: when it was first written, in Unix milliseconds, as ``unacknowledged`` said.
        If that is minutes ago it is not sent again, because it might be stored twice. Raises
        RequestRefused.
        """
        age = None if written_ms is None else max(0, self._runtime.now_ms() - written_ms) / 1000
        return self.post(message, None if age is None else self._runtime.clock() - age)

    def unacknowledged(self) -> list[tuple[m.Send | m.SendDirect, int | None]]:
        """Return the messages without an ``ack``, in order, each with the time when it was written.

        That is in Unix milliseconds, and None for a message that was certainly not stored.
        """
        now, now_ms = self._runtime.clock(), self._runtime.now_ms()
        return [
            (message, None if since is None else now_ms - int((now - since) * 1000))
            for message, since in self._session.outbox.all()
        ]

    def ask(self, request: m.Request, then: Then | None = None) -> asyncio.Future[m.AnyEvent]:
        """Make a request other than a message; the future is done with its answer.

        In ``received()`` the answer carries ``then``, for a reader that has to handle it in the
        order of the events.
        """
        check(request)
        ref, write = self._session.ask(request)
        answer = self._expect(ref, then)
        self._link.write(write)
        self._link.stir()
        return answer

    def _expect(self, name: str, then: Then | None = None) -> asyncio.Future[m.AnyEvent]:
        answer = self._incoming.expect(name, then)
        self._link.balance()
        return answer

    # Events

    async def __aiter__(self) -> AsyncIterator[m.AnyEvent | Disconnected]:
        async for received in self.received():
            if received.event is not None:
                yield received.event

    async def received(self) -> AsyncIterator[Received]:
        """Iterate like the chat itself, with the lines of the nodes as they came."""
        async for received in self._incoming.queue.take():
            self._link.balance()
            yield received

    async def _live(self) -> None:
        try:
            await self._link.run()
        except Exception as error:
            self._incoming.end(error)
        else:
            self._incoming.end(None)
