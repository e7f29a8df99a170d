"""The same load on clusters of one to six masters, round by round: docs/performance.md's table."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from bench import figures, plot, report
from bench.figures import Figure
from bench.processes import BUILD
from bench.run import Result
from bench.servers import NODE
from bench.shapes import Kind, Shape

NAME = "shards"
BEGIN = "<!-- made by python -m bench --shape shards -->"
OUT = BUILD / "shards.json"

CLUSTERS = tuple(
    replace(NODE, name=f"cluster-{count}", title=f"cluster, {count}", masters=count)
    for count in (1, 2, 3, 6)
)
SERVERS = (replace(NODE, title="one Redis, no cluster"), *CLUSTERS)
BASE = CLUSTERS[0]
"""What the others are divided by."""

_WARM = 5.0
"""Seconds before a run is measured. A room into which many come at once as its first members may
count as one that has lost its seats; then nodes put their sessions back within four seconds."""

_ROOMS = Shape(
    *("shards-rooms", "200 rooms of 5, everybody sends, one message each", Kind.CLOSED, 1000),
    *(200, 5),
    nodes=2,
    warm=_WARM,
    seconds=2,
)
_PACED = replace(
    _ROOMS,
    name="shards-paced",
    title="200 rooms of 5, 1,000 messages a second",
    kind=Kind.PACED,
    senders=1,
    rate=1000,
    rounds=2,
)
_ROOM = Shape(
    *("shards-room", "One room of 500: 10 senders, 10 messages each under way", Kind.CLOSED, 500),
    senders=10,
    window=10,
    nodes=2,
    warm=_WARM,
    seconds=2,
    rounds=2,
)
_HEADS = (
    *("masters", "messages a second", "node, CPU µs a message", "Redis, CPU µs a message"),
    *("ratio", "in the rounds", "fullest master", "`{c}`'s master, CPU µs a connect", "p50 ms"),
    "lost",
)


def shapes() -> list[Shape]:
    """Return what is measured."""
    return [_ROOMS, _PACED, _ROOM]


def write(facts: dict[str, str], results: Sequence[Result]) -> None:
    """Print the tables, and put them into docs/, in the place of what was there."""
    parts = [report.told(facts), *(_table(results, shape) for shape in shapes())]
    print("\n\n".join(parts))
    report.place(BEGIN, parts)


def _table(results: Sequence[Result], shape: Shape) -> str:
    heads = [report.row(_HEADS), report.row(["---", *["--:"] * (len(_HEADS) - 1)])]
    rows = [_row(results, shape, server.name, server.title) for server in SERVERS]
    return "\n".join([f"{shape.title}, over two nodes:", "", *heads, *rows])


def _row(results: Sequence[Result], shape: Shape, server: str, title: str) -> str:
    if (reason := figures.error(results, server, shape)) is not None:
        return report.row([title, f"not measured: {reason}", *[""] * (len(_HEADS) - 2)])

    def text(figure: Figure) -> str:
        value = figures.of(results, server, shape, figure)
        return plot.short(value) if value is not None else ""

    ratios = figures.ratios(results, (BASE.name, server), shape, figures.redis_cost)
    share = figures.of(results, server, shape, figures.fullest)
    good = [run for run in figures.runs(results, server, shape) if "error" not in run]
    cells = [
        *(text(lambda run: run["messages"] / run["seconds"]), text(figures.cost)),
        *(text(figures.redis_cost), f"{median(ratios):.2f}" if ratios else ""),
        f"{min(ratios):.2f} to {max(ratios):.2f}" if ratios else "",
        f"{share:.0%}" if share is not None else "",
        text(lambda run: figures.connect_cost(run, shape.clients)),
        *(
            text(lambda run: run["p50"] / 1000),
            str(sum(run["lost"] + run["strays"] for run in good)),
        ),
    ]
    return report.row([title, *cells])
