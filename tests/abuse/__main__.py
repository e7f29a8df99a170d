"""`python -m tests.abuse`: every attack at full length, and one table.

All load goes to loopback. A node and the attack each open as many files as the hard limit allows:
5,000 connections want `ulimit -Hn` of 8,192 or more.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from tests.abuse.attack import raise_limit
from tests.abuse.runner import Row, run, strangers, table
from tests.abuse.scenarios import SCENARIOS, Scenario
from tests.support.node_process import ROOT

SHOWN = 20
"""Violations of a scenario that are shown."""
LATE = 0.25
"""Seconds within which 99 of 100 deliveries have to come."""


def main() -> int:
    """Run what the command line says; return 1 if an honest client was harmed."""
    parser = argparse.ArgumentParser(prog="python -m tests.abuse", description=__doc__)
    parser.add_argument("--scenario", action="append", choices=[one.name for one in SCENARIOS])
    parser.add_argument("--seconds", type=float, default=60.0, help="how long each takes")
    parser.add_argument("--seed", type=int, default=1, help="what chance does (default: 1)")
    parser.add_argument("--root", type=Path, default=ROOT, help="where the nodes' code is")
    options = parser.parse_args()
    raise_limit()
    rows = []
    for scenario in SCENARIOS:
        if options.scenario is None or scenario.name in options.scenario:
            rows.append(
                _run(replace(scenario, seconds=options.seconds, root=options.root), options.seed)
            )
    print(table(rows), strangers(rows), sep="\n\n")
    for row in rows:
        if row.late >= LATE:
            print(f"{row.name}: 99 of 100 deliveries took up to {row.late * 1000:.0f} ms")
    return 1 if any(row.found or row.cut_off or row.late >= LATE for row in rows) else 0


def _run(scenario: Scenario, seed: int) -> Row:
    """Run a scenario; what its processes wrote is kept if a promise was broken."""
    print(f"{scenario.name}: {scenario.seconds:.0f} s ...", file=sys.stderr, flush=True)
    directory = Path(tempfile.mkdtemp(prefix="abuse-"))
    row = asyncio.run(run(scenario, directory, seed))
    for violation in row.found[:SHOWN]:
        print(f"  {violation.kind.value}: {violation.text}", file=sys.stderr)
    if row.found:
        print(f"  seed {seed}; logs of all processes: {directory}", file=sys.stderr, flush=True)
    else:
        shutil.rmtree(directory)
    return row


if __name__ == "__main__":
    sys.exit(main())
