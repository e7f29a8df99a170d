"""Every error code of the protocol, provoked through a socket."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.integration.system.conftest import System
from tests.integration.system.test_framing import assert_unharmed
from tests.support.lab import Lab, fresh
from tests.support.talker import Event, Talker
from wire.errors import Code

PAGE = Path(__file__).parents[3] / "docs/protocol.md"

Provoke = Callable[[Lab, System], Awaitable[Event]]


async def member(lab: Lab, pair: System) -> Talker:
    return await lab.member(pair.node, fresh("provoker"))


async def bad_request(lab: Lab, pair: System) -> Event:
    return await (await member(lab, pair)).refused("send", "bad-request", room="general")


async def unknown_type(lab: Lab, pair: System) -> Event:
    return await (await member(lab, pair)).refused("dance", "unknown-type")


async def not_welcome_yet(lab: Lab, pair: System) -> Event:
    talker = await lab.connect(pair.node)
    return await talker.refused("send", "not-welcome-yet", room="general", text="hi")


async def bad_nick(lab: Lab, pair: System) -> Event:
    return await (await lab.connect(pair.node)).refused("hello", "bad-nick", nick="a b")


async def nick_taken(lab: Lab, pair: System) -> Event:
    nick = fresh("taken")
    await lab.member(pair.node, nick)
    return await (await lab.connect(pair.other)).refused("hello", "nick-taken", nick=nick)


async def bad_room(lab: Lab, pair: System) -> Event:
    error = await (await member(lab, pair)).refused("join", "bad-room", room="a room")
    assert error["room"] == "a room"
    return error


async def room_exists(lab: Lab, pair: System) -> Event:
    error = await (await member(lab, pair)).refused("create", "room-exists", room="general")
    assert error["room"] == "general"
    return error


async def no_such_room(lab: Lab, pair: System) -> Event:
    room = fresh("Nowhere")
    error = await (await member(lab, pair)).refused("join", "no-such-room", room=room)
    assert error["room"] == room
    return error


async def not_in_room(lab: Lab, pair: System) -> Event:
    talker, room = await member(lab, pair), fresh("elsewhere")
    await lab.member(pair.other, fresh("owner"), rooms=[room])
    for type in ("leave", "history", "members"):
        assert (await talker.refused(type, "not-in-room", room=room))["room"] == room
    error = await talker.refused("send", "not-in-room", room=room, text="hi", id="17")
    assert (error["room"], error["id"]) == (room, "17")
    return error


async def no_such_nick(lab: Lab, pair: System) -> Event:
    talker = await member(lab, pair)
    error = await talker.refused("direct", "no-such-nick", to=fresh("nobody"), text="hi", id="18")
    assert error["id"] == "18"
    return error


async def text_too_long(lab: Lab, pair: System) -> Event:
    talker = await member(lab, pair)
    error: Event = {}
    for text in ("x" * 4097, "€" * 1366):
        error = await talker.refused("send", "text-too-long", room="general", text=text, id="19")
    assert error["id"] == "19"
    return error


async def empty_text(lab: Lab, pair: System) -> Event:
    talker = await member(lab, pair)
    error: Event = {}
    for text in ("", " ", "\n\t ", "\u2003\u00a0"):
        error = await talker.refused("send", "empty-text", room="general", text=text)
        await talker.refused("direct", "empty-text", to="anybody", text=text)
    return error


async def line_too_long(lab: Lab, pair: System) -> Event:
    talker = await member(lab, pair)
    talker.send_line(b"x" * 17 * 1024)
    return await talker.expect("error", code="line-too-long")


async def rate_limited(lab: Lab, pair: System) -> Event:
    node = await lab.node(None, "--rate", "0.5/1")
    talker = await lab.member(node.address, "hasty")
    error = await talker.refused("send", "rate-limited", room="general", text="hi", id="20")
    assert error["id"] == "20"
    return error


async def unavailable(lab: Lab, pair: System) -> Event:
    node = await lab.node(lab.unstarted_redis())
    return await (await lab.connect(node.address)).refused("hello", "unavailable", nick="early")


async def bad_token(lab: Lab, pair: System) -> Event:
    node = await lab.node(None, "--token", "open sesame é")
    talker = await lab.connect(node.address)
    await talker.refused("hello", "bad-token", nick="ana")
    error = await talker.refused("hello", "bad-token", nick="ana", token="open")
    await talker.hello("ana", token="open sesame é")
    return error


async def too_many_rooms(lab: Lab, pair: System) -> Event:
    stem = fresh("many")
    talker = await lab.connect(pair.node)
    welcome = await talker.hello(fresh("everywhere"), rooms=[f"{stem}-{n}" for n in range(50)])
    assert welcome["limits"]["rooms"] == 50
    error = await talker.refused("create", "too-many-rooms", room=f"{stem}-50")
    assert error["room"] == f"{stem}-50"
    assert (await talker.ask("join", room=f"{stem}-3"))["type"] == "joined"
    await talker.ask("leave", room=f"{stem}-3")
    assert (await talker.ask("create", room=f"{stem}-50"))["type"] == "joined"
    return error


async def internal(lab: Lab, pair: System) -> Event:
    """Spoil what Redis keeps of a room: it belongs to the nodes alone, so all may be broken."""
    assert pair.redis is not None
    room = fresh("spoiled")
    talker = await lab.member(pair.node, fresh("victim"), rooms=[room])
    await talker.expect("joined", room=room)
    async with pair.redis.client() as redis:
        spoiled = [name for name in await redis.keys() if room.encode() in name]
        assert spoiled
        for name in spoiled:
            await redis.set(name, "not what it was")
        try:
            return await talker.refused("send", "internal", room=room, text="hi")
        finally:
            await redis.delete(*spoiled)


PROVOKED: dict[str, Provoke] = {
    provoke.__name__.replace("_", "-"): provoke
    for provoke in (
        *(bad_request, unknown_type, not_welcome_yet, bad_nick, nick_taken, bad_room, room_exists),
        *(no_such_room, not_in_room, no_such_nick, text_too_long, empty_text, line_too_long),
        *(rate_limited, unavailable, bad_token, too_many_rooms, internal),
    )
}


def test_every_code_that_the_page_names_is_provoked() -> None:
    found = re.search(
        r"^\| code \| meaning \|.*?\n\n", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    assert found, "the page lists the codes in a table"
    assert set(re.findall(r"^\| `([a-z-]+)` \|", found[0], re.MULTILINE)) == set(PROVOKED)


def test_every_code_that_a_node_knows_is_provoked() -> None:
    assert {str(code) for code in Code} == set(PROVOKED)


@pytest.mark.parametrize("code", PROVOKED)
async def test_a_code_is_told_where_it_belongs(lab: Lab, pair: System, code: str) -> None:
    error = await PROVOKED[code](lab, pair)
    assert error["code"] == code
    assert error["text"] and isinstance(error["text"], str)
    if code in ("rate-limited", "unavailable"):
        assert error["retry_after_ms"] > 0
    else:
        assert "retry_after_ms" not in error
    await assert_unharmed(lab, pair)
