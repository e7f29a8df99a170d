"""The entries of a client's own new nick follow the answer to its request."""

import pytest

from node.core.model import Denied, Failure, Fenced, SessionState, Unavailable
from tests.unit.node.core.fakes import RESTORED, Client, HubBench, entry, frame, membership
from tests.unit.node.core.hub.test_moderation import closed
from wire import messages as m


def asked() -> tuple[HubBench, Client]:
    """Return a client that asked for another nick; its frame overtakes the broker's reply."""
    bench = HubBench()
    client = bench.welcome("ana", ["lobby"])
    client.says(m.SetNick(nick="bo", ref="1"))
    bench.events.frame(frame([entry(2)]))
    return bench, client


def test_ones_own_entries_follow_the_answer_although_they_come_before_it() -> None:
    bench, client = asked()
    assert client.hears() == []
    bench.broker.answer("rename", ("ana", 17))
    assert client.hears() == ["renamed", "x2"]
    bench.events.frame(frame([entry(3)]))
    assert client.hears() == ["x3"]


@pytest.mark.parametrize(
    ("why", "code"),
    [(Denied.TAKEN, "nick-taken"), (Denied.BANNED, "bad-nick"), (Unavailable.INTERNAL, "internal")],
)
def test_a_refused_nick_holds_nothing_back(why: Denied | Failure, code: str) -> None:
    bench, client = asked()
    bench.broker.answer("rename", why)
    assert sorted(client.hears()) == [f"error {code}", "x2"]
    bench.events.frame(frame([entry(3)]))
    assert client.hears() == ["x3"]


def test_a_nick_in_doubt_holds_nothing_back() -> None:
    bench, client = asked()
    bench.broker.answer("rename", Unavailable.UNREACHABLE)
    assert client.hears() == ["x2", "error unavailable"]
    bench.broker.answer("standing", SessionState("bo", 17, [membership("lobby")]))
    assert client.hears() == ["renamed"]


def test_a_nick_that_waits_for_the_session_to_be_put_back_holds_nothing_back_meanwhile() -> None:
    bench, client = asked()
    bench.broker.answer("rename", Fenced.GONE)
    assert client.hears() == ["x2"]
    bench.broker.answer("check", False)
    bench.broker.answer("restore", RESTORED)
    bench.events.frame(frame([entry(3)]))
    assert client.hears() == []
    bench.broker.answer("rename", ("ana", 17))
    assert client.hears() == ["renamed", "x3"]


def test_a_room_that_was_closed_meanwhile_is_not_read_again() -> None:
    bench, client = asked()
    bench.events.moderated([closed()])
    bench.broker.answer("rename", ("ana", 17))
    bench.events.frame(frame([entry(3)]))
    assert [event for event in client.hears() if event.startswith("x")] == []
