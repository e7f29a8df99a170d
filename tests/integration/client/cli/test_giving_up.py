"""When a filter that sends gives up, and what it says."""

import pytest

from client.cli import filter_mode
from tests.integration.client.cli.pipes import Outside
from tests.support.scripted import ScriptedNode
from wire import messages as m


@pytest.mark.parametrize("flags", [[], ["--timeout", "0.1"]])
async def test_a_node_that_never_answers_is_given_up(
    node: ScriptedNode, monkeypatch: pytest.MonkeyPatch, flags: list[str]
) -> None:
    assert filter_mode.FIRST_PATIENCE == 10.0
    monkeypatch.setattr(filter_mode, "FIRST_PATIENCE", 0.2)
    outside = Outside(node, *flags)
    assert await outside.say(b"one") == 1
    seconds = 0.1 if flags else 0.2
    (why,) = outside.errors
    assert why in {filter_mode.late(seconds, is_greeting) for is_greeting in (True, False)}


async def test_a_port_that_is_no_chat_port_is_not_said_to_store_nothing(
    node: ScriptedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filter_mode, "FIRST_PATIENCE", 1.0)
    outside = Outside(node)
    saying = outside.say(b"one")
    peer = await node.peer()
    await peer.expect(m.Hello)
    peer.say_bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    (await node.peer()).hang_up()  # it was tried with TLS
    await (await node.peer()).expect(m.Hello)
    assert await saying == 1
    why, end = outside.errors
    assert "no chat port" in why and end == "No node has answered within 1 s."


def test_a_node_that_is_connected_and_silent_is_not_said_to_be_absent() -> None:
    assert filter_mode.late(10, is_greeting=False) == "No node has answered within 10 s."
    assert filter_mode.late(0.5, is_greeting=True) == (
        "The node has not answered the login within 0.5 s: perhaps it cannot store messages."
    )
