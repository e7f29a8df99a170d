"""`python -m tests.labs.abuse.attack`: one attack, in its own process; prints JSON at its end.

The honest clients' process must not be kept busy by it: what it measured would be itself.
"""

import argparse
import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

from tests.labs.abuse import costly, garbage, handshakes, idlers, names, talkers, webs
from tests.labs.abuse.stranger import Pit

Act = Callable[[Pit], Coroutine[Any, Any, None]]

ACTS: dict[str, Act] = {
    "mute": idlers.mute,
    "drip": idlers.drip,
    "crowd": idlers.crowd,
    "half-open": idlers.half_open,
    "flood": talkers.flood,
    "pages": talkers.pages,
    "deaf": talkers.deaf,
    "names": names.naughty,
    "noise": garbage.noise,
    "deep": garbage.deep,
    "tls": handshakes.tls,
    "fill": costly.fill,
    "positions": costly.positions,
    "nowhere": costly.nowhere,
    "resume": costly.resume,
    "nicks": costly.nicks,
    "comers": costly.comers,
    "stuff": costly.stuff,
    "rings": costly.rings,
    "guess": costly.guess,
    "upgrades": webs.upgrades,
    "heads": webs.heads,
    "requests": webs.requests,
    "fragments": webs.fragments,
    "pings": webs.pings,
    "frames": webs.flood,
}
SPARE = 5.0
"""Seconds after its end in which an attack has to have ended by itself."""


def raise_limit() -> None:
    """Let this process and its children open as many files as it may."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def attack(act: Act, pit: Pit) -> None:
    """Let it go on until time is over."""
    try:
        async with asyncio.timeout(pit.end - time.monotonic() + SPARE):
            await act(pit)
    except TimeoutError:
        pit.met["attack was cut short"] += 1


def main() -> int:
    """Run the attack of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.labs.abuse.attack", description=__doc__)
    parser.add_argument("name", choices=ACTS)
    parser.add_argument("port", type=int)
    for flag, default in (
        ("count", 1),
        ("addresses", 1),
        ("seconds", 10),
        ("seed", 1),
        ("size", 0),
    ):
        parser.add_argument(f"--{flag}", type=int, default=default)
    given = parser.parse_args()
    raise_limit()
    # Strangers have machines of their own: what they do must not be the node's time.
    os.nice(10)
    end = time.monotonic() + given.seconds
    rng = Random(given.seed)
    pit = Pit("127.0.0.1", given.port, given.count, given.addresses, end, rng, given.size)
    loop = None
    if sys.platform != "win32":
        import uvloop

        loop = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(attack(ACTS[given.name], pit))
    print(json.dumps({"tried": pit.tried, "met": pit.met}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
