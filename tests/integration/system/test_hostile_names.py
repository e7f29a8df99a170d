"""No name that a client chooses reaches a key, a channel or a script that is not meant by it."""

import re
from typing import cast

from tests.support.lab import Lab, key
from tests.support.redis_server import RedisServer

HOSTILE = [
    "general}",
    "{general}",
    "general}:log",
    "general}:members",
    "x}:live",
    "r:general",
    "i:s1",
    "@",
    "*",
    "a*b?c[d]",
    "a b",
    "a\nb",
    "a\r\nDEL chat:{c}:rooms\r\n",
    "a\0b",
    "\0",
    "a\x01b",
    "'..redis.call('FLUSHALL')..'",
    '","reason":"kicked"}',
    "a\\u0000b",
    "\x7f",
    "\u2028",
    "\ufeffana",
    "\u202eana",
    "a\u200db",
    "~" + "0" * 40,
    "-inf",
    "(ana",
    "[ana",
    "+",
    "%s%n",
    "\U0001f4a9",
    "chat:{c}:format",
    "../../etc/passwd",
    "a:b",
    "a/b",
]
ODD_BUT_FINE = ["a.b-c_d", "_", "..".join("ab"), "e\u0301", "0", "日本", "nil", "false", "__index"]

KEYS = re.compile(
    r"chat:(\{r:(?P<room>[^{}: \n\0]+)\}"
    r"(:log|:members|:moved|:seats|:gone|:sents|:sent:[0-9a-z]+)?"
    r"|\{c\}:(i:[0-9a-z]+(:log|:moved)?"
    r"|(session|rooms|out|end|ended|sent|at|dead|about):[0-9a-z]+"
    r"|rooms|births|counts|idle|outs|nicks|grace|nodes|ops|orders|ordered|format|sents|clock)"
    r"|format)"
)
FROM_A_NAME = ("bad-room", "bad-nick", "bad-request", "no-such-room", "no-such-nick", "not-in-room")


async def test_hostile_names_are_refused_or_taken_as_they_are(lab: Lab) -> None:
    redis = await lab.redis()
    node = await lab.node(redis, "--rate", "0", "--drain", "0", "--log-level", "debug")
    ana, bo = await lab.connect(node.address), await lab.connect(node.address)
    await bo.hello("bo")
    # An inbox may still be put back, as long as the node is so young.
    positions = {name: "k1-1-x" for name in HOSTILE if name != "@"}
    await ana.hello("ana", key=key(), rooms=["general", *HOSTILE], positions=positions)
    for name in HOSTILE:
        for type, field in (
            *(("create", "room"), ("join", "room"), ("leave", "room"), ("members", "room")),
            *(("history", "room"), ("nick", "nick")),
        ):
            answer = await ana.ask(type, **{field: name})
            assert answer["type"] == "error" and answer["code"] in FROM_A_NAME, (name, answer)
        for type, to in (("send", "room"), ("direct", "to")):
            answer = await ana.ask(type, **{to: name, "text": "hi"})
            assert answer["type"] == "error" and answer["code"] in FROM_A_NAME, (name, answer)
        # What is only a place in an order may be anything.
        assert (await ana.ask("rooms", after=name))["type"] == "rooms"
        assert (await ana.ask("members", room="general", after=name))["type"] == "members"
        answer = await ana.ask("history", room="general", before=name)
        assert answer["code"] == "bad-request", answer
        other = await lab.connect(node.address)
        assert (await other.ask("hello", nick=name))["code"] in ("bad-nick", "bad-request"), name
        await other.close()
    for name in ODD_BUT_FINE:
        assert (await ana.ask("create", room=name))["type"] == "joined"
        assert (await ana.ask("leave", room=name))["type"] == "left"
        assert (await ana.ask("nick", nick=name))["type"] == "renamed"
    await ana.ask("nick", nick="ana")
    # An id is no name and may be anything; each is one message, and comes back as it was.
    ids = [name for name in HOSTILE if len(name.encode()) <= 64]
    for name in ids:
        assert (await ana.say("general", "hi", name))["id"] == name
        ana.send("direct", to="bo", text="hi", id=f"d{name}"[:64])
        assert (await bo.expect("message", room="general"))["id"] == name
    await check(node.log, redis)
    assert (await ana.ask("members", room="general"))["members"] == ["ana", "bo"]


async def check(log: str, redis: RedisServer) -> None:
    """See that the keys are those of the documented table, and that no script has failed."""
    assert "refused the script" not in log and "Traceback" not in log
    async with redis.client() as client:
        names = [name.decode() async for name in client.scan_iter()]
        channels = [
            name.decode() for name in cast(list[bytes], await client.pubsub_shardchannels())
        ]
        assert len(names) > 10 and len(channels) > 2
        for name in names:
            assert KEYS.fullmatch(name), name
        rooms = {
            found["room"] for name in names if (found := KEYS.fullmatch(name)) and found["room"]
        }
        assert rooms <= {"general", *(name.lower() for name in ODD_BUT_FINE), "\xe9"}
        for channel in channels:
            assert re.fullmatch(
                r"chat:(\{r:[^{}: \n]+\}:live|\{c\}:node:[0-9a-z]+)", channel
            ), channel
