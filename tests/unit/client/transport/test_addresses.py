"""Addresses as people write them, and the order and pace of attempts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.transport.addresses import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    Address,
    Endpoints,
    parse_address,
    parse_addresses,
)


@pytest.mark.parametrize(
    "text, addresses",
    [
        ("localhost:1234", [("localhost", 1234)]),
        ("localhost", [("localhost", 9999)]),
        ("10.0.0.1:80", [("10.0.0.1", 80)]),
        ("[::1]:9999", [("::1", 9999)]),
        ("[fe80::1%eth0]", [("fe80::1%eth0", 9999)]),
        ("chat.example.org:65535", [("chat.example.org", 65535)]),
        ("localhost:9999-10001", [("localhost", port) for port in (9999, 10000, 10001)]),
        ("[::1]:5-6", [("::1", 5), ("::1", 6)]),
        ("a:7-7", [("a", 7)]),
    ],
)
def test_an_address_is_read(text: str, addresses: list[tuple[str, int]]) -> None:
    assert parse_address(text) == [Address(*address) for address in addresses]


@pytest.mark.parametrize(
    "text",
    ["", ":1", "a:", "a:b", "a:0", "a:65536", "a:2-1", "a:1-65535", "::1", "[::1", "a b:1"]
    + ["a:1:2", "a:1-2-3", "a:-1", "[]:1", "a:1\n", "http://a:1", "[::1]9"],
)
def test_an_invalid_address_is_refused_with_a_message(text: str) -> None:
    with pytest.raises(ValueError, match="invalid address"):
        parse_address(text)


@given(st.text())
def test_any_text_is_an_address_or_a_value_error(text: str) -> None:
    try:
        found = parse_address(text)
    except ValueError:
        return
    assert found and all(parse_address(str(address)) == [address] for address in found)


def test_several_are_taken_in_order_and_each_once() -> None:
    found = parse_addresses(["b:2", "a:1-2", "b:2"])
    assert found == [Address("b", 2), Address("a", 1), Address("a", 2)]
    assert parse_addresses("a:1") == [Address("a", 1)]


def test_without_any_it_is_the_local_one() -> None:
    assert parse_addresses() == [Address("127.0.0.1", 9999)]


def test_addresses_are_tried_in_turn() -> None:
    endpoints = Endpoints(parse_addresses("a:1-3"), lambda: 0.5)
    assert [endpoints.next().port for _ in range(5)] == [1, 2, 3, 1, 2]


def test_addresses_are_untried_until_each_had_its_turn() -> None:
    endpoints = Endpoints(parse_addresses("a:1-3"), lambda: 0.5)
    seen = []
    for _ in range(4):
        endpoints.next()
        seen.append(endpoints.has_untried)
        endpoints.pause()
    assert seen == [True, True, False, False]
    endpoints.worked()
    assert endpoints.has_untried


def test_the_first_attempt_after_a_good_connection_is_made_at_once() -> None:
    endpoints = Endpoints(parse_addresses(), lambda: 1.0)
    assert endpoints.pause() == 0.0
    assert endpoints.pause() == 2 * FIRST_PAUSE
    assert endpoints.pause() == 4 * FIRST_PAUSE
    endpoints.worked()
    assert endpoints.pause() == 0.0


def test_pauses_are_drawn_between_nothing_and_a_bound() -> None:
    draws = iter([0.0, 0.5, 1.0])
    endpoints = Endpoints(parse_addresses(), lambda: next(draws))
    endpoints.pause()
    assert [endpoints.pause() for _ in range(3)] == [0.0, 2 * FIRST_PAUSE, 8 * FIRST_PAUSE]


def test_pauses_do_not_grow_for_ever() -> None:
    endpoints = Endpoints(parse_addresses(), lambda: 1.0)
    assert max(endpoints.pause() for _ in range(5000)) == LONGEST_PAUSE
