"""The system that is attacked: Redis, two nodes, and honest clients at both of them.

All strangers go to the first node, where half of the honest clients are. Everybody has an address
of 127.0.0.0/8 of his own; no address is exempt from the node's limits.
"""

import asyncio
import json
import re
import ssl
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import trustme

from tests.labs.abuse import owner
from tests.labs.abuse.costly import FULL
from tests.labs.abuse.scenarios import MARK, Attack, Scenario
from tests.labs.faults.chatter import LINE, Address, Chatter
from tests.labs.faults.cluster import Cluster, Plan
from tests.labs.faults.record import Dropped
from tests.support.node_process import ROOT, NodeProcess

NODES, TARGET = 2, 0
ROOMS = 5
GRACE = 120.0
"""Seconds that sessions outlive their connections: a node that still has a flood's bytes to read
when the honest ones are stopped must not have forgotten them when it is asked who was there."""
OWNER_AT = "127.0.8.1"
"""Where the owner of the account is, and nobody else."""
FILL_WITHIN = 90.0
"""Seconds for all rooms to be filled."""
LATER = 60.0
"""Seconds that an attack's process may take to end, beyond its time."""
WANTED = {"exempt": "none", "memory": str(round(MARK))}
"""Settings that a node gets if it knows them: nobody is exempt, and the mark is its own as well."""


class Guest(Chatter):
    """An honest client: it comes from an address of its own, over TLS where the node speaks it."""

    source = "127.0.0.1"
    tls: dict[Address, ssl.SSLContext]

    async def open(self, address: Address) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Make a connection to a node."""
        context = self.tls.get(address)
        name = "localhost" if context else None
        how: dict[str, Any] = {"ssl": context, "server_hostname": name}
        return await asyncio.open_connection(
            *address, limit=LINE, local_addr=(self.source, 0), **how
        )


class Stage(Cluster):
    """A system, its honest clients, and the strangers' processes."""

    def __init__(self, directory: Path, scenario: Scenario, seed: int) -> None:
        plan = Plan(scenario.seconds, scenario.clients, scenario.rate, ROOMS, root=scenario.root)
        plan = replace(plan, history=scenario.history)
        super().__init__(directory, plan, seed)
        self.scenario = scenario
        self.seed = seed
        self.told: list[dict[str, dict[str, int]]] = []
        self._tls: dict[Address, ssl.SSLContext] = {}
        self._settings: list[str] = []
        self._aside = 0
        """The port of a node that limits nobody, if there is one."""
        self.logins: Counter[str] = Counter()
        """What the owner of the account was answered."""

    def _certify(self) -> ssl.SSLContext:
        """Write a certificate for the attacked node; return what trusts it."""
        authority = trustme.CA()
        issued = authority.issue_cert("localhost")
        issued.private_key_and_cert_chain_pem.write_to_path(str(self.directory / "node.pem"))
        context = ssl.create_default_context()
        authority.configure_trust(context)
        return context

    # Start

    async def start_broker(self) -> None:
        """Start Redis; no proxies: it is not Redis that is attacked."""
        await self.redis.start()
        known = await _known_flags(self.plan.root)
        wanted = {name: value for name, value in WANTED.items() if name in known}
        if self.scenario.account:
            wanted["accounts"] = str(self.directory / "accounts")
            await owner.make_account(self.directory / "accounts", self.plan.root)
        self._settings = [word for name in wanted for word in (f"--{name}", wanted[name])]

    async def start(self) -> None:
        """Start everything, and wait until all honest clients are in their rooms."""
        await self.start_broker()
        trusts = self._certify() if self.scenario.tls else None
        self.nodes = [self._node(number) for number in range(NODES)]
        await asyncio.gather(*[node.start() for node in self.nodes])
        self._ports = [node.address.port for node in self.nodes]
        await self._fill()
        if trusts is not None:
            self._tls[self.addresses[TARGET]] = trusts
        for number in range(self.plan.clients):
            self.add_chatter(number)
        within = 30.0
        assert await self.until(lambda: all(map(self.is_in, self.chatters)), within), "no start"

    async def _fill(self) -> None:
        """Start a node that limits nobody, if one is wanted, and have rooms filled through it."""
        if not self.scenario.filled and not any(one.aside for one in self.scenario.attacks):
            return
        flags = ["--redis-url", self.redis.url, "--rate", "0", "--exempt", "127.0.0.0/8"]
        flags += ["--history", str(self.plan.history), "--log-level", "warning", "--name", "aside"]
        node = NodeProcess(self.directory / "aside.log", *flags)
        node.root = self.plan.root
        self.extra.append(node)
        await node.start()
        self._aside = node.address.port
        if self.scenario.filled:
            # More than is kept, so that what is old has been trimmed.
            size = round(self.plan.history * 1.2)
            filling = Attack("fill", self.scenario.filled, 1, aside=True, size=size)
            await self._attack(filling, FILL_WITHIN)
            assert self.told.pop()["tried"].get("messages", 0) >= FULL, "no room was filled"

    def _node(self, number: int) -> NodeProcess:
        """A node as it is by default, but for how much its rooms keep."""
        flags = ["--redis-url", self.redis.url]
        flags += ["--name", f"node-{number}", "--history", str(self.plan.history)]
        flags += ["--log-level", "warning", "--grace", str(GRACE), *self._settings]
        flags += self.scenario.flags
        if any(attack.web for attack in self.scenario.attacks):
            flags += ["--web-port", "0"]
        if self.scenario.tls and number == TARGET:
            pem = str(self.directory / "node.pem")
            flags += ["--tls-cert", pem, "--tls-key", pem]
        node = NodeProcess(self.directory / f"node-{number}.log", *flags)
        node.root = self.plan.root
        return node

    def add_chatter(self, number: int, name: str = "honest", *rooms: str) -> Chatter:
        """Bring an honest client in, into rooms where no stranger goes by chance."""
        own = self.number()
        mine = sorted({"hall", f"stage-{number % ROOMS}", f"stage-{(number + 1) % ROOMS}"})
        guest = Guest(own, f"{name}-{own}", rooms or mine, self.addresses, self.record, self.rng)
        guest.node = number % NODES
        guest.source = f"127.0.9.{own % 250 + 1}"
        guest.tls = self._tls
        self.chatters.append(guest)
        self._lives.append(asyncio.create_task(guest.run()))
        return guest

    @property
    def talkers(self) -> list[Chatter]:
        """All honest clients talk."""
        return self.staying

    def alive(self) -> list[Address]:
        """Return the nodes where a stranger who comes later may read, without TLS."""
        return [address for address in super().alive() if address not in self._tls]

    # The attack

    async def attacked(self) -> None:
        """Let the strangers do what they do, as long as the scenario lasts."""
        async with asyncio.TaskGroup() as tasks:
            if self.scenario.account:
                await self._log_in()
                self.logins.clear()
            for attack in self.scenario.attacks:
                tasks.create_task(self._attack(attack, self.plan.seconds))
            end = time.monotonic() + self.plan.seconds
            while self.scenario.account and time.monotonic() + owner.EVERY < end:
                await asyncio.sleep(owner.EVERY)
                await self._log_in()
            await asyncio.sleep(max(0.0, end - time.monotonic()))

    async def _log_in(self) -> None:
        self.logins[await owner.logs_in(self.addresses[TARGET], OWNER_AT)] += 1

    async def _attack(self, attack: Attack, seconds: float) -> None:
        flags = {"count": attack.count, "addresses": attack.addresses, "seed": self.seed}
        flags["size"] = attack.size
        flags["seconds"] = round(seconds)
        words = [word for name, value in flags.items() for word in (f"--{name}", str(value))]
        port = self._aside if attack.aside else self._ports[TARGET]
        if attack.web:
            port = self.nodes[TARGET].webs[0].port
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.labs.abuse.attack", attack.act, str(port), *words),
            cwd=ROOT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(seconds + LATER):
                output, _ = await process.communicate()
            self.told.append(json.loads(output))
        except TimeoutError:
            self.told.append({"tried": {}, "met": {f"{attack.act} had to be killed": 1}})
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    # Figures

    def cut_off(self) -> int:
        """Return how often an honest client lost its connection."""
        return sum(isinstance(event, Dropped) for event in self.record.events)


async def _known_flags(root: Path) -> set[str]:
    """Return the names of a node's settings: its limits may be newer than this laboratory."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "node", "--help"), cwd=root, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    return set(re.findall(r"--([a-z][a-z-]+)", output.decode()))
