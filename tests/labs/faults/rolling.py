"""`python -m tests.labs.faults.rolling`: three nodes are restarted one after the other under load.

The clients are those of this project, which go over before their node is gone. It prints what they
felt of it, see felt.py.
"""

import argparse
import asyncio
import itertools
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.labs.faults.felt import BEFORE_AND_AFTER, Load, Outcome, Talk
from tests.support import web
from tests.support.node_process import NodeProcess
from tests.support.ports import free_port
from tests.support.redis_server import RedisServer

NODES = 3


@dataclass(frozen=True)
class Plan:
    """How large it is; ``rounds``: restarts of each node, ``drain``: as of the node."""

    load: Load = Load()
    rounds: int = 1
    drain: float = 5.0


async def roll(directory: Path, plan: Plan) -> Outcome:
    """Let clients talk, restart each node so many times, and return what they felt."""
    redis = RedisServer(directory, appendonly="yes", appendfsync="always")
    ports = [free_port() for _ in range(NODES)]
    nodes: list[NodeProcess] = []

    async def start(number: int) -> NodeProcess:
        flags = {
            **{"port": ports[number], "redis-url": redis.url, "http-port": 0, "rate": 0},
            **{"name": f"node-{number}", "drain": plan.drain},
        }
        words = [word for name, value in flags.items() for word in (f"--{name}", str(value))]
        node = NodeProcess(directory / f"node-{number}.log", *words)
        await node.start()
        await web.ready(node.http)
        return node

    async def restart_all() -> None:
        for _, number in itertools.product(range(plan.rounds), range(NODES)):
            nodes[number].terminate()
            await nodes[number].wait()
            nodes[number] = await start(number)
            await asyncio.sleep(BEFORE_AND_AFTER)

    try:
        await redis.start()
        nodes += [await start(number) for number in range(NODES)]
        addresses = [f"127.0.0.1:{port}" for port in ports]
        return await Talk(plan.load, addresses).during(restart_all)
    finally:
        for process in (*nodes, redis):
            await process.kill()


def main() -> int:
    """Run what the command line says; return 1 if anything was broken."""
    plan = Plan()
    parser = argparse.ArgumentParser(
        prog="python -m tests.labs.faults.rolling", description=__doc__
    )
    parser.add_argument("--clients", type=int, default=plan.load.clients)
    parser.add_argument("--rate", type=float, default=plan.load.rate, help="messages a second")
    parser.add_argument("--rounds", type=int, default=3, help="restarts of each node")
    parser.add_argument("--drain", type=float, default=plan.drain, help="as of the node")
    options = parser.parse_args()
    plan = Plan(Load(options.clients, options.rate), options.rounds, options.drain)
    with tempfile.TemporaryDirectory(prefix="rolling-") as name:
        outcome = asyncio.run(roll(Path(name), plan))
    print(outcome.table())
    return 1 if outcome.broken else 0


if __name__ == "__main__":
    sys.exit(main())
