"""The map of slots: who keeps which, and what a reply to CLUSTER SLOTS changes in it."""

import pytest

from node.brokers.slot_map import SEED, SLOTS, Address, SlotMap, address_in, slot_of

HERE, THERE = ("10.0.0.1", 7001), ("10.0.0.2", 7002)


def row(first: int, last: int, address: tuple[str, int]) -> list[object]:
    return [first, last, [address[0].encode(), address[1], b"name"], [b"a replica", 1, b"name"]]


HALVES = [row(0, 8191, HERE), row(8192, SLOTS - 1, THERE)]


def test_all_slots_begin_at_the_seed() -> None:
    slots = SlotMap()
    assert {slots.place(tag) for tag in ("c", "r:tea", "r:ink")} == {SEED}
    assert slots.keeps(SEED) and slots.tag(SEED) == "0"


def test_the_reply_of_a_cluster_says_who_keeps_what() -> None:
    slots = SlotMap()
    assert slots.take(HALVES) == {(SEED, 1), (SEED, 2)}
    assert [slots.address(number) for number in (1, 2)] == [HERE, THERE]
    assert not slots.keeps(SEED) and slots.tag(SEED) is None
    for tag in ("c", "r:tea", "r:ink", "r:general"):
        assert slots.place(tag) == (1 if slot_of(tag) < 8192 else 2)
    assert slots.take(HALVES) == set(), "that is no news"
    assert slots.take([row(0, SLOTS - 1, THERE)]) == {(1, 2)}
    assert slots.number(HERE) == 1, "it may come back"


def test_a_slot_that_nobody_serves_stays_where_it_was() -> None:
    slots = SlotMap()
    slots.take(HALVES)
    assert slots.take([row(0, 100, THERE)]) == {(1, 2)}
    assert slots.take([[101, SLOTS - 1, [None, 7003, b"name"]]]) == set()
    assert slots.keeps(1) and slots.take([]) == set()


def test_a_master_without_a_name_is_the_one_that_was_asked() -> None:
    slots = SlotMap()
    for number, (host, name) in enumerate([(b"", "here"), (None, "there")]):
        slots.take([[0, SLOTS - 1, [host, 7001, b"name"]]], name)
        assert slots.address(slots.place("c")) == (name, 7001)
        assert slots.kept() == {number + 1: SLOTS}


def test_a_reply_that_cannot_be_read_changes_nothing() -> None:
    slots = SlotMap()
    for rows in (b"OK", [row(0, 5, HERE), [6, 7]], [row(0, 5, HERE), ["x", 7, [b"h", 1]]]):
        with pytest.raises((TypeError, ValueError)):
            slots.take(rows)
    assert slots.keeps(SEED) and slots.number(HERE) == 1, "it was not known"


def test_a_server_keeps_its_tag_as_long_as_it_has_its_slot() -> None:
    slots = SlotMap()
    slots.take(HALVES)
    first = slots.tag(2)
    assert first is not None and slots.place(first) == 2 and slots.tag(2) == first
    slots.move([slot_of(first)], 1)
    second = slots.tag(2)
    assert second is not None and second != first and slots.place(second) == 2
    slots.move([slot_of(first)], 2)
    assert slots.tag(2) == second
    slots.move([slot for slot in range(SLOTS) if slot != slot_of("r:tea")], 1)
    slots.move([slot_of("r:tea")], 2)
    last = slots.tag(2)
    assert last is not None and slot_of(last) == slot_of("r:tea")


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ([[b"ip", b"10.0.0.9"]], ("10.0.0.9", 7001)),
        ([[b"hostname", b"x", b"ip", b"::1"]], ("::1", 7001)),
        ([[]], None),
        ([], None),
    ],
)
def test_a_master_whose_hostname_is_not_known_is_known_by_its_ip_address(
    facts: list[object], found: Address | None
) -> None:
    assert address_in([b"?", 7001, b"name", *facts], "asked") == found
    slots = SlotMap()
    moved = slots.take([[0, SLOTS - 1, [b"?", 7001, b"name", *facts]]], "asked")
    assert moved == ({(SEED, 1)} if found else set())
