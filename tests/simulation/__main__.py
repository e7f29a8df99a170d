"""`python -m tests.simulation`: many worlds, each from its seed, and what is wrong in them.

A seed that breaks a promise is printed; ``--seed N`` plays it again, exactly, and ``--trace`` tells
everything that happened in it.
"""

import argparse
import gc
import logging
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable

from tests.simulation.plan import draw
from tests.simulation.runner import Played, play

SHOWN = 20
"""Broken seeds that are shown."""
BATCH = 20
"""Seeds that a process takes at a time."""


def main() -> int:
    """Run what the command line says; return 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many (default: 1000)")
    parser.add_argument("--first", type=int, default=0, help="the first one (default: 0)")
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--trace", action="store_true", help="with --seed: tell what happens")
    options = parser.parse_args()
    logging.disable()
    if options.seed is not None:
        return _one(options.seed, options.trace)
    return _many(range(options.first, options.first + options.seeds))


def _one(seed: int, trace: bool) -> int:
    played = play(seed)
    plan = draw(seed)
    if trace:
        print("\n".join(played.lines))
    print(f"seed {seed}, faults: {', '.join(plan.faults) or 'none'}")
    print("\n".join(played.violations) or "no promise is broken")
    for limit in played.limits:
        print(f"known limit: {limit}")
    return 1 if played.violations else 0


def _many(seeds: range) -> int:
    begun = time.monotonic()
    broken: list[Played] = []
    limits: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    callbacks = 0
    with multiprocessing.Pool(os.cpu_count(), gc.freeze) as pool:
        for number, played in enumerate(pool.imap_unordered(play_briefly, seeds, BATCH), 1):
            callbacks += played.ran
            faults.update(played.faults)
            limits.update(dict.fromkeys(played.limits, 1))
            if played.violations:
                broken.append(played)
                if len(broken) <= SHOWN:
                    print(f"seed {played.seed}: {played.violations[0][:300]}", flush=True)
            if number % 5000 == 0:
                print(f"{number} worlds, {len(broken)} broken", file=sys.stderr, flush=True)
    kinds = ", ".join(f"{name} {count}" for name, count in sorted(faults.items()))
    print(f"{len(seeds)} worlds, {callbacks} callbacks, {time.monotonic() - begun:.0f} s")
    print(f"worlds with each fault: {kinds}")
    print(f"{len(broken)} broken{_listed(broken)}")
    if limits:
        print(f"known limits met: {sum(limits.values())}")
    return 1 if broken else 0


def _listed(broken: Iterable[Played]) -> str:
    numbers = sorted(played.seed for played in broken)
    return ": " + " ".join(map(str, numbers)) if numbers else ""


def play_briefly(seed: int) -> Played:
    """Play a world, and forget how it went."""
    return play(seed)._replace(lines=[])


if __name__ == "__main__":
    sys.exit(main())
