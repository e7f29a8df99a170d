"""Who held which nick, which sessions went on, and what others were told of it. Pure."""

from collections import defaultdict

from tests.labs.faults.record import Delivered, Gap, Joined
from tests.labs.faults.story import Life, Story
from tests.labs.faults.verdict import Kind, Violation


def nicks(story: Story) -> list[Violation]:
    """No two sessions that live at one time have the same nick."""
    held: dict[str, list[tuple[float, float, int]]] = defaultdict(list)
    for session, life in story.lives.items():
        for start, end, nick in _spans(life):
            held[nick].append((start, end, session))
    found = []
    for nick, spans in held.items():
        spans.sort()
        latest, holder = float("-inf"), -1
        for start, end, session in spans:
            if session != holder and start < latest:
                text = f"{nick} was held by the sessions {holder} and {session} at once"
                found.append(Violation(Kind.NICK, text))
            if end > latest:
                latest, holder = end, session
    return found


def _spans(life: Life) -> list[tuple[float, float, str]]:
    """Return from when to when a session certainly had which nick."""
    spans = []
    end = life.end.at if life.end else float("inf")
    for n, welcome in enumerate(life.welcomes):
        following = life.welcomes[n + 1] if n + 1 < len(life.welcomes) else None
        if following is None:
            spans.append((welcome.at, end, welcome.nick))
        elif following.resumed and following.nick == welcome.nick:
            spans.append((welcome.at, following.at, welcome.nick))
        else:
            spans.append((welcome.at, welcome.at, welcome.nick))
    return spans


def sessions(story: Story) -> list[Violation]:
    """A session that its client comes back to in time goes on."""
    return [
        Violation(Kind.SESSION, f"session {session} was not continued, but begun anew")
        for session, life in story.lives.items()
        for welcome in life.welcomes[1:]
        if not welcome.resumed
    ]


def notices(story: Story) -> list[Violation]:
    """Everybody enters a room once, and leaves it once, if at all."""
    seen: dict[tuple[str, str], dict[str, Delivered]] = defaultdict(dict)
    joined: dict[tuple[str, int], float] = {}
    for (session, room), track in story.tracks.items():
        for step in track:
            if isinstance(step, Joined):
                joined.setdefault((room, session), step.at)
            elif isinstance(step, Delivered) and step.kind in ("entered", "left"):
                seen[room, step.nick].setdefault(step.key, step)
    found = []
    for room, session in joined:
        if (life := story.lives.get(session)) is None or len(life.nicks) != 1:
            continue
        (nick,) = life.nicks
        told = sorted(seen.pop((room, nick), {}).values(), key=lambda step: step.at)
        first = min(when for (name, _), when in joined.items() if name == room)
        # Those who enter at the same time may come before all who could tell.
        greeted = story.greeted.get(session, float("inf"))
        alone = first >= greeted or _may_be_trimmed(story, room, session, greeted)
        gone = life.end is not None and _may_be_trimmed(story, room, session, life.end.at)
        found += _compare(room, nick, told, life, alone, gone)
    renamed = {nick for life in story.lives.values() if len(life.nicks) > 1 for nick in life.nicks}
    for room, nick in seen:
        if nick not in renamed:
            found.append(Violation(Kind.PRESENCE, f"{nick} never was in {room}"))
    return found


def _may_be_trimmed(story: Story, room: str, session: int, since: float) -> bool:
    """Say whether all who were in a room were told of a gap since: what they missed is gone."""
    gaps = False
    for (other, name), track in story.tracks.items():
        if name != room or other == session:
            continue
        if any(isinstance(step, Gap) and step.at >= since for step in track):
            gaps = True
        elif story.joined.get((other, name), since) < since and story.stays(other):
            return False
    return gaps


def _compare(
    room: str, nick: str, told: list[Delivered], life: Life, alone: bool, gone: bool
) -> list[Violation]:
    """Compare what was told of a session with its life.

    ``alone``: nobody need have seen it enter; ``gone``: nobody need have seen it leave.
    """
    found = []
    entered = [step for step in told if step.kind == "entered"]
    left = [step.reason for step in told if step.kind == "left"]
    expected = [life.end.reason] if life.end else []
    if expected == ["gone"] and left in (["quit"], ["lost"]):
        expected = left
    if len(entered) > 1 or (not entered and not alone):
        found.append(f"{nick} entered {room} {len(entered)} times")
    if left != expected and not (gone and not left):
        found.append(f"{nick} left {room} as {left}, expected {expected}")
    if entered and left and told[0].kind == "left":
        found.append(f"{nick} left {room} before entering it")
    return [Violation(Kind.PRESENCE, text) for text in found]


def members(story: Story) -> list[Violation]:
    """The list of members is the truth."""
    found = []
    for room, listed in story.members.items():
        here = {session for session, name in story.tracks if name == room and story.stays(session)}
        expected = sorted(story.lives[session].welcomes[-1].nick for session in here)
        if listed != expected:
            odd = sorted(set(listed) ^ set(expected)) or "somebody twice"
            found.append(Violation(Kind.PRESENCE, f"the members of {room} are wrong: {odd}"))
    return found
