"""Metrics are rendered under their names, for each node of the process."""

from typing import NamedTuple

import pytest
from prometheus_client.parser import text_string_to_metric_families

from node.core.model import NodeSizes
from node.telemetry.metrics import Counters, Metrics
from node.telemetry.prometheus import render
from wire.errors import Code, Reason

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: bytes) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def key(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


class FakeHub:
    def sizes(self) -> NodeSizes:
        return NodeSizes(3, 2, 2, 4)


@pytest.mark.parametrize("attribute", Counters.__slots__)
def test_a_count_comes_out_under_its_name(attribute: str) -> None:
    metrics, name = Metrics(), f"chat_{attribute}_total"
    assert samples(render({"a": metrics}))[key(name, node="a")] == 0
    setattr(metrics, attribute, getattr(metrics, attribute) + 7)
    assert samples(render({"a": metrics}))[key(name, node="a")] == 7


def test_dropped_log_lines_are_counted_for_the_whole_process() -> None:
    assert samples(render({"a": Metrics()}, 3))[key("chat_log_lines_dropped_total")] == 3


def test_sizes_are_those_of_the_hub_at_the_time() -> None:
    metrics = Metrics()
    assert samples(render({"a": metrics}))[key("chat_clients", node="a")] == 0
    metrics.watch(FakeHub())
    found = samples(render({"a": metrics}))
    assert found[key("chat_clients", node="a")] == 3
    assert found[key("chat_sessions", node="a")] == 2
    assert found[key("chat_rooms", node="a")] == 2
    assert found[key("chat_orders", node="a")] == 4


def test_passwords_are_counted_by_whether_they_were_right() -> None:
    metrics = Metrics()
    for right in (True, False, False):
        metrics.proved(right)
    found = samples(render({"a": metrics}))
    assert found[key("chat_passwords_total", node="a", verdict="right")] == 1
    assert found[key("chat_passwords_total", node="a", verdict="wrong")] == 2


def test_refusals_and_byes_are_counted_by_code_and_reason() -> None:
    metrics = Metrics()
    metrics.refused(Code.NICK_TAKEN)
    metrics.said_bye(Reason.SLOW)
    metrics.said_bye(Reason.SLOW)
    found = samples(render({"a": metrics}))
    assert found[key("chat_refusals_total", node="a", code="nick-taken")] == 1
    assert found[key("chat_byes_total", node="a", reason="slow")] == 2
    zeros = {code for code in Code if not metrics.refusals[code]}
    assert zeros == set(Code) - {Code.NICK_TAKEN}


def test_round_trips_are_a_histogram() -> None:
    metrics = Metrics()
    assert samples(render({"a": metrics}))[key("chat_publish_seconds_count", node="a")] == 0
    for seconds in (0.0001, 0.0005, 0.002, 9.0):
        metrics.published(seconds)
    found = samples(render({"a": metrics}))
    assert found[key("chat_publish_seconds_bucket", node="a", le="0.0005")] == 2
    assert found[key("chat_publish_seconds_bucket", node="a", le="0.0025")] == 3
    assert found[key("chat_publish_seconds_bucket", node="a", le="5.0")] == 3
    assert found[key("chat_publish_seconds_bucket", node="a", le="+Inf")] == 4
    assert found[key("chat_publish_seconds_count", node="a")] == 4
    assert found[key("chat_publish_seconds_sum", node="a")] == pytest.approx(9.0026)


class Line(NamedTuple):
    id: bytes


def test_one_message_at_a_time_is_timed_until_it_is_handed_out() -> None:
    times = iter([100.25, 200.0, 200.5])
    metrics = Metrics(lambda: next(times))
    metrics.follow("r:tea", b"x1", 100.0)
    metrics.handed_out([Line(b"x0")])
    assert metrics.awaited == "r:tea"
    metrics.handed_out([Line(b"x0"), Line(b"x1"), Line(b"x2")])
    assert metrics.awaited is None
    found = samples(render({"a": metrics}))
    assert found[key("chat_delivery_seconds_count", node="a")] == 1
    assert found[key("chat_delivery_seconds_sum", node="a")] == 0.25


def test_how_late_the_tick_comes_is_a_histogram() -> None:
    metrics = Metrics()
    metrics.ticked(0.0)
    metrics.ticked(0.3)
    found = samples(render({"a": metrics}))
    assert found[key("chat_loop_lag_seconds_bucket", node="a", le="0.0005")] == 1
    assert found[key("chat_loop_lag_seconds_bucket", node="a", le="0.25")] == 1
    assert found[key("chat_loop_lag_seconds_bucket", node="a", le="0.5")] == 2


def test_no_label_has_more_values_than_are_known_beforehand() -> None:
    metrics = Metrics()
    names = {label for _, labels in samples(render({"a": metrics})) for label, _ in labels}
    known = {"node", "version", "code", "reason", "limit", "verdict", "fault", "status", "why"}
    assert names == known | {"le", "kind", "reply"}


def test_nodes_of_one_process_share_a_page_and_keep_apart() -> None:
    one, two = Metrics(), Metrics()
    one.deliveries += 1
    two.deliveries += 2
    text = render({"chat-1": one, "chat-2": two})
    found = samples(text)
    assert found[key("chat_deliveries_total", node="chat-1")] == 1
    assert found[key("chat_deliveries_total", node="chat-2")] == 2
    assert text.count(b"# TYPE chat_deliveries_total counter") == 1


def test_any_name_of_a_node_can_be_a_label() -> None:
    name = 'a "b" \\ ü'
    assert key("chat_clients", node=name) in samples(render({name: Metrics()}))


def test_the_version_is_told() -> None:
    found = samples(render({"a": Metrics()}))
    [info] = [labels for name, labels in found if name == "chat_node_info"]
    assert dict(info)["version"]
