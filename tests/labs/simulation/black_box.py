"""A world as the fault laboratory's checker wants it: it knows nothing but what clients saw.

That checker is for sessions that stay in their rooms from beginning to end, so only worlds in which
nobody leaves a room, and no session ends and begins anew, are shown to it.
"""

from collections import defaultdict
from math import inf

from tests.labs.faults import record as r
from tests.labs.faults.checker import check
from tests.labs.faults.verdict import Rules
from tests.labs.simulation.chronicle import Added
from tests.labs.simulation.notes import Step, is_own
from tests.labs.simulation.world import World

NOTICES = ("entered", "left", "renamed")


def suits(world: World) -> bool:
    """Say whether a world is one of those."""
    plan = world.plan
    # Of logs that are trimmed after a few entries it cannot tell what was kept at a time.
    if any(person.counts_anew for person in plan.people):
        return False  # It knows messages by their ids alone.
    if plan.forgetful or plan.kept < 1000 or plan.notices < 200 or world.chronicle.deleted:
        return False
    for steps in world.notes.steps.values():
        welcomes = [step for step in steps if step.name == "welcome"]
        if any(step.name == "left" and is_own(step.event) for step in steps):
            return False
        if any(not step.event["resumed"] for step in welcomes[1:]):
            return False
    return True


def violations(world: World) -> list[str]:
    """Return what that checker says."""
    record = r.Record()
    everything = [
        (step.at, place, number * 100 + step.session, step)
        for number, steps in world.notes.steps.items()
        for place, step in enumerate(steps)
    ]
    nicks: dict[int, str] = {}
    waiting: dict[int, dict[str, None]] = defaultdict(dict)
    for _, _, session, step in sorted(everything, key=lambda row: row[:2]):
        for refused in _unheard(session, step, waiting[session]):
            record.add(refused)
        if (event := _event(session, step, nicks)) is not None:
            record.add(event)
    for log in world.chronicle.logs:
        if log.startswith("r:"):
            order = [entry for entry in world.chronicle.order(log) if entry.kind == "m"]
            first = world.chronicle.first_kept(log, inf)
            record.whole[log[2:]] = [_id(entry) for entry in order]
            record.final[log[2:]] = [
                r.Kept(_id(entry), f"{entry.offset}-{entry.id}")
                for entry in order
                if entry.offset >= first
            ]
    found = check(record, Rules(kept=world.plan.kept))
    return [f"black box: {one.kind.value}: {one.text}" for one in found]


def _id(entry: Added) -> str:
    return entry.body.split('"')[-2]


def _unheard(session: int, step: Step, waiting: dict[str, None]) -> list[r.Refused]:
    """Return the refusals that a client may have missed with the end of its connection.

    Its node goes on with what it had read: it may refuse a message whose time is over, and keep the
    one behind it, whose time is not. ``waiting`` are the messages that are not answered.
    """
    id = step.event.get("id", "")
    if step.name == "sent":
        waiting[id] = None
    elif step.name in ("ack", "error"):
        waiting.pop(id, None)
    elif step.name == "dropped":
        lost = list(waiting)
        waiting.clear()
        return [r.Refused(step.at, session, step.dial, id, "unavailable") for id in lost]
    return []


def _event(session: int, step: Step, nicks: dict[int, str]) -> r.Event | None:
    at, event = step.at, step.event
    room = event.get("room", "")
    if step.name == "greeted":
        return r.Greeted(at, session)
    if step.name == "sent" and room:
        return r.Sent(at, session, step.dial, room, event["id"])
    if step.name == "ack" and room:
        return r.Acked(at, session, room, event["id"], _position(event["position"]))
    if step.name == "error" and event.get("id", "").startswith("m"):
        return r.Refused(at, session, step.dial, event["id"], event["code"])
    if step.name == "welcome" or (step.name == "renamed" and not room):
        nicks[session] = event["nick"]
        resumed, node = event.get("resumed", True), event.get("node", "")
        return r.Welcomed(at, session, event["nick"], resumed, node)
    if step.name == "ended" and session in nicks:
        return r.Ended(at, session, nicks[session], event["reason"])
    if step.name == "joined":
        return r.Joined(at, session, room, _position(event["position"]))
    if step.name == "gap" and room != "@":
        return r.Gap(at, session, room, _position(event["after"]), _position(event["position"]))
    if step.name == "message" or (step.name in NOTICES and room):
        return _delivered(session, step)
    return None


def _delivered(session: int, step: Step) -> r.Delivered:
    event = step.event
    nick = event.get("nick", event.get("from", ""))
    # The id of the entry: two rooms, and two changes of one moment, may tell the same of a nick.
    key = event["id"] if step.name == "message" else f"{step.name} {nick} {event['position']}"
    position, reason = _position(event["position"]), event.get("reason", "")
    return r.Delivered(step.at, session, event["room"], key, position, step.name, nick, reason)


def _position(text: str) -> str:
    return text.partition("-")[2]
