"""What waits is taken in order, and what does not stay leaves in order."""

from node.brokers.calls import Call, SimpleCall
from node.brokers.lanes import CHANGES, PAGES, Lane, Lanes


def call(name: str, lane: Lane = CHANGES) -> Call:
    return SimpleCall("tail", [name], 1.0, lambda reply: None, lane, declared=[name])


def names(calls: list[Call]) -> list[str]:
    return [call.tag for call in calls]


def test_what_does_not_stay_leaves_in_order_and_the_rest_keeps_its_place() -> None:
    lanes: Lanes[Call] = Lanes()
    for name in ("a1", "b1", "a2", "b2"):
        lanes.add(call(name))
    lanes.add(call("a3", PAGES))
    lanes.put_back([call("a0")])
    assert names(lanes.release(lambda each: each.tag.startswith("b"))) == ["a0", "a1", "a2", "a3"]
    assert [each.tag for each, _ in lanes.take()] == ["b1", "b2"]
    assert lanes.release(lambda each: False) == []
