"""Who is in a room."""

from client.tui.people import MOST_PEOPLE, People


def listed(*nicks: str) -> People:
    """A room whose members were listed."""
    people = People()
    people.joined(len(nicks), quiet=False)
    people.listed(nicks, is_first=True, more=False)
    return people


def test_before_joining_the_number_is_unknown() -> None:
    assert People().number is None


def test_the_number_is_that_of_the_node_until_the_list_is_there() -> None:
    people = People()
    people.joined(3, quiet=False)
    people.came("dan")
    assert people.number == 4
    people.listed(["dan", "Bo", "ana"], is_first=True, more=False)
    assert people.number == 3 and people.nicks == ["ana", "Bo", "dan"]


def test_who_enters_and_leaves_is_counted_once() -> None:
    people = listed("ana", "bo")
    people.came("cy")
    people.came("cy")
    assert (people.number, people.nicks) == (3, ["ana", "bo", "cy"])
    people.went("ana")
    people.went("ana")
    people.renamed("bo", "zoe")
    assert (people.number, people.nicks) == (2, ["cy", "zoe"])


def test_of_a_large_room_the_number_is_known_and_a_part_of_the_nicks() -> None:
    people = People()
    people.joined(5000, quiet=True)
    first = [f"n{number:04}" for number in range(MOST_PEOPLE)]
    assert not people.listed(first, is_first=True, more=True)
    people.came("zoe")
    people.went("n0000")
    assert people.number == 5000 and len(people.nicks) == MOST_PEOPLE - 1


def test_the_list_is_fetched_again_after_a_reconnect_a_gap_and_in_a_quiet_room() -> None:
    people = listed("ana")
    assert not people.is_stale
    people.joined(2, quiet=False)
    assert people.is_stale and people.number == 2
    people.asked()
    people.looked_at()
    assert not people.is_stale
    people.missed()
    assert people.is_stale
    people.asked()
    people.joined(300, quiet=True)
    people.asked()
    people.looked_at()
    assert people.is_stale
