"""The command line of the client."""

import getpass
import os
import shutil
import sys
from pathlib import Path

import pytest

from client.cli import options
from client.cli.command_line import SHELLS
from client.cli.options import Options, parse_options
from client.cli.settings_file import Settings
from tests.support.shell import complete_in_bash, complete_in_fish


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the folder is another one")
def test_without_arguments_everything_has_a_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("CHAT_SETTINGS")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    path = tmp_path / "config/distributed-chat/settings.toml"
    assert parse_options([]) == Options(
        (), None, (), None, None, False, False, False, Settings(), path
    )
    assert parse_options([]).room == "general"


def test_every_argument_is_taken() -> None:
    found = parse_options(
        "a:1 b:2-3 --nick ana --room lab --room ops --token t --tls --listen --json".split()
    )
    assert found.addresses == ("a:1", "b:2-3")
    assert (found.nick, found.rooms, found.room) == ("ana", ("lab", "ops"), "lab")
    assert (found.token, found.listen, found.json) == ("t", True, True)
    assert (found.timeout, found.last) == (None, 0)
    other = parse_options("--listen --last 20 --timeout 1.5".split())
    assert (other.timeout, other.last) == (1.5, 20)
    assert found.tls is not None and found.tls.check_hostname


def test_json_on_a_terminal_may_begin_with_the_last_messages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    master, slave = os.openpty()
    with open(slave, encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        assert parse_options(["--json", "--last", "5"]).last == 5
    os.close(master)


def test_the_token_comes_from_the_environment_unless_it_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CHAT_TOKEN", "secret")
    assert parse_options([]).token == "secret"
    assert parse_options(["--token", "other"]).token == "other"


def test_an_empty_token_in_the_environment_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAT_TOKEN", "")
    assert parse_options([]).token is None


def test_a_password_comes_from_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse_options([]).password is None
    monkeypatch.setenv("CHAT_PASSWORD", "sesame")
    assert parse_options([]).password == "sesame"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_line_end_behind_a_secret_is_not_part_of_it(
    monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setenv("CHAT_TOKEN", f"secret{end}")
    monkeypatch.setenv("CHAT_PASSWORD", f"sesame{end}")
    assert (parse_options([]).token, parse_options([]).password) == ("secret", "sesame")
    assert parse_options(["--token", f"other{end}"]).token == "other"


@pytest.mark.parametrize("variable", options.VARIABLES)
def test_a_link_of_kubernetes_is_no_value_of_any_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], variable: str
) -> None:
    monkeypatch.delenv("CHAT_SETTINGS")
    without = parse_options([])
    monkeypatch.setenv(variable, "tcp://10.0.0.1:9999")
    assert parse_options([]) == without
    assert capsys.readouterr().err.startswith(f"chat: ignored {variable}: Kubernetes")


def test_the_token_is_not_shown_by_help(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHAT_TOKEN", "secret")
    with pytest.raises(SystemExit) as raised:
        parse_options(["--help"])
    assert raised.value.code == 0
    assert "secret" not in capfd.readouterr().out


@pytest.mark.parametrize(
    "arguments, named",
    [
        (["nowhere:x"], "nowhere:x"),
        (["a:1-99999"], "a:1-99999"),
        (["--colour"], "--colour"),
        (["--nick"], "--nick"),
        (["--ca", "/nowhere.pem"], "--ca"),
        (["--lis"], "--lis"),
        (["--completion", "tcl"], "tcl"),
        (["--settings", os.curdir], "Is a directory"),
        (["--timeout", "0"], "number of seconds above 0"),
        (["--timeout", "soon"], "number of seconds above 0"),
        (["--listen", "--last", "201"], "from 1 to 200"),
        (["--listen", "--last", "x"], "from 1 to 200"),
        (["--last", "5"], "only with --listen, or with --json"),
        (["--json", "--last", "5"], "where standard input is a terminal"),
        (["--ca", ""], "argument --ca: the value is empty"),
        (["--token", ""], "argument --token: the value is empty"),
        (["--nick", ""], "argument --nick: the value is empty"),
        (["--room", ""], "argument --room: the value is empty"),
        (["--settings", ""], "argument --settings: the value is empty"),
    ],
)
def test_an_invalid_command_line_ends_with_status_2_and_one_line(
    arguments: list[str], named: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as raised:
        parse_options(arguments)
    assert raised.value.code == 2
    captured = capfd.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1
    assert named in captured.err


def test_a_file_that_holds_no_certificates_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("nothing")
    with pytest.raises(SystemExit):
        parse_options(["--ca", str(path)])
    assert "--ca" in capfd.readouterr().err


def test_the_version_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        parse_options(["--version"])
    assert raised.value.code == 0
    assert capfd.readouterr().out.startswith("chat ")


def test_the_login_name_is_the_default_nick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "Ana Lee")
    assert options.login_nick() == "AnaLee"


def test_without_a_login_name_the_nick_is_guest(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert options.login_nick() == "guest"


class TestSettings:
    """What the command line does not say stands in the file of settings."""

    def test_the_file_has_the_nick_and_the_addresses(self, settings_path: Path) -> None:
        settings_path.parent.mkdir()
        settings_path.write_text('nick = "ana"\nservers = ["a:1", "b:2-3"]\nrooms = ["lab", "ops"]')
        found = parse_options([])
        assert (found.nick, found.addresses, found.rooms) == (
            "ana",
            ("a:1", "b:2-3"),
            ("lab", "ops"),
        )
        assert found.settings.nick == "ana" and found.settings_path == settings_path
        assert not found.insists

    def test_the_command_line_wins(self, settings_path: Path) -> None:
        settings_path.parent.mkdir()
        settings_path.write_text('nick = "ana"\nservers = ["a:1"]\nrooms = ["lab"]')
        found = parse_options(["c:4", "--nick", "bo", "--room", "ops"])
        assert (found.nick, found.addresses, found.rooms) == ("bo", ("c:4",), ("ops",))
        assert found.insists

    def test_a_flag_names_another_file_than_the_environment(
        self, settings_path: Path, tmp_path: Path
    ) -> None:
        other = tmp_path / "other.toml"
        other.write_text('nick = "bo"')
        found = parse_options(["--settings", str(other)])
        assert (found.nick, found.settings_path) == ("bo", other)

    def test_an_invalid_settings_file_is_one_line_and_status_2(
        self, settings_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        settings_path.parent.mkdir()
        settings_path.write_text("bell = 1")
        with pytest.raises(SystemExit) as raised:
            parse_options([])
        assert raised.value.code == 2
        said = f"chat: {settings_path}: bell: invalid value 1; expected true or false\n"
        assert capfd.readouterr() == ("", said)


class TestHelp:
    """The page that --help shows is the manual."""

    def test_it_tells_every_flag_examples_and_each_exit_status(
        self, capfd: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit):
            parse_options(["--help"])
        page = capfd.readouterr().out
        for word in "--settings --completion CHAT_SETTINGS CHAT_TOKEN NO_COLOR tail".split():
            assert word in page
        statuses = page.partition("exit status:")[2]
        assert all(status in statuses for status in ("0 ", "1 ", "2 ", "130", "143"))
        assert all(len(line) < 100 for line in page.splitlines())

    def test_the_examples_of_settings_are_settings(
        self, settings_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit):
            parse_options(["--help"])
        page = capfd.readouterr().out
        signs = (" = ", "[server")
        lines = [
            line
            for line in page.splitlines()
            if line.startswith("  ") and any(sign in line for sign in signs)
        ]
        settings_path.parent.mkdir()
        settings_path.write_text("\n".join(lines))
        found = parse_options([]).settings
        work = found.server["work"]
        assert found == Settings(
            nick="ana",
            servers=("localhost:9999-10001",),
            rooms=("general", "ops"),
            colours=False,
            bell=False,
            time="%H:%M:%S",
            presence=False,
            mentions=("release",),
            ignore=("bo",),
            notify="osc9",
            log=True,
            server={"work": work},
        )
        assert work.address == ("chat.example.org:9999",) and work.tls
        assert work.ca and work.token and work.password_command


class TestCompletion:
    """A script for the shell, made of the command line's own description."""

    @pytest.mark.parametrize("shell", SHELLS)
    def test_every_shell_gets_one(self, shell: str, capfd: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as raised:
            parse_options(["--completion", shell])
        assert raised.value.code == 0
        script = capfd.readouterr().out
        assert "chat" in script.splitlines()[0] or shell != "zsh"
        long = "-l " if shell == "fish" else "--"
        assert all(f"{long}{flag}" in script for flag in ("nick", "listen", "settings"))

    @pytest.mark.parametrize(
        "typed, completed",
        [
            (["--li"], {"--listen"}),
            (["localhost:9999", "--js"], {"--json"}),
            (["--completion", "ba"], {"bash"}),
            (["--ca", "author"], {"authorities.pem"}),
            (["--settings", "author"], {"authorities.pem"}),
        ],
    )
    @pytest.mark.parametrize("shell", ["bash", "fish"])
    def test_the_shell_completes_flags_and_files(
        self,
        shell: str,
        typed: list[str],
        completed: set[str],
        tmp_path: Path,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        if shutil.which(shell) is None:
            pytest.skip(f"there is no {shell}")
        (tmp_path / "authorities.pem").touch()
        with pytest.raises(SystemExit):
            parse_options(["--completion", shell])
        script = capfd.readouterr().out
        complete = complete_in_fish if shell == "fish" else complete_in_bash
        assert complete(script, ["chat", *typed], tmp_path) == completed
