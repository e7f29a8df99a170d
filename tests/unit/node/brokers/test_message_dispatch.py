"""The messages of channels go to the part that they concern."""

from typing import Any

import pytest

from node.brokers.head_poll import HeadPoll
from node.brokers.malformed import ProblemLog
from node.brokers.message_dispatch import MessageDispatch
from node.brokers.moderation_sync import ModerationSync
from node.brokers.publish_batch import Taken
from node.brokers.readiness import Readiness
from node.core.entries import Entry, Frame
from node.core.model import FencingToken
from node.telemetry.metrics import Metrics
from tests.unit.node.brokers.bench import ContextBench

FRAME = b"log r:tea k1 7 x6\nm x7 5 -\n{}"


class DispatchBench(ContextBench):
    """A dispatch of messages."""

    def __init__(self) -> None:
        super().__init__()
        self.metrics, self.readiness, self.taken = Metrics(), Readiness(), Taken()
        self.dispatch = MessageDispatch(
            self.context,
            self.readiness,
            self.taken,
            ModerationSync(self.context, lambda: None),
            HeadPoll(self.context),
            ProblemLog(self.metrics, self.context.clock),
        )

    def told(self, payload: bytes) -> list[tuple[Any, ...]]:
        """Return what the core is told of a message."""
        self.dispatch.take(payload)
        told, self.events.told = self.events.told, []
        return told


@pytest.fixture
def bench() -> DispatchBench:
    return DispatchBench()


def test_a_frame_goes_to_the_core(bench: DispatchBench) -> None:
    [(name, frame)] = bench.told(FRAME)
    assert (name, frame.log, frame.first, frame.prev) == ("frame", "r:tea", 7, b"x6")


def test_a_frame_whose_entries_came_with_a_reply_is_ignored(bench: DispatchBench) -> None:
    frame = Frame("r:tea", b"k1", 7, b"x6", [Entry(7, b"m x7 5 -", b"{}")])
    bench.taken.add(frame, b"m x7 5 ")
    assert bench.told(FRAME) == []
    assert len(bench.told(FRAME)) == 1


def test_a_session_that_moved_and_an_announcement_go_to_the_core(bench: DispatchBench) -> None:
    assert bench.told(b"moved s1 inc.2") == [("moved", FencingToken("s1", "inc.2"))]
    text = b'announce {"text":"hi","room":"tea","at":17}'
    assert bench.told(text) == [("announced", "hi", "tea", 17)]


def test_a_probe_makes_the_node_ready(bench: DispatchBench) -> None:
    bench.time = 1.5
    assert bench.told(b"probe 1000000") == []
    assert bench.readiness.lag == 0.5 and bench.readiness.unready(1.5) is None


def test_a_change_of_the_moderation_rules_has_them_read(bench: DispatchBench) -> None:
    assert bench.told(b"orders 1 a") == [] and bench.names() == ["orders"]


def test_a_malformed_frame_has_its_log_read(bench: DispatchBench) -> None:
    assert bench.told(b"log r:tea k1 seven") == [("differs", "r:tea")]
    assert bench.metrics.malformed == 1
    assert bench.told(b"log") == [] and bench.metrics.malformed == 2


def test_a_kind_of_message_that_is_not_known_is_ignored(bench: DispatchBench) -> None:
    assert bench.told(b"news of a later version") == [] and bench.metrics.malformed == 0


def test_a_confirmed_channel_of_a_log_goes_to_the_core(bench: DispatchBench) -> None:
    bench.dispatch.confirm(b"chat:{r:tea}:live")
    assert bench.events.told == [("confirmed", "r:tea")]


def test_data_of_another_format_are_ignored(bench: DispatchBench) -> None:
    bench.readiness.refuse("format 2")
    assert bench.told(FRAME) == []
    bench.dispatch.confirm(b"chat:{r:tea}:live")
    assert bench.events.told == []
