"""Holds how sessions went on against docs/protocol.md."""

from collections.abc import Sequence

from tests.labs.faults.verdict import Kind, Violation
from tests.labs.simulation.chronicle import Added
from tests.labs.simulation.notes import Step
from tests.labs.simulation.world import World

BACK_WITHIN = 6.0
"""Seconds that a node takes to have its sessions back after it was out of touch."""

PENDING = 8.0
"""Seconds that a `hello` waits at most. Redis goes back by less."""


def judge_sessions(world: World) -> list[Violation]:
    """A session goes on if its client is not away for longer than the grace period."""
    plan = world.plan
    # A renewal may have to wait for what is on its way to Redis and back, and take as long itself.
    out_of_touch = 4 * plan.slow
    if plan.lease + plan.grace < out_of_touch:
        return []
    if plan.forgetful:
        # Where replies are lost as well, a node may not notice the loss: README.md.
        return [] if plan.trouble else _cut_off(world)
    found = []
    for number, steps in world.notes.steps.items():
        session, safe_until, up = 0, 0.0, False
        for step in steps:
            if step.name == "welcome":
                if session == step.session and not step.event["resumed"]:
                    away = step.at - safe_until
                    if away < world.plan.grace:
                        text = f"p{number} was away for {away:.2f} s and had to begin anew"
                        found.append(Violation(Kind.SESSION, f"{text} at {step.at:.3f}"))
                session, up = step.session, True
            if step.name == "bye" and step.event["reason"] == "replaced":
                found.append(Violation(Kind.SESSION, f"p{number} was replaced at {step.at:.3f}"))
            if up:
                safe_until = max(safe_until, _safe(world, number, step))
            up = up and step.name != "dropped"
    return found


def _cut_off(world: World) -> list[Violation]:
    """A node in touch with Redis puts back what Redis forgot, and turns no client away for that.

    A session may be in fewer rooms than its node believes if a `left` of it was forgotten: then its
    client enters those rooms again. README.md says what else may happen.
    """
    found = []
    rollbacks = world.chronicle.rollbacks
    left = {_session(entry) for back in rollbacks for entry in back.lost if entry.kind == "l"}
    spared = left | _contested(world)
    sids = {client.person.number: client.sid for client in world.clients}
    for number, steps in world.notes.steps.items():
        given_up = _given_up(steps)
        if sids[number] in spared or any(
            back.at - PENDING <= at <= back.at for at in given_up for back in rollbacks
        ):
            continue
        for step in steps:
            cut = step.name == "bye" and step.event["reason"] == "cut-off"
            if cut and _safe(world, number, step) == step.at:
                found.append(Violation(Kind.SESSION, f"p{number} was cut off at {step.at:.3f}"))
    return found


def _session(entry: Added) -> str:
    return entry.origin.partition("/")[0]


def _contested(world: World) -> set[str]:
    """Return the sessions with a nick that another one has had, too.

    After Redis forgot which session has it now, the session that is put back first gets it.
    """
    holders = world.chronicle.holders.values()
    return {sid for sids in holders if len(sids) > 1 for sid in sids}


def _given_up(steps: Sequence[Step]) -> list[float]:
    """Return when a client gave up a `hello` that was not answered.

    It may be done after a later one that Redis has forgotten.
    """
    welcome = {step.dial for step in steps if step.name == "welcome"}
    return [step.at for step in steps if step.name == "dropped" and step.dial not in welcome]


def _safe(world: World, number: int, step: Step) -> float:
    """Return until when, at most, the session was in good hands."""
    life = world.dialled.get((number, step.dial))
    if life is None:
        return 0.0
    at = step.at
    for start, end in world.stopped.get(life, []) + world.cut.get(life, []):
        # What the node says is of its last moments in touch; being back takes it a while.
        if start - 1.0 <= at <= end + BACK_WITHIN:
            at = min(at, start - 1.0)
    if world.plan.trouble:
        # No renewal may have reached Redis until the node's lease was over.
        known = sorted(
            [term for term in terms if term[0] <= step.at]
            for inc, terms in world.chronicle.leases.items()
            if inc.startswith(life.name) and terms[0][0] <= step.at
        )
        if len(known) > 1 and step.at - known[-1][0][0] < BACK_WITHIN:
            known.pop()  # It has just begun, because the incarnation before it was reaped.
        at = min(at, max((end for _, end in known[-1]), default=at) if known else at)
    return min(at, world.ended.get(life, at))
