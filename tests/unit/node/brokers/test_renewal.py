"""A lease is renewed, and the core is told what its answers mean for the sessions here."""

from typing import Any, cast

import msgspec
import pytest

from node.brokers.admin_client import ClusterFacts, ShardFacts
from node.brokers.health import Health
from node.brokers.holds import Holds
from node.brokers.lease import Lease
from node.brokers.moderation_sync import ModerationSync
from node.brokers.readiness import DEAF_AFTER, PROBE_WITHIN, Readiness
from node.brokers.renewal import TELL_EVERY, LeaseRenewal
from node.brokers.session_audit import SessionAudit
from node.brokers.shards import Shards
from node.brokers.subscriptions import Subscriptions
from node.core.model import Unavailable
from node.telemetry.metrics import Metrics
from tests.unit.node.brokers.bench import ContextBench, args_of

NEW = [b"new", 0, 0, b"", 0, 0, 0, 0, b""]
OK = [b"ok", 0, 0, b"", 0, 0, 0, 0, b""]


class RenewalBench(ContextBench):
    """A lease whose renewals are answered by the test."""

    def __init__(self) -> None:
        super().__init__()
        self.rebuilt = 0
        self.wanted: list[bytes] = []
        context = self.context
        self.lease = Lease(8.0, context.clock, self.random_id)
        self.readiness = Readiness()
        self.renewal = LeaseRenewal(
            context,
            self.lease,
            self.readiness,
            cast(Subscriptions, self),
            SessionAudit(context, self.lease, lambda token, quit: None, Holds()),
            ModerationSync(context, lambda: None),
            Health(context.shards.call, Metrics(), context.clock),
        )

        self.calls.clear()

    def want(self, channel: bytes) -> None:
        self.wanted.append(channel)

    def unwant(self, channel: bytes) -> None:
        self.wanted.remove(channel)

    def rebuild_control(self) -> None:
        self.rebuilt += 1

    def renew(self, reply: object, after: float = 1.0) -> None:
        """Renew the lease, and answer it."""
        self.time += after
        self.renewal.renew()
        self.answer("renew", reply)

    def check(self, reply: object) -> list[Any]:
        """Return what the core is told when it asks whether sessions were forgotten."""
        told: list[Any] = []
        self.renewal.check(told.append)
        self.answer("renew", reply)
        return told

    def hear(self) -> None:
        """Let the probe of now come back."""
        self.readiness.probe_heard(self.time, int(self.time * 1e6))

    def unready(self) -> str:
        return self.readiness.unready(self.time) or ""


@pytest.fixture
def bench() -> RenewalBench:
    return RenewalBench()


def test_a_node_is_ready_while_its_probes_come_back(bench: RenewalBench) -> None:
    assert bench.wanted == [b"chat:{c}:node:id1"]
    assert bench.unready()
    bench.renew(NEW)
    assert bench.unready()
    bench.hear()
    assert not bench.unready()
    bench.time += PROBE_WITHIN
    assert bench.unready() == "no probe has come back for 5 s"
    bench.renew(Unavailable.UNREACHABLE)
    assert "does not answer" in bench.unready()
    bench.hear()
    assert not bench.unready()


def test_a_subscription_that_is_deaf_is_rebuilt(bench: RenewalBench) -> None:
    bench.renew(NEW)
    bench.hear()
    for seconds in (1.0, DEAF_AFTER - 0.5):
        bench.renew(OK, seconds)
        assert bench.rebuilt == 0
    bench.renew(OK)
    assert bench.rebuilt == 1
    bench.renew(OK)
    assert bench.rebuilt == 1, "the new one gets its time as well"


def test_a_node_never_serves_data_of_another_format(bench: RenewalBench) -> None:
    bench.renew([b"format", b"99"])
    assert "99" in bench.unready() and bench.readiness.refused


def test_a_format_that_is_not_known_is_logged_once(
    bench: RenewalBench, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        bench.renew([b"format", b"99"])
    [line] = caplog.messages
    assert "format 99" in line and "upgrade this node" in line
    caplog.clear()
    bench.renew([b"format", b"0"])
    [line] = caplog.messages
    assert "format 0" in line and "delete them with FLUSHDB" in line
    bench.renew([b"format", b"\xff?"])
    assert bench.readiness.refused


def test_a_node_tells_how_long_it_has_been_running_though_it_begins_another_lease(
    bench: RenewalBench,
) -> None:
    bench.renew(NEW, after=60.0)
    bench.renew([b"dead"], after=30.0)
    args = bench.answer("renew", NEW) or ()
    assert msgspec.json.decode(args[6])["up"] == 90.0


def test_a_loss_of_data_is_logged_once_however_many_renewals_notice_it(
    bench: RenewalBench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.renew(OK)
    for _ in range(4):
        bench.renew(NEW)
        bench.hear()
    [line] = caplog.records
    assert line.msg == "Redis has lost data of sessions; this node puts its own back"
    assert vars(line)["sessions"] == bench.events.facts().sessions
    bench.renew(NEW, after=TELL_EVERY)
    assert len(caplog.records) == 2, "that is another loss"


def test_a_node_whose_data_become_newer_is_unready_at_once(bench: RenewalBench) -> None:
    bench.renew(NEW)
    bench.hear()
    assert not bench.unready()
    bench.renew([b"format", b"2"])
    assert "format 2" in bench.unready()
    assert bench.events.told == [("estranged",)]


def test_a_node_serves_again_when_it_knows_the_format_of_the_data(bench: RenewalBench) -> None:
    bench.renew([b"format", b"2"])
    bench.renew(NEW)
    bench.hear()
    assert not bench.unready() and not bench.readiness.refused


def test_a_node_that_was_reaped_goes_on_as_another_incarnation(bench: RenewalBench) -> None:
    bench.renew(NEW)
    assert bench.check([b"dead"]) == [True]
    assert bench.lease.incarnation != "id1"
    assert bench.wanted == [b"chat:{c}:node:" + bench.lease.incarnation.encode()]
    assert bench.events.told == [("forgotten", False)]
    assert bench.names() == ["renew"], "the new lease begins at once"


def test_an_answer_to_a_former_incarnation_is_not_used(bench: RenewalBench) -> None:
    told: list[Any] = []
    for _ in range(2):
        bench.renewal.check(told.append)
    bench.answer("renew", [b"dead"])
    now = bench.lease.incarnation
    bench.answer("renew", [b"dead"])
    assert told == [True, True] and bench.lease.incarnation == now


def test_sessions_that_redis_forgot_are_put_back_and_strays_looked_for(
    bench: RenewalBench,
) -> None:
    bench.renew(NEW)
    assert bench.check(NEW) == [True]
    assert bench.events.told == [("forgotten", True)]
    assert bench.names() == ["held"]


def test_sessions_that_redis_has_in_part_are_put_back(bench: RenewalBench) -> None:
    bench.events.here = {"s1", "s2"}
    bench.renew(NEW)
    assert bench.check(OK) == [False]
    assert bench.events.told == [("forgotten", False)]


@pytest.mark.parametrize(("here", "cursor"), [(2, b"0"), (1, b"0")])
def test_sessions_are_compared_while_redis_has_some(
    bench: RenewalBench, here: int, cursor: bytes
) -> None:
    bench.events.here = {"s1"}
    bench.renew([b"new", 0, 0, b"", here, 0, 0, 0, b""])
    [call] = bench.calls
    assert call.script == "held" and args_of(call) == (0, "id1", cursor, 250)


def test_the_core_hears_that_a_renewal_was_refused(bench: RenewalBench) -> None:
    assert bench.check(Unavailable.UNREACHABLE) == [Unavailable.UNREACHABLE]


def test_a_renewal_tells_moderators_about_the_node(bench: RenewalBench) -> None:
    bench.renewal.renew()
    [call] = bench.calls
    args = args_of(call) or ()
    assert list(args[1:4]) == ["id1", 8000, 2]
    assert b'"name":"bench"' in args[6] and b'"lag_ms":null' in args[6]


def test_a_renewal_tells_how_each_server_of_a_cluster_answers(bench: RenewalBench) -> None:
    counts = bench.context.shards.all[0].counts
    for lag, reconnects in (None, 0), (1.3, 1):
        bench.renewal.renew()
        [facts] = [(args_of(call) or ())[6] for call in bench.calls]
        told = msgspec.json.decode(facts, type=ClusterFacts)
        assert told.shards == {"redis0:6379": ShardFacts(lag, reconnects)}
        bench.calls.clear()
        counts.published(0.0013)
        counts.reconnected()


def test_a_renewal_tells_of_no_server_if_there_is_only_one(bench: RenewalBench) -> None:
    bench.context.shards._places = None
    bench.renewal.renew()
    [call] = bench.calls
    assert b"shards" not in (args_of(call) or ())[6]


def test_only_a_single_redis_is_told_of_its_format_where_older_nodes_look(
    bench: RenewalBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They know no cluster. There the mark would be in a slot of its own, and may be away."""
    bench.renewal.renew()
    assert bench.names() == ["renew"]
    monkeypatch.setattr(Shards, "is_cluster", False)
    single = RenewalBench()
    single.renewal.renew()
    assert single.names() == ["mark"]
    single.answer("mark", b"2")
    assert single.names() == ["renew"]
