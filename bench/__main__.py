"""Measure, and write what came of it into docs/performance.md."""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from bench import figures, plot, report, shards, websocket
from bench.build import build
from bench.processes import BUILD, ROOT
from bench.run import Result, rounds
from bench.servers import SERVERS, Server
from bench.shapes import Kind, Shape, everything

MOST_ROUNDS = 9
"""A shape has rounds of its own; so many are more than any has."""
OUT = BUILD / "results.json"


class Suite(NamedTuple):
    """What is measured in one run, and how it is reported."""

    servers: Sequence[Server]
    shapes: Callable[[], list[Shape]]
    write: Callable[[dict[str, str], Sequence[Result]], None]
    out: Path
    peers: bool = False
    """Whether the other servers are needed."""


_ALL = Suite(SERVERS, everything, report.write, OUT, peers=True)
_WEBSOCKET = Suite(websocket.SERVERS, websocket.shapes, websocket.write, websocket.OUT)
_SHARDS = Suite(shards.SERVERS, shards.shapes, shards.write, shards.OUT)


def main(arguments: Sequence[str] | None = None) -> None:
    """Build, measure, report; a run that is broken off leaves what it has so far."""
    options = _parser().parse_args(arguments)
    suite, only = _suite(options)
    out: Path = options.out or suite.out
    if options.report:
        suite.write(*report.load(out))
        return
    build(peers=suite.peers)
    facts, results = report.machine(), list[Result]()
    shapes = [
        replace(shape, seconds=_seconds(shape, options.seconds))
        for shape in suite.shapes()
        if not only or shape.name in only
    ]
    servers = [one for one in suite.servers if not options.server or one.name in options.server]
    begun = time.monotonic()
    for result in rounds(servers, shapes, options.rounds):
        results.append(result)
        report.save(out, facts, results)
        shape = next(shape for shape in shapes if shape.name == result["shape"])
        print(f"{time.monotonic() - begun:6.0f} s  {_told(shape, result)}", flush=True)
    if not (options.server or only):
        suite.write(facts, results)


def _suite(options: argparse.Namespace) -> tuple[Suite, list[str]]:
    """Return what is to be measured, and the shapes to which it is limited."""
    only: list[str] = options.shape or []
    if {shards.NAME, *(shape.name for shape in shards.shapes())}.intersection(only):
        return _SHARDS, [name for name in only if name != shards.NAME]
    return _WEBSOCKET if options.websocket else _ALL, only


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
    names = [server.name for server in (*SERVERS, *shards.CLUSTERS)]
    parser.add_argument("--server", action="append", choices=names, help="only this one")
    shapes = [shards.NAME, *(shape.name for shape in (*everything(), *shards.shapes()))]
    parser.add_argument("--shape", action="append", choices=shapes, help="only this one")
    parser.add_argument("--seconds", type=float, help="at most so long for each run")
    parser.add_argument("--rounds", type=int, default=MOST_ROUNDS, help="at most so many")
    parser.add_argument(
        "--out", type=Path, help=f"({_short(OUT)}; {_short(websocket.OUT)}; {_short(shards.OUT)})"
    )
    parser.add_argument(
        "--websocket", action="store_true", help="only the node, over TCP and over WebSocket"
    )
    parser.add_argument(
        "--report", action="store_true", help="measure nothing: write the report of --out anew"
    )
    return parser


if __name__ == "__main__":
    main()
