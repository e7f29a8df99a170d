"""Who does not read what was answered is not answered more, and what waits has its time."""

from node.core.config import Limit
from node.core.model import Unavailable
from tests.unit.node.core.fakes import EPOCH, Client, HubBench, entries, entry
from tests.unit.node.core.limits.test_limits import caller_of
from wire import messages as m

PAGE = m.GetHistory(room="general")


def reader(bench: HubBench) -> Client:
    """Return a client that asked for three pages, has got one, and reads no more."""
    client = bench.welcome()
    client.says(PAGE, PAGE, PAGE)
    client.outlet.paused = True
    client.connection.paused()
    bench.broker.answer("history", (EPOCH, entries(1, 9), False))
    assert client.hears() == ["history"]
    return client


def test_a_page_waits_until_the_one_before_it_has_been_read() -> None:
    bench = HubBench()
    client = reader(bench)
    assert "history" not in bench.broker.names()
    client.connection.drained()
    assert bench.broker.names().count("history") == 1
    bench.broker.answer("history", (EPOCH, [entry(9)], False))
    bench.broker.answer("history", (EPOCH, [entry(9)], False))
    assert client.hears() == ["history", "history"]


def test_what_waits_for_a_reader_too_long_is_refused_in_few_bytes() -> None:
    bench = HubBench()
    client = reader(bench)
    bench.pass_time(bench.services.config.answer_within)
    assert client.hears() == ["error unavailable"] * 2
    assert client.connection.pipeline.backlog == 0


def test_what_is_said_by_one_who_does_not_read_keeps_its_order() -> None:
    bench = HubBench()
    client = reader(bench)
    client.says(m.Send(room="general", text="behind the pages", id="1"))
    assert "publish" not in bench.broker.names()
    client.connection.drained()
    bench.broker.answer("history", (EPOCH, [], False))
    bench.broker.answer("history", (EPOCH, [], False))
    bench.broker.answer("publish", Unavailable.UNREACHABLE)
    assert client.hears() == ["history", "history", "error unavailable"]


def test_one_who_does_not_read_may_still_say_something_and_quit() -> None:
    bench = HubBench()
    client = bench.welcome()
    client.connection.paused()
    client.says(m.Send(room="general", text="hi", id="1"))
    bench.broker.answer("publish", Unavailable.UNREACHABLE)
    client.says(m.Quit())
    assert "part" in bench.broker.names()


def test_an_address_may_leave_unread_so_much() -> None:
    bench = HubBench(unread=4500)
    crowd, alone = (caller_of(requests=(1.0, 1.0)) for _ in range(2))
    alone.address = "192.0.2.8"
    clients = [bench.welcome(f"n{n}", key=f"{n:016}") for n in range(6)]
    for number, client in enumerate(clients):
        client.connection.quota.share((crowd, crowd, crowd, crowd, alone, None)[number])
        client.outlet.paused, client.outlet.unread = number != 1, 1500
        if client.outlet.paused:
            client.connection.paused()
        bench.time += 0.1
    clients[0].outlet.unread = 1400  # It reads, if slowly.
    bench.pass_time(1)
    assert [client.hears() for client in clients] == [[], [], [], [], [], []]
    clients[0].outlet.unread = 1300
    clients[2].outlet.unread = 2000
    bench.pass_time(1)
    assert [client.outlet.closed for client in clients] == [False, False, True, False, False, False]
    assert clients[2].hears() == ["bye slow"]
    assert bench.metrics.limited[Limit.UNREAD] == 1
