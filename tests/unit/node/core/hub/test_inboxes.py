"""An inbox is followed from its first direct on, wherever that is seen first."""

from node.core.entries import Entry
from tests.unit.node.core.fakes import (
    Client,
    HubBench,
    at,
    claimed,
    entry,
    frame,
    slice_,
)
from wire import messages as m


def direct(offset: int) -> Entry:
    """Return a direct message's entry."""
    held = entry(offset, kind="d")
    held.body = b'"from":"bo","to":"ana","text":"d%d"}' % offset
    return held


def test_the_first_direct_makes_the_inbox() -> None:
    bench = HubBench()
    client = bench.welcome()
    log = "i:" + client.session.token.session
    bench.events.frame(frame([direct(1)], log=log))
    assert client.hears() == ["d1"] and bench.events.inboxes() == []
    assert bench.events.heads()[-1] == (log, at(1))


def test_a_first_direct_that_was_missed_is_noticed_with_the_second() -> None:
    bench = HubBench()
    client = bench.welcome()
    log = "i:" + client.session.token.session
    bench.events.frame(frame([direct(2)], log=log))
    bench.broker.answer("read", slice_([direct(1), direct(2)]))
    assert client.hears() == ["d1", "d2"]


def test_a_first_direct_that_overtakes_the_welcome_is_not_missed() -> None:
    """It comes over another connection than the reply that gives the session to this node."""
    bench = HubBench()
    client = Client(bench)
    client.says(m.Hello(nick="ana", key="a" * 16))
    claim = bench.broker.take("claim")
    log = "i:" + claim.args[0].token.session
    bench.events.frame(frame([direct(1)], log=log))
    claim.done(claimed("ana"))
    bench.broker.answer("read", slice_([direct(1)]))
    assert client.hears() == ["welcome", "d1"]


def test_an_inbox_that_has_something_though_nothing_came_is_read() -> None:
    bench = HubBench()
    client = bench.welcome()
    log = "i:" + client.session.token.session
    bench.events.differs(log)
    bench.broker.answer("read", slice_([direct(1)]))
    assert client.hears() == ["d1"] and bench.events.heads()[-1] == (log, at(1))


def test_an_inbox_that_is_put_back_after_the_hello_goes_on_where_the_client_was() -> None:
    bench = HubBench()
    client = Client(bench)
    client.says(m.Hello(key="a" * 16, positions={"@": str(at(1))}))
    log = "i:" + bench.broker.answer("claim", claimed("ana", resumed=True)).args[0].token.session
    bench.events.frame(frame([direct(2)], log=log))
    while bench.broker.calls:
        read = bench.broker.take("read")
        read.done(slice_([direct(1), direct(2)][read.args[1].offset :]))
    assert client.hears() == ["welcome", "d2"]


def test_an_inbox_that_was_trimmed_before_it_was_read_has_a_gap() -> None:
    bench = HubBench()
    client = bench.welcome()
    bench.events.differs("i:" + client.session.token.session)
    bench.broker.differ([direct(8), direct(9)])
    gap, *rest = client.events()
    assert isinstance(gap, m.Gap) and (gap.room, gap.position) == ("@", str(at(8)))
    assert len(rest) == 2


def test_an_inbox_is_forgotten_with_its_session() -> None:
    bench = HubBench()
    client = bench.welcome(rooms=())
    bench.events.frame(frame([direct(1)], log="i:" + client.session.token.session))
    client.connection.closed()
    bench.pass_time(0)
    bench.pass_time(1)
    assert bench.rooms == {}
