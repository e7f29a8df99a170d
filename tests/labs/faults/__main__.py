"""`python -m tests.labs.faults`: every scenario at full length, and one table."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.labs.faults.on_cluster import CLUSTER_SCENARIOS
from tests.labs.faults.planted import PLANTS, Plant
from tests.labs.faults.planted_on_cluster import CLUSTER_PLANTS
from tests.labs.faults.runner import Row, run, table
from tests.labs.faults.running import aloud
from tests.labs.faults.scenarios import SCENARIOS, Scenario
from tests.labs.faults.verdict import Kind
from tests.support.node_process import ROOT


def main() -> int:
    """Run what the command line says; return 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.labs.faults", description=__doc__)
    parser.add_argument("--planted", action="store_true", help="see planted bugs be told instead")
    parser.add_argument("--plant", action="append", help="only this planted bug, or several")
    parser.add_argument("--cluster", action="store_true", help="on a Redis Cluster")
    names = [one.name for one in SCENARIOS + CLUSTER_SCENARIOS]
    parser.add_argument("--scenario", action="append", choices=names, metavar="NAME")
    parser.add_argument("--seconds", type=float, help="how long each takes (its own length)")
    parser.add_argument("--seed", type=int, default=1, help="what chance does (default: 1)")
    parser.add_argument("--no-web", action="store_true", help="no clients over WebSocket")
    parser.add_argument("--root", type=Path, default=ROOT, help="where the nodes' code is")
    options = parser.parse_args()
    if options.planted or options.plant:
        plants = CLUSTER_PLANTS if options.cluster else PLANTS
        chosen = [one for one in plants if one.name in (options.plant or one.name)]
        return 0 if all([_told(plant, options.seed) for plant in chosen]) else 1
    rows: list[Row] = []
    for one in CLUSTER_SCENARIOS if options.cluster else SCENARIOS:
        if options.scenario is None or one.name in options.scenario:
            seconds = options.seconds or one.plan.seconds
            plan = replace(one.plan, seconds=seconds, root=options.root, web=not options.no_web)
            scenario = replace(one, plan=plan)

            def alone(directory: Path, scenario: Scenario = scenario) -> Coroutine[Any, Any, Row]:
                return run(scenario, directory, options.seed)

            if (row := aloud(one.name, seconds, options.seed, alone)) is not None:
                rows.append(row)
    print(table(rows))
    return 1 if any(row.found for row in rows) else 0


def _told(plant: Plant, seed: int) -> bool:
    """Run a scenario with a planted bug; say what was told of it."""
    with tempfile.TemporaryDirectory(prefix="planted-") as name:
        (Path(name) / "code").mkdir()
        (Path(name) / "logs").mkdir()
        scenario = plant.run_in(Path(name) / "code")
        row = asyncio.run(run(scenario, Path(name) / "logs", seed))
    counts = {kind.value: row.count(kind) for kind in Kind if row.count(kind)}
    told = any(kind.value in counts for kind in plant.kinds)
    print(
        f"{'told' if told else 'NOT told'}: {plant.name} ({plant.scenario}): {counts}", flush=True
    )
    return told


if __name__ == "__main__":
    sys.exit(main())
