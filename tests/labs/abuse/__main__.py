"""`python -m tests.labs.abuse`: every attack at full length, and one table.

All load goes to loopback. A node and the attack each open as many files as the hard limit allows:
5,000 connections want `ulimit -Hn` of 8,192 or more.
"""

import argparse
import sys
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.labs.abuse.attack import raise_limit
from tests.labs.abuse.runner import Row, run, strangers, table
from tests.labs.abuse.scenarios import SCENARIOS, Scenario
from tests.labs.faults.running import aloud
from tests.support.node_process import ROOT

LATE = 0.25
"""Seconds within which 99 of 100 deliveries come on a machine with nothing else to do."""


def main() -> int:
    """Run what the command line says; return 1 if an honest client was harmed."""
    parser = argparse.ArgumentParser(prog="python -m tests.labs.abuse", description=__doc__)
    parser.add_argument("--scenario", action="append", choices=[one.name for one in SCENARIOS])
    parser.add_argument("--seconds", type=float, default=40.0, help="how long each takes")
    parser.add_argument("--seed", type=int, default=1, help="what chance does (default: 1)")
    parser.add_argument("--root", type=Path, default=ROOT, help="where the nodes' code is")
    options = parser.parse_args()
    raise_limit()
    rows: list[Row] = []
    for one in SCENARIOS:
        if options.scenario is None or one.name in options.scenario:
            scenario = replace(one, seconds=options.seconds, root=options.root)

            def alone(directory: Path, scenario: Scenario = scenario) -> Coroutine[Any, Any, Row]:
                return run(scenario, directory, options.seed)

            if (row := aloud(one.name, options.seconds, options.seed, alone)) is not None:
                rows.append(row)
    print(table(rows), strangers(rows), sep="\n\n")
    for row in rows:
        if row.late >= LATE:
            print(f"{row.name}: 99 of 100 deliveries took up to {row.late * 1000:.0f} ms")
    return 1 if any(row.found or row.cut_off for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
