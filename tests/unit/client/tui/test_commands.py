"""What people type, and what it asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.tui import help_text
from client.tui.commands import (
    COMMANDS,
    HISTORY_SHOWN,
    CommandError,
    Ignore,
    Meaning,
    Retry,
    Search,
    SearchBack,
    SearchStep,
    ShowHelp,
    parse,
)
from wire import messages as m


@pytest.mark.parametrize(
    "line, meaning",
    [
        ("hi there", m.Send(room="lab", text="hi there")),
        (" /not a command", m.Send(room="lab", text=" /not a command")),
        ("//etc is a directory", m.Send(room="lab", text="/etc is a directory")),
        ("two\nlines", m.Send(room="lab", text="two\nlines")),
        ("/create ops", m.Create(room="ops")),
        ("/join ops", m.Join(room="ops")),
        ("/JOIN  ops ", m.Join(room="ops")),
        ("/leave", m.Leave(room="lab")),
        ("/leave ops", m.Leave(room="ops")),
        ("/nick bo", m.SetNick(nick="bo")),
        ("/msg bo  hi  there", m.SendDirect(to="bo", text="hi  there")),
        ("/msg bo two\nlines", m.SendDirect(to="bo", text="two\nlines")),
        ("/msg bo /me waves", m.SendDirect(to="bo", text="waves", kind="action")),
        ("/msg bo /ME  waves  twice", m.SendDirect(to="bo", text="waves  twice", kind="action")),
        ("/msg bo //me waves", m.SendDirect(to="bo", text="/me waves")),
        ("/msg bo //etc is a directory", m.SendDirect(to="bo", text="/etc is a directory")),
        ("/msg @bo hi", m.SendDirect(to="bo", text="hi")),
        ("/rooms", m.ListRooms()),
        ("/who", m.ListMembers(room="lab")),
        ("/who ops", m.ListMembers(room="ops")),
        ("/history", m.GetHistory(room="lab", limit=HISTORY_SHOWN)),
        ("/history 200", m.GetHistory(room="lab", limit=200)),
        ("/me waves", m.Send(room="lab", text="waves", kind="action")),
        ("/retry", Retry()),
        ("/search  Release ", Search("Release")),
        ("/search the release", Search("the release")),
        ("/search", Search("")),
        ("/next", SearchStep(1)),
        ("/previous", SearchStep(-1)),
        ("/back", SearchBack()),
        ("/ignore", Ignore()),
        ("/ignore bo", Ignore("bo")),
        ("/unignore bo", Ignore("bo", ends=True)),
        ("/help", ShowHelp()),
        ("/help keys", ShowHelp(keys=True)),
        ("/quit", m.Quit()),
        ("", None),
        ("  \t", None),
    ],
)
def test_a_line_means(line: str, meaning: Meaning) -> None:
    assert parse(line, "lab") == meaning


@pytest.mark.parametrize(
    "line, usage",
    [
        ("/create", "/create ROOM"),
        ("/create a b", "/create ROOM"),
        ("/join", "/join ROOM"),
        ("/leave a b", "/leave [ROOM]"),
        ("/nick", "/nick NICK"),
        ("/nick two words", "/nick NICK"),
        ("/msg", "/msg NICK TEXT"),
        ("/msg bo", "/msg NICK TEXT"),
        ("/msg @ hi", "/msg NICK TEXT"),
        ("/msg bo   ", "/msg NICK TEXT"),
        ("/msg bo /me", "/msg NICK TEXT"),
        ("/rooms please", "/rooms"),
        ("/who a b", "/who [ROOM]"),
        ("/history many", "/history [N]"),
        ("/history 0", "/history [N]"),
        ("/history 201", "/history [N]"),
        ("/history -1", "/history [N]"),
        ("/history 1_0", "/history [N]"),
        ("/history \u0665", "/history [N]"),
        ("/history " + "9" * 5000, "/history [N]"),
        ("/history 1 2", "/history [N]"),
        ("/me", "/me TEXT"),
        ("/retry it", "/retry"),
        ("/next 2", "/next"),
        ("/back 2", "/back"),
        ("/ignore bo cy", "/ignore [NICK]"),
        ("/unignore", "/unignore NICK"),
        ("/help me", "/help [keys]"),
        ("/quit now", "/quit"),
    ],
)
def test_wrong_arguments_are_answered_by_the_right_ones(line: str, usage: str) -> None:
    with pytest.raises(CommandError) as raised:
        parse(line, "lab")
    assert str(raised.value).startswith(f"Usage: {usage}.")


@pytest.mark.parametrize("line", ["/dance", "/", "/ join lab", "/usr/bin/true", "/joinlab"])
def test_an_unknown_command_is_answered_by_help(line: str) -> None:
    with pytest.raises(CommandError, match="/help"):
        parse(line, "lab")


@pytest.mark.parametrize("line", ["hi", "/me waves", "/leave", "/who", "/history", "/search a"])
def test_without_a_room_the_error_names_the_command_to_join_one(line: str) -> None:
    with pytest.raises(CommandError, match="/join ROOM"):
        parse(line, None)


@pytest.mark.parametrize(
    "line", ["/join a", "/who a", "/leave a", "/msg bo hi", "/rooms", "/retry"]
)
def test_much_can_be_done_in_no_room(line: str) -> None:
    assert parse(line, None) is not None


@pytest.mark.parametrize("line", ["a\x1b[31m", "/me \x07", "/msg bo \0", "\ud800", "x" * 4097])
def test_a_text_that_no_node_takes_is_refused_here(line: str) -> None:
    with pytest.raises(CommandError):
        parse(line, "lab")


def test_help_shows_every_command_with_its_arguments() -> None:
    text = "\n".join(help_text.commands())
    for name, row in COMMANDS.items():
        assert f"/{name} {row.arguments}".rstrip() in text and row.help in text
    assert "//TEXT" in text
    assert all(len(line) < 80 for line in help_text.commands())


def test_the_examples_that_help_shows_do_what_they_are_shown_for() -> None:
    shown = [line for line in help_text.commands() if ", as in /" in line]
    assert len(shown) >= 5
    for line in shown:
        example = line.partition(", as in ")[2]
        assert line.startswith(example.split()[0])
        assert parse(example, "lab") is not None


def test_the_commands_are_those_of_the_interface() -> None:
    named = "create join leave nick msg rooms who history search next previous back url me ignore"
    named += " unignore retry help quit"
    assert list(COMMANDS) == named.split()


@given(st.text() | st.text().map("/".__add__), st.none() | st.just("lab"))
def test_any_line_means_something_or_is_a_command_error(line: str, room: str | None) -> None:
    try:
        parse(line, room)
    except CommandError as error:
        assert str(error)


@given(st.sampled_from(list(COMMANDS)), st.text())
def test_any_arguments_mean_something_or_are_a_command_error(name: str, rest: str) -> None:
    try:
        parse(f"/{name} {rest}", "lab")
    except CommandError as error:
        assert str(error)


@pytest.mark.parametrize("text", ["/quit", "/etc is a directory", "/", "/ me waves", "/men"])
def test_another_command_behind_msg_is_an_error_and_not_sent(text: str) -> None:
    with pytest.raises(CommandError, match="there is only the command /me"):
        parse(f"/msg bo {text}", "lab")
