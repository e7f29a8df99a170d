"""A connection to the chat that lasts: ``connect``, and what one can do with it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from msgspec.structs import replace

from client.api.requests import Requests
from client.protocol.errors import ChatError, RequestRefused, is_passing, refusal
from client.protocol.events import Disconnected, Received
from client.protocol.session import Identity, Session, State
from client.transport.addresses import Endpoints, parse_addresses
from client.transport.event_queue import EventQueue
from client.transport.reconnect import ReconnectingLink, Rename
from client.transport.runtime import Runtime
from wire import limits
from wire import messages as m
from wire import text as texts
from wire.codec import encode
from wire.errors import Code

__all__ = ["Chat", "connect"]

QUIT_WITHIN = 2.0
"""Seconds for the node to take note that we leave."""


def connect(
    addresses: str | Iterable[str] = (),
    *,
    nick: str,
    rooms: Sequence[str] | None = None,
    token: str | None = None,
    password: str | None = None,
    tls: ssl.SSLContext | bool = False,
    key: str | None = None,
    positions: dict[str, str] | None = None,
    patience: float | None = 60.0,
    rename: Rename | None = None,
    window: int = 1,
    runtime: Runtime | None = None,
) -> "Chat":
    """Return a chat, to be used as a context manager; inside it one is connected.

    A whole bot; examples/bot.py is another one::

        import asyncio
        from client import connect
        from wire.messages import Message

        async def main() -> None:
            async with connect("localhost:9999-10001", nick="echo", rooms=["lab"]) as chat:
                async for event in chat:
                    if isinstance(event, Message) and event.from_ != chat.nick:
                        await chat.send(event.room, event.text)

        asyncio.run(main())

    Iterating gives the events of wire.messages, in each room in order and each once, and a
    ``Disconnected`` whenever the connection is lost. The client then reconnects to the next
    address; messages of the meantime follow, and its own are sent again until they are
    acknowledged. The iteration ends when the chat is closed, and raises what ended it otherwise.
    While nobody iterates, only the newest thousand events are kept. ``received()`` iterates with
    the nodes' lines as they came.

    Inside, also while one iterates; each returns when the node has answered, or raises Refused::

        await chat.send("lab", "hi")          # kept, once it returns; kind="action" as of /me
        await chat.direct("bo", "hi")         # to one nick alone; likewise
        await chat.join("lab", history=20)    # .messages are the past ones
        await chat.create("lab")
        await chat.leave("lab")
        await chat.rename("echo2")
        await chat.history("lab", limit=50)   # .messages, oldest first; or before=, after=
        await chat.members("lab")             # nicks
        await chat.list_rooms()               # rows of .room and .members

    ``post(Send(...))`` and ``ask(request)`` do the same and return a future at once.
    ``nick``, ``node``, ``rooms``, ``positions`` and ``is_connected`` tell how things are,
    ``failure`` what ended them. Without ``async with``: ``start()``, ``await ready()``,
    ``await close()``.

    ``addresses``: ``HOST:PORT``, ``[IPV6]:PORT`` or ranges ``HOST:FIRST-LAST``, tried in turn.
    ``rooms``: made where missing; None is ``general``. ``token``: what the nodes want to be shown.
    ``password``: that of the nick's account, if it has one.
    ``tls``: True checks the node's certificate by the system's authorities; a context, by its own.
    ``key``: the secret of the session, made up if None. Who passes one, with the ``positions`` of
    the last time, goes on where that ended; such a session is not ended on leaving.
    ``patience``: seconds without any node before giving up with Unreachable; None: never.
    ``rename``: asked (awaited) for another nick when a node refuses the one we have.
    ``window``: messages on the wire at once; more than 1 is faster far away, and gives up that
    one's own messages keep their order when one of them is refused for a while.

    Entering raises NickRefused or RequestRefused when a node refuses us or one of the rooms,
    Unreachable when none is there. Raises ValueError when an address is none.
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
    _check(m.Hello(nick=nick, rooms=list(rooms or ()), token=token, password=password, key=key))
    context = ssl.create_default_context() if tls is True else tls or None
    endpoints = Endpoints(parse_addresses(addresses), runtime.random)
    chat = Chat(session, runtime, stays=key is not None)
    chat.link = ReconnectingLink(
        session, endpoints, runtime, chat.hear, tls=context, patience=patience, rename=rename
    )
    return chat


class Chat(Requests):
    """A session, kept connected; see ``connect``."""

    link: ReconnectingLink

    def __init__(self, session: Session, runtime: Runtime, *, stays: bool = False) -> None:
        self._session = session
        self._runtime = runtime
        self._stays = stays
        self._task: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[None] | None = None
        self._answers: dict[str, asyncio.Future[m.AnyEvent]] = {}
        self._queue = EventQueue()

    # Who and where we are.

    @property
    def nick(self) -> str:
        """The nick we have, as the system writes it."""
        return self._session.nick or ""

    @property
    def node(self) -> str | None:
        """The name of the node that we are, or last were, connected to."""
        return self._session.node

    @property
    def rooms(self) -> list[str]:
        """The rooms we are in, in the order of entering."""
        return self._session.places.rooms

    @property
    def positions(self) -> dict[str, str]:
        """How far each room (``@``: the inbox) was read: for another ``connect`` with our key."""
        return self._session.places.positions()

    @property
    def is_connected(self) -> bool:
        """Whether a node has welcomed us and is still there."""
        return self._session.state is State.LIVE

    @property
    def failure(self) -> Exception | None:
        """What ended the chat, if it was not ended by ``close``."""
        return self._queue.failure

    # Coming and going.

    async def __aenter__(self) -> Self:
        self.start()
        try:
            await self.ready()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def start(self) -> None:
        """Begin to connect, without waiting; only for who does not use ``async with``."""
        self._ready = asyncio.get_running_loop().create_future()
        self._ready.add_done_callback(_look_at)
        self._task = asyncio.create_task(self._live())

    async def ready(self) -> None:
        """Wait until a node has welcomed us into all of the rooms. Raises ChatError."""
        assert self._ready, "start() comes first"
        await asyncio.shield(self._ready)

    async def close(self) -> None:
        """Quit, and end the connection."""
        if self._task is None:
            return
        if not self._task.done() and self.is_connected and not self._stays:
            self._queue.abandon()
            self.link.resume()
            self.link.quit()
            quitting = asyncio.shield(self._task)
            with suppress(TimeoutError):
                await self._runtime.within(QUIT_WITHIN, quitting)
        self._task.cancel()
        await asyncio.wait([self._task])
        self._end(None)
        await asyncio.sleep(0)  # asyncio closes a socket one turn later

    # Talking; the rest of it is in Talk.

    def post(self, message: m.Send | m.SendDirect) -> asyncio.Future[m.AnyEvent]:
        """Put a message into the outbox; the future is done with its ``ack``.

        Messages are sent in the order of posting, also over a lost connection. Raises Refused at
        once for a text that no node would take.
        """
        if found := texts.check(message.text):
            raise RequestRefused(*found)
        _check(message)
        id = self._session.say(message)
        answer = self._expect(id)
        self.link.stir()
        return answer

    def ask(self, request: m.Request) -> asyncio.Future[m.AnyEvent]:
        """Make a request that is no message; the future is done with its answer."""
        _check(request)
        ref, write = self._session.ask(request)
        answer = self._expect(ref)
        self.link.write(write)
        self.link.stir()
        return answer

    # Listening.

    async def __aiter__(self) -> AsyncIterator[m.AnyEvent | Disconnected]:
        async for received in self.received():
            if received.event is not None:
                yield received.event

    async def received(self) -> AsyncIterator[Received]:
        """Iterate like the chat itself, with the nodes' lines as they came."""
        async for received in self._queue.take():
            self._balance()
            yield received

    # For the lifeline.

    def hear(self, received: Received, show: bool, settled: str | None) -> None:
        """Take what a node said: hand an answer to who waits for it, keep news for the reader."""
        event = received.event
        answer = self._answers.pop(settled, None) if settled else None
        if answer and not answer.done():
            if isinstance(event, m.Error):
                answer.set_exception(refusal(event))
            elif event is not None and not isinstance(event, Disconnected):
                answer.set_result(event)
        if self._ready and not self._ready.done():
            if isinstance(event, m.Error) and event.room is not None and not is_passing(event):
                self._ready.set_exception(refusal(event))
                received = replace(received, is_end=True)
            elif self._session.is_ready:
                self._ready.set_result(None)
        if show:
            self._queue.put(received)
        self._balance()

    def _balance(self) -> None:
        """Read no more while too much waits for the reader, unless somebody waits for an answer."""
        if self._queue.is_full and not self._answers:
            self.link.pause()
        elif self._queue.has_room or self._answers:
            self.link.resume()

    def _expect(self, name: str) -> asyncio.Future[m.AnyEvent]:
        answer: asyncio.Future[m.AnyEvent] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(_look_at)
        if self._queue.has_ended:
            answer.set_exception(self._queue.failure or ChatError("The chat is closed."))
        else:
            self._answers[name] = answer
            self._balance()
        return answer

    async def _live(self) -> None:
        try:
            await self.link.run()
        except Exception as error:
            self._end(error)
        else:
            self._end(None)

    def _end(self, failure: Exception | None) -> None:
        if self._queue.has_ended:
            return
        self._queue.end(failure)
        reason = failure or ChatError("The chat is closed.")
        if self._ready and not self._ready.done():
            self._ready.set_exception(reason)
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(reason)
        self._answers.clear()


def _look_at(future: asyncio.Future[m.AnyEvent] | asyncio.Future[None]) -> None:
    """Count a failure as seen: who does not wait for an answer reads of it among the events."""
    if not future.cancelled():
        future.exception()


def _check(request: m.Request) -> None:
    """Raises Refused for a request that would end the connection, or cannot be written at all."""
    try:
        length = len(encode(request)) - 1
    except UnicodeEncodeError:
        raise RequestRefused(Code.BAD_REQUEST, "The request holds half a character.") from None
    if length > limits.LINE:
        raise RequestRefused(Code.LINE_TOO_LONG, f"A request is at most {limits.LINE} bytes long.")
