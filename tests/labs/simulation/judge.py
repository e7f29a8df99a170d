"""Holds what clients saw against what really happened, and both against the promises.

Pure, but for a look into Redis at the end.
"""

from collections import Counter, defaultdict
from typing import Any, NamedTuple

from tests.labs.faults.verdict import Kind, Violation
from tests.labs.simulation import presence
from tests.labs.simulation.audit import Audit
from tests.labs.simulation.chronicle import Added
from tests.labs.simulation.directs import judge_directs
from tests.labs.simulation.notes import Step
from tests.labs.simulation.sessions import judge_sessions
from tests.labs.simulation.tracks import key_of, tracks
from tests.labs.simulation.world import World

HEALED_WITHIN = 10.0
"""Seconds for which a node must live on for what it remembers to be put back."""

FRAME_WITHIN = 3.0
"""Seconds for which a node follows a room at least, after it has acknowledged a message there."""

ANSWER_WITHIN = 5.5
"""Seconds within which a request must have been answered, but for what the network takes."""


class Verdict(NamedTuple):
    """What is wrong, and what is a known limit (README.md tells of each), one line each."""

    violations: list[str]
    limits: list[str]


def judge(world: World) -> Verdict:
    """Return what is wrong."""
    plan, chronicle = world.plan, world.chronicle
    found = [
        *world.notes.troubles,
        *(fault for server in world.servers for fault in server.shell.faults),
    ]
    violations, limits = _doubled(world)
    for number, steps in world.notes.steps.items():
        for track in tracks(number, steps):
            audit = Audit(track, chronicle, plan.forgetful, world.dialled)
            violations += audit.run()
            limits += audit.limits
    violations += _acknowledged(world) + _overtaking(world)
    violations += _remembered(world)
    violations += judge_sessions(world)
    told, known = presence.judge_presence(world)
    violations, limits = violations + told, limits + known
    directs, known = judge_directs(world)
    violations, limits = violations + directs, limits + known
    found += [f"{kind.value}: {text}" for kind, text in violations]
    return Verdict(found + _quiet(world), limits)


def _kept(world: World) -> list[Added]:
    """Return the messages that stand in the logs at the end."""
    logs = [world.chronicle.order(log) for log in world.chronicle.logs]
    return [entry for order in logs for entry in order if entry.kind in "md"]


def _doubled(world: World) -> tuple[list[Violation], list[str]]:
    """Nothing is twice in the logs, and what is there twice because it could not be helped.

    The same id in another room is another message; directs have ids of their own, for all inboxes.
    """
    found, limits = [], []
    where: dict[tuple[str, str], list[Added]] = defaultdict(list)
    for entry in _kept(world):
        if entry.origin != "-":
            where[entry.log if entry.kind == "m" else "@", entry.origin].append(entry)
    first = {entry.id: entry.at for entry in reversed(world.chronicle.added)}
    forgotten = {entry.id for back in world.chronicle.rollbacks for entry in back.lost}
    # The end of a session deletes its inbox; Redis may go back to before that end.
    for back in world.chronicle.rollbacks:
        for entry in world.chronicle.added:
            ends = world.chronicle.deleted.get(entry.log, ())
            if any(entry.at <= end <= back.at for end in ends):
                forgotten.add(entry.id)
    for (_, origin), entries in where.items():
        if len(entries) > 1:
            oldest = min(entries, key=lambda entry: first[entry.id])
            if oldest.id in forgotten:
                limits.append(f"{origin} was sent again before it was put back")
            else:
                text = f"{origin} is kept {len(entries)} times: {entries}"
                found.append(Violation(Kind.DOUBLED, text))
    return found, limits


def _acknowledged(world: World) -> list[Violation]:
    """What was acknowledged is in its log."""
    found: list[Violation] = []
    if world.plan.forgetful:
        return found
    kept = {(entry.log, entry.id) for entry in _kept(world)}
    for number, steps in world.notes.steps.items():
        for step in steps:
            if step.name == "ack" and "room" in step.event:
                log = "r:" + step.event["room"]
                if log in world.chronicle.deleted:
                    continue
                if (log, key_of(step.event["position"])) not in kept:
                    found.append(Violation(Kind.LOST, f"acknowledged to p{number}: {step}"))
    return found


def _overtaking(world: World) -> list[Violation]:
    """What a client sends over one connection keeps its order, as long as Redis forgets nothing."""
    found: list[Violation] = []
    if world.chronicle.rollbacks:
        return found
    first: dict[tuple[str, str], Added] = {}
    for entry in world.chronicle.added:
        if entry.kind in "md":
            where = entry.log if entry.kind == "m" else "@"
            first.setdefault((where, entry.origin.partition(":")[2]), entry)
    for number, steps in world.notes.steps.items():
        sent = [(_said(step), step.dial) for step in steps if step.name == "sent"]
        # What was sent again may have been refused, and others have gone before it.
        times = Counter(said for said, _ in sent)
        newest: dict[tuple[int, str], Added] = {}
        for said, dial in sent:
            if said in first and times[said] == 1:
                entry = first[said]
                before = newest.get((dial, entry.log), entry)
                # Not by offset alone: an inbox whose session ended begins at one again.
                if (before.at, before.offset) > (entry.at, entry.offset):
                    text = f"p{number}: {before} was sent before {entry}"
                    found.append(Violation(Kind.DISORDER, text))
                newest[dial, entry.log] = entry
    return found


def _said(step: Step) -> tuple[str, str]:
    """Return where a message is said, "@" for a direct, and its id."""
    return "r:" + step.event["room"] if "room" in step.event else "@", step.event["id"]


def _acknowledging(world: World) -> dict[str, list[tuple[float, Any]]]:
    """Return which nodes have acknowledged a message, and when, by the id of its entry."""
    nodes: dict[str, list[tuple[float, Any]]] = defaultdict(list)
    if world.plan.tail < 100:
        # A node forgets a room that its last client left, and others have read the tail alone.
        return nodes
    for number, steps in world.notes.steps.items():
        for step in steps:
            if step.name == "ack" and (life := world.dialled.get((number, step.dial))):
                nodes[key_of(step.event["position"])].append((step.event["at"] / 1000, life))
    return nodes


def _remembered(world: World) -> list[Violation]:
    """What Redis forgot and somebody who lived on remembered is back.

    A node that has acknowledged a message remembers it, whether its frame has come or not.
    """
    found = []
    chronicle = world.chronicle
    acknowledging = _acknowledging(world)
    for number, rollback in enumerate(chronicle.rollbacks):
        later = chronicle.rollbacks[number + 1 :]
        until = min([rollback.at + HEALED_WITHIN] + [other.at for other in later])
        if later and until < rollback.at + HEALED_WITHIN:
            continue
        after = [entry for entry in chronicle.added if entry.at >= rollback.at]
        back = {entry.id for entry in after}
        # Its author, who was not told of it, said it again: it has another id then.
        again = {(entry.log, entry.origin) for entry in after if entry.origin != "-"}
        for entry in rollback.lost:
            known = rollback.remembered[entry.id] + [
                life
                for at, life in acknowledging[entry.id]
                if at <= rollback.at <= at + (30.0 if entry.kind == "d" else FRAME_WITHIN)
            ]
            witnesses = [life for life in known if _lived_on(world, life, rollback.at)]
            if entry.id in back or (entry.log, entry.origin) in again:
                continue
            if witnesses and not _is_past(world, entry, rollback.at):
                names = ", ".join(life.name for life in witnesses)  # type: ignore[attr-defined]
                found.append(Violation(Kind.LOST, f"{entry} is not put back, known to {names}"))
    return found


def _lived_on(world: World, life: Any, at: float) -> bool:
    until = at + HEALED_WITHIN
    if world.ended.get(life, until) < until:
        return False
    troubles = world.stopped.get(life, []) + world.cut.get(life, [])
    return all(end < at or start > until for start, end in troubles)


def _is_past(world: World, entry: Added, at: float) -> bool:
    """Say whether an entry need not come back: its log is gone, or it would have been trimmed."""
    if entry.log.startswith("i:"):
        if world.chronicle.ended.get(entry.log[2:]) or entry.id in _delivered_directs(world):
            return True
        if _began_again(world, entry.log[2:], entry.at, at):
            return True
    added = [one for one in world.chronicle.added if one.log == entry.log]
    # Offsets are used again, after Redis went back: what is newer is counted, too.
    newer = {one.id for one in added if one.at > entry.at}
    past = max(max(one.offset for one in added) - entry.offset, len(newer))
    return entry.log in world.chronicle.deleted or past >= world.plan.kept


def _began_again(world: World, sid: str, since: float, at: float) -> bool:
    """Say whether the session of a client was not the same any more some time after ``since``.

    A session that was in its grace period when Redis forgot it, ``at`` that time, has ended.
    """
    # The session may have begun again with a welcome that never arrived.
    session = world.data(b"chat:{c}:session:" + sid.encode()) or {}
    if int(session.get(b"since", 0)) > since * 1000:
        return True
    numbers = [client.person.number for client in world.clients if client.sid == sid]
    for number in numbers:
        told = [
            step.name
            for step in world.notes.steps.get(number, ())
            if step.at <= at and step.name in ("welcome", "dropped")
        ]
        if told[-1:] != ["welcome"]:
            return True
        # One that lost its connection before its node had put it back: docs/protocol.md.
        steps = world.notes.steps.get(number, ())
        if any(s.name == "dropped" and at <= s.at <= at + HEALED_WITHIN for s in steps):
            return True
        later = [step for step in world.notes.steps.get(number, ()) if step.at >= since]
        if any(step.name == "welcome" and not step.event["resumed"] for step in later):
            return True
    return not any(client.welcome for client in world.clients if client.sid == sid)


def _delivered_directs(world: World) -> set[str]:
    steps = [step for steps in world.notes.steps.values() for step in steps]
    return {key_of(step.event["position"]) for step in steps if step.name == "direct"}


def _quiet(world: World) -> list[str]:
    """At the end everybody is connected, and nothing is left to be done."""
    found = presence.unsettled(world)
    for client in world.clients:
        who = f"p{client.person.number}"
        if not client.finished and not client.welcome:
            found.append(f"stuck: {who} has no session at the end")
        elif not client.finished and client.outbox:
            found.append(f"stuck: {who} still wants to send {list(client.outbox)}")
        elif not client.finished and client.waiting:
            found.append(f"stuck: {who} still waits for {list(client.waiting.values())}")
    for at, number, dial, what, waited in world.notes.late_at:
        life = world.dialled[number, dial]
        if waited < ANSWER_WITHIN + 2 * world.plan.slow:
            continue
        if not any(start < at and end > at - 8.0 for start, end in world.stopped.get(life, [])):
            found.append(f"late: p{number} waited too long for {what} at {at:.3f}")
    return found
