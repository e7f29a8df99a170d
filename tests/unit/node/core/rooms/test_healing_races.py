"""Two nodes put back what Redis lost, at the same time: readers get the rest, and nothing twice."""

from node.core.entries import Append, Frame, Position
from tests.unit.node.core.fakes import outlet_of
from tests.unit.node.core.model import ModelLog
from tests.unit.node.core.rooms.model_nodes import Node, Reader


class Race:
    """Redis has lost x4 to x6, and one node puts them back while the other one compares.

    Both know x4. ``second`` missed x5, and appended x6 itself: only the reply has come. ``first``
    knows x5 unless it ``missed`` it too. ``seen`` is the position of x6, which a reader has got
    that read the log by itself.
    """

    def __init__(self, missed: bool = False) -> None:
        self.log = ModelLog()
        self.log.append([b"x1", b"x2", b"x3"])
        self.first, self.second = Node(self.log), Node(self.log)
        self.live = Reader(self.second.bench.member(self.log.top), self.log.ids())
        snapshot = self.log.state
        known, other, own = [self.log.append([id]) for id in (b"x4", b"x5", b"x6")]
        self.take(self.first, known, *([other] if not missed else []))
        self.take(self.second, known)
        base = Position(own.epoch, own.first - 2, known.entries[0].id)
        self.second.bench.room.appended(Append(own, base))
        self.seen = self.log.top
        self.log.go_back(snapshot)
        self.second.bench.room.sync()
        while self.second.bench.broker.calls[0].name != "heal":
            self.second.answer()
        self.first.bench.room.sync()
        self.finish(self.first)

    def take(self, node: Node, *frames: Frame) -> None:
        """Let frames arrive at a node."""
        for frame in frames:
            node.bench.room.receive(frame)

    def finish(self, node: Node) -> None:
        """Answer all calls of a node."""
        while node.bench.broker.calls:
            node.answer()

    def heal(self) -> list[str]:
        """Let the second node put back what it remembers; return what a resumed reader gets."""
        self.finish(self.second)
        self.live.take()
        assert self.live.lacks(self.log) == set()
        member = self.second.bench.member(self.seen, resumed=True)
        self.finish(self.second)
        return outlet_of(member).texts()


def test_an_own_entry_behind_one_that_another_node_put_back_meanwhile_is_where_it_was() -> None:
    race = Race()
    assert race.heal() == []
    assert race.log.ids() == [b"x1", b"x2", b"x3", b"x4", b"x5", b"x6"]
    assert not any(entry.original_positions for entry in race.log.entries())


def test_behind_a_new_entry_it_parts_from_the_log_after_what_was_put_back() -> None:
    race = Race()
    race.log.append([b"y6"])
    assert race.heal() == ["y6"]
    [original] = race.log.entries()[-1].original_positions
    assert (original.offset, original.fork) == (6, 6)


def test_a_new_entry_in_the_place_of_a_missed_one_is_not_taken_for_that() -> None:
    race = Race(missed=True)
    race.log.append([b"y5"])
    assert race.heal() == ["y5"]
    [original] = race.log.entries()[-1].original_positions
    assert (original.offset, original.fork) == (6, 5)
