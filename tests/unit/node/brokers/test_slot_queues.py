"""Calls wait in order while their slot moves; those of other slots do not."""

from typing import Any

from node.brokers.calls import Call, SimpleCall
from node.brokers.slot_map import slot_of
from node.brokers.slot_queues import PAUSE, SlotQueues

TEA, INK = slot_of("r:tea"), slot_of("r:ink")


class Bench:
    """Queues, and the calls that they let go."""

    def __init__(self) -> None:
        self.gone: list[str] = []
        self.refused: list[Any] = []
        self.queues = SlotQueues(lambda call: self.gone.append(call.script))

    def call(self, name: str, room: str = "tea", deadline: float = 9.0) -> Call:
        declared = [f"chat:{{r:{room}}}"]
        return SimpleCall(name, [], deadline, self.refused.append, declared=declared)


def test_nothing_waits_unless_its_slot_does() -> None:
    bench = Bench()
    assert bench.queues.is_empty and not bench.queues.take(bench.call("a"))
    bench.queues.wait(TEA, PAUSE)
    assert bench.queues.take(bench.call("b")) and not bench.queues.take(bench.call("c", "ink"))
    bench.queues.done(TEA, PAUSE)
    assert bench.gone == ["b"] and bench.queues.is_empty


def test_older_calls_come_first() -> None:
    bench = Bench()
    for slot in (TEA, INK):
        bench.queues.wait(slot, PAUSE)
    bench.queues.take(bench.call("c"))
    bench.queues.put_before([bench.call("a"), bench.call("x", "ink"), bench.call("b")])
    bench.queues.done(TEA, PAUSE)
    assert bench.gone == ["a", "b", "c"]
    bench.queues.done(INK, PAUSE)
    assert bench.gone[3:] == ["x"]


def test_a_slot_waits_for_all_that_it_has_to_wait_for() -> None:
    bench = Bench()
    for awaited in (1, 2, 1):
        bench.queues.wait(TEA, awaited)
    bench.queues.take(bench.call("a"))
    assert bench.queues.awaiting(1) == [TEA] and bench.queues.awaiting(3) == []
    bench.queues.done(TEA, 1)
    bench.queues.done(TEA, 1)
    assert bench.gone == []
    bench.queues.done(TEA, 2)
    assert bench.gone == ["a"]
    bench.queues.done(TEA, 2)


def test_a_call_that_waits_is_refused_at_its_deadline() -> None:
    bench = Bench()
    bench.queues.wait(TEA, PAUSE)
    bench.queues.take(bench.call("a"))
    bench.queues.expire(8.0)
    assert bench.refused == []
    bench.queues.expire(9.0)
    assert len(bench.refused) == 1
