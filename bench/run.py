"""Measuring: one run of a shape against a server, and rounds of them in turn."""

from collections.abc import Iterator, Sequence
from typing import Any

from bench.load import Load
from bench.processes import Failed
from bench.servers import Running, Server
from bench.shapes import Kind, Shape

Result = dict[str, Any]
"""What came of a run; see ``measure``. Plain data: it is kept as JSON."""


def measure(server: Server, shape: Shape) -> Result:
    """Run a shape against a server; return what it took, or ``error``.

    ``cpu`` and ``redis_cpu`` are seconds during ``seconds``; ``open_cpu`` and ``open_redis_cpu``
    those that it took all clients to come in, ``memory`` what they added, in bytes; ``p50``,
    ``p99`` and ``p999`` are latencies in microseconds. ``masters`` and ``open_masters`` are the
    parts of the servers of Redis, and ``control`` says which one keeps the sessions.
    """
    result: Result = {"server": server.name, "shape": shape.name}
    if (reason := server.missing()) is not None:
        return result | {"error": reason}
    try:
        running = Running(server, shape.nodes, shape.history)
        try:
            with Load(shape, server, running.ports) as load:
                return result | _stages(load, running, shape)
        finally:
            running.stop()
    except Failed as error:
        return result | {"error": str(error)}


def _stages(load: Load, running: Running, shape: Shape) -> Result:
    memory, cpu, redis_cpu = running.memory(), running.cpu(), running.redis_cpu()
    opened = load.event("open")
    masters = _used(redis_cpu, running)
    result = {
        "open_cpu": running.cpu() - cpu,
        "open_redis_cpu": sum(masters),
        "open_masters": masters,
        "open_seconds": opened["seconds"],
        "memory": running.memory() - memory,
        "control": running.masters.control if running.masters else 0,
    }
    load.go()
    load.event("warm")
    cpu, redis_cpu = running.cpu(), running.redis_cpu()
    if shape.kind is Kind.STORM:
        running.servers[0].kill()
        cpu = running.cpu()
    measured = load.event("measured")
    if shape.kind is Kind.STORM and measured["served"] < shape.clients:
        only = f"only {measured['served']} were served in {shape.seconds:.0f} s"
        raise Failed(f"{only}: {load.said().strip()}")
    masters = _used(redis_cpu, running)
    result |= {"cpu": running.cpu() - cpu, "redis_cpu": sum(masters), "masters": masters}
    return result | measured | load.event("done")


def _used(before: list[float], running: Running) -> list[float]:
    """Return the CPU seconds that each Redis has used since."""
    return [now - then for then, now in zip(before, running.redis_cpu(), strict=True)]


def rounds(servers: Sequence[Server], shapes: Sequence[Shape], count: int) -> Iterator[Result]:
    """Measure all, one server after the other, and back: what drifts hits all of them alike.

    ``count`` bounds the rounds; a server that failed at a shape is not tried again.
    """
    for shape in shapes:
        failed: set[str] = set()
        for number in range(min(count, shape.rounds)):
            for server in servers if number % 2 == 0 else reversed(servers):
                if server.name in failed or (shape.only and server.name not in shape.only):
                    continue
                result = measure(server, shape) | {"round": number}
                if "error" in result:
                    failed.add(server.name)
                yield result
