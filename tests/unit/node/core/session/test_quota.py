"""What a connection asks for is counted on itself and on its address."""

from node.core.config import Config, Limit
from node.core.limits.admission import AddressUsage, Bounds
from node.core.session.quota import PASSWORDS, LimitReached, Quota

NOW = 1000.0


def quota(
    burst: float = 3.0, rooms: int = 0, address: float = 0.0, address_rooms: int = 0
) -> Quota:
    """Return a quota of so many requests at once, of an address that may ask so many."""
    made = Quota(Config(rate=(1.0, burst), rooms_made=rooms))
    if address or address_rooms:
        bounds = Bounds(requests=(1.0, address), rooms_made=address_rooms)
        made.share(AddressUsage("192.0.2.7", bounds))
    return made


def spare(made: Quota) -> tuple[int, int]:
    """Return how many requests the connection and its address may still make at once."""
    assert made.address_bucket is not None
    return made.bucket.spare(NOW), made.address_bucket.spare(NOW)


def test_requests_are_admitted_up_to_the_burst() -> None:
    made = quota(burst=2.0)
    assert [made.admit(NOW) for _ in range(3)] == [None, None, LimitReached(Limit.RATE, 1.0)]


def test_what_the_address_may_not_ask_costs_the_connection_nothing() -> None:
    made = quota(burst=9.0, address=1.0)
    assert [made.admit(NOW) for _ in range(2)] == [None, LimitReached(Limit.ADDRESS_RATE, 1.0)]
    assert made.bucket.spare(NOW) == 8


def test_a_request_that_is_refused_is_given_back_to_both() -> None:
    made = quota(burst=9.0, address=5.0)
    made.admit(NOW)
    made.give_back()
    assert spare(made) == (9, 5)


def test_a_long_page_counts_as_several_requests() -> None:
    made = quota(burst=9.0, address=9.0)
    for entries in (0, 1, 50, 51, 100, 101):
        made.charge_page(entries, NOW, page=50)
    assert spare(made) == (9 - 4, 9 - 4)


def test_a_connection_without_an_address_limit_counts_only_on_itself() -> None:
    made = quota(burst=9.0)
    made.share(None)
    made.charge(2, NOW)
    assert made.bucket.spare(NOW) == 7 and made.address_bucket is None


def test_rooms_are_reserved_as_far_as_there_are_any() -> None:
    made = quota(rooms=3)
    assert [made.reserve_rooms(2, NOW), made.reserve_rooms(2, NOW)] == [2, 1]
    made.return_rooms(2)
    assert made.reserve_rooms(9, NOW) == 2


def test_an_address_bounds_the_rooms_of_its_connections() -> None:
    made = quota(rooms=5, address_rooms=2)
    assert made.reserve_rooms(5, NOW) == 2
    made.return_rooms(1)
    assert made.usage is not None and made.usage.rooms is not None
    assert made.usage.rooms.spare(NOW) == 1 and made.rooms_made == 1


def test_without_a_limit_any_number_of_rooms_may_be_made() -> None:
    made = quota()
    assert made.reserve_rooms(1000, NOW) == 1000
    made.return_rooms(1000)
    assert made.rooms_made == 0


def test_after_some_wrong_passwords_no_other_is_checked() -> None:
    made = quota()
    for _ in range(PASSWORDS):
        assert made.may_guess
        made.wrong_password()
    assert not made.may_guess
