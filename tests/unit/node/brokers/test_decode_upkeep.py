"""Replies about nodes, leases and moderation are read as the scripts write them."""

from math import inf

from node.brokers import decode_upkeep
from node.core.model import FencingToken, ModerationRule


def test_rules_end_by_the_clock_of_the_core() -> None:
    reply = [b"3 id", b"0", b"nick:ana", 1500, b"-", b'"spam"', b"net:192.0.2.0/24", 0, b"-", b""]
    assert decode_upkeep.moderation_rules(reply, 10.0) == [
        ModerationRule("nick", "ana", 11.5, b"-", "spam"),
        ModerationRule("net", "192.0.2.0/24", inf, b"-", ""),
    ]
    assert decode_upkeep.newest(reply) == (b"3 id", b"0")


def test_a_lease_that_is_refused_has_no_figures() -> None:
    assert decode_upkeep.renewed([b"dead"]).status == b"dead"
    refused = decode_upkeep.renewed([b"format", b"2"])
    assert (refused.status, refused.ordered) == (b"format", b"2")


def test_a_first_renewal_has_no_lease_before_it() -> None:
    first = decode_upkeep.renewed([b"new", 0, 17, b"", 2, 0, 0, 0, b""])
    assert (first.time, first.here, first.before) == (17, 2, 0.0)
    assert decode_upkeep.renewed([b"ok", 1, 18, b"", 2, 0, 0, 0, b"8017"]).before == 8017.0


def test_a_page_of_tokens_has_the_cursor_of_the_next_one() -> None:
    reply = [b"12", b"s1", b"inc.1", b"s2", b""]
    assert decode_upkeep.tokens(reply) == (
        b"12",
        [FencingToken("s1", "inc.1"), FencingToken("s2", "")],
    )
