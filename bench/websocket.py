"""The node over WebSocket beside itself over TCP, round by round: docs/performance.md's table."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from bench import figures, plot, report
from bench.figures import Figure
from bench.processes import BUILD
from bench.run import Result
from bench.servers import NODE, NODE_WEBSOCKET
from bench.shapes import SHAPES, Kind, Shape

BEGIN = "<!-- made by python -m bench --websocket -->"
OUT = BUILD / "websocket.json"
SERVERS = (NODE, NODE_WEBSOCKET)

_ROUNDS = {"room-500": 5, "one-at-a-time": 5, "rooms-of-5": 5, "paced": 2, "idle": 2, "storm": 2}
_HEADS = ("benchmark", "figure", "TCP", "WebSocket", "ratio", "in the rounds")


def shapes() -> list[Shape]:
    """Return what is measured, and how often: a ratio wants more rounds than a figure."""
    return [replace(shape, rounds=_ROUNDS[shape.name]) for shape in SHAPES if shape.name in _ROUNDS]


def write(facts: dict[str, str], results: Sequence[Result]) -> None:
    """Put the table into docs/, in the place of what was there."""
    heads = [report.row(_HEADS), report.row(["---", "---", *["--:"] * (len(_HEADS) - 2)])]
    rows = [row for shape in shapes() for row in _rows(results, shape)]
    report.place(BEGIN, [report.told(facts), "\n".join(heads + rows)])


def _figures(shape: Shape) -> tuple[tuple[str, Figure], ...]:
    per_cpu = ("deliveries a CPU second", figures.per_cpu)
    if shape.kind is Kind.CLOSED:
        return (per_cpu,)
    if shape.kind is Kind.PACED:
        return per_cpu, ("p99, ms", lambda result: result["p99"] / 1000)
    if shape.kind is Kind.STORM:
        return (
            ("all served after, s", lambda result: result["seconds"]),
            ("server's CPU s", lambda result: result["cpu"]),
        )
    return (
        ("KB a client", lambda result: result["memory"] / 1024 / shape.clients),
        ("connects a CPU second", figures.main_figure(shape)[0]),
    )


def _rows(results: Sequence[Result], shape: Shape) -> list[str]:
    for server in SERVERS:
        if (reason := figures.error(results, server.name, shape)) is not None:
            return [report.row([shape.title, f"not measured: {server.title}: {reason}", *[""] * 4])]
    return [_row(results, shape, name, figure) for name, figure in _figures(shape)]


def _row(results: Sequence[Result], shape: Shape, name: str, figure: Figure) -> str:
    values = [figures.of(results, server.name, shape, figure) for server in SERVERS]
    texts = [plot.short(value) if value is not None else "" for value in values]
    ratios = figures.ratios(results, (NODE.name, NODE_WEBSOCKET.name), shape, figure)
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}" if ratios else ""
    ratio = f"{median(ratios):.2f}" if ratios else ""
    lost = sum(
        run.get("lost", 0) + run.get("strays", 0)
        for server in SERVERS
        for run in figures.runs(results, server.name, shape)
    )
    title = shape.title + (f" ({lost} lost)" if lost else "")
    return report.row([title, name, *texts, ratio, spread])
