"""The requests of the protocol, as methods that return when the node has answered."""

import asyncio
from abc import ABC, abstractmethod
from typing import TypeVar

from client.protocol.bounds import PAGES
from client.protocol.errors import ChatError, RequestRefused
from wire import limits
from wire import messages as m
from wire.codec import encode
from wire.errors import Code

_ENDLESS = f"The list of the node does not end; {PAGES} pages were read."

E = TypeVar("E", bound=m.Event)


class Requests(ABC):
    """One method for each request.

    All of them raise RequestRefused with the node's reason, or the error that ended the session.
    If the connection is lost they take longer: unanswered requests are repeated.
    """

    @abstractmethod
    def post(self, message: m.Send | m.SendDirect) -> asyncio.Future[m.AnyEvent]:
        """Put a message into the outbox; the future is done with its ``ack``."""

    @abstractmethod
    def ask(self, request: m.Request) -> asyncio.Future[m.AnyEvent]:
        """Make a request that is no message; the future is done with its answer."""

    async def send(self, room: str, text: str, *, kind: m.Kind | None = None) -> m.Ack:
        """Send a message to a room; return when it is stored. Raises RequestRefused."""
        return _as(m.Ack, await self.post(m.Send(room=room, text=text, kind=kind)))

    async def direct(self, to: str, text: str, *, kind: m.Kind | None = None) -> m.Ack:
        """Send a message to one nick; return when it is stored. Raises RequestRefused."""
        return _as(m.Ack, await self.post(m.SendDirect(to=to, text=text, kind=kind)))

    async def join(self, room: str, history: int | None = None) -> m.Joined:
        """Join a room that exists. Raises RequestRefused."""
        return _as(m.Joined, await self.ask(m.Join(room=room, history=history)))

    async def create(self, room: str) -> m.Joined:
        """Create a room and join it. Raises RequestRefused."""
        return _as(m.Joined, await self.ask(m.Create(room=room)))

    async def leave(self, room: str) -> None:
        """Leave a room. Raises RequestRefused."""
        await self.ask(m.Leave(room=room))

    async def rename(self, nick: str) -> None:
        """Change our nick. Raises RequestRefused."""
        await self.ask(m.SetNick(nick=nick))

    async def history(
        self,
        room: str,
        *,
        before: str | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> m.History:
        """Return messages of a room before or after a position, or the newest.

        Raises RequestRefused.
        """
        request = m.GetHistory(room=room, before=before, after=after, limit=limit)
        return _as(m.History, await self.ask(request))

    async def members(self, room: str) -> list[str]:
        """Return the nicks of all members of a room. Raises RequestRefused."""
        nicks: list[str] = []
        for _ in range(PAGES):
            after = nicks[-1] if nicks else None
            page = _as(m.Members, await self.ask(m.ListMembers(room=room, after=after)))
            nicks += page.members
            if not (page.more and page.members):
                return nicks
        raise ChatError(_ENDLESS)

    async def list_rooms(self) -> list[m.RoomRow]:
        """Return all rooms. Raises RequestRefused."""
        rows: list[m.RoomRow] = []
        for _ in range(PAGES):
            after = rows[-1].room if rows else None
            page = _as(m.Rooms, await self.ask(m.ListRooms(after=after)))
            rows += page.rooms
            if not (page.more and page.rooms):
                return rows
        raise ChatError(_ENDLESS)


def _as(kind: type[E], event: m.AnyEvent) -> E:
    if isinstance(event, kind):
        return event
    raise ChatError(f"The node answered with {type(event).__name__} instead of {kind.__name__}.")


def check(request: m.Request) -> None:
    """Raises RequestRefused for a request that would end the connection, or cannot be encoded."""
    try:
        length = len(encode(request)) - 1
    except UnicodeEncodeError:
        raise RequestRefused(Code.BAD_REQUEST, "The request contains a lone surrogate.") from None
    if length > limits.LINE:
        raise RequestRefused(Code.LINE_TOO_LONG, f"A request is at most {limits.LINE} bytes long.")
