"""Whether a node says that it is ready: only while what is said in it is written and comes back."""

from typing import Any

import pytest

from tests.support import web
from tests.support.lab import Lab


@pytest.mark.parametrize(
    ("break_it", "mend_it"),
    [
        ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"),
        ("ACL SETUSER default resetchannels &elsewhere", "ACL SETUSER default allchannels"),
    ],
    ids=["full", "channels out of reach"],
)
async def test_a_node_is_not_ready_while_redis_answers_but_takes_nothing(
    lab: Lab, break_it: str, mend_it: str
) -> None:
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


async def test_a_node_at_data_of_another_format_is_never_ready_and_says_why(lab: Lab) -> None:
    redis = await lab.redis()
    async with redis.client() as client:
        await client.set("chat:format", "99")
    node = await lab.node(redis, "--http-port", "0")
    while "format" not in (reason := await web.ready(node.http, wanted=False)):
        assert "not been reached yet" in reason
