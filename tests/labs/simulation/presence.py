"""Who is in which room: what logs, seats and decisions say of it, and whether they say the same."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from node.brokers.config import BrokerConfig
from tests.labs.faults.verdict import Kind, Violation
from tests.labs.simulation.chronicle import Added, Chronicle
from tests.labs.simulation.cluster import CONTROL
from tests.labs.simulation.lives import (
    NOT_THERE,
    Life,
    left_again,
    left_twice,
    newest,
    replay_lives,
)
from tests.labs.simulation.plan import ROOMS
from tests.labs.simulation.world import World


class Seat(NamedTuple):
    """A room's record that a session is in it."""

    gen: bytes
    life: bytes
    owner: bytes
    position: bytes
    fold: bytes
    nick: bytes


def judge_presence(world: World) -> tuple[list[Violation], list[str]]:
    """Return what is told wrongly of who is in the rooms, and what is a known limit."""
    found, limits = _listed(world), list[str]()
    for room in ROOMS:
        order = world.chronicle.order("r:" + room)
        if world.plan.notices < 200:
            continue
        moved, missing = _lost(world, order, "r:" + room)
        for place, why in replay_lives(order):
            text = f"{why} in {room}: {order[place]}"
            if (
                order[place].back
                or moved & _concerned(order[place])
                or _is_unneeded(world, order[place], why)
            ):
                limits.append(text)
            else:
                found.append(Violation(Kind.PRESENCE, text))
        seats = {
            sid.decode(): Life(seat.life.decode(), seat.nick.decode())
            for sid, seat in _seats(world, room).items()
        }
        for entry in _told_early(world, order):
            found.append(Violation(Kind.PRESENCE, f"left twice {room}: {entry}"))
        said = newest(order)
        for sid in sorted((said | seats).keys() - missing):
            if order and said.get(sid) != seats.get(sid):
                text = f"{sid} in {room} is {seats.get(sid)}, its log says {said.get(sid)}"
                found.append(Violation(Kind.PRESENCE, text))
        if not world.plan.forgetful:
            found += _decided(world, room, order)
    late, known = _overtaken(world)
    return found + late, limits + known


def _told_early(world: World, order: Sequence[Added]) -> Iterator[Added]:
    """Return each second `left` of a session whose first one should have waited.

    A lost nick is not waited for if the decision has gone back as well. What a node puts back later
    than others wait for it is a known limit.
    """
    within, rollbacks = BrokerConfig().heal_within, world.chronicle.rollbacks
    by_nick = not any(back.control for back in rollbacks)
    for entry in [*left_twice(order, by_nick), *left_again(order)]:
        if any(back.at <= entry.at <= back.at + within for back in rollbacks):
            yield entry


def _is_unneeded(world: World, entry: Added, why: str) -> bool:
    """Say whether an entry tells of the end of a session that perhaps had a seat that was lost.

    A room that has lost seats, or seems to, cannot know that this one was decided and never came.
    """
    lost = any(back.at <= entry.at for back in world.chronicle.rollbacks)
    unsaid = lost or not world.chronicle.has_entered(entry)
    return entry.kind == "l" and why == NOT_THERE and unsaid


def _decided(world: World, room: str, order: Sequence[Added]) -> Iterator[Violation]:
    """Say where a log tells that a session left, and that was not decided, or otherwise."""
    for entry in order:
        if entry.kind == "l":
            sid, gen, life, _ = entry.origin.split("/", 3)
            should = world.chronicle.departures.get((sid, gen, room))
            if should != (life, entry.body.split('"')[7]):
                text = f"decided was {should}, told is {entry} in {room}"
                yield Violation(Kind.PRESENCE, text)


def _concerned(entry: Added) -> set[str]:
    """Return the session and the nicks that an entry is about."""
    if entry.kind == "m":
        return {entry.origin.partition(":")[0]}
    words = entry.body.split('"')
    nicks = (words[3], words[7]) if entry.kind == "r" else (words[3],)
    return {entry.origin.partition("/")[0], *(nick.casefold() for nick in nicks)}


def _lost(world: World, order: Sequence[Added], log: str) -> tuple[set[str], set[str]]:
    """Return whom entries of a log are about that Redis lost, and that are not back as they were.

    First all of them: put back behind others, made again before that, or not known to anybody. Then
    those of which an entry is not known to anybody.
    """
    moved, missing = set[str](), set[str]()
    ids = {entry.id for entry in order}
    places = {entry.offset: entry.id for entry in order if not entry.back}
    for back in world.chronicle.rollbacks:
        for entry in back.lost:
            if entry.log == log and entry.kind in "elr" and places.get(entry.offset) != entry.id:
                moved |= _concerned(entry)
                if entry.id not in ids:
                    missing |= _concerned(entry)
    return moved, missing


def _overtaken(world: World) -> tuple[list[Violation], list[str]]:
    """No connection speaks once a newer one of its session has its `welcome`.

    A room that went back knows only after a while that a connection has been overtaken.
    """
    found, limits = [], []
    first: dict[str, Added] = {}
    for entry in world.chronicle.added:
        if entry.kind == "m" and entry.origin != "-":
            first.setdefault(entry.origin.partition(":")[2], entry)
    for number, steps in world.notes.steps.items():
        sent: dict[str, int] = {}
        where: dict[str, int] = {}
        for step in steps:
            if step.name == "sent" and "room" in step.event:
                sent[step.event["id"]], where[step.event["id"]] = step.dial, step.session
        welcomes = [step for step in steps if step.name == "welcome"]
        for id, dial in sent.items():
            if (said := first.get(id)) is None:
                continue
            for step in welcomes:
                if step.session == where[id] and step.dial > dial and step.at < said.at:
                    text = f"p{number} spoke after the welcome at {step.at:.3f}: {said}"
                    if any(back.at <= said.at for back in world.chronicle.rollbacks):
                        limits.append(text)
                    else:
                        found.append(Violation(Kind.PRESENCE, text))
                    break
    return found, limits


def _listed(world: World) -> list[Violation]:
    """Who is in a room is told truly: each enters, leaves and is renamed once."""
    plan, chronicle = world.plan, world.chronicle
    found = []
    present = {client.nick for client in world.clients if not client.finished}
    for room in ROOMS:
        rows = world.data(b"chat:{r:%b}:members" % room.encode()) or ()
        members = sorted(row.decode().partition("\0")[2] for row in rows)
        there = sorted(
            client.nick
            for client in world.clients
            if not client.finished and room in client.positions
        )
        # A seat that Redis brought back is found once a node follows the room.
        if members != there and (there or world.follows(room)):
            text = f"{members} are listed in {room}, {there} are there"
            found.append(Violation(Kind.PRESENCE, text))
        if plan.notices == 200 and not plan.forgetful and "r:" + room not in chronicle.deleted:
            found += _replay(chronicle, room, members)
    if len(present) < len([client for client in world.clients if not client.finished]):
        found.append(Violation(Kind.NICK, f"two clients have one nick: {sorted(present)}"))
    return found


def _replay(chronicle: Chronicle, room: str, members: list[str]) -> list[Violation]:
    found = []
    there: set[str] = set()
    for entry in chronicle.order("r:" + room):
        if entry.kind not in "elr":
            continue
        words = entry.body.split('"')
        nick, old = words[3], words[7] if len(words) > 7 else ""
        wrong = (nick in there) if entry.kind in "er" else (nick not in there)
        if entry.kind == "r":
            wrong = wrong and nick.casefold() != old.casefold() or old not in there
            there.discard(old)
        if wrong and (entry.kind != "l" or chronicle.has_entered(entry)):
            found.append(Violation(Kind.PRESENCE, f"{entry} in {room}, where {sorted(there)} are"))
        (there.discard if entry.kind == "l" else there.add)(nick)
    if sorted(there) != members:
        text = f"{members} are listed in {room}, its log says {sorted(there)}"
        found.append(Violation(Kind.PRESENCE, text))
    return found


def unsettled(world: World) -> list[str]:
    """At the end all rooms know what was decided, and no name is held that nobody has."""
    found = []
    for server in world.servers:
        keys = server.shell.store.keys
        outs = [key for key in keys if key.startswith((b"chat:{c}:out:", b"chat:{c}:end:"))]
        found += [f"unsettled: {key.decode()} is {keys[key]}" for key in outs]
    decided: dict[bytes, dict[bytes, bytes]] = {}
    names = set[bytes]()
    for key, session in world.keys(CONTROL).items():
        if key.startswith(b"chat:{c}:session:"):
            sid = key.removeprefix(b"chat:{c}:session:")
            names.add(session.get(b"fold", b""))
            if session.get(b"old"):
                found.append(f"unsettled: {key.decode()} has given up {session[b'old']}")
            for name, birth in (world.data(b"chat:{c}:rooms:" + sid) or {}).items():
                decided.setdefault(name, {})[sid] = birth
    if leaked := set(world.data(b"chat:{c}:nicks") or ()) - names:
        found.append(f"unsettled: nobody has the names {leaked}")
    for room in ROOMS:
        key = room.encode()
        there = decided.get(key, {})
        seats = _seats(world, room)
        # A seat that Redis brought back is found once a node follows the room.
        compared = bool(there) or world.follows(room)
        if compared and set(seats) != set(there):
            found.append(f"unsettled: {sorted(seats)} have seats in {room}, not {sorted(there)}")
        count = int((world.data(b"chat:{c}:counts") or {}).get(key, 0))
        if count != len(there):
            found.append(f"unsettled: {count} are counted in {room}, not {len(there)}")
        births = {*there.values(), *_values(world, b"chat:{c}:births", key)}
        births.update(_values(world, b"chat:{r:%b}" % key, b"birth"))
        if there and len(births) > 1:
            found.append(f"unsettled: {room} has several births: {sorted(births)}")
        members = set(world.data(b"chat:{r:%b}:members" % key) or ())
        if members != {b"%b\0%b" % (seat.fold, seat.nick) for seat in seats.values()}:
            found.append(f"unsettled: {sorted(members)} are listed in {room}, seats are {seats}")
        if compared or not world.plan.forgetful:
            found += _wrong_seats(world, room, seats)
    return found


def _values(world: World, key: bytes, field: bytes) -> list[bytes]:
    value = (world.data(key) or {}).get(field)
    return [] if value is None else [value]


def _seats(world: World, room: str) -> dict[bytes, Seat]:
    rows = world.data(b"chat:{r:%b}:seats" % room.encode()) or {}
    return {sid: Seat(*row.split(b" ", 5)) for sid, row in rows.items()}


def _wrong_seats(world: World, room: str, seats: dict[bytes, Seat]) -> list[str]:
    """Each seat is that of the session's life, under its nick, and its connection may speak."""
    found = []
    for sid, seat in seats.items():
        session = world.data(b"chat:{c}:session:" + sid) or {}
        named = (b"life", b"nick", b"fold", b"owner")
        should = tuple(session.get(name, b"") for name in named)
        if session and should != (seat.life, seat.nick, seat.fold, seat.owner):
            found.append(f"unsettled: {sid!r} in {room} is {seat}, not {should}")
    return found
