"""A node and its readers over a model of a log, with what is on its way to them."""

from typing import Any

from node.core.entries import Frame
from node.core.rooms.room import RoomMember
from tests.unit.node.core.fakes import Call, RoomBench, outlet_of
from tests.unit.node.core.model import ModelLog
from wire import messages as m


class Reader:
    """A member, and what it has been given."""

    def __init__(self, member: RoomMember, since: list[bytes]) -> None:
        self.member = member
        self.got: list[str] = []
        self.gaps = 0
        self._since = {id.decode() for id in since}

    def take(self) -> None:
        """Note what was given since the last time."""
        for event in outlet_of(self.member).take():
            if isinstance(event, m.Gap):
                self.gaps += 1
            else:
                assert isinstance(event, m.Message)
                assert event.text not in self.got, "given twice"
                self.got.append(event.text)

    def lacks(self, log: ModelLog) -> set[str]:
        """Return what is in the log since this reader came, and was never given to it."""
        return {id.decode() for id in log.ids()} - self._since - set(self.got)


class Node:
    """A room over the log, with what is on its way to it."""

    def __init__(self, log: ModelLog) -> None:
        self.log = log
        self.bench = RoomBench(most=log.kept)
        self.frames: list[Frame] = []
        self.behind = 0
        self.bench.room.sync()
        self.answer()

    def answer(self) -> Frame | None:
        """Do the oldest call; return the frame that it published."""
        if not self.bench.broker.calls:
            return None
        call: Call = self.bench.broker.calls.pop(0)
        frame = None
        reply: Any
        if call.name == "read":
            reply = self.log.read(*call.args[1:4])
        elif call.name == "tail":
            reply = self.log.tail(call.args[1])
        elif call.name == "compare":
            reply = self.log.compare(*call.args[1:4])
        else:
            assert call.name == "heal"
            reply, frame = self.log.heal(call.args[1])
        call.done(reply)
        self.look()
        return frame

    def remembers(self, id: bytes) -> bool:
        """Say whether the room knows an entry of that id."""
        ring = self.bench.room.ring
        return ring is not None and id in [entry.id for entry in ring.entries]

    def receive(self) -> None:
        """Take the oldest frame."""
        self.bench.room.receive(self.frames.pop(0))
        self.look()

    def look(self) -> None:
        """Note whether the room is up to its log."""
        if self.bench.room.top == self.log.top and not self.bench.broker.calls:
            self.behind = 0
