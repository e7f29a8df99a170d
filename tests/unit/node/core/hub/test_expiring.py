"""A set that forgets."""

from node.core.hub.expiring import REMEMBERED_FOR, Expiring


def test_a_member_is_forgotten_when_its_time_is_over() -> None:
    found: Expiring[str] = Expiring()
    found.add("a", 0.0)
    found.add("b", 5.0)
    found.tick(REMEMBERED_FOR - 0.1)
    assert "a" in found and "b" in found
    found.tick(REMEMBERED_FOR)
    assert "a" not in found and "b" in found


def test_a_member_can_be_taken_out_once() -> None:
    found: Expiring[str] = Expiring()
    found.add("a", 0.0)
    assert [found.pop("a"), found.pop("a")] == [True, False]
