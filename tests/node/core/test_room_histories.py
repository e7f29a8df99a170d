"""Whatever happens to a log and to the frames that tell of it, readers get all of it, once.

Two nodes follow a log, over connections that are slow and lose frames; the log is taken back, and
others append to it before it is healed.
"""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from node.core.ports import Frame, Position
from node.core.room import Member
from tests.node.core.fakes import Call, RoomBench, outlet_of
from tests.node.core.model import ModelLog, State
from wire import messages as m

numbers = st.integers(0, 1000)


class Reader:
    """A member, and what it has been given."""

    def __init__(self, member: Member, since: list[bytes]) -> None:
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
        self.bench = RoomBench(most=1000)
        self.frames: list[Frame] = []
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
            reply = self.log.read(*call.args[1:3])
        elif call.name == "tail":
            reply = self.log.tail(call.args[1])
        else:
            assert call.name == "heal"
            reply, frame = self.log.heal(*call.args[1:3])
        call.done(reply)
        return frame


class Histories(RuleBasedStateMachine):
    """Draws what happens next."""

    rewinds_left = 1

    @initialize()
    def begin(self) -> None:
        self.log = ModelLog()
        self.nodes = [Node(self.log), Node(self.log)]
        self.readers: list[Reader] = []
        self.snapshot: State = self.log.state
        self.count = 0
        self.last: bytes | None = None
        for node in self.nodes:
            self.read(node)
            self.read(node)

    def read(self, node: Node) -> None:
        member = node.bench.member(self.log.top)
        self.readers.append(Reader(member, self.log.ids()))

    def tell(self, frame: Frame | None) -> None:
        for node in self.nodes:
            if frame is not None:
                node.frames.append(frame)

    def append(self, most: int) -> None:
        parts = []
        for _ in range(most):
            self.count += 1
            parts.append((b"x%d" % self.count, None, 0))
        self.last = parts[-1][0]
        self.tell(self.log.append(parts))

    @rule(of=numbers, most=st.integers(1, 3))
    def a_node_publishes(self, of: int, most: int) -> None:
        room = self.nodes[of % 2].bench.room
        if self.log.agrees(room.top):
            self.append(most)
        else:
            room.sync()

    @rule()
    def somebody_enters(self) -> None:
        self.append(1)

    @rule()
    def a_lost_change_is_repeated(self) -> None:
        """Its entry has the id it had; one that was put back already is not appended again."""
        if self.last is not None and self.last not in self.log.ids():
            self.tell(self.log.append([(self.last, None, 0)]))

    @rule(of=numbers)
    def a_frame_arrives(self, of: int) -> None:
        node = self.nodes[of % 2]
        if node.frames:
            node.bench.room.receive(node.frames.pop(0))

    @rule(of=numbers)
    def a_call_is_answered(self, of: int) -> None:
        self.tell(self.nodes[of % 2].answer())

    @rule(of=numbers)
    def the_subscription_breaks_and_is_made_anew(self, of: int) -> None:
        node = self.nodes[of % 2]
        node.frames.clear()
        node.bench.room.sync()

    @rule(of=numbers)
    def a_reader_stops_reading_or_goes_on(self, of: int) -> None:
        member = self.readers[of % len(self.readers)].member
        outlet = outlet_of(member)
        outlet.paused = not outlet.paused
        if outlet.paused:
            member.room.pause(member)
        else:
            outlet.hungry = False
            member.room.feed(member)

    @rule()
    def redis_writes_a_snapshot(self) -> None:
        self.snapshot = self.log.state

    @precondition(lambda self: self.rewinds_left)
    @rule(deaf=st.booleans())
    def redis_goes_back_to_its_snapshot(self, deaf: bool) -> None:
        self.rewinds_left -= 1
        self.log.state = self.snapshot
        for node in self.nodes:
            if deaf:
                node.frames.clear()
            node.bench.room.sync()

    @invariant()
    def nobody_gets_anything_twice(self) -> None:
        for reader in self.readers:
            reader.take()

    def settle(self) -> None:
        """Let everything arrive, and everyone read."""
        for _ in range(100):
            for node in self.nodes:
                for frame in node.frames:
                    node.bench.room.receive(frame)
                node.frames.clear()
                self.tell(node.answer())
                top: Position | None = node.bench.room.top
                if top != self.log.top and not node.bench.broker.calls:
                    node.bench.room.sync()
            for reader in self.readers:
                outlet = outlet_of(reader.member)
                outlet.paused = outlet.hungry = False
                reader.member.room.feed(reader.member)
                reader.take()

    def teardown(self) -> None:
        if not hasattr(self, "log"):
            return
        self.settle()
        for node in self.nodes:
            assert node.bench.room.top == self.log.top and not node.bench.broker.calls
        for reader in self.readers:
            assert reader.member.cursor is None
            assert reader.gaps == 0, "nothing was trimmed"
            assert reader.lacks(self.log) == set()


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)


def test_a_log_taken_back_again_after_it_was_healed_gives_nothing_twice() -> None:
    histories = Histories()
    histories.begin()
    histories.somebody_enters()
    histories.a_frame_arrives(of=0)
    histories.redis_goes_back_to_its_snapshot(deaf=False)
    histories.somebody_enters()
    histories.a_call_is_answered(of=0)
    histories.a_call_is_answered(of=0)
    histories.a_call_is_answered(of=1)
    histories.redis_goes_back_to_its_snapshot(deaf=False)
    histories.teardown()
