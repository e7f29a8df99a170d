"""The simulation's cluster: each server has some slots, and slots move with their keys."""

from collections.abc import Iterator
from hashlib import sha1
from typing import Any

import pytest

from tests.labs.simulation import cluster as maps
from tests.labs.simulation.cluster import TAGS, Cluster, owner_in, place, slot_of, slot_of_tag
from tests.labs.simulation.plan import Act, Plan
from tests.labs.simulation.world import World

SCRIPT = "return redis.call(unpack(ARGV))"
DIGEST = sha1(SCRIPT.encode()).hexdigest()
TEA, INK = slot_of_tag(b"r:tea"), slot_of_tag(b"r:ink")
HOLD = b"chat:{r:tea}", b"chat:{r:tea}:never"
ENTRY = b"h", b"m id-%d 1 -", b"b", b"hi"


class Node:
    """The node's end of a connection."""

    killed = False
    node = None

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def broken(self) -> None:
        self.heard.append("broken")

    def push(self, message: list[Any] | Exception) -> None:
        self.heard.append(str(message) if isinstance(message, Exception) else message)


class Bench:
    """A world without clients; time passes only when it is told to."""

    def __init__(self) -> None:
        self.world = World(Plan(1, servers=3))
        self.servers, self.cluster = self.world.servers, self.world.cluster
        self.nodes = [Node() for _ in self.servers]
        for server, node in zip(self.servers, self.nodes, strict=True):
            server.accept(node)
            server.run(node, "SCRIPT", "LOAD", SCRIPT)

    def run(self, number: int, *args: bytes, keys: tuple[bytes, ...] = HOLD) -> Any:
        """Let a server run a command in a script; errors as texts."""
        reply = self.servers[number].run(
            self.nodes[number], "EVALSHA", DIGEST, len(keys), *keys, *args
        )
        return str(reply) if isinstance(reply, Exception) else reply

    def add(self, number: int, log: bytes, offset: int) -> None:
        """Put an entry into a log."""
        key = b"chat:{%b}:log" % log
        fields = ENTRY[0], ENTRY[1] % offset, *ENTRY[2:]
        keys = key, b"chat:{%b}:never" % log
        assert self.run(number, b"XADD", key, b"%d-0" % offset, *fields, keys=keys)

    def do(self, name: str, *args: Any) -> None:
        """Let something befall the servers."""
        self.world._do(Act(0.0, name, args))

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        loop = self.world.loop
        loop.call_later(seconds, loop.stop)
        loop.run_forever()


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.world.loop.close()


def rows(cluster: Cluster, number: int) -> dict[tuple[int, int], int]:
    """Return the map of slots that a server tells."""
    return {(start, end): where[1] for start, end, where in cluster.answer(number)}


@pytest.mark.parametrize("servers", [1, 2, 3, 4])
def test_at_first_few_rows_give_each_tag_its_server(servers: int) -> None:
    found = maps.first(servers)
    assert len(found) <= len(TAGS) and (found[0].start, found[-1].end) == (0, 16383)
    assert all(one.end + 1 == two.start for one, two in zip(found, found[1:], strict=False))
    assert all(owner_in(found, slot_of_tag(tag)) == place(servers, tag) for tag in TAGS)


def test_maps_change_by_a_slot_or_by_all_of_a_server() -> None:
    found = maps.first(3)
    moved = maps.with_move(found, TEA, 0)
    differing = [slot for slot in range(16384) if owner_in(found, slot) != owner_in(moved, slot)]
    assert differing == [TEA] and owner_in(moved, TEA) == 0
    assert maps.with_move(moved, TEA, 2) == found
    assert {row.owner for row in maps.with_heir(moved, 2, 1)} == {0, 1}


def test_a_server_runs_scripts_of_its_slots_alone(bench: Bench) -> None:
    assert bench.run(2, b"SET", b"chat:{r:tea}", b"1") == b"OK"
    assert bench.run(0, b"GET", b"chat:{r:tea}") == f"MOVED {TEA} server:2"
    other = bench.servers[1].run(bench.nodes[1], "EVALSHA", "unknown", 1, HOLD[0])
    assert str(other) == f"MOVED {TEA} server:2", "it is no matter whether it knows the script"
    assert bench.servers[0].run(bench.nodes[0], "SCRIPT", "LOAD", "return 1") == b"OK"
    assert rows(bench.cluster, 0) == {(row.start, row.end): row.owner for row in maps.first(3)}


def test_scripts_are_known_to_each_server_by_itself(bench: Bench) -> None:
    bench.servers[0].run(bench.nodes[0], "SCRIPT", "LOAD", "return 5")
    digest = sha1(b"return 5").hexdigest()
    keys = b"chat:{r:tea}", b"chat:{r:tea}:never"
    reply = bench.servers[2].run(bench.nodes[2], "EVALSHA", digest, 2, *keys)
    assert type(reply).__name__ == "NoScriptError"


def test_a_slot_moves_with_its_keys_and_others_hear_of_it_later(bench: Bench) -> None:
    bench.run(2, b"SET", b"chat:{r:tea}", b"1")
    bench.run(2, b"SET", b"chat:{r:tea}:never", b"1", b"PX", b"60000")
    bench.do("slot moves", "r:tea", 1, 0.0)
    bench.wait(0.0)
    assert bench.run(1, b"GET", b"chat:{r:tea}") == b"1"
    assert bench.run(2, b"GET", b"chat:{r:tea}") == f"MOVED {TEA} server:1"
    assert bench.run(0, b"GET", b"chat:{r:tea}") == f"MOVED {TEA} server:2", "it was not told yet"
    assert not bench.servers[2].shell.store.keys
    assert bench.world.data(b"chat:{r:tea}") == b"1"
    bench.wait(maps.HEARD_WITHIN)
    assert bench.run(0, b"GET", b"chat:{r:tea}") == f"MOVED {TEA} server:1"
    assert rows(bench.cluster, 0) == rows(bench.cluster, 2)
    assert rows(bench.cluster, 0)[TEA, TEA] == 1
    bench.wait(60.0)
    assert bench.run(1, b"EXISTS", b"chat:{r:tea}:never") == 0, "its time to live has moved too"


def test_while_a_slot_moves_its_scripts_are_not_run(bench: Bench) -> None:
    bench.do("slot moves", "r:tea", 1, 0.5)
    replies = {bench.run(2, b"INCR", b"chat:{r:tea}") for _ in range(50)}
    assert {reply.split(" ")[0] for reply in replies} == {"ASK", "TRYAGAIN"}
    assert bench.run(1, b"GET", b"chat:{r:tea}") == f"MOVED {TEA} server:2"
    other = b"chat:{r:ink}", b"chat:{r:ink}:never"
    assert bench.run(2, b"GET", other[0], keys=other) is None
    bench.wait(0.6)
    assert bench.run(1, b"GET", b"chat:{r:tea}") is None


def test_a_move_waits_until_both_servers_are_there(bench: Bench) -> None:
    bench.servers[1].stop()
    bench.do("slot moves", "r:tea", 1, 0.1)
    bench.wait(1.0)
    assert bench.cluster.owner(TEA) == 2
    bench.servers[1].go_on()
    bench.wait(0.3)
    assert bench.cluster.owner(TEA) == 1


def test_a_cluster_that_is_down_runs_nothing_for_a_while(bench: Bench) -> None:
    bench.do("cluster down", 2, "r:tea", 0.3)
    other = b"chat:{r:ink}", b"chat:{r:ink}:never"
    assert bench.run(2, b"GET", other[0], keys=other) is None
    assert bench.run(2, b"GET", HOLD[0]) == "CLUSTERDOWN Hash slot not served"
    bench.do("cluster down", 2, "", 0.3)
    assert bench.run(2, b"GET", other[0], keys=other) == "CLUSTERDOWN Hash slot not served"
    bench.wait(0.4)
    assert bench.run(2, b"GET", HOLD[0]) is None


def test_channels_are_where_their_slots_are(bench: Bench) -> None:
    server, node = bench.servers[2], bench.nodes[2]
    tea, ink, general = (b"chat:{r:%b}:live" % name for name in (b"tea", b"ink", b"general"))
    server.subscribe(node, [tea])
    server.subscribe(node, [tea, ink])
    server.subscribe(node, [general])
    assert node.heard == [
        [b"ssubscribe", tea, 1],
        "CROSSSLOT Keys in request don't hash to the same slot",
        f"MOVED {slot_of(general)} server:1",
    ]


def test_who_is_subscribed_is_told_when_a_slot_goes(bench: Bench) -> None:
    tea = b"chat:{r:tea}:live"
    for number in (1, 2):
        bench.servers[number].subscribe(bench.nodes[number], [tea])
    bench.servers[2].subscribe(bench.nodes[2], [b"chat:{r:ink}:live"])
    bench.do("slot moves", "r:tea", 1, 0.0)
    bench.wait(0.0)
    bench.run(1, b"SPUBLISH", tea, b"not for those of the source")
    assert bench.nodes[2].heard[2:] == [[b"sunsubscribe", tea, 1]]
    bench.servers[2].unsubscribe(bench.nodes[2], [tea])
    assert bench.nodes[2].heard[3:] == [f"MOVED {TEA} server:1"]


def test_connections_of_another_server_are_not_ended(bench: Bench) -> None:
    found = bench.servers[1].run(bench.nodes[1], "CLIENT", "INFO")
    fields = dict(part.split(b"=") for part in found.split())
    kill = "CLIENT", "KILL", "ID", fields[b"id"], "ADDR", fields[b"addr"]
    assert bench.servers[2].run(bench.nodes[2], *kill) == 0
    assert bench.servers[1].run(bench.nodes[1], *kill) == 1
    assert bench.nodes[1].heard == ["broken"]


# What is lost


def lost(bench: Bench) -> list[tuple[str, int]]:
    """Return log and offset of what Redis forgot last."""
    return [(entry.log, entry.offset) for entry in bench.world.chronicle.rollbacks[-1].lost]


def test_what_came_after_the_snapshot_is_lost_whole_if_it_moved_in(bench: Bench) -> None:
    bench.add(2, b"r:tea", 1)
    bench.add(1, b"r:general", 1)
    bench.do("snapshot", bench.world.loop.now)
    bench.add(1, b"r:general", 2)
    bench.do("slot moves", "r:tea", 1, 0.0)
    bench.wait(0.0)
    bench.world.outages._crash(1, 0.1, bench.world.outages._snapshots[1, 0.0])
    assert lost(bench) == [("r:tea", 1), ("r:general", 2)]
    bench.wait(0.2)
    assert list(bench.world.data(b"chat:{r:general}:log")) == [1]
    assert bench.world.data(b"chat:{r:tea}:log") is None


def test_a_server_that_goes_back_drops_what_has_moved_away(bench: Bench) -> None:
    bench.add(2, b"r:tea", 1)
    bench.add(2, b"r:ink", 1)
    bench.do("snapshot", 0.0)
    bench.do("slot moves", "r:tea", 1, 0.0)
    bench.wait(0.0)
    bench.add(1, b"r:tea", 2)
    bench.world.outages._crash(2, 0.1, bench.world.outages._snapshots[2, 0.0])
    bench.wait(0.2)
    assert lost(bench) == []
    assert list(bench.world.data(b"chat:{r:tea}:log")) == [1, 2]
    assert list(bench.servers[2].shell.store.keys) == [b"chat:{r:ink}:log"]


def test_what_moved_away_and_back_is_as_in_the_snapshot(bench: Bench) -> None:
    bench.add(2, b"r:tea", 1)
    bench.do("snapshot", 0.0)
    for to in (1, 2):
        bench.do("slot moves", "r:tea", to, 0.0)
        bench.wait(0.0)
        bench.add(to, b"r:tea", 1 + to)
    bench.world.outages._crash(2, 0.1, bench.world.outages._snapshots[2, 0.0])
    bench.wait(0.2)
    assert lost(bench) == [("r:tea", 2), ("r:tea", 3)]
    assert list(bench.world.data(b"chat:{r:tea}:log")) == [1]


@pytest.mark.parametrize("late", [False, True])
def test_another_server_takes_over_from_one_that_is_dead(bench: Bench, late: bool) -> None:
    bench.add(2, b"r:tea", 1)
    if late:
        bench.do("snapshot", bench.world.loop.now)
    bench.add(2, b"r:tea", 2)
    bench.do("fail-over", 2, 1, 1.0, 3.0)
    assert rows(bench.cluster, 1)[9500, 16383] == 2
    bench.wait(1.1)
    assert bench.cluster.owner(TEA) == bench.cluster.owner(INK) == 1
    assert list(bench.world.data(b"chat:{r:tea}:log")) == ([1] if late else [1, 2])
    assert bool(bench.world.chronicle.rollbacks) == late
    bench.wait(1.95)
    assert bench.servers[2].up and not bench.servers[2].shell.store.keys
    told = bench.run(2, b"GET", HOLD[0])
    assert told in (f"MOVED {TEA} server:1", "CLUSTERDOWN The cluster is down")
    bench.wait(0.6)
    assert bench.run(2, b"GET", HOLD[0]) == f"MOVED {TEA} server:1"


def test_a_server_that_is_back_soon_keeps_its_slots(bench: Bench) -> None:
    bench.add(2, b"r:tea", 1)
    bench.do("fail-over", 2, 1, 1.0, 3.0)
    bench.wait(0.5)
    bench.world.outages.mend()
    bench.wait(2.0)
    assert bench.cluster.owner(TEA) == 2
    assert list(bench.world.data(b"chat:{r:tea}:log")) == [1]
