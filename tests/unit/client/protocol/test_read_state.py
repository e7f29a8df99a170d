"""How far each room was read, and what of it is news."""

from client.protocol.read_state import ReadState
from tests.support.scripted import joined


def test_an_entry_is_new_once() -> None:
    places = ReadState({})
    places.enter(joined("lab", "p0"))
    assert places.deliver("lab", "p1")
    assert not places.deliver("lab", "p1")
    assert not places.deliver("lab", "p0")


def test_the_position_is_that_of_the_last_entry() -> None:
    places = ReadState({})
    places.enter(joined("lab", "p0"))
    assert places.positions() == {"lab": "p0"}
    places.deliver("lab", "p1")
    assert places.positions() == {"lab": "p1"}


def test_a_repeated_entry_does_not_take_the_position_back() -> None:
    places = ReadState({})
    places.enter(joined("lab", "p0"))
    places.deliver("lab", "p1")
    places.deliver("lab", "p0")
    assert places.positions() == {"lab": "p1"}


def test_the_inbox_has_a_position_of_its_own() -> None:
    places = ReadState({})
    assert places.deliver("@", "d1")
    assert not places.deliver("@", "d1")
    assert places.positions() == {"@": "d1"}
    assert places.rooms == []


def test_positions_from_an_earlier_life_are_kept_until_the_room_is_entered() -> None:
    places = ReadState({"lab": "p5", "@": "d5", "ops": "q5"})
    assert places.positions() == {"lab": "p5", "@": "d5", "ops": "q5"}
    places.enter(joined("lab", "p5"))
    places.deliver("lab", "p6")
    assert places.positions() == {"lab": "p6", "@": "d5", "ops": "q5"}


def test_leaving_forgets_a_room() -> None:
    places = ReadState({})
    places.enter(joined("lab", "p0"))
    places.leave("lab")
    assert (places.rooms, places.positions()) == ([], {})
    assert places.were_entered


def test_memory_for_a_busy_room_is_bounded() -> None:
    places = ReadState({})
    places.enter(joined("lab", "p"))
    for number in range(5000):
        assert places.deliver("lab", str(number))
    assert not places.deliver("lab", "4999")
    assert not places.deliver("lab", "3500")


def test_a_quiet_room_shows_left_only_for_announced_members() -> None:
    places = ReadState({})
    places.enter(joined("hall", quiet=True))
    assert not places.saw_leave("hall", "bo")
    places.saw_enter("hall", "cy")
    places.saw_rename("hall", "cy", "cyd")
    assert not places.saw_leave("hall", "cy")
    assert places.saw_leave("hall", "cyd")
    assert not places.saw_leave("hall", "cyd")


def test_elsewhere_everyone_is_seen_to_leave() -> None:
    places = ReadState({})
    places.enter(joined("lab"))
    assert places.saw_leave("lab", "bo")
