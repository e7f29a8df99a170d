"""The attacks, and how large each is at full length and in its short form."""

from dataclasses import dataclass, replace
from math import inf
from pathlib import Path

from tests.support.node_process import ROOT

MARK = 256.0
"""Megabytes that no node may need, whatever comes."""
WAIT = 1.0
"""Seconds: a hundred times what it takes without an attack, and five times what it took under the
worst of those that a node withstands. What takes longer is a fault, and not a busy machine."""
SHARE = 0.3
"""Of a core, for Redis, which needs 2% without an attack. One address that asks as much as it may,
for what costs most, takes 19 to 24%; for things that cost what others do, it takes 4%."""
RINGS, STUFFED = 160.0, 256.0
"""Megabytes: of a node that 200 rooms with 1 MiB each go through, 208 MB in all; of Redis when one
address has filled it with all that it may leave there, for which it otherwise takes hours. That is
128 MiB of bodies; Redis needed 206 MB for them in all."""
HASTY = ("--rate", "100", "--address-rate", "4000")
"""So that a minute is enough to fill Redis."""


@dataclass(frozen=True)
class Attack:
    """An act of tests.labs.abuse.attack, by so many strangers from so many addresses.

    ``aside``: they are at a node that limits nobody, and none of those that are attacked; ``size``:
    how much each does, where that has an end.
    """

    act: str
    count: int
    addresses: int
    aside: bool = False
    size: int = 0
    web: bool = False
    """At the web port."""


@dataclass(frozen=True)
class Scenario:
    """One line of the table. ``few``: strangers of the short form; ``tls``: the node speaks it.

    ``filled``: sessions that fill rooms before the attack, see costly.py; ``account``: there is
    one, and its owner logs in; ``node_mark``, ``redis_mark``: megabytes that each may need at most;
    ``redis_share``: how busy Redis may be, of one core; ``wait``: seconds within which 99 of 100
    messages of honest clients are acknowledged.
    """

    name: str
    attacks: tuple[Attack, ...]
    few: int = 10
    tls: bool = False
    seconds: float = 60.0
    clients: int = 50
    rate: float = 60.0
    """Messages a second of the honest clients, in all."""
    root: Path = ROOT
    """Where the nodes' code is."""
    filled: int = 0
    account: bool = False
    flags: tuple[str, ...] = ()
    """Settings of the nodes that are not as they are by default."""
    history: int = 1000
    node_mark: float = MARK
    redis_mark: float = inf
    redis_share: float = 1.0
    wait: float = WAIT


SCENARIOS = [
    Scenario("calm", ()),
    Scenario("never say hello", (Attack("mute", 5000, 50),), few=300),
    Scenario("a byte a second", (Attack("drip", 500, 10),), few=50),
    Scenario("floods", (Attack("flood", 100, 10),), few=5),
    Scenario("longest pages", (Attack("pages", 100, 10),), few=3),
    Scenario("never reads", (Attack("deaf", 1, 1),), few=1),
    Scenario("one address", (Attack("crowd", 1000, 1),), few=100),
    Scenario("naughty strings", (Attack("names", 20, 5),), few=4),
    Scenario("noise", (Attack("noise", 20, 5),), few=4),
    Scenario("deep and huge JSON", (Attack("deep", 10, 5),), few=4),
    Scenario("half-open", (Attack("half-open", 500, 10),), few=50),
    Scenario("TLS garbage", (Attack("tls", 200, 10),), few=20, tls=True),
    Scenario("no handshake", (Attack("mute", 1000, 1),), few=100, tls=True),
    Scenario("unknown positions", (Attack("positions", 3, 1),), few=1, filled=5, history=300),
    Scenario("unknown history", (Attack("nowhere", 20, 1),), few=3, filled=1, redis_share=SHARE),
    Scenario("many resume", (Attack("resume", 30, 30),), few=3, filled=5, history=300),
    Scenario("nicks in 50 rooms", (Attack("nicks", 10, 1),), few=3, redis_share=SHARE),
    Scenario("hello and abort", (Attack("comers", 10, 1),), few=3, redis_share=SHARE),
    Scenario("fill Redis", (Attack("stuff", 40, 1),), few=3, redis_mark=STUFFED, flags=HASTY),
    Scenario(
        *("silent rings", (Attack("rings", 4, 1), Attack("fill", 20, 1, aside=True, size=300))),
        few=1,
        history=300,
        node_mark=RINGS,
    ),
    Scenario("silent upgrades", (Attack("upgrades", 5000, 50, web=True),), few=300),
    Scenario("slow heads", (Attack("heads", 500, 10, web=True),), few=50),
    Scenario("requests without end", (Attack("requests", 100, 10, web=True),), few=5),
    Scenario("fragments without end", (Attack("fragments", 100, 10, web=True),), few=5),
    Scenario("floods of frames", (Attack("frames", 100, 10, web=True),), few=5),
    Scenario("ping frames", (Attack("pings", 100, 10, web=True),), few=5),
    Scenario("guess a password", (Attack("guess", 4, 1),), few=2, account=True),
]


def shortened(scenario: Scenario) -> Scenario:
    """Return a scenario's short form, for every run of the tests."""
    attacks = tuple(replace(attack, count=scenario.few) for attack in scenario.attacks)
    filled = min(scenario.filled, 1)
    # Machines that run tests are busy, and in so few seconds strangers use up what they may do at
    # once: nothing is said of latency there, nor of how busy Redis is.
    few = replace(scenario, attacks=attacks, filled=filled, wait=inf, redis_share=inf)
    return replace(few, seconds=3.0, clients=12, rate=30.0)
