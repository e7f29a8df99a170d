"""A client is admitted or refused by its address: the socket's, or the one in a PROXY header."""

import pytest

from node.config.parsers import networks
from node.core.config import Limit
from node.core.limits.admission import AddressUsage, Bounds, Refusal
from node.net.connection_limits import LINGER_MOST, ConnectionLimits
from node.net.peer import Peer
from node.net.proxy_protocol import BadProxyHeader
from tests.unit.node.core.fakes import HubBench

SOCKET = ("192.0.2.7", 4711)
HEADER = b"PROXY TCP4 198.51.100.9 192.0.2.1 56324 9999\r\n"
ONE_EACH = Bounds(per_address=1)


def limits(bounds: Bounds = Bounds(), proxies: str | None = None) -> ConnectionLimits:
    """Return a node's limits; with ``proxies``, these may send PROXY headers."""
    trusted = None if proxies is None else networks(proxies)
    return ConnectionLimits(HubBench().hub, bounds, proxies is not None, trusted)


def test_a_client_is_admitted_at_once_where_no_header_is_to_come() -> None:
    peer = Peer(limits(), 1)
    assert peer.connected(SOCKET, 7) is None
    assert peer.admitted and peer.usage is None and peer.address == "192.0.2.7"
    assert peer.facts() == {"node": "node-1", "connection": 1, "peer": "192.0.2.7:4711"}


def test_a_client_that_is_over_a_limit_is_refused_until_another_one_leaves() -> None:
    book = limits(ONE_EACH)
    first, second, third = Peer(book, 1), Peer(book, 2), Peer(book, 3)
    assert first.connected(SOCKET, 7) is None and isinstance(first.usage, AddressUsage)
    refusal = second.connected(SOCKET, 8)
    assert refusal is not None and refusal.limit is Limit.PER_ADDRESS and not second.admitted
    second.leave()
    first.leave()
    assert third.connected(SOCKET, 7) is None and third.admitted


def test_a_client_that_was_admitted_before_it_connected_is_not_checked_again() -> None:
    book = limits(ONE_EACH)
    usage = book.enter(SOCKET[0])
    assert isinstance(usage, AddressUsage)
    peer = Peer(book, 1)
    peer.admit(usage)
    assert peer.connected(SOCKET, 7) is None and peer.usage is usage and usage.open == 1


def test_behind_a_proxy_the_client_is_admitted_by_the_address_in_the_header() -> None:
    peer = Peer(limits(ONE_EACH, "192.0.2.0/24"), 1)
    assert peer.connected(SOCKET, 7) is None and not peer.admitted
    assert peer.feed(HEADER[:10]) == (b"", None) and not peer.admitted
    assert peer.feed(HEADER[10:] + b"rest") == (b"rest", None)
    assert peer.admitted and peer.usage is not None and peer.usage.address == "198.51.100.9"
    assert peer.facts()["peer"] == "198.51.100.9:56324"


def test_behind_a_proxy_a_limit_refuses_after_the_header() -> None:
    book = limits(ONE_EACH, "192.0.2.0/24")
    found = []
    for number in range(2):
        peer = Peer(book, number)
        peer.connected(SOCKET, 7)
        found.append(peer.feed(HEADER)[1])
    assert found[0] is None and isinstance(found[1], Refusal)


def test_a_connection_without_a_header_keeps_the_address_of_its_socket() -> None:
    peer = Peer(limits(proxies="10.0.0.0/8"), 1)
    peer.connected(SOCKET, 7)
    assert peer.feed(b'{"type":"ping"}\n') == (b'{"type":"ping"}\n', None)
    assert peer.admitted and peer.address == "192.0.2.7"


@pytest.mark.parametrize("data", [HEADER, b"PROXY what\r\n"], ids=["not trusted", "malformed"])
def test_a_bad_header_is_counted_and_closes_the_connection(data: bytes) -> None:
    bench = HubBench()
    peer = Peer(ConnectionLimits(bench.hub, proxy=True, proxies=networks("10.0.0.0/8")), 1)
    peer.connected(SOCKET, 7)
    with pytest.raises(BadProxyHeader):
        peer.feed(data)
    assert not peer.admitted and bench.metrics.limited[Limit.PROXY_FROM] == 1


def test_only_so_many_refused_clients_may_linger_at_a_time() -> None:
    book = limits()
    refusal = Refusal(Limit.FILES, "full", 5.0)
    peers = [Peer(book, number) for number in range(LINGER_MOST + 1)]
    assert [peer.refused(refusal) for peer in peers] == [True] * LINGER_MOST + [False]
    for peer in peers[:2]:
        peer.leave()
    assert book.lingering == LINGER_MOST - 1 and Peer(book, 99).refused(refusal)
