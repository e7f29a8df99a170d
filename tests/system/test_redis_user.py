"""A node needs no more of Redis than docs/security.md gives it."""

from typing import Any

import pytest
from redis import asyncio as redis_py
from redis.exceptions import NoPermissionError

from tests.support.lab import Lab, fresh
from tests.support.node_process import NodeProcess
from tests.support.redis_server import RedisServer
from tests.support.repository import matched
from tests.support.talker import Talker

PASSWORD = "long-enough-to-be-no-guess"
OUT_OF_REACH = (
    *("GET elsewhere", "SET elsewhere 1", "PUBLISH elsewhere x", "SUBSCRIBE elsewhere"),
    *("FLUSHALL", "KEYS *", "CONFIG GET *", "ACL LIST", "SHUTDOWN NOSAVE", "REPLICAOF NO ONE"),
    *("MODULE LIST", "CLIENT LIST", "SAVE", "FUNCTION FLUSH", "SCRIPT FLUSH"),
)


async def as_chat(lab: Lab) -> tuple[RedisServer, str]:
    """A Redis with the user of the page, and the URL by which a node comes as that user."""
    redis = await lab.redis()
    rules = matched(r"^ACL SETUSER chat (.*)$", "docs/security.md").replace("PASSWORD", PASSWORD)
    async with redis.client() as client:
        tell: Any = client.execute_command
        await tell("ACL", "SETUSER", "chat", *rules.split())
    return redis, f"redis://chat:{PASSWORD}@127.0.0.1:{redis.port}/0"


async def node_at(lab: Lab, url: str, *flags: str) -> NodeProcess:
    """A node at that URL."""
    return await lab.node(None, "--redis-url", url, *flags)


async def refusals(redis: RedisServer) -> list[str]:
    """What Redis refused to the user, as the reason and the command or key each time."""
    async with redis.client() as client:
        tell: Any = client.execute_command
        entries = await tell("ACL", "LOG")
    return [f"{entry['reason']}: {entry['object']} ({entry['context']})" for entry in entries]


async def converse(one: Talker, other: Talker, nick: str) -> None:
    """Ask for everything that there is to ask for."""
    room = fresh("acl")
    assert (await one.ask("create", room=room))["type"] == "joined"
    assert (await other.ask("join", room=room, history=10))["type"] == "joined"
    one.send("send", room=room, text="hi", id="1")
    await other.expect("message", room=room)
    one.send("direct", to=nick, text="psst", id="2")
    await other.expect("direct")
    assert (await one.ask("history", room=room))["messages"]
    assert len((await one.ask("members", room=room))["members"]) == 2
    assert (await one.ask("rooms"))["rooms"]
    assert (await one.ask("nick", nick=fresh("new")))["type"] == "renamed"
    assert (await one.ask("leave", room=room))["type"] == "left"
    one.send("quit")
    await one.expect("bye")


async def test_a_node_works_with_no_more_rights_than_the_page_gives_it(lab: Lab) -> None:
    redis, url = await as_chat(lab)
    first, second = [await node_at(lab, url) for _ in range(2)]
    nick = fresh("other")
    other = await lab.member(second.address, nick)
    await converse(await lab.member(first.address, fresh("one")), other, nick)
    async with redis.client() as client:
        # The nodes have to come again: to end their old connection, and to subscribe anew.
        tell: Any = client.execute_command
        await tell("CLIENT", "KILL", "USER", "chat")
    await converse(await lab.member(first.address, fresh("one")), other, nick)
    assert await refusals(redis) == []


@pytest.mark.parametrize("command", OUT_OF_REACH)
async def test_the_rest_of_redis_is_out_of_its_reach(lab: Lab, command: str) -> None:
    _, url = await as_chat(lab)
    async with redis_py.Redis.from_url(url, socket_timeout=5, retry=None) as client:
        tell: Any = client.execute_command
        with pytest.raises(NoPermissionError):
            await tell(*command.split())
