"""Servers in the settings file: ``chat NAME`` connects to one."""

import sys
from pathlib import Path

import pytest

from client.cli.options import Options, parse_options
from client.cli.servers import Server
from client.cli.settings_file import SettingsError, load
from client.protocol.events import Disconnected

WORK = """\
nick = "ana"
servers = ["localhost:1"]

[server.work]
address = ["a.example:1", "b.example:2"]
token = "sesame"
password_command = "echo secret; echo another line"

[server.home]
address = "localhost"
tls = true
"""


@pytest.fixture
def path(settings_path: Path) -> Path:
    """A settings file with two servers."""
    settings_path.parent.mkdir()
    settings_path.write_text(WORK)
    return settings_path


def refused(capfd: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the only line of an invalid command line."""
    with pytest.raises(SystemExit) as raised:
        parse_options(arguments)
    assert raised.value.code == 2
    captured = capfd.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1
    return captured.err


def command(path: Path, text: str) -> Options:
    """Return the options for a server with this command for the password."""
    path.write_text(f"[server.work]\naddress = 'a'\npassword_command = '''{text}'''")
    return parse_options(["work"])


def test_a_name_stands_for_addresses_token_and_password(path: Path) -> None:
    found = parse_options(["work"])
    assert found.addresses == ("a.example:1", "b.example:2")
    assert (found.nick, found.token, found.password, found.tls) == ("ana", "sesame", "secret", None)


def test_a_server_may_have_tls(path: Path) -> None:
    found = parse_options(["home"])
    assert found.addresses == ("localhost",) and found.tls is not None
    assert (found.token, found.password) == (None, None)


def test_without_a_name_no_server_is_used(path: Path) -> None:
    for arguments, addresses in ([], ("localhost:1",)), (["c:3"], ("c:3",)):
        found = parse_options(arguments)
        assert (found.addresses, found.token, found.password) == (addresses, None, None)


def test_flags_and_environment_win(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse_options(["work", "--token", "other"]).token == "other"
    monkeypatch.setenv("CHAT_TOKEN", "third")
    monkeypatch.setenv("CHAT_PASSWORD", "mine")
    found = parse_options(["work"])
    assert (found.token, found.password) == ("third", "mine")


def test_a_name_stands_alone(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert "'work' is a server of your settings" in refused(capfd, "work", "c:3")


def test_the_authorities_are_beside_the_settings(
    path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path.write_text("[server.work]\naddress = 'a'\nca = 'ca.pem'")
    assert load(path).server == {"work": Server(("a",), ca=str(path.parent / "ca.pem"))}
    assert f"ca in your settings: '{path.parent}/ca.pem': No such file" in refused(capfd, "work")


@pytest.mark.parametrize(
    "text, why",
    [
        ("exit 3", "password_command: it ended with status 3"),
        ("true", "password_command: it printed no password"),
        ("printf '\\377'", "password_command: what it printed is not UTF-8"),
    ],
)
def test_a_command_without_a_password_is_an_error(
    path: Path, capfd: pytest.CaptureFixture[str], text: str, why: str
) -> None:
    with pytest.raises(SystemExit):
        command(path, text)
    assert capfd.readouterr().err == f"chat: {why}\n"


def test_a_line_end_of_any_system_is_no_part_of_the_password(path: Path) -> None:
    assert (
        command(path, f'{sys.executable} -c "print(chr(228), end=chr(13) + chr(10))"').password
        == "\u00e4"
    )


@pytest.mark.parametrize(
    "section, why",
    [
        ("server = 7", "expected sections like [server.work]"),
        ("[server]\nwork = 7", "server.work is no section"),
        ("[server.work]", "server.work: it has no address"),
        ("[server.work]\naddress = 'a:x'", "server.work.address: expected an address"),
        ("[server.work]\naddress = []", "server.work.address: expected an address"),
        ("[server.work]\naddress = 'a'\ntls = 1", "server.work.tls: expected true or false"),
        ("[server.work]\naddress = 'a'\ntokn = 's3cret'", "the keys are address, tls, ca, token"),
        ("[server.work]\naddress = 'a'\ntoken = ['s3cret']", "server.work.token: expected a token"),
    ],
)
def test_an_invalid_section_is_named_and_no_secret_is_repeated(
    path: Path, section: str, why: str
) -> None:
    path.write_text(section)
    with pytest.raises(SettingsError) as raised:
        load(path)
    line = str(raised.value)
    assert line.startswith(f"{path}: ") and why in line and "\n" not in line
    assert "s3cret" not in line


def test_a_settings_file_that_is_named_has_to_be_there(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "nowhere.toml"
    assert refused(capfd, "--settings", str(path)) == f"chat: {path}: there is no such file\n"


def test_the_file_of_the_environment_need_not_be_there_yet(settings_path: Path) -> None:
    found = parse_options([])
    assert found.settings_path == settings_path and not settings_path.exists()


@pytest.mark.parametrize(
    ("settings", "names"),
    [(WORK, "they have work, home."), ('nick = "ana"', "they name no server.")],
)
def test_a_word_that_is_no_host_is_said_to_be_no_server_either(
    path: Path, settings: str, names: str
) -> None:
    path.write_text(settings)
    found = parse_options(["wrok"])
    no_host = Disconnected("there is no host called wrok", "wrok")
    assert found.hint(no_host) == f"Your settings have no [server.wrok] either; {names}"
    assert found.hint(Disconnected("wrok:9999 does not answer")) == ""


@pytest.mark.parametrize("address", ["wrok:9999", "a.example", "wrok:1-3"])
def test_an_address_that_no_server_is_named_by_gets_no_hint(path: Path, address: str) -> None:
    host = address.partition(":")[0]
    assert parse_options([address]).hint(Disconnected("there is no such host", host)) == ""
