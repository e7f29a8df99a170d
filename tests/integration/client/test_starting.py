"""How the client starts in a terminal: the questions that it asks, and its settings."""

from pathlib import Path

import pytest

from client.cli.settings_file import load
from tests.support.screen import Screen
from tests.support.scripted import ScriptedNode, joined, message, refused, welcome
from wire import messages as m


async def test_a_missing_or_taken_nick_is_asked_for(screen: Screen, listener: ScriptedNode) -> None:
    await screen.start(listener.address)
    await screen.shows("Nick [login]:")
    screen.type("ana\r")
    peer = await listener.peer()
    assert (await peer.expect(m.Hello)).nick == "ana"
    peer.say(refused("nick-taken", ref="hello"))
    await screen.shows("! No: nick-taken.")
    await screen.shows("Nick [login]: ana")
    screen.type("2\r")  # what was refused can be edited
    again = await listener.peer()
    assert (await again.greet()).nick == "ana2"
    await screen.until(lambda lines: lines[-1] == "general>")


async def test_the_password_of_an_account_is_asked_for_and_not_shown(
    screen: Screen, listener: ScriptedNode
) -> None:
    await screen.start(listener.address, "--nick", "ana")
    peer = await listener.peer()
    assert (await peer.expect(m.Hello)).password is None
    for number, password in enumerate(("guess", "sesame", "")):
        why = f"Refused for the {number}. time."
        peer.say(m.Error(ref="hello", code="nick-taken", text=why, account=True))
        question = "Password for ana (leave empty to choose another nick):"
        # What was asked before may still be there, above.
        await screen.until(lambda lines: question in "".join(lines).partition(why)[2])
        screen.type(f"{password}\r")
        if password:
            peer = await listener.peer()
            hello = await peer.expect(m.Hello)
            assert (hello.nick, hello.password) == ("ana", password)
            assert not any(password in line for line in screen.lines)
    await screen.shows("Nick [login]: ana")


async def test_a_nick_is_asked_for_once(
    screen: Screen, listener: ScriptedNode, settings_path: Path
) -> None:
    await screen.start(listener.address, CHAT_SETTINGS=str(settings_path))
    await screen.shows("Nick [login]:")
    screen.type("ana\r")
    peer = await listener.peer()
    await peer.greet()
    await screen.until(lambda lines: lines[-1] == "general>")
    assert load(settings_path).nick == "ana"


async def test_a_nick_that_cannot_be_saved_is_an_error_on_the_screen(
    screen: Screen, listener: ScriptedNode, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    await screen.start(listener.address, CHAT_SETTINGS=str(tmp_path / "file" / "settings.toml"))
    await screen.shows("Nick [login]:")
    screen.type("\r")
    peer = await listener.peer()
    await peer.greet()
    await screen.shows("! Your nick could not be saved.")


async def test_the_settings_are_heeded(
    screen: Screen, listener: ScriptedNode, settings_path: Path
) -> None:
    settings_path.parent.mkdir()
    lines = ['nick = "cy"', "bell = false", "colours = false", 'time = "%Hh%M"']
    settings_path.write_text("\n".join(lines))
    await screen.start(listener.address, CHAT_SETTINGS=str(settings_path))
    peer = await listener.peer()
    assert (await peer.greet()).nick == "cy"
    await screen.until(lambda lines: lines[-1] == "general>")
    peer.say(message("hello cy", "p1"))
    await screen.shows("00h00")
    await screen.shows("hello cy")
    assert b"\x07" not in screen.raw and b"38;5;" not in screen.raw


async def test_only_a_nick_that_a_node_accepted_is_kept(
    screen: Screen, listener: ScriptedNode, tmp_path: Path
) -> None:
    path = tmp_path / "settings.toml"
    await screen.start(listener.address, CHAT_SETTINGS=str(path))
    await screen.shows("Nick [login]:")
    screen.type("no good\r")
    peer = await listener.peer()
    await peer.expect(m.Hello)
    peer.say(refused("bad-nick", ref="hello"))
    await screen.shows("! No: bad-nick.")
    assert not path.exists()
    await screen.shows("Nick [login]: no good")
    screen.type("\x15\r")  # an empty answer is the login name
    peer = await listener.peer()
    await peer.greet()
    await screen.until(lambda lines: lines[-1] == "general>")
    assert load(path).nick == "login"


async def test_a_missing_or_wrong_token_is_asked_for_and_not_shown(
    screen: Screen, listener: ScriptedNode
) -> None:
    await screen.start(listener.address, "--nick", "ana")
    question = "Token of the nodes (leave empty to quit):"
    for token, why in (("guess", "! The nodes require a token."), ("sesame", "! No: bad-token.")):
        peer = await listener.peer()
        await peer.expect(m.Hello)
        peer.say(refused("bad-token", ref="hello"))
        await asks(screen, question, why)
        screen.type(f"{token}\r")
    hello = await (await listener.peer()).expect(m.Hello)
    assert (hello.nick, hello.token) == ("ana", "sesame")
    assert not any("guess" in line or "sesame" in line for line in screen.lines)


async def test_the_client_ends_after_three_wrong_tokens(
    screen: Screen, listener: ScriptedNode
) -> None:
    await screen.start(listener.address, "--nick", "ana", "--token", "wrong")
    for number in range(4):
        peer = await listener.peer()
        await peer.expect(m.Hello)
        peer.say(m.Error(ref="hello", code="bad-token", text=f"Refused for the {number}. time."))
        await screen.shows(f"! Refused for the {number}. time.")
        if number < 3:
            await asks(screen, "to quit):", f"the {number}. time.")
            screen.type("guess\r")
    assert await screen.process.wait() == 1


@pytest.mark.parametrize("answer", ["\r", "\x03", "\x04"])
async def test_no_token_ends_the_client(
    screen: Screen, listener: ScriptedNode, answer: str
) -> None:
    await screen.start(listener.address, "--nick", "ana")
    peer = await listener.peer()
    await peer.expect(m.Hello)
    peer.say(refused("bad-token", ref="hello"))
    await screen.shows("Token of the nodes")
    screen.type(answer)
    assert await screen.process.wait() == 1


async def test_the_reason_of_a_hostile_node_does_not_act_on_the_terminal(
    screen: Screen, listener: ScriptedNode
) -> None:
    await screen.start(listener.address, "--nick", "ana")
    peer = await listener.peer()
    await peer.expect(m.Hello)
    peer.say(m.Error(ref="hello", code="no-idea", text="\x1b]0;title\x07\x1b[31mred"))
    await screen.shows("! \u241b]0;title\u2407\u241b[31mred")
    assert await screen.process.wait() == 1


async def asks(screen: Screen, question: str, after: str) -> None:
    """Wait until a question is below a text; what was asked before may still be there, above."""
    await screen.until(lambda lines: question in "".join(lines).partition(after)[2])


async def test_a_word_that_is_no_host_is_explained_with_the_servers_of_the_settings(
    screen: Screen, settings_path: Path
) -> None:
    settings_path.parent.mkdir()
    settings_path.write_text('[server.home]\naddress = "localhost"')
    no_host = "x" * 64  # longer than a name may be: no name server is asked
    await screen.start(no_host, "--nick", "ana", CHAT_SETTINGS=str(settings_path))
    await screen.until(lambda lines: "either; they have home." in " ".join(lines))


async def test_questions_and_refusals_break_no_word_on_a_narrow_screen(
    listener: ScriptedNode,
) -> None:
    screen = Screen(columns=40, lines=10)
    try:
        await screen.start(listener.address, "--nick", "ana")
        peer = await listener.peer()
        await peer.expect(m.Hello)
        why = "The nick ana belongs to an account, and this is not its password."
        peer.say(m.Error(ref="hello", code="nick-taken", text=why, account=True))
        await screen.until(lambda lines: "another nick):" in lines)
        said = [line for line in screen.lines if line]
        assert said[-4:] == [
            "! The nick ana belongs to an account,",
            "and this is not its password.",
            "Password for ana (leave empty to choose",
            "another nick):",
        ]
    finally:
        await screen.end()


async def test_what_is_typed_before_the_first_connection_stays(
    screen: Screen, listener: ScriptedNode
) -> None:
    await screen.start(listener.address, "--nick", "ana")
    peer = await listener.peer()
    hello = await peer.expect(m.Hello)
    screen.type("early\r")
    await screen.shows("! Not sent yet: there is no connection so far.")
    peer.say(welcome(hello.nick or ""), joined())
    await screen.until(lambda lines: lines[-1] == "general> early")
