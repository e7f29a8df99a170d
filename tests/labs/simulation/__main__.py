"""`python -m tests.labs.simulation`: many worlds, each from its seed, and what is wrong in them.

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
from collections.abc import Iterable, Iterator
from functools import partial

from tests.labs.simulation.runner import Played, play

SHOWN = 20
"""Broken seeds that are shown."""
BATCH = 20
"""Seeds that a process takes at a time."""


def main() -> int:
    """Run what the command line says; return 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.labs.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many (default: 1000)")
    parser.add_argument("--first", type=int, default=0, help="the first one (default: 0)")
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--trace", action="store_true", help="with --seed: tell what happens")
    parser.add_argument(
        "--hard", action="store_true", help="Redis forgets more than once, and trims as well"
    )
    parser.add_argument(
        "--servers", type=int, default=0, help="that keep the data (default: 1 or 3, as drawn)"
    )
    options = parser.parse_args()
    logging.disable()
    if options.seed is not None:
        return _one(options.seed, options.hard, options.trace, options.servers)
    seeds = range(options.first, options.first + options.seeds)
    return _many(seeds, options.hard, options.servers)


def _one(seed: int, hard: bool, trace: bool, servers: int) -> int:
    played = play(seed, hard, trace, servers)
    if trace:
        print("\n".join(played.lines))
    print(f"seed {seed}, faults: {', '.join(played.faults) or 'none'}")
    print("\n".join(played.violations) or "no promise is broken")
    for limit in played.limits:
        print(f"known limit: {limit}")
    return 1 if played.violations else 0


def _many(seeds: range, hard: bool, servers: int) -> int:
    begun = time.monotonic()
    broken: list[Played] = []
    limits: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    callbacks = suited = 0
    for number, played in enumerate(each(seeds, hard, servers), 1):
        callbacks += played.ran
        suited += played.suited
        faults.update(played.faults)
        limits.update(dict.fromkeys(played.limits, 1))
        if played.violations:
            broken.append(played)
            if len(broken) <= SHOWN:
                print(told(played, hard, servers), flush=True)
        if number % 1000 == 0:
            done = f"{number} worlds, {len(broken)} broken, {time.monotonic() - begun:.0f} s"
            print(done, file=sys.stderr, flush=True)
    kinds = ", ".join(f"{name} {count}" for name, count in sorted(faults.items()))
    print(f"{len(seeds)} worlds, {callbacks} callbacks, {time.monotonic() - begun:.0f} s")
    print(f"worlds with each fault: {kinds}; shown to the fault laboratory's checker too: {suited}")
    print(f"{len(broken)} broken{_listed(broken)}")
    if limits:
        print(f"known limits met: {sum(limits.values())}")
    return 1 if broken else 0


def each(seeds: Iterable[int], hard: bool = False, servers: int = 0) -> Iterator[Played]:
    """Play worlds in as many processes as there are processors."""
    # What there is by now is not looked at by the garbage collectors of the processes.
    with multiprocessing.Pool(os.cpu_count(), gc.freeze) as pool:
        yield from pool.imap_unordered(partial(play, hard=hard, servers=servers), seeds, BATCH)


def told(played: Played, hard: bool = False, servers: int = 0) -> str:
    """Return what is wrong in a world, and how to play it again."""
    again = f"python -m tests.labs.simulation --seed {played.seed}{' --hard' if hard else ''}"
    again += f" --servers {servers}" if servers else ""
    return f"{again}: {played.violations[0][:300]}"


def _listed(broken: Iterable[Played]) -> str:
    numbers = sorted(played.seed for played in broken)
    return ": " + " ".join(map(str, numbers)) if numbers else ""


if __name__ == "__main__":
    sys.exit(main())
