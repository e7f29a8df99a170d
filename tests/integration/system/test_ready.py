"""Whether a node says that it is ready: only while what is said in it is written and comes back."""

import asyncio
from typing import Any

from tests.support import web
from tests.support.lab import Lab

SHARDED = ("SPUBLISH", "SSUBSCRIBE", "SUNSUBSCRIBE")


async def test_a_node_is_ready_while_redis_is_full_and_says_so_to_who_sends(lab: Lab) -> None:
    """Its probes come back, and another node would be no better off."""
    redis = await lab.redis()
    node = await lab.node(redis, "--http-port", "0")
    await web.ready(node.http)
    ana = await lab.connect(node.address)
    await ana.hello("ana")
    async with redis.client() as client:
        tell: Any = client.execute_command
        await tell("CONFIG", "SET", "maxmemory", "1")
        error = await ana.refused("send", "unavailable", room="general", text="hi", id="1")
        assert "full" in error["text"]
        await web.ready(node.http)
        await tell("CONFIG", "SET", "maxmemory", "0")


async def test_a_node_is_not_ready_while_redis_answers_but_no_frame_comes(lab: Lab) -> None:
    break_it = "ACL SETUSER default resetchannels &elsewhere"
    mend_it = "ACL SETUSER default allchannels"
    redis = await lab.redis()
    node = await lab.node(redis, "--http-port", "0")
    await web.ready(node.http)
    async with redis.client() as client:
        tell: Any = client.execute_command
        assert await tell(*break_it.split()) in (b"OK", "OK", True)
        reason = await web.ready(node.http, wanted=False)
        assert "refuses" in reason or "no probe" in reason
        assert (await web.get(node.http, "/healthz"))[0] == 200
        await tell(*mend_it.split())
    await web.ready(node.http)


async def test_the_only_redis_is_not_one_that_a_node_is_ready_without(lab: Lab) -> None:
    redis = await lab.redis()
    node = await lab.node(redis, "--http-port", "0")
    await web.ready(node.http)
    await redis.kill()
    while (found := await web.get(node.http, "/readyz"))[0] == 200:
        assert found[1] == "ready\n"
        await asyncio.sleep(0.1)


async def test_a_node_whose_redis_is_too_old_says_which_one_it_needs(lab: Lab) -> None:
    """As Redis 6.2, which knows no shard channels; after an upgrade the node serves."""
    redis = lab.unstarted_redis()
    old = redis.directory / "old.conf"
    old.write_text("".join(f'rename-command {name} ""\n' for name in SHARDED), "ascii")
    redis.options["include"] = str(old)
    await redis.start()
    node = await lab.node(redis, "--http-port", "0")
    needs = "a node needs Redis 7.0 or later, and this one does not know "
    while needs not in (reason := await web.ready(node.http, wanted=False)):
        assert "not been reached yet" in reason
    talker = await lab.connect(node.address)
    await talker.refused("hello", "internal", nick="ana")
    assert needs in await web.ready(node.http, wanted=False)
    del redis.options["include"]
    await redis.restart()
    await web.ready(node.http)
    await lab.member(node.address, "ana")
    node.terminate()
    await node.wait()
    [line] = [line for line in node.log.splitlines() if needs in line]
    assert "error" in line and f"Redis cannot serve this node: {needs}" in line
    assert "chat:" not in line and "refused the script" not in node.log


async def test_a_node_at_data_of_another_format_is_never_ready_and_says_why(lab: Lab) -> None:
    redis = await lab.redis()
    async with redis.client() as client:
        await client.set("chat:{c}:format", "99")
    node = await lab.node(redis, "--http-port", "0")
    while "format" not in (reason := await web.ready(node.http, wanted=False)):
        assert "not been reached yet" in reason
