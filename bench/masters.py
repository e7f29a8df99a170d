"""The Redis behind the servers: one server, or the masters of a Redis Cluster."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

from redis import Redis
from redis.crc import key_slot

from bench.processes import BUILD, REDIS_CORE, START_WITHIN, Failed, Process, free_port

SLOTS = 16384
CONTROL = key_slot(b"c")
"""The slot of everything about sessions."""


def command(port: int) -> list[str]:
    """Return the command of a Redis: it writes nothing to disk, and cuts nobody off."""
    return ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(BUILD)] + [
        *("--save", "", "--maxclients", "15000"),
        *("--client-output-buffer-limit", "pubsub 0 0 0"),
    ]


class Masters:
    """Masters of a cluster with equal parts of the slots; if ``count`` is 0, one Redis in none."""

    def __init__(self, count: int = 0) -> None:
        self.processes: list[Process] = []
        self._ports: list[int] = []
        self._buses: list[int] = []
        self._ends = [SLOTS * number // max(count, 1) for number in range(max(count, 1) + 1)]
        self._is_cluster = count > 0
        try:
            for number in range(max(count, 1)):
                self._start(number)
            if self._is_cluster:
                self._unite()
        except BaseException:
            self.stop()
            raise

    def _start(self, number: int) -> None:
        port, cluster = free_port(), []
        if self._is_cluster:
            self._buses.append(bus := free_port())
            file = BUILD / f"master-{number}.conf"
            file.unlink(missing_ok=True)
            cluster = ["--cluster-enabled", "yes", "--cluster-port", str(bus)]
            cluster += ["--cluster-config-file", file.name]
            cluster += ["--cluster-require-full-coverage", "no"]
        process = Process(f"redis-{number}", [*command(port), *cluster], REDIS_CORE)
        self._ports.append(port)
        self.processes.append(process)
        process.listening(port)

    def _unite(self) -> None:
        """Give each master its slots, and wait until all of them know of all slots."""
        with ExitStack() as stack:
            clients = [stack.enter_context(Redis("127.0.0.1", port)) for port in self._ports]
            for number, client in enumerate(clients):
                first, end = self._ends[number : number + 2]
                _ask(client, "CLUSTER", "ADDSLOTSRANGE", first, end - 1)
                there = "127.0.0.1", self._ports[number], self._buses[number]
                _ask(clients[0], "CLUSTER", "MEET", *there)
            for client in clients:
                _wait_until(partial(_is_whole, client))

    @property
    def url(self) -> str:
        """What a server takes as the URL of its Redis."""
        hosts = ",".join(f"127.0.0.1:{port}" for port in self._ports)
        return f"redis+cluster://{hosts}" if self._is_cluster else f"redis://{hosts}"

    @property
    def control(self) -> int:
        """The number of the master that keeps everything about sessions."""
        return next(number for number, end in enumerate(self._ends[1:]) if CONTROL < end)

    def cpu(self) -> list[float]:
        """Return the CPU seconds of each."""
        return [process.cpu() for process in self.processes]

    def stop(self) -> None:
        """End them."""
        for process in self.processes:
            process.stop()


def _ask(client: Redis, *words: Any) -> Any:
    return client.execute_command(*words)  # type: ignore[no-untyped-call]


def _is_whole(client: Redis) -> bool:
    found = bytes(_ask(client, "CLUSTER", "INFO"))
    return b"cluster_state:ok" in found and b"cluster_slots_ok:%d" % SLOTS in found


def _wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + START_WITHIN
    while not true():
        if time.monotonic() > until:
            raise Failed("the masters of the cluster do not find each other")
        time.sleep(0.05)
