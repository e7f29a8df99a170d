"""Who does not read what was answered is not answered more, and what waits has its time."""

from node.core.ports import Refused
from tests.node.core.fakes import EPOCH, Client, HubBench, entries, entry
from wire import messages as m

PAGE = m.GetHistory(room="general")


def reader(bench: HubBench) -> Client:
    """Return a client that asked for three pages, has got one, and reads no more."""
    client = bench.welcome()
    client.says(PAGE, PAGE, PAGE)
    client.outlet.paused = True
    client.session.paused()
    bench.broker.answer("history", (EPOCH, entries(1, 9), False))
    assert client.hears() == ["history"]
    return client


def test_a_page_waits_until_the_one_before_it_has_been_read() -> None:
    bench = HubBench()
    client = reader(bench)
    assert "history" not in bench.broker.names()
    client.session.drained()
    assert bench.broker.names().count("history") == 1
    bench.broker.answer("history", (EPOCH, [entry(9)], False))
    bench.broker.answer("history", (EPOCH, [entry(9)], False))
    assert client.hears() == ["history", "history"]


def test_what_waits_for_a_reader_too_long_is_refused_in_few_bytes() -> None:
    bench = HubBench()
    client = reader(bench)
    bench.pass_time(bench.hub.rules.answer_within)
    assert client.hears() == ["error unavailable"] * 2
    assert client.session.backlog == 0


def test_what_is_said_by_one_who_does_not_read_keeps_its_order() -> None:
    bench = HubBench()
    client = reader(bench)
    client.says(m.Send(room="general", text="behind the pages", id="1"))
    assert "publish" not in bench.broker.names()
    client.session.drained()
    bench.broker.answer("history", (EPOCH, [], False))
    bench.broker.answer("history", (EPOCH, [], False))
    bench.broker.answer("publish", Refused.UNAVAILABLE)
    assert client.hears() == ["history", "history", "error unavailable"]


def test_one_who_does_not_read_may_still_say_something_and_quit() -> None:
    bench = HubBench()
    client = bench.welcome()
    client.session.paused()
    client.says(m.Send(room="general", text="hi", id="1"))
    bench.broker.answer("publish", Refused.UNAVAILABLE)
    client.says(m.Quit())
    assert "part" in bench.broker.names()
