"""How long messages take, and how late the tick comes: told to the metrics, nearly for nothing."""

from node.core.entries import Entry
from node.core.hub.hub import TICK
from node.core.model import PendingMessage, Unavailable
from tests.unit.node.core.fakes import Client, HubBench, claimed, entry, frame, slice_
from wire import messages as m

LOG = "r:general"


def say(client: Client, text: str) -> PendingMessage:
    """Let a client say something; return it on its way to the broker."""
    client.says(m.Send(room="general", text=text))
    [post] = [
        arg for arg in client.bench.broker.take("publish").args if isinstance(arg, PendingMessage)
    ]
    return post


def written(post: PendingMessage, offset: int) -> Entry:
    """Return the entry that a message became."""
    return entry(offset, post.id.decode())


def observed(bench: HubBench) -> tuple[int, float]:
    """Return how many messages were timed, and how long they took together."""
    return sum(bench.metrics.delays.counts), round(bench.metrics.delays.sum, 6)


def test_a_message_is_timed_from_its_arrival_until_its_readers_have_it() -> None:
    bench = HubBench()
    client = bench.welcome()
    post = say(client, "hi")
    bench.time += 0.25
    bench.events.frame(frame([written(post, 2)], log=LOG))
    assert observed(bench) == (1, 0.25)


def test_what_others_say_meanwhile_does_not_end_it_and_is_not_timed() -> None:
    bench = HubBench()
    client = bench.welcome(rooms=["general", "tea"])
    first, second = say(client, "one"), say(client, "two")
    bench.time += 0.1
    bench.events.frame(frame([entry(2)], log="r:tea"))
    bench.events.frame(frame([entry(2), entry(3)], log=LOG))
    assert observed(bench) == (0, 0.0)
    bench.time += 0.1
    bench.events.frame(frame([written(first, 4), written(second, 5)], log=LOG))
    assert observed(bench) == (1, 0.2)


def test_one_that_came_through_a_hole_took_as_long_as_that() -> None:
    bench = HubBench()
    client = bench.welcome()
    post = say(client, "hi")
    bench.events.frame(frame([entry(3)], log=LOG))
    bench.time += 2.0
    bench.broker.answer("read", slice_([written(post, 2), entry(3)]))
    assert observed(bench) == (1, 2.0)


def test_one_that_is_there_when_its_room_is_first_looked_at_is_timed_too() -> None:
    bench = HubBench()
    client = Client(bench)
    client.says(m.Hello(nick="ana", rooms=["general"]))
    bench.broker.answer("claim", claimed("ana", ["general"]))
    post = say(client, "hi")
    bench.time += 0.3
    bench.events.confirmed(LOG)
    bench.broker.answer("tail", slice_([entry(1), written(post, 2)]))
    assert observed(bench) == (1, 0.3)


def test_after_one_that_was_refused_others_are_timed_again() -> None:
    bench = HubBench()
    client = bench.welcome()
    say(client, "lost").done(Unavailable.UNREACHABLE)
    bench.pass_time(TICK)
    bench.pass_time(10.0)
    post = say(client, "again")
    bench.time += 0.5
    bench.events.frame(frame([written(post, 2)], log=LOG))
    assert observed(bench) == (1, 0.5)


def test_entries_are_counted_once_and_deliveries_for_each_reader() -> None:
    bench = HubBench()
    bench.welcome("ana")
    bench.welcome("bo", key="l" * 16)
    bench.events.frame(frame([entry(2), entry(3)], log=LOG))
    assert (bench.metrics.entries, bench.metrics.deliveries) == (2, 4)


def test_a_tick_is_late_by_what_has_passed_beyond_its_time() -> None:
    bench = HubBench()
    bench.hub.tick()
    assert sum(bench.metrics.lags.counts) == 0
    bench.pass_time(TICK)
    bench.pass_time(TICK + 0.3)
    bench.pass_time(TICK - 0.1)
    assert sum(bench.metrics.lags.counts) == 3
    assert round(bench.metrics.lags.sum, 6) == 0.3
