"""docs/performance.md's figures: tables and plots from the results."""

import json
import os
import platform
import re
from collections.abc import Sequence
from pathlib import Path

from bench import figures, plot
from bench.processes import CORES, ROOT
from bench.run import Result
from bench.servers import NODE, SERVERS
from bench.shapes import SERIES, SHAPES, Kind, Series, Shape

PAGE = ROOT / "docs" / "performance.md"
PLOTS = ROOT / "docs" / "performance"
BEGIN, END = "<!-- made by make bench -->", "<!-- end -->"

_TITLES = {server.name: server.title for server in SERVERS}
_HEADS = {
    Kind.CLOSED: ("deliveries a CPU second", "a second", "CPU µs a message, Redis's"),
    Kind.PACED: ("deliveries a CPU second",),
    Kind.IDLE: ("connects a CPU second", "KB a client", "Redis's CPU µs a connect"),
    Kind.STORM: ("all served after, s", "server's CPU s", "Redis's CPU s"),
}


def machine() -> dict[str, str]:
    """Return what the figures depend on."""
    model = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return {
        "processor": model[1] if model else platform.machine(),
        "cores": str(len(CORES)),
        "system": f"Linux {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "load average before": f"{os.getloadavg()[0]:.1f}",
    }


def write(facts: dict[str, str], results: Sequence[Result]) -> None:
    """Put tables and plots into docs/, in the place of what was there."""
    PLOTS.mkdir(exist_ok=True)
    parts = [told(facts)]
    parts += [_section(results, shape) for shape in SHAPES if _measured(results, shape)]
    if growing := [part for series in SERIES if (part := _series(results, series))]:
        parts += ["### How cost grows", *growing]
    place(BEGIN, parts)


def told(facts: dict[str, str]) -> str:
    """Return what the figures depend on, as a line."""
    return ", ".join(f"{name}: {value}" for name, value in facts.items()) + "."


def place(begin: str, parts: Sequence[str]) -> None:
    """Put paragraphs into the page, between this mark and the next end."""
    before, mark, rest = PAGE.read_text("utf-8").partition(begin)
    assert mark, f"{PAGE} has no {begin}"
    after = rest.partition(END)[2]
    PAGE.write_text(before + "\n\n".join([begin, *parts, END]) + after, "utf-8")


def load(path: Path) -> tuple[dict[str, str], list[Result]]:
    """Return what a run kept."""
    kept = json.loads(path.read_text("utf-8"))
    return kept["machine"], kept["results"]


def save(path: Path, facts: dict[str, str], results: Sequence[Result]) -> None:
    """Keep all results, so that the report can be written anew."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"machine": facts, "results": results}, indent=1), "utf-8")


def _measured(results: Sequence[Result], shape: Shape) -> bool:
    return any(result["shape"] == shape.name for result in results)


def _section(results: Sequence[Result], shape: Shape) -> str:
    heads = ["server", *_HEADS[shape.kind]]
    heads += [] if shape.kind is Kind.IDLE else ["p50 ms", "p99 ms", "p99.9 ms"]
    heads += ["of it", "differ by", "lost"]
    lines = [f"### {shape.title}", "", row(heads), row(["---"] + ["--:"] * (len(heads) - 1))]
    for server in SERVERS:
        if figures.runs(results, server.name, shape):
            lines.append(_line(results, server.name, shape, len(heads)))
    bars = _bars(results, shape)
    return "\n".join(lines) + (f"\n\n{bars}" if bars else "")


def _line(results: Sequence[Result], server: str, shape: Shape, width: int) -> str:
    if (reason := figures.error(results, server, shape)) is not None:
        return row([_TITLES[server], f"not measured: {reason}", *[""] * (width - 2)])
    main, more_is_better = figures.main_figure(shape)

    def median(figure: figures.Figure) -> float | None:
        return figures.of(results, server, shape, figure)

    def value(name: str, factor: float = 1.0) -> float | None:
        return median(lambda result: result[name] * factor)

    cells: list[float | None] = []
    if shape.kind is Kind.CLOSED:
        cells += [median(figures.per_cpu), median(figures.per_second), median(figures.redis_cost)]
    elif shape.kind is Kind.PACED:
        cells += [median(figures.per_cpu)]
    elif shape.kind is Kind.IDLE:
        cells += [median(main), value("memory", 1 / 1024 / shape.clients)]
        cells += [value("open_redis_cpu", 1e6 / shape.clients)]
    else:
        cells += [value("seconds"), value("cpu"), value("redis_cpu")]
    if shape.kind is not Kind.IDLE:
        cells += [value(name, 1e-3) for name in ("p50", "p99", "p999")]
    ours, theirs = figures.of(results, NODE.name, shape, main), median(main)
    ratio = ours / theirs if ours and theirs else None
    texts = [plot.short(cell) if cell is not None else "" for cell in cells]
    texts += [
        f"{ratio:.2f}" if ratio else "",
        f"{figures.spread(results, server, shape, main):.0%}",
    ]
    lost = sum(run.get("lost", 0) + run.get("strays", 0) for run in _good(results, server, shape))
    return row([_TITLES[server], *texts, str(lost)])


def _good(results: Sequence[Result], server: str, shape: Shape) -> list[Result]:
    return [run for run in figures.runs(results, server, shape) if "error" not in run]


def row(cells: Sequence[str]) -> str:
    """Return a row of a table."""
    return "| " + " | ".join(cells) + " |"


def _bars(results: Sequence[Result], shape: Shape) -> str:
    main, more_is_better = figures.main_figure(shape)
    rows = [
        (server.title, value)
        for server in SERVERS
        if (value := figures.of(results, server.name, shape, main))
    ]
    if len(rows) < 2:
        return ""
    rows.sort(key=lambda row: row[1], reverse=more_is_better)
    note = {
        Kind.CLOSED: "deliveries for each CPU second of the server",
        Kind.PACED: "p99 of the latency, in microseconds: less is better",
        Kind.IDLE: "clients let in for each CPU second of the server",
        Kind.STORM: "seconds until all were served again: less is better",
    }[shape.kind]
    drawn = plot.bars(shape.title, note, rows, NODE.title)
    return _picture(shape.name, shape.title, drawn)


def _series(results: Sequence[Result], series: Series) -> str:
    lines: list[tuple[str, list[tuple[float, float]]]] = []
    for name, figure in (("node", figures.cost), ("Redis", figures.redis_cost)):
        points = [
            (shape.x, value)
            for shape in series.shapes
            if (value := figures.of(results, NODE.name, shape, figure))
        ]
        if len(points) > 1:
            lines.append((name, points))
    if not lines:
        return ""
    unit = "CPU microseconds a message"
    exponents = ", ".join(f"{name} {figures.fit(points)[1]:.2f}" for name, points in lines)
    drawn = plot.growth(series.title, series.axis, unit, lines)
    return f"{series.title}. Exponents: {exponents}.\n\n" + _picture(
        series.name, series.title, drawn
    )


def _picture(name: str, title: str, drawn: str) -> str:
    (PLOTS / f"{name}.svg").write_text(drawn, "utf-8")
    return f"![{title}]({PLOTS.name}/{name}.svg)"
