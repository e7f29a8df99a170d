"""Whatever happens to a log and to its frames, readers get all entries, once.

Two nodes follow a log, over connections that are slow and lose frames. Redis goes back to an older
state, and other nodes append to the log before it is healed.
"""

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

import pytest

from node.core.entries import START, Append, Frame, Position
from tests.unit.node.core.fakes import outlet_of
from tests.unit.node.core.model import ModelLog
from tests.unit.node.core.rooms.model_nodes import Node, Reader


class Histories:
    """Draws what happens next."""

    rewinds_left = 2
    kept = 1000

    def begin(self) -> None:
        self.log = ModelLog(kept=self.kept)
        self.nodes = [Node(self.log), Node(self.log)]
        self.readers: list[Reader] = []
        self.snapshot: Any = self.log.state
        self.count = 0
        self.acknowledged: list[bytes] = []
        self.said: tuple[list[bytes], list[bytes]] = [], []
        self.last: bytes | None = None
        self.lost_change: bytes | None = None
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
                node.behind += len(frame.entries)

    def append(self, most: int) -> Frame:
        if max(node.behind for node in self.nodes) + most > self.kept:
            # A node that is so far behind cannot tell trimmed entries from lost ones.
            self.settle()
        parts = []
        for _ in range(most):
            self.count += 1
            parts.append(b"x%d" % self.count)
        frame = self.log.append(parts)
        self.tell(frame)
        return frame

    def a_node_publishes(self, of: int, most: int) -> None:
        """Its messages are acknowledged once it has taken their entries from the reply."""
        room = self.nodes[of % 2].bench.room
        seen = room.newest
        if self.log.agrees(seen):
            frame = self.append(most)
            self.acknowledged += [entry.id for entry in frame.entries]
            self.said[of % 2].extend(entry.id for entry in frame.entries)
            room.appended(Append(frame._replace(branch=b""), seen or START))
        else:
            room.sync()

    def a_node_lets_somebody_in(self, of: int) -> None:
        """The broker does not look at what the node knows; the reply has the entry."""
        frame = self.append(1)
        self.acknowledged.append(frame.entries[0].id)
        base = Position(frame.epoch, frame.first - 1, frame.prev)
        self.nodes[of % 2].bench.room.appended(Append(frame, base, guarded=False))

    def somebody_enters(self) -> None:
        self.last = self.append(1).entries[0].id

    def a_lost_change_is_repeated(self) -> None:
        """Its entry has the id it had; one that was put back already is not appended again."""
        lost = self.lost_change
        if lost is not None and lost not in self.log.ids():
            # At its old offset, but behind others, nothing tells it from the one that was lost;
            # nor does anything if nobody remembers where that one was.
            remembered = all(node.remembers(lost) for node in self.nodes)
            if remembered and self.log.top.offset + 1 != self.lost_at:
                self.tell(self.log.append([lost]))
        self.lost_change = None

    def a_frame_arrives(self, of: int) -> None:
        node = self.nodes[of % 2]
        if node.frames:
            node.receive()

    def a_call_is_answered(self, of: int) -> None:
        self.tell(self.nodes[of % 2].answer())

    def the_subscription_breaks_and_is_renewed(self, of: int) -> None:
        node = self.nodes[of % 2]
        node.frames.clear()
        node.bench.room.sync()

    def a_reader_stops_reading_or_goes_on(self, of: int) -> None:
        member = self.readers[of % len(self.readers)].member
        outlet = outlet_of(member)
        outlet.paused = not outlet.paused
        if outlet.paused:
            member.room.pause(member)
        else:
            outlet.hungry = False
            member.room.feed(member)

    def redis_writes_a_snapshot(self) -> None:
        self.snapshot = self.log.state

    def redis_goes_back_to_its_snapshot(self, deaf: bool) -> None:
        if self.rewinds_left == 1:
            # Of what is lost once more before it was healed, no place tells in which branch it was.
            self.settle()
        self.rewinds_left -= 1
        self.go_back(deaf)

    def go_back(self, deaf: bool) -> None:
        """Let Redis go back; ``deaf``: what it has told before does not arrive."""
        there = {entry.id: entry.offset for entry in self.log.entries()}
        self.log.go_back(self.snapshot)
        for change in (self.lost_change, self.last):
            if change in there and change not in self.log.ids():
                self.lost_change, self.lost_at = change, there[change]
        for node in self.nodes:
            if deaf:
                node.frames.clear()
            node.bench.room.sync()

    def nobody_gets_anything_twice(self) -> None:
        for reader in self.readers:
            reader.take()

    def settle(self) -> None:
        """Let everything arrive, and everyone read."""
        for _ in range(100):
            for node in self.nodes:
                while node.frames:
                    node.receive()
                self.tell(node.answer())
                room = node.bench.room
                behind = room.top != self.log.top or room.stale or room.awaited
                if (behind or room.unconfirmed) and not node.bench.broker.calls:
                    room.sync()
            for reader in self.readers:
                outlet = outlet_of(reader.member)
                outlet.paused = outlet.hungry = False
                reader.member.room.feed(reader.member)
                reader.take()

    def teardown(self) -> None:
        self.settle()
        for node in self.nodes:
            assert node.bench.room.top == self.log.top and not node.bench.broker.calls
        for reader in self.readers:
            assert reader.member.cursor is None
        self.judge()

    def judge(self) -> None:
        """Look at what holds only while nothing is trimmed."""
        places = {id: place for place, id in enumerate(self.log.ids())}
        assert set(self.acknowledged) <= places.keys()
        for said in self.said:
            assert said == sorted(said, key=places.__getitem__), "the order of one author"
        for reader in self.readers:
            assert reader.gaps == 0, "nothing was trimmed"
            assert reader.lacks(self.log) == set()


class TrimmedHistories(Histories):
    """The log keeps only its newest entries, and the nodes remember no more."""

    kept = 6

    def judge(self) -> None:
        """A gap is told only of a log that does not keep all that was in it."""
        everything = {b"x%d" % number for number in range(1, self.count + 1)}
        if everything == set(self.log.ids()):
            assert not any(reader.gaps for reader in self.readers)
        for reader in self.readers:
            # A gap that is told stays told, though Redis may go back to what it was told of.
            assert reader.gaps or reader.lacks(self.log) == set()


def play(histories: Histories, random: Random) -> None:
    """Let something happen, one thing after the other, and look at the end."""
    histories.begin()
    for _ in range(random.randrange(5, 40)):
        of = random.randrange(1000)
        acts: list[Callable[[], None]] = [
            partial(histories.a_node_publishes, of=of, most=random.randint(1, 3)),
            histories.somebody_enters,
            partial(histories.a_node_lets_somebody_in, of=of),
            histories.a_lost_change_is_repeated,
            partial(histories.a_frame_arrives, of=of),
            partial(histories.a_call_is_answered, of=of),
            partial(histories.a_call_is_answered, of=of),
            partial(histories.the_subscription_breaks_and_is_renewed, of=of),
            partial(histories.a_reader_stops_reading_or_goes_on, of=of),
            histories.redis_writes_a_snapshot,
        ]
        if histories.rewinds_left:
            deaf = random.random() < 0.5
            acts.append(partial(histories.redis_goes_back_to_its_snapshot, deaf=deaf))
        random.choice(acts)()
        histories.nobody_gets_anything_twice()
    histories.teardown()


SEEDS = 500


@pytest.mark.parametrize("kind", [Histories, TrimmedHistories])
def test_readers_get_everything_once(kind: type[Histories]) -> None:
    for seed in range(SEEDS):
        play(kind(), Random(seed))


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
