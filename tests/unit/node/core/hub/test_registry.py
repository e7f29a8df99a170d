"""Which connection holds which session, and what becomes of the older one."""

from node.core.hub.expiring import REMEMBERED_FOR
from node.core.model import FencingToken
from tests.unit.node.core.fakes import (
    Client,
    HubBench,
    claimed,
    entry,
    frame,
)
from wire import messages as m


def test_a_session_that_goes_on_here_in_another_connection_replaces_the_older_one() -> None:
    bench = HubBench()
    older = bench.welcome()
    newer = Client(bench)
    newer.says(m.Hello(key="k" * 16))
    bench.broker.answer("claim", claimed("ana", ["general"], resumed=True, claim=2))
    assert older.hears() == ["bye replaced"] and newer.hears() == ["welcome", "joined"]
    assert bench.broker.calls == [] and bench.metrics.resumes == 1
    bench.events.frame(frame([entry(2)], log="r:general"))
    assert newer.hears() == ["x2"]
    assert bench.registry.holders == {newer.session.token.session: newer.connection}


def test_a_session_that_moved_to_another_node_is_replaced_here() -> None:
    bench = HubBench()
    client = bench.welcome()
    bench.events.moved(FencingToken(client.session.token.session, "somebody.1"))
    assert client.hears() == []
    bench.events.moved(client.session.token)
    assert client.hears() == ["bye replaced"] and bench.broker.calls == []


def test_a_session_that_moved_before_it_was_given_to_us_is_replaced_at_once() -> None:
    bench = HubBench()
    client = Client(bench)
    client.says(m.Hello(nick="ana", key="a" * 16))
    claim = bench.broker.take("claim")
    bench.events.moved(claim.args[0].token)
    claim.done(claimed("ana", ["general"]))
    assert client.hears() == ["bye replaced"] and bench.rooms == {}


def test_it_is_not_remembered_for_ever_what_moved() -> None:
    bench = HubBench()
    hold = FencingToken("a", "inc.1")
    bench.events.moved(hold)
    bench.pass_time(REMEMBERED_FOR - 0.1)
    assert bench.registry.has_moved(hold)
    bench.pass_time(0.1)
    assert not bench.registry.has_moved(hold)
