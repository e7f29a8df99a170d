"""Measure, and write what came of it into docs/performance.md."""

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench import figures, plot, report, websocket
from bench.build import build
from bench.processes import BUILD, ROOT
from bench.run import Result, rounds
from bench.servers import SERVERS
from bench.shapes import Kind, Shape, everything

MOST_ROUNDS = 9
"""A shape has rounds of its own; so many are more than any has."""
OUT = BUILD / "results.json"


def main(arguments: Sequence[str] | None = None) -> None:
    """Build, measure, report; a run that is broken off leaves what it has so far."""
    options = _parser().parse_args(arguments)
    write = websocket.write if options.websocket else report.write
    out: Path = options.out or (websocket.OUT if options.websocket else OUT)
    if options.report:
        write(*report.load(out))
        return
    build(peers=not options.websocket)
    facts, results = report.machine(), list[Result]()
    shapes = [
        replace(shape, seconds=_seconds(shape, options.seconds))
        for shape in (websocket.shapes() if options.websocket else everything())
        if not options.shape or shape.name in options.shape
    ]
    all_servers = websocket.SERVERS if options.websocket else SERVERS
    servers = [one for one in all_servers if not options.server or one.name in options.server]
    begun = time.monotonic()
    for result in rounds(servers, shapes, options.rounds):
        results.append(result)
        report.save(out, facts, results)
        shape = next(shape for shape in shapes if shape.name == result["shape"])
        print(f"{time.monotonic() - begun:6.0f} s  {_told(shape, result)}", flush=True)
    if not (options.server or options.shape):
        write(facts, results)


def _seconds(shape: Shape, most: float | None) -> float:
    if most is None or shape.kind is Kind.STORM:  # which ends by itself
        return shape.seconds
    return min(most, shape.seconds)


def _told(shape: Shape, result: Result) -> str:
    said = f"{shape.name:16} {result['server']:16} "
    if "error" in result:
        return said + str(result["error"])
    value = figures.main_figure(shape)[0](result)
    lost = result["lost"] + result["strays"]
    return said + plot.short(value or 0) + (f", {lost} lost" if lost else "")


def _short(path: Path) -> Path:
    return path.relative_to(ROOT)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=f"{__doc__} With all servers and shapes, that is."
    )
    names = [server.name for server in SERVERS]
    parser.add_argument("--server", action="append", choices=names, help="only this one")
    shapes = [shape.name for shape in everything()]
    parser.add_argument("--shape", action="append", choices=shapes, help="only this one")
    parser.add_argument("--seconds", type=float, help="at most so long for each run")
    parser.add_argument("--rounds", type=int, default=MOST_ROUNDS, help="at most so many")
    parser.add_argument("--out", type=Path, help=f"({_short(OUT)}; {_short(websocket.OUT)})")
    parser.add_argument(
        "--websocket", action="store_true", help="only the node, over TCP and over WebSocket"
    )
    parser.add_argument(
        "--report", action="store_true", help="measure nothing: write the report of --out anew"
    )
    return parser


if __name__ == "__main__":
    main()
