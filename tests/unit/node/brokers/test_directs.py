"""Direct messages of a session are stored in the order in which it sends them."""

from functools import partial
from typing import Any

import pytest

from node.brokers.directs import Directs
from node.core.model import FencingToken, PendingMessage, Unavailable
from tests.unit.node.brokers.bench import ContextBench, args_of

ANA, BO = FencingToken("s1", "inc.1"), FencingToken("s2", "inc.2")


class DirectBench(ContextBench):
    """Directs whose calls are answered by the test; ``done`` are their ends."""

    def __init__(self) -> None:
        super().__init__()
        self.directs = Directs(self.context)
        self.done: list[tuple[str, Any]] = []

    def send(self, text: str, token: FencingToken = ANA, deadline: float = 4.5) -> None:
        done = partial(self._note, text)
        message = PendingMessage(token, text.encode(), "", b"", deadline, done)
        self.directs.send(message, "zoe", b"", b"")

    def _note(self, text: str, found: Any) -> None:
        self.done.append((text, found))

    def under_way(self) -> list[str]:
        """Return the ids of the messages that Redis has been asked to store."""
        return [args[1].decode() for call in self.calls if (args := args_of(call))]


@pytest.fixture
def bench() -> DirectBench:
    return DirectBench()


def test_a_session_has_one_message_under_way(bench: DirectBench) -> None:
    for text in ("a", "b", "c"):
        bench.send(text)
    bench.send("d", BO)
    assert bench.under_way() == ["a", "d"]
    bench.answer("direct", Unavailable.FULL)
    assert bench.under_way() == ["d", "b"]
    bench.answer("direct", Unavailable.FULL)
    bench.answer("direct", Unavailable.FULL)
    bench.answer("direct", Unavailable.FULL)
    assert bench.done == [(text, Unavailable.FULL) for text in ("a", "d", "b", "c")]
    bench.send("e")
    assert bench.under_way() == ["e"], "nothing is left over"


def test_a_message_that_has_waited_too_long_is_refused_with_the_one_before(
    bench: DirectBench,
) -> None:
    for text, deadline in (("a", 4.5), ("b", 4.6), ("c", 9.0)):
        bench.send(text, deadline=deadline)
    bench.time = 4.7
    bench.calls[0].expire(bench.time)
    bench.calls.pop(0)
    assert bench.done == [(text, Unavailable.UNREACHABLE) for text in ("a", "b")]
    assert bench.under_way() == ["c"]
