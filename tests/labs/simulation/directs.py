"""Holds the directs that clients got against the promises."""

from collections import defaultdict
from math import inf

from tests.labs.faults.verdict import Kind, Violation
from tests.labs.simulation.chronicle import Chronicle, has
from tests.labs.simulation.notes import Step
from tests.labs.simulation.tracks import key_of, offset_of
from tests.labs.simulation.world import World


def judge_directs(world: World) -> tuple[list[Violation], list[str]]:
    """A direct reaches a session that goes on, once; and those for which that is a known limit."""
    found, limits = [], []
    forgetful = world.plan.forgetful
    got: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    gaps = set()
    for number, steps in world.notes.steps.items():
        for step in steps:
            if step.name == "welcome" and not step.event["resumed"] and forgetful:
                # Its position is of no use any more; but the roll-back may bring the old one back.
                got[number].clear()
            elif step.name == "direct":
                # What nobody remembers may be sent again: then it is another entry.
                key = key_of(step.event["position"]) if forgetful else step.event["id"]
                got[number][key] += 1
            elif step.name == "gap" and step.event["room"] == "@":
                gaps.add(number)
    for number, counts in got.items():
        if number in gaps:
            # After its end a session may have begun again unnoticed, by a hello of long ago.
            ended = not world.notes.sids[number].isdisjoint(world.chronicle.ended)
            if not forgetful and world.plan.kept == 1000 and not ended:
                found.append(Violation(Kind.GAP, f"p{number} has a gap in its inbox"))
            continue
        for id, count in counts.items():
            if count == 1:
                continue
            text = f"{id} came {count} times to p{number}"
            if why := known_limit(world.notes.steps[number], world.chronicle, id):
                limits.append(f"{text}, which {why}")
            else:
                found.append(Violation(Kind.DOUBLED, text))
    if not forgetful:
        found += _missing_directs(world, {number: set(ids) for number, ids in got.items()}, gaps)
    return found, limits


def known_limit(steps: list[Step], chronicle: Chronicle, id: str) -> str:
    """Return why a client may have got a direct twice; "" if that is a fault.

    ``steps`` are all steps of that client.
    """
    if _left_too_soon(steps, chronicle, id):
        return "had left before it was put back"
    if _went_on_before(steps, chronicle, id):
        return "went on before where it was put back"
    return ""


def _left_too_soon(steps: list[Step], chronicle: Chronicle, id: str) -> bool:
    """Say whether a client lost its connection after an entry was lost, before it was put back.

    The next node cannot know what the client had of the entries that are put back later.
    """
    lost = [back.at for back in chronicle.rollbacks if has(back.lost, id)]
    again = [new.at for new in chronicle.added if new.id == id and new.back]
    drops = [step.at for step in steps if step.name == "dropped"]
    return any(min(lost, default=inf) < drop < max(again, default=0.0) for drop in drops)


def _went_on_before(steps: list[Step], chronicle: Chronicle, id: str) -> bool:
    """Say whether a lost entry was put back behind the position with which its client resumed.

    That is of a direct that came since the loss. The client got nothing after it, so it does not
    say that the client has had the entry. One that says so ends in the name of the lost branch.
    """
    lost = min((back.at for back in chronicle.rollbacks if has(back.lost, id)), default=inf)
    older = {entry.id for entry in chronicle.added if entry.at <= lost}
    position = cursor = ""
    had = False
    for step in steps:
        if step.name == "greeted":
            cursor = position
        elif step.name == "welcome" and not step.event["resumed"]:
            position, cursor, had = "", "", False
        elif step.name == "direct":
            position = step.event["position"]
            if key_of(position) == id:
                plain = cursor.count("-") == 2 and key_of(cursor) not in older
                if had and not (plain and offset_of(cursor) < offset_of(position)):
                    return False
                had = True
    return True


def _missing_directs(world: World, got: dict[int, set[str]], gaps: set[int]) -> list[Violation]:
    found = []
    inboxes = {"i:" + client.sid: client for client in world.clients}
    logs = {entry.id: entry.log for entry in world.chronicle.added}
    for steps in world.notes.steps.values():
        for step in steps:
            if step.name != "ack" or "to" not in step.event:
                continue
            client = inboxes.get(logs.get(key_of(step.event["position"]), ""))
            if client is None or client.finished or client.person.number in gaps:
                continue
            ends = world.chronicle.ended.get(client.sid, [0.0])
            if max(ends) < step.event["at"] / 1000 - 0.001:
                if step.event["id"] not in got.get(client.person.number, ()):
                    text = f"{step} never came to p{client.person.number}"
                    found.append(Violation(Kind.LOST, text))
    return found
