"""A node is ready while probes come back, and its data are of a format that it knows."""

from node.brokers.readiness import DEAF_AFTER, PROBE_WITHIN, Readiness


def test_a_node_is_not_ready_before_a_probe_has_come_back() -> None:
    readiness = Readiness()
    assert readiness.unready(0.0) == "the broker has not been reached yet"
    readiness.probe_heard(0.5, 250_000)
    assert readiness.unready(0.5) is None
    assert readiness.lag == 0.25


def test_a_node_is_ready_for_a_while_after_a_probe() -> None:
    readiness = Readiness()
    readiness.probe_heard(1.0, 1)
    assert readiness.unready(1.0 + PROBE_WITHIN - 0.1) is None
    assert readiness.unready(1.0 + PROBE_WITHIN) == "no probe has come back for 5 s"
    readiness.unreachable()
    assert "does not answer" in (readiness.unready(1.0 + PROBE_WITHIN) or "")


def test_a_probe_from_the_future_has_no_lag_below_zero() -> None:
    readiness = Readiness()
    readiness.probe_heard(1.0, 2_000_000)
    assert readiness.lag == 0.0


def test_a_subscription_is_rebuilt_when_no_probe_comes_back() -> None:
    readiness = Readiness()
    assert not readiness.probe_sent(0.0)
    assert not readiness.probe_sent(DEAF_AFTER - 0.5)
    assert readiness.probe_sent(DEAF_AFTER)
    assert readiness.unready(DEAF_AFTER) == "probes do not come back"
    assert not readiness.probe_sent(DEAF_AFTER + 1.0), "the new one gets its time as well"


def test_a_probe_that_comes_back_gives_the_subscription_its_time_again() -> None:
    readiness = Readiness()
    readiness.probe_sent(0.0)
    readiness.probe_heard(1.0, 1)
    assert not readiness.probe_sent(DEAF_AFTER)


def test_data_that_are_refused_make_a_node_unready_whatever_probes_come_back() -> None:
    readiness = Readiness()
    readiness.probe_heard(1.0, 1)
    assert readiness.refuse("format 2") and readiness.refused
    assert readiness.unready(1.0) == "format 2"
    assert not readiness.refuse("format 2"), "it is no news"
    assert readiness.refuse("format 3")
    assert readiness.accept() and not readiness.refused
    assert not readiness.accept()
    assert readiness.unready(1.0) is None
