"""The hub lets time pass, and tells how much there is on its node."""

from node.core.hub.hub import TICK
from node.core.model import NodeSizes
from tests.unit.node.core.fakes import Client, HubBench, entry, frame


def test_sizes_count_rooms_but_no_inboxes() -> None:
    bench = HubBench()
    Client(bench)
    ana = bench.welcome(rooms=("general", "tea"))
    log = "i:" + ana.session.token.session
    bench.events.frame(frame([entry(1, kind="m")], log=log))
    assert log in bench.rooms
    assert bench.hub.sizes() == NodeSizes(clients=2, sessions=1, rooms=2, rules=0)


def test_a_tick_that_comes_late_is_counted() -> None:
    bench = HubBench()
    bench.hub.tick()
    assert bench.metrics.lags.sum == 0.0
    bench.pass_time(TICK)
    bench.pass_time(TICK + 0.5)
    assert bench.metrics.lags.sum == 0.5
