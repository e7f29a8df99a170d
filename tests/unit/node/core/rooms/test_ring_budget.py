"""All rings of a node together are bounded, and the oldest entries of all go first."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from node.core.config import REMEMBERED
from node.core.entries import Entry
from node.core.rooms import ring_budget
from node.core.rooms.ring import Ring
from node.core.rooms.ring_budget import TOGETHER, keep_within, weight
from tests.unit.node.core.fakes import HubBench, RoomBench, at, entries, entry, frame


def said(offset: int, time: int, size: int = 100) -> Entry:
    """Return an entry that was appended at a time, in milliseconds."""
    made = entry(offset, text="x" * size)
    made.at = b"%d" % time
    return made


def ring(times: Sequence[int], size: int = 100) -> Ring:
    """Return a ring of entries that were appended at these times."""
    made = Ring(at(0), 10_000, 1 << 30)
    made.extend([said(offset, time, size) for offset, time in enumerate(times, 1)])
    return made


def test_while_there_is_room_nothing_is_dropped() -> None:
    rings = [ring(range(100)), ring(range(100))]
    assert keep_within(sum(map(weight, rings)), rings) == 0
    assert keep_within(0, [Ring(at(5), 10)]) == 0


def test_a_silent_room_makes_room_for_what_is_said_now() -> None:
    silent, busy = ring(range(0, 5000, 10)), ring(range(100_000, 105_000, 10))
    calm = ring([100_500, 103_000])
    most = weight(busy) + weight(calm) + weight(silent) // 2
    keep_within(most, [busy, silent, calm])
    assert len(busy.entries) == 500 and len(calm.entries) == 2
    assert 100 <= len(silent.entries) <= 250 and silent.entries[-1].offset == 500
    assert silent.base == at(500 - len(silent.entries))


@given(st.lists(st.lists(st.integers(0, 60_000), max_size=60), max_size=8), st.integers(0, 40_000))
def test_what_is_left_fits_and_is_newer_than_what_was_dropped(
    times: list[list[int]], most: int
) -> None:
    rings = [ring(sorted(row)) for row in times]
    before = [time for row in times for time in row]
    dropped = keep_within(most, rings)
    assert sum(map(weight, rings)) <= most
    kept = [int(held.at) for one in rings for held in one.entries]
    assert len(kept) + dropped == len(before)
    for time in kept:
        before.remove(time)
    # But for entries that came at nearly the same time.
    assert not before or not kept or max(before) <= min(kept) + TOGETHER
    for row, one in zip(times, rings, strict=True):
        assert one.base.offset + len(one.entries) == len(row)
        assert one.bytes == sum(len(held.body) for held in one.entries)
        assert one.holds(at(len(row)))


def test_an_entry_without_a_time_goes_first_and_does_no_harm() -> None:
    odd = ring([5000] * 10)
    for held, time in zip(odd.entries, (b"x", b"9" * 5000, b"-1", b""), strict=False):
        held.at = time
    even = ring([5000] * 10)
    keep_within(weight(even) * 5 // 3, [even, odd])
    assert len(even.entries) == 10 and len(odd.entries) < 7


def test_a_node_with_little_memory_remembers_less() -> None:
    assert ring_budget.budget(0, 1) == ring_budget.budget(2048 << 20, 1) == REMEMBERED
    assert ring_budget.budget(200 << 20, 1) == 25 << 20
    assert ring_budget.budget(0, 4) == REMEMBERED // 4


def test_the_rooms_of_a_node_share_what_it_remembers_and_go_on() -> None:
    bench = HubBench(remembered=64 * 1024)
    rooms = [f"r{number}" for number in range(20)]
    ana = bench.welcome("ana", rooms)
    for number, room in enumerate(rooms):
        found = [said(offset, 1000 * number + offset, 500) for offset in range(2, 22)]
        bench.events.frame(frame(found, "x1", "r:" + room))
    assert len(ana.hears()) == 400
    bench.pass_time(1)
    rings = [bench.rooms["r:" + room].ring for room in rooms]
    held = [len(one.entries) for one in rings if one is not None]
    assert sum(weight(one) for one in rings if one is not None) <= 64 * 1024
    assert held[-1] == 20 and held[0] == 0 and held == sorted(held)
    bench.events.frame(frame([said(22, 99_000)], "x21", "r:r0"))
    assert len(ana.hears()) == 1 and bench.broker.names() == []


def test_a_room_that_was_shortened_still_puts_back_what_it_remembers() -> None:
    bench = RoomBench()
    bench.begin()
    bench.room.receive(frame([said(offset, offset) for offset in range(1, 10)]))
    assert bench.room.ring is not None
    bench.room.ring.shed(6)
    bench.room.sync()
    bench.broker.differ(entries(1, 8))
    heal = bench.broker.take("heal")
    lost = heal.args[1]
    assert (lost.base, [held.id for held in lost.entries]) == (at(8), [b"x9"])


def test_a_room_whose_ring_is_empty_still_sees_what_goes_on() -> None:
    bench = RoomBench()
    outlet = bench.begin()
    bench.room.receive(frame([said(offset, offset) for offset in range(1, 10)]))
    assert bench.room.ring is not None
    bench.room.ring.shed(9)
    outlet.take()
    bench.room.receive(frame([said(9, 9), said(10, 10)], "x8"))
    assert len(outlet.take()) == 1 and bench.room.top == at(10) and bench.broker.names() == []
