"""Who may come in: what an address is, what it may do, and that the book stays small."""

from ipaddress import ip_network

import pytest

from node.core.config import Limit
from node.core.limits import admission
from node.core.limits.admission import (
    AddressUsage,
    Admission,
    Bounds,
    Refusal,
    TokenBuckets,
    group,
    within,
)

HERE = "192.0.2.7"


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
