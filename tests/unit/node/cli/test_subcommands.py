"""The command line of moderators: its arguments and errors."""

import pytest

from node.cli import admin
from node.cli.subcommands import COMMANDS


def ends(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str]:
    """Return how a command line ends that does nothing, and its one line of complaint."""
    try:
        status = admin.main(argv)
    except SystemExit as end:
        status = int(end.code or 0)
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1, said
    return status, said.err


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        ((), "ACTION"),
        (("dance",), "dance"),
        (("kick",), "NICK"),
        (("kick", "a b"), "U+0020 SPACE"),
        (("close-room", "a/b"), "U+002F"),
        (("ban", "--address", "10.0.0.300"), "192.0.2.0/24"),
        (("ban", "ana", "--for", "soon"), "15m"),
        (("ban", "ana", "--for", "0s"), "15m"),
        (("kick", "ana", "--reason", "a\x1bb"), "one line"),
        (("kick", "ana", "--reason", "x" * 401), "one line"),
        (("announce", ""), "The text is empty."),
        (("nodes", "--redis-url", "http://user:secret@x"), "redis://"),
        (("nodes", "--redis-url", "redis+cluster://x/3"), "(a Redis Cluster has no DB)"),
        (
            ("nodes", "--redis-url", "redis+cluster://x,,y"),
            "(host 2 is missing, or its port",
        ),
    ],
)
def test_bad_arguments_get_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], part: str
) -> None:
    status, line = ends(capsys, *argv)
    assert status == 2 and part in line and "secret" not in line


def test_the_embedded_broker_cannot_be_reached_from_outside(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHAT_REDIS_URL", raising=False)
    status, line = ends(capsys, "nodes")
    assert status == 2 and "memory://" in line and "--redis-url" in line


def test_a_redis_that_is_away_is_status_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAT_REDIS_URL", "redis://127.0.0.1:1")
    status, line = ends(capsys, "kick", "ana")
    assert status == 1 and line.startswith("chat-node: Redis: ")


def test_a_ban_names_somebody(capsys: pytest.CaptureFixture[str]) -> None:
    status, line = ends(capsys, "ban")
    assert status == 2 and "--address" in line


def test_the_first_argument_names_the_subcommand() -> None:
    assert {"admin", "status"} <= set(COMMANDS)


@pytest.mark.parametrize("action", ["status", "kick", "close-room"])
def test_the_help_of_an_action_begins_with_a_sentence(
    capsys: pytest.CaptureFixture[str], action: str
) -> None:
    with pytest.raises(SystemExit):
        admin.main([action, "--help"])
    about = " ".join(capsys.readouterr().out.split("\n\n")[1].split())
    assert about[0].isupper() and about.endswith(".")


@pytest.mark.parametrize("argv", [("--redis-url", "memory://", "nodes"), ("nodes",)])
def test_the_url_may_stand_in_front_of_the_action(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...]
) -> None:
    monkeypatch.delenv("CHAT_REDIS_URL", raising=False)
    status, line = ends(capsys, *argv)
    assert status == 2 and "the broker is memory://" in line


def test_a_password_in_front_of_the_action_is_not_repeated(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, line = ends(capsys, "--redis-url", "redis://user:sesame@x", "--bad")
    assert status == 2 and "sesame" not in line
    status, line = ends(capsys, "--redis-url", "http://user:sesame@x", "nodes")
    assert status == 2 and "sesame" not in line
