"""What is wrong with a Redis is found, and logged once."""

from typing import Any

import pytest

from node.brokers.admin_client import ClusterFacts, NodeRow
from node.brokers import keys
from node.brokers.calls import SimpleCall
from node.brokers.health import CHECK_EVERY, MEANING, Fault, Health, faults
from node.brokers.lanes import UPKEEP
from node.brokers.malformed import WRONG
from node.cli import tables
from node.core.model import Failure, Unavailable
from node.telemetry.metrics import Metrics
from node.telemetry.prometheus import render

GOOD = b"""# Persistence\r
rdb_bgsave_in_progress:0\r
rdb_saves:3\r
rdb_last_bgsave_status:ok\r
aof_enabled:1\r
aof_last_bgrewrite_status:ok\r
aof_last_write_status:ok\r
"""
ROOMY = b"# Memory\r\nused_memory:50\r\nmaxmemory:100\r\nmaxmemory_policy:noeviction\r\n"


def test_a_good_redis_has_no_fault() -> None:
    assert faults(ROOMY + GOOD) == []
    assert faults(b"") == [], "what it does not tell is in order"
    unbounded = ROOMY.replace(b"maxmemory:100", b"maxmemory:0")
    assert faults(unbounded.replace(b"noeviction", b"allkeys-lru") + GOOD) == []


@pytest.mark.parametrize(
    "old, new, fault",
    [
        (b"noeviction", b"allkeys-lru", Fault.EVICTS),
        (b"noeviction", b"volatile-ttl", Fault.EVICTS),
        (b"used_memory:50", b"used_memory:91", Fault.MEMORY),
        (b"aof_enabled:1", b"aof_enabled:0", Fault.SNAPSHOTS),
        (
            b"rdb_saves:3\r\nrdb_last_bgsave_status:ok\r\naof_enabled:1",
            b"rdb_saves:0\r\naof_enabled:0",
            Fault.FORGETS,
        ),
        (b"rdb_last_bgsave_status:ok", b"rdb_last_bgsave_status:err", Fault.WRITES),
        (b"aof_last_bgrewrite_status:ok", b"aof_last_bgrewrite_status:err", Fault.WRITES),
        (b"aof_last_write_status:ok", b"aof_last_write_status:err", Fault.WRITES),
    ],
)
def test_each_fault_is_seen(old: bytes, new: bytes, fault: Fault) -> None:
    assert old in ROOMY + GOOD
    assert faults(ROOMY.replace(old, new) + GOOD.replace(old, new)) == [fault]


def test_what_makes_no_sense_is_malformed() -> None:
    with pytest.raises(WRONG):
        faults(b"maxmemory:much")


class Looking:
    """A health check, on a clock that stands still, whose calls wait to be answered."""

    def __init__(self) -> None:
        self.time = 100.0
        self.calls: list[SimpleCall] = []
        self.metrics = Metrics()
        self.servers = {"": keys.CONTROL_TAG}
        self.health = Health(self._call, self.metrics, lambda: self.time, lambda: self.servers)

    def _call(self, call: SimpleCall) -> None:
        assert (call.script, call.lane) == ("look", UPKEEP)
        call.expire(self.time)
        assert call.args() is not None, "it may take a moment"
        self.calls.append(call)

    def look(self, found: Any) -> None:
        """Let it look, and answer it."""
        self.health.look()
        call = self.calls.pop()
        if isinstance(found, Failure):
            call.refuse(found)
        else:
            call.reply(found)


def test_a_fault_is_said_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    bench = Looking()
    evicting = ROOMY.replace(b"noeviction", b"allkeys-lru")
    for found in (evicting, evicting, ROOMY):
        bench.look([found, GOOD])
        bench.time += CHECK_EVERY
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "maxmemory-policy noeviction" in caplog.text
    bench.look([evicting, GOOD])
    assert b'chat_redis_faults{fault="evicts",node=""} 1.0' in render({"": bench.metrics})
    assert b'chat_redis_faults{fault="memory",node=""} 0.0' in render({"": bench.metrics})


def test_each_server_of_a_cluster_is_checked_and_named(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    bench = Looking()
    evicting = ROOMY.replace(b"noeviction", b"allkeys-lru")
    bench.servers = {}
    bench.health.look()
    assert bench.calls == [], "the map is not known yet"
    bench.servers = {"a:1": keys.CONTROL_TAG, "b:2": "r:tea"}
    bench.health.look()
    assert [call.tag for call in bench.calls] == ["c", "r:tea"]
    for call, found in zip(bench.calls, (evicting, ROOMY), strict=True):
        call.reply([found, GOOD])
    assert "the Redis a:1 has a problem" in caplog.text
    assert bench.health.found == [Fault.EVICTS]
    del bench.servers["a:1"]
    bench.calls.clear()
    bench.time += CHECK_EVERY
    bench.look([ROOMY, GOOD])
    assert bench.health.found == [], "that server keeps nothing any more"
    assert b'chat_redis_faults{fault="evicts",node=""} 0.0' in render({"": bench.metrics})


def test_it_looks_once_a_minute_and_again_at_once_where_there_was_no_answer() -> None:
    bench = Looking()
    bench.look(Unavailable.UNREACHABLE)
    bench.look([b"", b""])
    bench.time += CHECK_EVERY - 1
    bench.health.look()
    assert bench.calls == []
    bench.time += 1
    bench.health.look()
    assert len(bench.calls) == 1


def test_status_says_each_fault_once_in_words() -> None:
    def row(alive: bool, *found: str) -> NodeRow:
        return NodeRow("i", alive, None, ClusterFacts(faults=list(found)))

    told = tables.reported([row(True, "memory"), row(True, "memory", "new"), row(False, "evicts")])
    assert tables.faults(told) == f"Redis: {MEANING[Fault.MEMORY]}\nRedis: new"
    assert tables.reported([row(True)]) == [] and set(MEANING) == set(Fault)
