"""What a member has seen of branches that its log lost, while it was live."""

import pytest

from tests.unit.node.core.fakes import RoomBench, at, entry, frame, outlet_of
from tests.unit.node.core.rooms.test_healing import live


def test_a_member_that_pauses_does_not_get_what_it_saw_while_it_was_live() -> None:
    """All entries were lost, and each of two nodes put back one of them."""
    bench = RoomBench()
    bench.begin(2)
    member = bench.member(at(2))
    bench.room.sync()
    bench.broker.differ([entry(1, "x2", original="k1-2 1")], fork=1, branch=b"b1")
    bench.room.pause(member)
    bench.room.receive(frame([entry(2, "x1", original="k1-1 1")], prev="x2")._replace(branch=b"b1"))
    bench.room.receive(frame([entry(3)], prev="x1")._replace(branch=b"b1"))
    bench.room.feed(member)
    assert live(bench) == outlet_of(member).texts() == ["x3"]


@pytest.mark.parametrize("resumed", [False, True])
def test_a_member_that_came_after_a_loss_gets_what_is_put_back_later(resumed: bool) -> None:
    """It may come from a node that did not have the entry: nobody has given it to the member."""
    bench = RoomBench()
    bench.begin(2)
    bench.room.sync()
    bench.broker.differ([entry(1, "x2", original="k1-2 1")], fork=1, branch=b"b1")
    bench.room.receive(frame([entry(2, "y7")], prev="x2")._replace(branch=b"b1"))
    member = bench.member(at(2, "y7"), resumed=resumed)
    bench.room.pause(member)
    bench.room.receive(frame([entry(3, "x1", original="k1-1 1")], prev="y7")._replace(branch=b"b1"))
    bench.room.feed(member)
    assert outlet_of(member).texts() == ["x1"]
