"""What is going to happen in a world, drawn from its seed before anything happens."""

from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

ROOMS = ("general", "tea", "ink")

FAULTS = (
    *("trouble", "pubsub kills", "deaf", "node kills", "stops", "cut off", "drains"),
    *("redis restarts", "redis stops", "roll-backs", "amnesia", "aborts", "slow network"),
)
"""Kinds of faults."""
FORGETFUL = ("roll-backs", "amnesia")
"""Those that make Redis forget."""
LATE = "late fail-over"
"""One to a replica that had not heard of everything; drawn apart, for several servers."""


class Act(NamedTuple):
    """Something that a client does or that befalls the system."""

    at: float
    name: str
    args: tuple[Any, ...] = ()


@dataclass
class Person:
    """A client and what it is going to do; ``patient`` ones stay with a node that hangs.

    ``counts_anew``: it counts its messages in each room, so that ids are the same in several.
    """

    number: int
    nick: str
    rooms: tuple[str, ...]
    node: int
    begins: float
    patient: bool
    counts_anew: bool = False
    acts: list[Act] = field(default_factory=list)


@dataclass
class Plan:
    """A world before it begins. Times are in virtual seconds.

    ``steady``: all stay where they are; what they see is shown to the fault laboratory's checker.
    ``names``: people want each other's nicks, and come and go (scenes.py).
    ``tail``: as many entries of a log a node reads when it begins to follow it. ``servers``: how
    many keep the data; the first one has sessions, the others have rooms.
    """

    seed: int
    faults: tuple[str, ...] = ()
    length: float = 10.0
    kept: int = 1000
    tail: int = 100
    servers: int = 1
    notices: int = 200
    lease: float = 5.0
    grace: float = 6.0
    slow: float = 0.3
    trouble: float = 0.0
    steady: bool = False
    names: bool = False
    people: list[Person] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)

    @property
    def forgetful(self) -> bool:
        """Say whether Redis is going to forget something."""
        return any(fault in FORGETFUL or fault == LATE for fault in self.faults)


def draw(seed: int, hard: bool = False, servers: int = 0) -> Plan:
    """Return the plan of a seed; ``servers`` of 0: that is drawn, too.

    ``hard``: Redis may forget more than once, in short time.
    There are known limits there; see README.md.
    """
    random = Random(seed)
    plan = Plan(seed)
    count = random.choices((0, 1, 2, 3, 4), (1, 6, 6, 4, 2))[0]
    faults = random.sample(FAULTS, count)
    if not hard and set(FORGETFUL) <= set(faults):
        faults.remove("amnesia")
    plan.faults = tuple(sorted(faults))
    plan.length = random.uniform(5.0, 14.0)
    plan.kept = random.choices((1000, 10, 25), (8, 1, 1))[0]
    # Drawn apart: the other worlds stay as they were.
    plan.tail = Random(f"tail {seed}").choice((100, 100, 3))
    plan.servers = servers or Random(f"servers {seed}").choice((1, 1, 3))
    plan.notices = random.choices((200, 2, 0), (10, 1, 1))[0]
    plan.steady = random.random() < 0.25
    plan.lease = random.choice((3.0, 5.0, 8.0))
    plan.grace = random.choice((3.0, 6.0, 10.0))
    if "slow network" in plan.faults:
        plan.slow = random.choice((1.0, 2.5))
    if "trouble" in plan.faults:
        plan.trouble = random.choice((0.02, 0.1, 0.3))
    plan.people = [_person(random, number, plan) for number in range(random.randint(3, 5))]
    for fault in plan.faults:
        most = 3 if hard or fault not in FORGETFUL else 1
        plan.acts += _misfortunes(random, fault, plan, most)
    plan.acts.sort()
    return plan


def _person(random: Random, number: int, plan: Plan) -> Person:
    rooms = tuple(room for room in ROOMS if room == "general" or random.random() < 0.6)
    begins = (
        random.uniform(0.2, 1.5) if random.random() < 0.85 else random.uniform(2.0, plan.length)
    )
    person = Person(number, f"p{number}", rooms, random.randrange(3), begins, random.random() < 0.2)
    lively = random.choice((1.0, 3.0, 5.0))
    at = begins
    while at < plan.length:
        at += random.expovariate(lively)
        person.acts.append(Act(at, *_deed(random, number, plan)))
    if random.random() < 0.15:
        last = person.acts[-1].at + 0.5
        person.acts.append(Act(last, random.choice(("vanish", "quit"))))
    person.counts_anew = not plan.steady and Random(f"ids {plan.seed}").random() < 0.5
    if plan.steady:
        moves = ("join", "leave", "nick", "again")
        person.acts = [act for act in person.acts if act.name not in moves]
    return person


def _deed(random: Random, number: int, plan: Plan) -> tuple[str, tuple[Any, ...]]:
    """Draw what a client does next."""
    name = random.choices(
        ("send", "burst", "direct", "join", "leave", "nick", "abort", "rest", "again", "ask"),
        (60, 8, 8, 6, 5, 3, 5 if "aborts" not in plan.faults else 30, 3, 1, 4),
    )[0]
    if name == "direct":
        return name, (random.randrange(5),)
    if name in ("send", "join", "leave", "ask"):
        return name, (random.choice(ROOMS),)
    if name == "burst":
        return name, (random.choice(ROOMS), random.randint(3, 12), random.choice((10, 900)))
    if name == "nick":
        return name, (random.choice((f"p{number}", f"P{number}", f"p{number}_b", "shared")),)
    if name == "abort":
        away = random.choice((0.0, 0.3, plan.grace * 0.6, plan.grace + 3.0))
        if plan.steady:
            away = min(away, plan.grace * 0.6)
        return name, (away,)
    if name == "rest":
        return name, (random.uniform(0.5, 4.0),)
    return name, (random.uniform(0.0, 2.0),)


def _misfortunes(random: Random, fault: str, plan: Plan, most: int) -> list[Act]:
    """Draw when a fault happens, and how."""
    acts: list[Act] = []
    count = (
        random.randint(1, most) if fault not in ("pubsub kills", "deaf") else random.randint(2, 8)
    )
    if fault in ("trouble", "aborts", "slow network"):
        return acts
    for _ in range(count):
        at = random.uniform(2.0, plan.length)
        node = random.randrange(3)
        if fault in ("pubsub kills", "deaf"):
            acts.append(Act(at, fault))
        elif fault in ("node kills", "drains"):
            acts.append(Act(at, fault, (node, random.choice((0.1, 1.0, plan.lease + 2.0)))))
        elif fault in ("stops", "cut off"):
            longest = random.choice((1.0, plan.lease, plan.lease + plan.grace + 2.0))
            acts.append(Act(at, fault, (node, random.uniform(0.2, longest))))
        elif fault == "redis stops":
            acts.append(Act(at, fault, (random.uniform(0.2, 6.0),)))
        elif fault == "redis restarts":
            acts.append(Act(at, fault, (random.choice((0.1, 1.0, 4.0)),)))
        elif fault == "roll-backs":
            back = random.uniform(0.1, 4.0)
            acts.append(Act(max(0.5, at - back), "snapshot", (at,)))
            acts.append(Act(at, fault, (random.choice((0.0, 0.1, 1.0, 4.0)),)))
        else:
            acts.append(Act(at, fault, (random.choice((0.0, 1.0)),)))
            break
    return acts
