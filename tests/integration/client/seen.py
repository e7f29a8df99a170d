"""A client on a real screen, and the test's end of its connection."""

import asyncio
from typing import TypeVar

from tests.support.screen import Screen
from tests.support.scripted import Peer, ScriptedNode, message
from wire import messages as m

R = TypeVar("R", bound=m.Request)


class Node:
    """The node's end of a client; it answers by itself what the client asks by itself."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.say = peer.say
        self.history: list[m.Past] = []
        """What was said before, oldest first."""
        self.asked_before: list[str | None] = []

    async def expect(self, kind: type[R]) -> R:
        """Return the next request that a person made, which is of that type."""
        while self._answers(request := await self.peer.get()):
            pass
        assert isinstance(request, kind), request
        return request

    async def take(self, position: str = "p") -> m.Send:
        """Take a message: acknowledge it, and bring it back to its author."""
        request = await self.expect(m.Send)
        self.bring_back(request, position)
        self.say(m.Ack(id=request.id or "", position=position, at=1, room=request.room))
        return request

    def bring_back(self, request: m.Send, position: str = "p") -> None:
        """Bring a message back to its author."""
        room, id = request.room, request.id
        self.say(message(request.text, position, room=room, from_="ana", id=id))

    async def serve(self) -> None:
        """Answer what the client asks by itself, and nothing else, until cancelled."""
        while self._answers(request := await self.peer.get()):
            pass
        raise AssertionError(request)

    def _answers(self, request: m.AnyRequest | None) -> bool:
        if isinstance(request, m.Ping):
            self.say(m.PongEvent(ref=request.ref))
        elif isinstance(request, m.ListMembers):
            nicks = ["ana", "bo"]
            self.say(m.Members(ref=request.ref, room=request.room, members=nicks, more=False))
        elif isinstance(request, m.GetHistory):
            self.asked_before.append(request.before)
            places = [past.position for past in self.history]
            end = places.index(request.before) if request.before in places else len(places)
            begin = max(0, end - (request.limit or 50))
            page = self.history[begin:end]
            self.say(m.History(ref=request.ref, room=request.room, messages=page, more=begin > 0))
        else:
            return False
        return True


async def begin(
    screen: Screen,
    listener: ScriptedNode,
    *rooms: str,
    past: int = 0,
    variables: dict[str, str] | None = None,
) -> Node:
    """Start the client, and welcome it into its rooms, where so much was said before."""
    flags = [flag for room in rooms for flag in ("--room", room)]
    await screen.start(listener.address, "--nick", "ana", *flags, **(variables or {}))
    node = Node(await listener.peer())
    node.history = [
        m.Past(room="general", position=f"h{number}", at=1, from_="bo", text=f"old {number}.")
        for number in range(past)
    ]
    await node.peer.greet()
    serving = asyncio.create_task(node.serve())
    await screen.shows(" ms")  # the latency
    if past:
        await screen.shows(f"old {past - 1}.")
    serving.cancel()
    await asyncio.wait([serving])
    return node


async def come_back(listener: ScriptedNode, *, resumed: bool = True, node: str = "node-2") -> Node:
    """Welcome the client on its next connection."""
    again = Node(await listener.peer())
    await again.peer.greet(resumed=resumed, node=node)
    return again


def count(screen: Screen, text: str) -> int:
    """How many lines of the screen hold a text."""
    return sum(text in line for line in screen.lines)
