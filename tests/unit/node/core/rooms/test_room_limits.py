"""Histories of a log in which a reader once missed entries."""

from tests.unit.node.core.rooms.test_room_histories import Histories


def begun() -> Histories:
    """Return two nodes that follow an empty log, with two readers each."""
    histories = Histories()
    histories.begin()
    return histories


def test_a_log_taken_back_twice_before_it_is_healed_hides_nothing() -> None:
    histories = begun()
    histories.somebody_enters()
    histories.a_frame_arrives(of=0)
    histories.go_back(deaf=True)
    histories.somebody_enters()
    histories.redis_writes_a_snapshot()
    histories.somebody_enters()
    histories.go_back(deaf=False)
    histories.teardown()
