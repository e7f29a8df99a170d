"""`python -m tests.labs.fuzz`: hostile streams for a node's connections, until the time is over.

With atheris (`pip install '.[fuzz]'`) coverage leads the way, and inputs that reach something new
are kept in `--keep`; without it streams of the corpus are mutated blindly. What breaks the node is
written to `--keep` and told; put it into tests/labs/fuzz/corpus once it is understood.
"""

import argparse
import importlib.util
import logging
import sys
import time
import traceback
from pathlib import Path
from random import Random

from tests.labs.fuzz import frames, mutate

SHOWN = 10
"""Broken inputs after which it is enough."""


def main() -> int:
    """Run what the command line says; return 1 if something broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.labs.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path("/tmp/fuzz"), help="where inputs go")
    parser.add_argument("--blind", action="store_true", help="without atheris, though it is there")
    options = parser.parse_args()
    logging.disable()
    options.keep.mkdir(parents=True, exist_ok=True)
    if options.blind or importlib.util.find_spec("atheris") is None:
        return blind(options.seconds, options.seed, options.keep)
    from tests.labs.fuzz import guided

    return guided.run(options.seconds, options.seed, options.keep)


def blind(seconds: float, seed: int, keep: Path) -> int:
    """Mutate the corpus, without looking at what is reached."""
    from node.net.dialect import NATIVE
    from tests.labs.fuzz.target import WEBSOCKET, Target

    rng, seeds, target = Random(seed), mutate.corpus(), Target()
    tried, broken, end = 0, 0, time.monotonic() + seconds
    while time.monotonic() < end and broken < SHOWN:
        data = mutate.mutated(rng, seeds)
        tried += 1
        is_framed = tried % 2 == 0
        if is_framed:
            data = frames.framed(rng, data)
        try:
            target.run(data, WEBSOCKET if is_framed else NATIVE)
        except Exception:
            broken += 1
            path = keep / f"broken-{'frames' if is_framed else 'lines'}-{seed}-{tried}"
            path.write_bytes(data)
            print(f"{path}:\n{traceback.format_exc()}", file=sys.stderr)
            target.close()
            target = Target()
    print(f"{tried} inputs in {seconds:.0f} s, seed {seed}: {broken} broke something")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
