"""From results to figures: medians over the rounds, ratios, exponents."""

from collections.abc import Callable, Sequence
from math import exp, log
from statistics import median

from bench.run import Result
from bench.shapes import Kind, Shape

Figure = Callable[[Result], float | None]
"""Reads a figure out of a result; None where there is none."""


def per_cpu(result: Result) -> float | None:
    """Deliveries for each CPU second of the servers."""
    return _ratio(result["deliveries"], result["cpu"])


def per_second(result: Result) -> float | None:
    """Deliveries a second."""
    return _ratio(result["deliveries"], result["seconds"])


def cost(result: Result) -> float | None:
    """CPU microseconds of the servers for each message."""
    return _ratio(result["cpu"] * 1e6, result["messages"])


def redis_cost(result: Result) -> float | None:
    """CPU microseconds of Redis for each message."""
    return _ratio(result["redis_cpu"] * 1e6, result["messages"]) if result["redis_cpu"] else None


def fullest(result: Result) -> float | None:
    """The part of Redis's CPU time that the busiest of its servers has taken."""
    masters = result["masters"]
    return _ratio(max(masters), sum(masters)) if masters else None


def connect_cost(result: Result, clients: int) -> float:
    """CPU microseconds for each connect, of the Redis that keeps the sessions."""
    used: float = result["open_masters"][result["control"]]
    return used * 1e6 / clients


def _ratio(whole: float, part: float) -> float | None:
    return whole / part if part else None


def of(results: Sequence[Result], server: str, shape: Shape, figure: Figure) -> float | None:
    """Return the median of a figure over the rounds."""
    found = [
        value
        for result in runs(results, server, shape)
        if "error" not in result and (value := figure(result)) is not None
    ]
    return median(found) if found else None


def spread(results: Sequence[Result], server: str, shape: Shape, figure: Figure) -> float:
    """Return by which part of the median the rounds differ."""
    found = [
        value
        for result in runs(results, server, shape)
        if "error" not in result and (value := figure(result)) is not None
    ]
    return (max(found) - min(found)) / median(found) if found and median(found) else 0.0


def ratios(
    results: Sequence[Result], servers: tuple[str, str], shape: Shape, figure: Figure
) -> list[float]:
    """Return the second server's figure divided by the first one's, for each round with both."""
    bases, values = (
        {
            result["round"]: value
            for result in runs(results, server, shape)
            if "error" not in result and (value := figure(result))
        }
        for server in servers
    )
    return [values[number] / bases[number] for number in sorted(bases.keys() & values.keys())]


def runs(results: Sequence[Result], server: str, shape: Shape) -> list[Result]:
    """Return the results of a server at a shape."""
    return [
        result for result in results if result["server"] == server and result["shape"] == shape.name
    ]


def error(results: Sequence[Result], server: str, shape: Shape) -> str | None:
    """Return why there is no figure, None if there is one."""
    found = runs(results, server, shape)
    if any("error" not in result for result in found):
        return None
    return str(found[-1]["error"]) if found else "not measured"


def main_figure(shape: Shape, clients: int = 1) -> tuple[Figure, bool]:
    """Return what counts most of a shape, and whether more of it is better."""
    if shape.kind is Kind.CLOSED:
        return per_cpu, True
    if shape.kind is Kind.PACED:
        return (lambda result: result["p99"] or None), False
    if shape.kind is Kind.STORM:
        return (lambda result: result["seconds"]), False
    return (lambda result: _ratio(shape.clients, result["open_cpu"])), True


def fit(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return factor and exponent of the power law that comes nearest (least squares of logs)."""
    xs, ys = [log(x) for x, _ in points], [log(y) for _, y in points]
    x_mean, y_mean = sum(xs) / len(xs), sum(ys) / len(ys)
    width = sum((x - x_mean) ** 2 for x in xs)
    exponent = sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True)) / width
    return exp(y_mean - exponent * x_mean), exponent
