"""Each key of a busy system is in the slot of sessions or in that of its room, as documented."""

import re
from typing import NamedTuple

from redis.crc import key_slot

from node.brokers import keys
from node.core.log_names import room_log
from tests.integration.brokers.bench import Node, Place, wait
from tests.support.repository import ROOT

ROOMS = ("general", "tea", "milk", "hall", "den")
NEVER_WRITTEN = "chat:{TAG}:never"
RARE = {"chat:{c}:nicks:lost", "chat:{c}:waits", "K:moved", NEVER_WRITTEN}
"""Keys that there are only after a loss, or with replicas."""
OF_INBOXES = ("", ":log", ":moved")
"""How the keys of a log end that an inbox has as well as a room."""

_ROW = re.compile(r"^\| `(chat:\S*|K\S*)` \| ([a-z ]+) \| (.+) \|$", re.MULTILINE)
_TYPES = {"sorted set": "zset"}


class Kind(NamedTuple):
    """A kind of keys: its name in the documentation, what it matches, its type, what it is for."""

    name: str
    pattern: re.Pattern[str]
    type: str
    why: str


class Whereabouts(NamedTuple):
    """Where a key is: the tag of its slot, and the kind of key that it is."""

    tag: str
    kind: Kind


def kinds() -> list[Kind]:
    """Return the kinds of keys that docs/architecture.md lists."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    found = []
    for name, type, why in _ROW.findall(text):
        rest = name.removeprefix("K")
        both = ("chat:{r:ROOM}" + rest, "chat:{c}:i:SID" + rest)
        for shape in (both[: 2 if rest in OF_INBOXES else 1] if rest != name else (name,)):
            pattern = re.escape(shape).replace("ROOM", "(?P<room>[^{}:]+)")
            pattern = re.sub("SID|INC", "[0-9a-z]+", pattern)
            found.append(Kind(name, re.compile(pattern), _TYPES.get(type, type), why))
    return found


def where(key: str, documented: list[Kind]) -> Whereabouts | None:
    """Return where a key has to be, and why; None if it is of no known kind."""
    for kind in documented:
        if (found := kind.pattern.fullmatch(key)) is not None:
            room = found.groupdict().get("room")
            return Whereabouts(room_log(room) if room else keys.CONTROL_TAG, kind)
    return None


async def busy(place: Place) -> None:
    """Let people come, talk, go, be renamed and be kicked, in several rooms, at several nodes."""
    here, there = await place.node(), await place.node()
    async with place.doomed() as dead:
        await dead.hello("s9", "ida", rooms=["hall"])
    ana, _ = await here.hello("s1", "ana", rooms=["tea", "milk"])
    bo, _ = await there.hello("s2", "Bo", rooms=["tea", "general"])
    cy, _ = await here.hello("s3", "cy", rooms=["milk"])
    di, _ = await there.hello("s4", "di", rooms=["tea", "hall"])
    for number in range(3):
        await wait(here.say(ana, "tea", f"hi {number}", f"{number}"))
        await here.direct(ana, "bo", f"psst {number}", f"{number}")
    await wait(there.say(bo, "tea", "hello"))
    await here.ask("leave", ana, "milk")
    await there.ask("rename", bo, "Bob", "bob")
    here.broker.part(cy, quit=True)
    there.broker.part(bo, quit=False)
    await closing(place, here, there)
    await place.run("reap", "op1", 30_000, 86_400_000, 100, 9e15)
    await here.hello("s5", "ed", rooms=["tea"])
    # A node has died before the rooms heard of this.
    await place.run("part", "op2", *di, "quit", 0)


async def closing(place: Place, *nodes: Node) -> None:
    """Let a moderator kick somebody, and close a room, whose ids of messages stay."""
    flo, _ = await nodes[0].hello("s6", "flo", rooms=["tea", "den"])
    await wait(nodes[0].say(flo, "den", "hi", "1"))
    async with place.moderator() as moderator:
        await moderator.kick("flo", "spam")
        await moderator.close("den", "")
    for node in nodes:
        await node.settled()


async def test_each_key_is_in_the_slot_of_sessions_or_of_its_room(place: Place) -> None:
    await busy(place)
    documented = kinds()
    found = {key.decode(): await place.redis.type(key) async for key in place.redis.scan_iter("*")}
    told, unknown, seen = [], [], set()
    for key, type in found.items():
        there = where(key, documented)
        if there is None:
            unknown.append(key)
            continue
        seen.add(there.kind.name)
        if key == keys.OLD_FORMAT:
            continue  # It has to be where nodes look that know of no slots.
        told.append(f"{key} is in the slot of {{{there.tag}}}: {there.kind.why}")
        assert key_slot(key.encode()) == key_slot(there.tag.encode()), f"not as said: {told[-1]}"
        assert type == there.kind.type.encode(), f"{key} is a {type!r}, not a {there.kind.type}"
    assert unknown == [], "in neither slot, or not documented"
    assert len(told) > 50 and {kind.name for kind in documented} - seen == RARE
    rooms = {there.tag for key in found if (there := where(key, documented)) is not None}
    assert rooms == {keys.CONTROL_TAG, *map(room_log, ROOMS)}


def test_a_key_that_belongs_nowhere_is_named() -> None:
    documented = kinds()
    for key in (
        "chat:{c}:other",
        "chat:{r:tea}:back",
        "chat:tea:log",
        "chat:{r:a:b}",
        "chat:{c}:i:s1:seats",
        "chat:nodes",
    ):
        assert where(key, documented) is None, key
