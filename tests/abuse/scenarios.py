"""The attacks, and how large each is at full length and in its short form."""

from dataclasses import dataclass, replace
from pathlib import Path

from tests.support.node_process import ROOT


@dataclass(frozen=True)
class Attack:
    """An act of tests.abuse.attack, by so many strangers from so many addresses."""

    act: str
    count: int
    addresses: int


@dataclass(frozen=True)
class Scenario:
    """One line of the table. ``few``: strangers of the short form; ``tls``: the node speaks it."""

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
]


def shortened(scenario: Scenario) -> Scenario:
    """Return a scenario's short form, for every run of the tests."""
    attacks = tuple(replace(attack, count=scenario.few) for attack in scenario.attacks)
    return replace(scenario, attacks=attacks, seconds=3.0, clients=12, rate=30.0)
