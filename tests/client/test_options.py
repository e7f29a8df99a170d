"""The command line of the client."""

import getpass
from pathlib import Path

import pytest

from client import options
from client.options import Options, parse_options


def test_without_arguments_everything_has_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHAT_TOKEN", raising=False)
    assert parse_options([]) == Options((), None, (), None, None, False, False)
    assert parse_options([]).room == "general"


def test_every_argument_is_taken() -> None:
    found = parse_options(
        "a:1 b:2-3 --nick ana --room lab --room ops --token t --tls --listen --json".split()
    )
    assert found.addresses == ("a:1", "b:2-3")
    assert (found.nick, found.rooms, found.room) == ("ana", ("lab", "ops"), "lab")
    assert (found.token, found.listen, found.json) == ("t", True, True)
    assert found.tls is not None and found.tls.check_hostname


def test_the_token_comes_from_the_environment_unless_it_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CHAT_TOKEN", "secret")
    assert parse_options([]).token == "secret"
    assert parse_options(["--token", "other"]).token == "other"


def test_the_token_is_not_shown_by_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHAT_TOKEN", "secret")
    with pytest.raises(SystemExit) as raised:
        parse_options(["--help"])
    assert raised.value.code == 0
    assert "secret" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments, named",
    [
        (["nowhere:x"], "nowhere:x"),
        (["a:1-99999"], "a:1-99999"),
        (["--colour"], "--colour"),
        (["--nick"], "--nick"),
        (["--ca", "/nowhere.pem"], "--ca"),
        (["--lis"], "--lis"),
    ],
)
def test_what_makes_no_sense_ends_with_status_2_and_one_line(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as raised:
        parse_options(arguments)
    assert raised.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1
    assert named in captured.err


def test_a_file_that_holds_no_certificates_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("nothing")
    with pytest.raises(SystemExit):
        parse_options(["--ca", str(path)])
    assert "--ca" in capsys.readouterr().err


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        parse_options(["--version"])
    assert raised.value.code == 0
    assert capsys.readouterr().out.startswith("chat ")


def test_the_login_name_is_the_nick_nobody_chose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "Ana Lee")
    assert options.login_nick() == "AnaLee"


def test_who_has_no_login_name_is_a_guest(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert options.login_nick() == "guest"
