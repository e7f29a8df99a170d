"""Which servers keep data, and which of them a node cannot use."""

import pytest

from node.brokers.readiness import PROBE_WITHIN
from tests.unit.node.brokers.bench import ContextBench, Places


class KeptPlaces(Places):
    """Of some servers, only those in ``kept`` keep slots."""

    def __init__(self) -> None:
        super().__init__(lambda log: 0)
        self.kept = {0, 1}

    def keeps(self, number: int) -> bool:
        return number in self.kept


class Bench(ContextBench):
    """Three servers; the third one is a second name of another."""

    def __init__(self) -> None:
        super().__init__(servers=3)
        self.shards = self.context.shards
        self.places = KeptPlaces()
        self.shards._places = self.places

    def away(self) -> dict[str, bool]:
        """Return the servers that keep data, and whether each is away."""
        return {one.counts.name: one.is_away for one in self.shards.states(self.time)}


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_server_is_away_until_it_answers_and_when_it_has_not_for_a_while(bench: Bench) -> None:
    assert bench.away() == {"redis0:6379": True, "redis1:6379": True}
    bench.contact.answered(0.0, 0.0)
    assert bench.away() == {"redis0:6379": False, "redis1:6379": True}
    bench.time = PROBE_WITHIN
    assert not bench.away()["redis0:6379"]
    bench.time += 0.1
    assert bench.away()["redis0:6379"], "it refuses all calls, or does not answer"
    bench.contact.answered(bench.time, bench.time)
    assert not bench.away()["redis0:6379"]
    bench.contact.lost()
    assert bench.away()["redis0:6379"]


def test_a_server_without_slots_is_no_longer_there(bench: Bench) -> None:
    bench.places.kept = {1}
    assert list(bench.away()) == ["redis1:6379"]


def test_a_server_without_a_name_is_known_by_another_one(bench: Bench) -> None:
    bench.servers[2].contact.answered(0.0, 0.0)
    bench.places.kept = {1, 2}
    bench.shards.all[2] = bench.shards.all[2]._replace(
        counts=type(bench.shards.all[2].counts)("", bench.shards.all[2].counts)
    )
    assert list(bench.away()) == ["redis1:6379"]


async def test_servers_that_keep_data_are_named_with_a_tag_of_their_keys() -> None:
    bench = Bench()
    names = [shard.counts.name for shard in bench.context.shards.all]
    assert bench.context.shards.tags() == {names[0]: "tag0", names[1]: "tag1"}
    counts = bench.context.shards.all[0].counts
    counts.name = ""
    assert bench.context.shards.tags() == {names[1]: "tag1"}, "it is another one, not yet known"
