"""A whole system in one process, without Redis: ``python -m node --nodes 3``."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.integration.system.steps import mark, said
from tests.support.lab import Lab
from tests.support.node_process import NodeProcess


@pytest_asyncio.fixture
async def three(lab: Lab) -> AsyncIterator[NodeProcess]:
    yield await lab.node(None, "--nodes", "3", "--name", "try")


async def test_three_nodes_are_one_chat(lab: Lab, three: NodeProcess) -> None:
    talkers = [await lab.connect(address) for address in three.addresses]
    names = [
        (await talker.hello(nick))["node"]
        for talker, nick in zip(talkers, ("ana", "bo", "cy"), strict=True)
    ]
    assert names == ["try-1", "try-2", "try-3"]
    ana, bo, cy = talkers
    await ana.expect("entered", room="general", nick="cy")
    await ana.say("general", "hi from ana", "1")
    await cy.say("general", "hi from cy", "1")
    await mark("general", bo, ana, cy)
    assert said(ana, "general") == said(bo, "general") == said(cy, "general")
    assert said(ana, "general") == ["hi from ana", "hi from cy"]


async def test_rooms_are_created_once_and_joined_from_any_node(
    lab: Lab, three: NodeProcess
) -> None:
    ana, bo, cy = [
        await lab.member(address, nick)
        for address, nick in zip(three.addresses, ("ana", "bo", "cy"), strict=True)
    ]
    missing = await bo.refused("join", "no-such-room", room="den")
    assert missing["room"] == "den"
    created = await ana.ask("create", room="den")
    assert (created["type"], created["created"], created["members"]) == ("joined", True, 1)
    exists = await cy.refused("create", "room-exists", room="den")
    assert exists["room"] == "den"
    joined = await bo.ask("join", room="den")
    assert (joined["type"], joined["created"], joined["members"]) == ("joined", False, 2)
    await ana.expect("entered", room="den", nick="bo")
    await mark("den", bo, ana)
    await mark("general", ana, cy)
    assert not cy.seen(room="den", type="message")


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        ("ana", "ana"),
        ("ana", "ANA"),
        ("ana", "ａｎａ"),  # full-width
        ("アナ", "ｱﾅ"),  # half-width
        ("zoé", "ZOE\u0301"),  # the accent as a mark of its own
    ],
)
async def test_a_nick_is_held_by_one_in_the_whole_system_however_it_is_written(
    lab: Lab, three: NodeProcess, held: str, wanted: str
) -> None:
    first = await lab.member(three.addresses[0], held)
    second = await lab.connect(three.addresses[2])
    await second.refused("hello", "nick-taken", nick=wanted)
    await second.hello("somebody-else")
    await second.refused("nick", "nick-taken", nick=wanted)
    first.send("quit")
    await first.expect("bye", reason="quit")
    assert (await second.ask("nick", nick=wanted))["type"] == "renamed"


async def test_a_nick_in_a_compatibility_form_that_precis_forbids_is_no_nick(
    lab: Lab, three: NodeProcess
) -> None:
    talker = await lab.connect(three.address)
    await talker.refused("hello", "bad-nick", nick="ﬁn")
    await talker.hello("fin")
