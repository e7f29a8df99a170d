"""Each script touches only keys of one slot, and declares those of a room.

That they do is looked at in all tests here that have a real Redis (conftest.py, test_cost.py).
"""

from itertools import count

import pytest
from redis.crc import key_slot

from node.brokers import keys, scripts
from tests.support import slots
from tests.support.redis_server import RedisServer
from tests.support.slots import Run

LOG = [key.encode() for key in keys.of_log("r:tea", scripts.key_names("read"))]


PLANTED = {
    "a key of another slot": ("read", "GET chat:{r:milk}", "which is in another slot"),
    "a key without a tag": ("tail", "HGET chat:{c}:rooms:s1 tea", "which is in another slot"),
    "another key of the log": ("history", "HGET chat:{r:tea}:back x", "which it does not declare"),
    "another key of the room": ("publish", "HGET chat:{r:tea}:back x", "which it does not declare"),
    "the key that nobody writes": ("read", "SET chat:{r:tea}:never 1", "which nobody may write"),
    "a channel of another slot": (
        *("tail", "SPUBLISH chat:{r:milk}:live x", "which is in another slot"),
    ),
    "a channel without a tag": ("read", "SPUBLISH chat:live x", "which is in another slot"),
    "several keys": ("compare", "DEL chat:{r:tea} chat:{r:milk}", "which is in another slot"),
}


@pytest.mark.parametrize("case", PLANTED)
async def test_a_key_that_a_script_may_not_touch_is_told(case: str, server: RedisServer) -> None:
    name, command, told = PLANTED[case]
    call = f"redis.call({', '.join(repr(word) for word in command.split())})"
    source = scripts.source(name).replace("\nlocal meta = ", f"\n{call}\nlocal meta = ", 1)
    declared = keys.of_log("r:tea", scripts.key_names(name))
    args = (
        ["tea", "1000", "0", "", "0", "", ""]
        if name == "publish"
        else ["r:tea", "1000", "", "0", ""]
    )
    async with server.client() as client, slots.watching(server.port) as runs:
        await client.eval(source, len(declared), *declared, *args)
        digest = await client.script_load(scripts.source("tail"))
        keys_of_tail = keys.of_log("r:tea", scripts.key_names("tail"))
        await client.evalsha(digest, len(keys_of_tail), *keys_of_tail, "r:tea", "1")
    assert [run.script for run in runs] == [name, "tail"]
    [fault] = slots.all_faults(runs)
    assert fault.startswith(f"{name} touches b'chat:") and fault.endswith(told)


def test_only_what_trims_may_touch_the_ids_of_other_authors_and_only_in_its_room() -> None:
    own, other = b"chat:{r:tea}:sent:s9", b"chat:{r:milk}:sent:s9"
    for script in ("publish", "heal"):
        assert slots.faults(Run(script, LOG, {own})) == []
        assert slots.faults(Run(script, LOG, {b"chat:{r:tea}:sents"})) != []
    for script in ("sent", "read"):
        assert slots.faults(Run(script, LOG, {own})) != []
        assert slots.faults(Run(script, LOG, {other})) != []


def test_what_is_declared_is_of_one_slot_and_ends_with_the_key_that_nobody_writes() -> None:
    other = b"chat:{r:milk}:never"
    assert slots.faults(Run("read", LOG, {*LOG[:3], b"chat:{r:tea}:live"})) == []
    [fault] = slots.faults(Run("read", [*LOG[:3], other], set()))
    assert "keys of several slots" in fault
    [fault] = slots.faults(Run("read", LOG[:3], set()))
    assert "does not declare the key that nobody writes" in fault
    assert slots.faults(Run("look", [], set())) == []
    assert slots.faults(Run("look", [], {b"chat:{r:tea}:live"})) != []
    assert slots.faults(Run("look", [], {LOG[0]})) != []


def test_a_key_of_another_tag_that_is_in_the_slot_by_chance_has_to_be_declared_too() -> None:
    number = next(n for n in count() if key_slot(b"chat:%d" % n) == key_slot(LOG[0]))
    for script in ("publish", "read"):
        [fault] = slots.faults(Run(script, LOG, {b"chat:%d" % number}))
        assert fault.endswith("which it does not declare")
