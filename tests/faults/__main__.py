"""`python -m tests.faults`: every scenario at full length, and one table."""

import argparse
import asyncio
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from tests.faults.planted import PLANTS, Plant
from tests.faults.runner import Row, run, table
from tests.faults.scenarios import SCENARIOS, Scenario
from tests.faults.verdict import Kind

SHOWN = 20
"""Violations of a scenario that are shown."""


def main() -> int:
    """Run what the command line says; return 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--planted", action="store_true", help="see planted bugs be told instead")
    parser.add_argument("--scenario", action="append", choices=[one.name for one in SCENARIOS])
    parser.add_argument("--seconds", type=float, help="how long each takes (its own length)")
    parser.add_argument("--seed", type=int, default=1, help="what chance does (default: 1)")
    options = parser.parse_args()
    if options.planted:
        return 0 if all([_told(plant, options.seed) for plant in PLANTS]) else 1
    rows = []
    for scenario in SCENARIOS:
        if options.scenario is None or scenario.name in options.scenario:
            if options.seconds is not None:
                plan = replace(scenario.plan, seconds=options.seconds)
                scenario = replace(scenario, plan=plan)
            rows.append(_run(scenario, options.seed))
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
    told = plant.kind.value in counts
    print(
        f"{'told' if told else 'NOT told'}: {plant.name} ({plant.scenario}): {counts}", flush=True
    )
    return told


def _run(scenario: Scenario, seed: int) -> Row:
    """Run a scenario; what its processes wrote is kept if a promise was broken."""
    print(f"{scenario.name}: {scenario.plan.seconds:.0f} s ...", file=sys.stderr, flush=True)
    directory = Path(tempfile.mkdtemp(prefix="faults-"))
    row = asyncio.run(run(scenario, directory, seed))
    for violation in row.found[:SHOWN]:
        print(f"  {violation.kind.value}: {violation.text}", file=sys.stderr)
    if row.note:
        print(f"  {row.note}", file=sys.stderr)
    if row.found:
        print(f"  seed {seed}; logs of all processes: {directory}", file=sys.stderr, flush=True)
    else:
        shutil.rmtree(directory)
    return row


if __name__ == "__main__":
    sys.exit(main())
