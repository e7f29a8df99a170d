"""A histogram counts up to each bound."""

from node.brokers.histogram import Histogram


def test_buckets_only_grow() -> None:
    histogram = Histogram()
    for number in range(100):
        histogram.observe(number / 10)
    counts = [count for _, count in histogram.buckets()]
    assert counts == sorted(counts)
    assert counts[-1] == 100
