"""Who may come in: what an address is, what it may do, and that the book stays small.

What an address may write into logs in a day: short messages are free, the rest is counted.
"""

from ipaddress import ip_network

import pytest

from node.core.config import Limit
from node.core.limits import admission
from node.core.limits.admission import (
    DAY,
    SHORT,
    AddressUsage,
    Admission,
    Bounds,
    Refusal,
    TokenBuckets,
    group,
    within,
)
from tests.unit.node.core.fakes import Client, HubBench
from wire import messages as m

HERE = "192.0.2.7"
MIB = 1 << 20


def let_in(book: Admission, address: str = HERE, now: float = 0.0) -> AddressUsage:
    """Let a connection in that has to be."""
    caller = book.enter(address, now)
    assert isinstance(caller, AddressUsage)
    return caller


def refused(book: Admission, address: str = HERE, now: float = 0.0) -> Refusal:
    """Let a connection be refused that has to be."""
    refusal = book.enter(address, now)
    assert isinstance(refusal, Refusal)
    return refusal


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:0:1::7", "2001:db8:0:1::/64"),
        ("2001:db8:0:1:ffff::8", "2001:db8:0:1::/64"),
        ("2001:db8:0:2::7", "2001:db8:0:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("no address", "no address"),
    ],
)
def test_an_address_counts_as_its_household(address: str, counts_as: str) -> None:
    assert group(address) == counts_as


def test_a_network_holds_addresses_however_they_are_written() -> None:
    networks = [ip_network("127.0.0.0/8"), ip_network("2001:db8::/32")]
    for inside in ("127.0.0.1", "127.9.9.9", "::ffff:127.0.0.1", "2001:db8::1"):
        assert within(inside, networks)
    for outside in ("128.0.0.1", "::1", "2001:db9::1", "::ffff:128.0.0.1", "?", ""):
        assert not within(outside, networks)


def test_an_address_has_so_many_connections_and_gets_one_for_each_that_ends() -> None:
    book = Admission(Bounds(per_address=2))
    first, second = let_in(book), let_in(book, "::ffff:192.0.2.7")
    assert first is second
    assert refused(book).limit is Limit.PER_ADDRESS
    let_in(book, "192.0.2.8")
    book.leave(first)
    let_in(book)
    assert refused(book).limit is Limit.PER_ADDRESS


def test_an_address_connects_so_often_and_a_refused_attempt_costs_nothing() -> None:
    book = Admission(Bounds(connects=(1.0, 3.0)))
    for _ in range(3):
        book.leave(let_in(book))
    for _ in range(100):
        refusal = refused(book)
        assert refusal.limit is Limit.CONNECT_RATE and refusal.retry_after >= 1.0
    let_in(book, now=1.0)
    assert refused(book, now=1.0).limit is Limit.CONNECT_RATE
    let_in(book, "192.0.2.8")


def test_who_is_exempt_is_no_concern_of_the_book() -> None:
    book = Admission(Bounds(per_address=1, connects=(1, 1), exempt=[ip_network("192.0.2.0/24")]))
    assert all(book.enter(HERE, 0.0) is None for _ in range(1000))
    assert len(book) == 0


def test_without_limits_there_is_no_book() -> None:
    book = Admission(Bounds())
    assert book.enter(HERE, 0.0) is None
    assert book.crowded(10**6) is None and len(book) == 0


def test_a_node_takes_so_many_clients_in_all() -> None:
    book = Admission(Bounds(clients=2))
    assert book.crowded(1) is None
    refusal = book.crowded(2)
    assert refusal is not None and refusal.limit is Limit.MAX_CLIENTS and refusal.retry_after > 0


def test_an_address_is_remembered_while_it_has_used_something_up_and_no_longer() -> None:
    book = Admission(Bounds(connects=(1.0, 10.0)))
    caller = let_in(book)
    book.forget(1e6)
    assert len(book) == 1, "it is here"
    book.leave(caller)
    book.forget(0.5)
    assert len(book) == 1, "else it would begin anew by going away"
    book.forget(1.1)
    assert len(book) == 0


def test_the_book_does_not_grow_with_those_who_have_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(admission, "GONE_MOST", 10)
    book = Admission(Bounds(rooms_made=5))
    staying = let_in(book)
    for number in range(100):
        caller = let_in(book, f"198.51.100.{number}")
        assert caller.rooms is not None
        caller.rooms.take(0.0)
        book.leave(caller)
    assert len(book) == 11
    assert let_in(book) is staying
    assert let_in(book, "198.51.100.99").rooms is caller.rooms


def test_limiters_know_each_thing_for_itself_and_forget_it() -> None:
    buckets: TokenBuckets[str] = TokenBuckets((1.0, 2.0))
    assert [buckets.take("ana", 0.0) > 0 for _ in range(3)] == [False, False, True]
    assert buckets.take("bo", 0.0) == 0.0
    buckets.forget(1.0)
    assert len(buckets) == 1
    buckets.forget(2.0)
    assert len(buckets) == 0
    assert buckets.limited and not TokenBuckets[str]((0.0, 0.0)).limited


def test_an_address_is_remembered_while_a_hello_of_it_is_under_way() -> None:
    book = Admission(Bounds(requests=(100.0, 100.0)))
    caller = let_in(book)
    caller.begin_hello(2)
    book.leave(caller)
    book.forget(1000.0)
    assert let_in(book) is caller
    book.leave(caller)
    caller.end_hello(2)
    book.forget(1000.0)
    assert len(book) == 0


# What is written into logs


def caller_of(size: int) -> AddressUsage:
    """Return an address that may write so many bytes in a day."""
    caller = Admission(Bounds(bytes=size)).enter(HERE, 1000.0)
    assert isinstance(caller, AddressUsage)
    return caller


def bench_with(size: int) -> tuple[HubBench, Client, AddressUsage]:
    """Return a client whose address may write so many bytes in a day."""
    bench = HubBench()
    ana = bench.welcome("ana")
    caller = caller_of(size)
    ana.connection.quota.share(caller)
    return bench, ana, caller


def last_error(client: Client) -> m.Error:
    """Return the last thing that a client was told, an error."""
    error = client.events()[-1]
    assert isinstance(error, m.Error)
    return error


def test_short_messages_are_free_however_many() -> None:
    bench, ana, caller = bench_with(1000)
    for _ in range(10_000):
        ana.says(m.Send(room="general", text="x" * 150))
    assert bench.broker.names() == ["publish"] * 10_000
    assert caller.volume is not None and caller.volume.rests(1000.0)


def test_an_address_writes_so_much_that_is_long_and_gets_it_back_in_a_day() -> None:
    bench, ana, caller = bench_with(MIB)
    other = bench.welcome("bo", key="b" * 16)
    other.connection.quota.share(caller)
    sent = 0
    while True:
        for client in (ana, other):
            client.says(m.Send(room="general", text="x" * 4000, id="i", ref="r"))
        if len(bench.broker.names()) == sent:
            break
        sent = len(bench.broker.names())
    assert MIB * 0.98 < sent * (4000 - SHORT) < MIB
    error = last_error(ana)
    assert (error.code, error.id, error.room, error.ref) == ("rate-limited", "i", "general", "r")
    assert "direct and long messages" in error.text
    assert error.retry_after_ms is not None and 60_000 < error.retry_after_ms < 1_000_000
    assert bench.metrics.limited[Limit.ADDRESS_BYTES] >= 2
    ana.says(m.Send(room="general", text="short"))
    assert len(bench.broker.names()) == sent + 1, "what is short is still taken"
    assert caller.volume is not None
    assert caller.volume.take(1000.0 + DAY / 2, MIB // 2 + 5000) > 0
    assert caller.volume.take(1000.0 + DAY / 2, MIB // 2 - 5000) == 0.0


def test_directs_count_from_the_first_byte() -> None:
    bench, ana, _ = bench_with(10_000)
    for _ in range(100):
        ana.says(m.SendDirect(to="bo", text="x"))
    assert 40 < len(bench.broker.names()) < 80
    assert last_error(ana).code == "rate-limited"


def test_who_no_limit_concerns_writes_what_they_like() -> None:
    bench = HubBench()
    ana = bench.welcome("ana")
    for caller in (None, Admission(Bounds(per_address=5)).enter(HERE, 1000.0)):
        assert caller is None or isinstance(caller, AddressUsage)
        ana.connection.quota.share(caller)
        for _ in range(100):
            ana.says(m.Send(room="general", text="x" * 4000))
            ana.says(m.SendDirect(to="bo", text="x" * 4000))
    assert len(bench.broker.names()) == 400
