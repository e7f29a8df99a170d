"""Everything that is done to a system: each act lasts a while, and counts as a fault."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from typing import Any

from redis.exceptions import RedisError

from tests.labs.faults.cluster import START_WITHIN, Cluster

Act = Callable[[Cluster], Coroutine[Any, Any, None]]


def some_node(lab: Cluster) -> int:
    """Return a node to which nothing is being done; one is always left in peace."""
    free = [number for number, lock in enumerate(lab.busy) if not lock.locked()]
    return lab.rng.choice(free) if free else 0


async def kill_node(lab: Cluster) -> None:
    """SIGKILL, and start it again a little later."""
    number = some_node(lab)
    async with lab.busy[number]:
        lab.faults += 1
        await lab.nodes[number].kill()
        await asyncio.sleep(lab.rng.uniform(0.1, 2.0))
        await lab.restart_node(number)


async def hang_node(lab: Cluster) -> None:
    """SIGSTOP, and SIGCONT some time later, perhaps after the end of its lease."""
    number = some_node(lab)
    async with lab.busy[number]:
        lab.faults += 1
        lab.nodes[number].pause()
        await asyncio.sleep(lab.rng.uniform(3.0, 12.0))
        lab.nodes[number].resume()


async def drain_node(lab: Cluster) -> None:
    """SIGTERM, and start it again when it has ended."""
    number = some_node(lab)
    async with lab.busy[number]:
        lab.faults += 1
        lab.nodes[number].terminate()
        await lab.restart_node(number)


async def kill_redis(lab: Cluster) -> None:
    """SIGKILL, and start it again a little later."""
    async with lab.redis_busy:
        lab.faults += 1
        await lab.redis.kill()
        await asyncio.sleep(lab.rng.uniform(0.1, 2.0))
        await lab.redis.start()
        lab.back.append(time.monotonic())


async def pause_redis(lab: Cluster, seconds: float = 3.0) -> None:
    """SIGSTOP, and SIGCONT some time later."""
    async with lab.redis_busy:
        lab.faults += 1
        lab.redis.pause()
        await asyncio.sleep(seconds)
        lab.redis.resume()
        lab.back.append(time.monotonic())


async def roll_back(lab: Cluster, seconds: float = 3.0) -> None:
    """Let Redis forget the last seconds: a snapshot, more talk, SIGKILL, and back from there.

    Somebody quits in those seconds, who is still there for Redis afterwards.
    """
    guest = lab.add_chatter(lab.rng.randrange(100), "fleeting")
    await lab.until(lambda: lab.is_in(guest), START_WITHIN)
    async with lab.redis_busy:
        await command(lab, "SAVE")
        await asyncio.sleep(seconds / 2)
        guest.quit()
        await asyncio.sleep(seconds / 2)
        lab.faults += 1
        await lab.redis.kill()
        await lab.redis.start()
        lab.back.append(time.monotonic())


async def kill_pubsub(lab: Cluster) -> None:
    """Break all subscriptions, at the side of Redis."""
    lab.faults += 1
    await command(lab, "CLIENT", "KILL", "TYPE", "pubsub")


async def command(lab: Cluster, *words: str) -> None:
    """Tell Redis something, if it can be told."""
    with contextlib.suppress(RedisError, OSError, TimeoutError):
        async with lab.redis.client() as client:
            await client.execute_command(*words)  # type: ignore[no-untyped-call]


async def cut(lab: Cluster) -> None:
    """Break all connections between a node and Redis."""
    lab.faults += 1
    lab.rng.choice(lab.proxies).cut()


async def drop_reply(lab: Cluster) -> None:
    """Break a connection after a command was forwarded, and before its reply, or within it."""
    proxy = lab.rng.choice(lab.proxies)
    before = proxy.dropped
    proxy.drop_replies(1)
    await lab.until(lambda: proxy.dropped > before, 2.0)
    lab.faults += proxy.dropped - before


async def hole(lab: Cluster, seconds: float = 4.0) -> None:
    """Cut a node off from Redis: everything is accepted, and nothing comes through."""
    number = some_node(lab)
    async with lab.busy[number]:
        lab.faults += 1
        lab.proxies[number].hole()
        await asyncio.sleep(seconds)
        lab.proxies[number].mend()
        lab.back.append(time.monotonic())


async def delay(lab: Cluster, seconds: float = 2.0) -> None:
    """Make the way between a node and Redis long."""
    proxy = lab.rng.choice(lab.proxies)
    lab.faults += 1
    proxy.delay = lab.rng.uniform(0.05, 0.3)
    await asyncio.sleep(seconds)
    proxy.delay = 0.0


async def abort_client(lab: Cluster) -> None:
    """Break a client's connection; it goes on at another node."""
    lab.faults += 1
    lab.rng.choice(lab.staying).abort()


async def deafen_client(lab: Cluster) -> None:
    """Let a client read nothing for some seconds."""
    lab.faults += 1
    chatter = lab.rng.choice(lab.staying)
    chatter.reading.clear()
    await asyncio.sleep(lab.rng.uniform(1.0, 5.0))
    chatter.reading.set()
