"""Moderation rules are found by what they are about, while they are in force."""

import pytest

from node.core.limits.moderation_rules import ModerationRules
from node.core.model import ModerationRule

NOW = 1000.0


def rules(kind: str, what: str, until: float = NOW + 1, birth: bytes = b"") -> ModerationRules:
    """Return one rule."""
    return ModerationRules([ModerationRule(kind, what, until, birth, "why")])


@pytest.mark.parametrize(
    ("network", "address", "banned"),
    [
        ("192.0.2.0/24", "192.0.2.7", True),
        ("192.0.2.0/24", "::ffff:192.0.2.7", True),
        ("192.0.2.0/24", "192.0.3.7", False),
        ("192.0.2.7/32", "192.0.2.7", True),
        ("2001:db8::/32", "2001:db8::1%eth0", True),
        ("2001:db8::/32", "192.0.2.7", False),
        ("0.0.0.0/0", "no address", False),
    ],
)
def test_an_address_is_banned_with_its_network(network: str, address: str, banned: bool) -> None:
    assert (rules("net", network).against(address, NOW) is not None) is banned


def test_a_rule_that_is_over_is_not_in_force() -> None:
    over = rules("net", "192.0.2.0/24", until=NOW)
    assert over.against("192.0.2.7", NOW) is None and len(over) == 1
    assert rules("nick", "ana", until=NOW).holding("nick", "ana", NOW) is None


def test_a_rule_is_about_one_kind_of_thing() -> None:
    found = rules("nick", "ana")
    assert found.holding("nick", "ana", NOW) is not None
    assert found.holding("kick", "ana", NOW) is None and found.of("kick") == {}


def test_a_room_is_closed_and_not_the_next_one_of_its_name() -> None:
    found = rules("room", "tea", birth=b"b1")
    assert found.closed("tea", b"b1") is not None
    assert found.closed("tea", b"b2") is None and found.closed("milk", b"b1") is None
