"""What is drawn apart for several servers: deaths between two steps, people who provoke, slots that
move, servers that others take over from."""

from random import Random
from typing import Any

from tests.labs.simulation.ambush import STEPS
from tests.labs.simulation.plan import LATE, ROOMS, Act, Plan

POOL = ("ana", "bo", "cy")
"""Nicks that several people want."""

_LIKELY = (
    *(("settle",), ("settle", "outdone"), ("settle", "named"), ("hello", "settle")),
    *(("join", "settle"), ("leave", "settle", "outdone"), ("nick", "settle", "named")),
    *(("part", "settle", "outdone"), ("reap", "outs", "settle", "outdone"), ("restore", "settle")),
    *(("verify", "adopt", "raise", "settle"), ("heal", "mayheal", "settle"), STEPS),
)
"""Steps of operations; an ambush counts the calls of one such group."""


def add_ambushes(plan: Plan) -> None:
    """Let nodes die between two steps, in half of the worlds."""
    random = Random(f"ambushes {plan.seed}")
    if random.random() < 0.5:
        _add_hangs(random, plan)
        return
    plan.faults = tuple(sorted((*plan.faults, "ambushes")))
    for _ in range(random.randint(1, 4)):
        away = random.choice((0.1, 1.0, plan.lease + 2.0))
        args = random.randrange(3), random.choice(_LIKELY), 1 + int(random.expovariate(0.4))
        at = random.uniform(0.5, plan.length)
        plan.acts.append(Act(at, "ambushes", (*args, random.random() < 0.5, away)))
    plan.acts.sort(key=lambda act: act.at)


def _add_hangs(random: Random, plan: Plan) -> None:
    """Let nodes hang between two steps instead, in half of the others."""
    if random.random() < 0.5:
        return
    plan.faults = tuple(sorted((*plan.faults, "hangs")))
    plan.steady = False
    for _ in range(random.randint(1, 4)):
        names, count = random.choice(_LIKELY), 1 + int(random.expovariate(0.7))
        pause = random.choice((1.0, 2.0, 3.0, plan.lease + plan.grace + 2.0))
        at = random.uniform(0.3, plan.length)
        plan.acts.append(Act(at, "hangs", (random.randrange(3), names, count, pause)))
    plan.acts.sort(key=lambda act: act.at)


def add_names(plan: Plan) -> None:
    """Let people want each other's nicks, and come and go, in half of the worlds."""
    random = Random(f"names {plan.seed}")
    if random.random() < 0.5:
        return
    plan.names, plan.steady = True, False
    for person, nick in zip(plan.people, random.sample(POOL, len(POOL)), strict=False):
        person.acts.append(Act(person.begins + random.uniform(0.2, 0.6), "nick", (nick,)))
    for _ in range(random.randint(4, 12)):
        _scene(random, plan)
    for _ in range(random.randint(0, 2)):
        _without_rooms(random, plan)
    for person in plan.people:
        person.acts.sort(key=lambda act: act.at)
    plan.acts.sort(key=lambda act: act.at)


def _scene(random: Random, plan: Plan) -> None:
    """One gives a nick up, others want it at once; or one comes and goes."""
    at = random.uniform(1.5, plan.length)
    person = random.choice(plan.people)
    if random.random() < 0.35:
        room = random.choice(ROOMS)
        deed: tuple[str, tuple[Any, ...]] = random.choice((("bounce", (room,)), ("flee", (0.0,))))
        if deed[0] == "flee":
            person.acts.append(Act(at - 0.02, "send", (room,)))
        person.acts.append(Act(at, *deed))
        return
    how = random.choice(("nick", "nick", "again", "again", "away"))
    other = random.choice(POOL)
    if how == "away":
        other = str(random.choice((0.3, plan.grace + 1.0)))
    person.acts.append(Act(at, "cede", (how, other)))
    for rival in random.sample(plan.people, random.randint(1, 2)):
        if rival is not person:
            for _ in range(random.randint(1, 3)):
                at += random.expovariate(10.0) if how != "away" else random.expovariate(0.3)
                anew = random.random() < 0.3
                rival.acts.append(Act(min(at, plan.length + 2.0), "covet", (person.number, anew)))


def _without_rooms(random: Random, plan: Plan) -> None:
    """People quit, flee and change their nicks while the rooms' servers are away."""
    at, seconds = random.uniform(2.0, plan.length - 1.0), random.uniform(0.5, 3.0)
    plan.acts.append(Act(at, "rooms away", (random.choice(((1,), (2,), (1, 2))), seconds)))
    for person in random.sample(plan.people, 2):
        when = at + random.uniform(0.0, seconds)
        person.acts += [Act(when - 0.01, "send", (room,)) for room in person.rooms]
        deeds: list[tuple[str, tuple[Any, ...]]] = [
            *(("cede", ("again", "")), ("cede", ("nick", random.choice(POOL)))),
            *(("flee", (0.0,)), ("abort", (plan.grace + 1.0,))),
            *((name, (random.choice(ROOMS),)) for name in ("leave", "join", "bounce")),
        ]
        person.acts.append(Act(when, *random.choice(deeds)))


def add_moves(plan: Plan) -> None:
    """Let slots move, in a third of the worlds."""
    random = Random(f"moves {plan.seed}")
    if random.random() >= 1 / 3:
        return
    plan.faults = tuple(sorted((*plan.faults, "slot moves")))
    for _ in range(random.randint(1, 6)):
        tag = "r:" + random.choice(ROOMS)
        _move(random, plan, random.uniform(0.5, plan.length), tag, random.randrange(plan.servers))
    if random.random() < 0.3:
        at = random.uniform(0.5, plan.length)
        _move(random, plan, at, "c", random.randrange(1, plan.servers))
        _move(random, plan, at + random.uniform(0.5, 4.0), "c", 0)
        for person in random.sample(plan.people, 2):
            other, begins = random.randrange(5), at - random.uniform(0.0, 0.1)
            person.acts += [Act(begins + 0.004 * n, "direct", (other,)) for n in range(60)]
            person.acts.sort(key=lambda act: act.at)
    if random.random() < 0.3:
        # That of a tag by which a node finds out whether a server delivers to it.
        at, tag = random.uniform(0.5, plan.length), str(random.randrange(4))
        _move(random, plan, at, tag, random.randrange(plan.servers))
    while random.random() < 0.3:
        tag = random.choice(("", "c", *("r:" + room for room in ROOMS)))
        args = random.randrange(plan.servers), tag, random.uniform(0.1, 0.8)
        plan.acts.append(Act(random.uniform(0.5, plan.length), "cluster down", args))
    plan.acts.sort(key=lambda act: act.at)


def _move(random: Random, plan: Plan, at: float, tag: str, to: int) -> None:
    pause = random.uniform(0.05, 1.0) if random.random() < 0.5 else 0.0
    plan.acts.append(Act(at, "slot moves", (tag, to, pause)))


def add_fail_over(plan: Plan, hard: bool) -> None:
    """Let a server take over from another one, in a sixth of the worlds.

    It lacks what it had not heard of yet, unless Redis is going to forget something anyway.
    """
    random = Random(f"fail-over {plan.seed}")
    if random.random() >= 1 / 6:
        return
    number, heir = random.sample(range(plan.servers), 2)
    at, late = random.uniform(1.0, plan.length), random.uniform(0.0, 0.5)
    after = random.uniform(1.0, 3.0)
    away = after + random.uniform(0.5, 4.0)
    is_late = random.random() < 0.6 and (hard or not plan.forgetful)
    plan.faults = tuple(sorted((*plan.faults, LATE if is_late else "fail-over")))
    if is_late:
        plan.acts.append(Act(at - late, "snapshot", (at,)))
    plan.acts.append(Act(at, "fail-over", (number, heir, after, away)))
    if random.random() < 0.3:
        # Servers that want all slots to be served.
        for other in {*range(plan.servers)} - {number}:
            begins, lasts = at + random.uniform(0.2, 1.0), random.uniform(0.1, 0.8)
            plan.acts.append(Act(begins, "cluster down", (other, "", lasts)))
    plan.acts.sort(key=lambda act: act.at)
