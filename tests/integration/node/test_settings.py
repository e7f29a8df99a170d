"""Every setting, from flag and environment; bad ones end the process with one helpful line."""

import dataclasses
import shutil
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from pathlib import Path

import pytest

from node.cli import subcommands
from node.config import command_line, redis_url
from node.config.command_line import shortened
from node.config.options import GROUPS, OPTIONS, Option, variables
from node.config.origin import Origin
from node.config.parsers import Origins, Rate
from node.config.settings import Settings, parse
from node.config.version import version
from tests.support.shell import complete_in_bash, complete_in_fish

Refusal = Callable[..., str]

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1"))
PRIVATE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))

# As the interface's table has them, with the value that the default must come out as.
TABLE = [
    ("--host", "CHAT_HOST", "127.0.0.1"),
    ("--port", "CHAT_PORT", 9999),
    ("--redis-url", "CHAT_REDIS_URL", None),
    ("--nodes", "CHAT_NODES", 1),
    ("--name", "CHAT_NAME", None),
    ("--http-host", "CHAT_HTTP_HOST", "127.0.0.1"),
    ("--http-port", "CHAT_HTTP_PORT", None),
    ("--web-port", "CHAT_WEB_PORT", None),
    ("--web-host", "CHAT_WEB_HOST", None),
    ("--web-origins", "CHAT_WEB_ORIGINS", Origins()),
    ("--web-nodes", "CHAT_WEB_NODES", ()),
    ("--web-forwarded", "CHAT_WEB_FORWARDED", False),
    ("--tls-cert", "CHAT_TLS_CERT", None),
    ("--tls-key", "CHAT_TLS_KEY", None),
    ("--token", "CHAT_TOKEN", None),
    ("--history", "CHAT_HISTORY", 1000),
    ("--grace", "CHAT_GRACE", 30.0),
    ("--rate", "CHAT_RATE", Rate(20.0, 60.0)),
    ("--notices", "CHAT_NOTICES", 200),
    ("--drain", "CHAT_DRAIN", 5.0),
    ("--log-level", "CHAT_LOG_LEVEL", "info"),
    ("--log-format", "CHAT_LOG_FORMAT", "text"),
    ("--proxy-protocol", "CHAT_PROXY_PROTOCOL", False),
    ("--room-idle", "CHAT_ROOM_IDLE", 86400.0),
    ("--durability", "CHAT_DURABILITY", 0),
    ("--max-clients", "CHAT_MAX_CLIENTS", 50_000),
    ("--per-address", "CHAT_PER_ADDRESS", 500),
    ("--connect-rate", "CHAT_CONNECT_RATE", Rate(100.0, 500.0)),
    ("--address-rate", "CHAT_ADDRESS_RATE", Rate(400.0, 1200.0)),
    ("--room-rate", "CHAT_ROOM_RATE", Rate(5000.0, 10_000.0)),
    ("--direct-rate", "CHAT_DIRECT_RATE", Rate(50.0, 500.0)),
    ("--rooms-made", "CHAT_ROOMS_MADE", 200),
    ("--address-bytes", "CHAT_ADDRESS_BYTES", 128),
    ("--hello-within", "CHAT_HELLO_WITHIN", 60.0),
    ("--memory", "CHAT_MEMORY", 2048),
    ("--exempt", "CHAT_EXEMPT", LOOPBACK),
    ("--proxy-from", "CHAT_PROXY_FROM", (*LOOPBACK, *PRIVATE)),
    ("--token-file", "CHAT_TOKEN_FILE", None),
    ("--accounts", "CHAT_ACCOUNTS", None),
]


@pytest.fixture
def refusal(capsys: pytest.CaptureFixture[str]) -> Refusal:
    """Return a function that parses, expects the end with status 2, and returns the line."""

    def refuse(*argv: str, environ: Mapping[str, str] | None = None) -> str:
        with pytest.raises(SystemExit) as end:
            parse(argv, environ or {})
        assert end.value.code == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.count("\n") == 1 and err.endswith("\n")
        return err

    return refuse


def test_the_rows_are_those_of_the_interface_and_of_the_settings() -> None:
    assert {(option.flag, option.variable) for option in OPTIONS} == {row[:2] for row in TABLE}
    assert {option.field for option in OPTIONS} == {
        field.name for field in dataclasses.fields(Settings)
    }


@pytest.mark.parametrize(("flag", "default"), [(row[0], row[2]) for row in TABLE])
def test_the_defaults_are_those_of_the_interface(flag: str, default: object) -> None:
    field = flag.removeprefix("--").replace("-", "_")
    if default is not None or field not in ("redis_url", "name"):
        assert getattr(parse([], {}), field) == default


def test_the_default_broker_is_the_embedded_one() -> None:
    assert parse([], {}).redis_url.is_memory


def test_the_default_name_differs_from_start_to_start() -> None:
    names = {parse([], {}).name for _ in range(20)}
    assert len(names) > 1
    assert all(name.isprintable() for name in names)


def test_a_host_name_that_cannot_be_printed_is_made_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.config.settings.gethostname", lambda: "my\nhost\udc80 1" + "x" * 80)
    name = parse([], {}).name
    assert name.startswith("my-host--1x")
    assert len(name) == 64


@pytest.mark.parametrize(
    ("flag", "variable", "text", "value"),
    [
        ("--host", "CHAT_HOST", "::", "::"),
        ("--port", "CHAT_PORT", "0", 0),
        ("--port", "CHAT_PORT", "65535", 65535),
        ("--nodes", "CHAT_NODES", "3", 3),
        ("--name", "CHAT_NAME", "Knoten 1", "Knoten 1"),
        ("--http-host", "CHAT_HTTP_HOST", "0.0.0.0", "0.0.0.0"),
        ("--http-port", "CHAT_HTTP_PORT", "8080", 8080),
        ("--http-port", "CHAT_HTTP_PORT", "0", 0),
        ("--http-port", "CHAT_HTTP_PORT", "off", None),
        ("--web-port", "CHAT_WEB_PORT", "8080", 8080),
        ("--web-origins", "CHAT_WEB_ORIGINS", "any", Origins(any=True)),
        (
            *("--web-origins", "CHAT_WEB_ORIGINS", "https://a.example/, http://[::1]:8080"),
            Origins((Origin("https", "a.example", 443), Origin("http", "::1", 8080))),
        ),
        (
            *("--web-nodes", "CHAT_WEB_NODES", "wss://a.example/ws,ws://b.example:8000/ws"),
            ("wss://a.example:443/ws", "ws://b.example:8000/ws"),
        ),
        ("--web-forwarded", "CHAT_WEB_FORWARDED", "1", True),
        ("--token", "CHAT_TOKEN", "s3 cret", "s3 cret"),
        ("--history", "CHAT_HISTORY", "1", 1),
        ("--grace", "CHAT_GRACE", "0.5", 0.5),
        ("--grace", "CHAT_GRACE", "0", 0.0),
        ("--room-idle", "CHAT_ROOM_IDLE", ".25", 0.25),
        ("--rate", "CHAT_RATE", "0.5/2.5", Rate(0.5, 2.5)),
        ("--rate", "CHAT_RATE", "5", Rate(5.0, 15.0)),
        ("--rate", "CHAT_RATE", "0.1", Rate(0.1, 1.0)),
        ("--rate", "CHAT_RATE", "0", Rate(0.0, 1.0)),
        ("--notices", "CHAT_NOTICES", "0", 0),
        ("--drain", "CHAT_DRAIN", "1.", 1.0),
        ("--log-level", "CHAT_LOG_LEVEL", "DEBUG", "debug"),
        ("--log-format", "CHAT_LOG_FORMAT", "json", "json"),
        ("--proxy-protocol", "CHAT_PROXY_PROTOCOL", "1", True),
        ("--proxy-protocol", "CHAT_PROXY_PROTOCOL", "0", False),
        ("--exempt", "CHAT_EXEMPT", "none", ()),
        ("--exempt", "CHAT_EXEMPT", "192.0.2.1, ::1", (ip_network("192.0.2.1"), LOOPBACK[1])),
        ("--connect-rate", "CHAT_CONNECT_RATE", "0", Rate(0.0, 1.0)),
        ("--memory", "CHAT_MEMORY", "0", 0),
    ],
)
def test_a_value_is_the_same_from_flag_and_environment(
    flag: str, variable: str, text: str, value: object
) -> None:
    field = flag.removeprefix("--").replace("-", "_")
    assert getattr(parse([flag, text], {}), field) == value
    assert getattr(parse([f"{flag}={text}"], {}), field) == value
    assert getattr(parse([], {variable: text}), field) == value


def test_a_flag_wins_over_the_environment_even_a_bad_one() -> None:
    assert parse(["--port", "1"], {"CHAT_PORT": "2"}).port == 1
    assert parse(["--port", "1"], {"CHAT_PORT": "no"}).port == 1
    environ = {"CHAT_TOKEN": "b", "CHAT_TOKEN_FILE": "/nowhere"}
    assert parse(["--token", "a"], environ).token == "a"


def test_an_empty_variable_counts_as_unset_and_others_are_ignored() -> None:
    settings = parse([], {"CHAT_PORT": "", "CHAT_TOKEN_FILE": "", "CHAT_ELSE": "1", "PORT": "1"})
    assert settings.port == 9999
    assert settings.token is None


@pytest.mark.parametrize("option", OPTIONS)
def test_a_link_of_kubernetes_is_no_value_of_any_variable(option: Option) -> None:
    assert option.variable in variables()
    found = parse(["--name", "a"], {option.variable: "tcp://10.0.0.1:9999"})
    assert found == parse(["--name", "a"], {})


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_the_line_ends_behind_a_secret_are_not_part_of_it(tmp_path: Path, end: str) -> None:
    """One rule, wherever it comes from: a command or a file often adds one."""
    path = tmp_path / "token"
    path.write_bytes(f"geheim{end}".encode())
    from_file = parse(["--token-file", str(path)], {}).token_file
    assert from_file is not None and from_file.tokens == ("geheim",)
    assert parse([], {"CHAT_TOKEN": f"geheim{end}"}).token == "geheim"
    assert parse(["--token", f"geheim{end}"], {}).token == "geheim"
    url = f"redis://:geheim@h{end}"
    for found in (parse([], {"CHAT_REDIS_URL": url}), parse(["--redis-url", url], {})):
        assert found.redis_url == redis_url.parse("redis://:geheim@h")


@pytest.mark.parametrize("text", ["\n", "one\ntwo"])
def test_a_token_is_one_line(refusal: Refusal, text: str) -> None:
    assert "1 to 4096 bytes" in refusal(environ={"CHAT_TOKEN": text})


def test_a_switch_may_stand_alone() -> None:
    settings = parse(["--proxy-protocol", "--port", "1"], {})
    assert settings.proxy_protocol
    assert settings.port == 1


@pytest.mark.parametrize(
    ("flag", "text", "expected"),
    [
        ("--host", "", "a host name or an address"),
        ("--host", "a b", "a host name or an address"),
        ("--port", "65536", "0 to 65535"),
        ("--port", "-1", "0 to 65535"),
        ("--port", "٣", "0 to 65535"),
        ("--port", "1_0", "0 to 65535"),
        ("--port", " 1", "0 to 65535"),
        ("--port", "", "0 to 65535"),
        ("--http-port", "on", "or off"),
        ("--web-port", "on", "or off"),
        ("--web-origins", "chat.example", "http[s]://HOST[:PORT]"),
        ("--web-origins", "https://a.example/path", "http[s]://HOST[:PORT]"),
        ("--web-origins", "https://a.example;x", "http[s]://HOST[:PORT]"),
        ("--web-nodes", "https://a.example", "ws[s]://HOST[:PORT]/ws"),
        ("--web-forwarded", "2", "0 or 1"),
        ("--nodes", "0", "1 to 65535"),
        ("--name", "a\nb", "printable"),
        ("--name", "x" * 65, "1 to 64"),
        ("--history", "0", "1 to"),
        ("--history", "1.5", "a whole number"),
        ("--grace", "-1", "0 to"),
        ("--grace", "inf", "seconds"),
        ("--grace", "nan", "seconds"),
        ("--drain", "1e400", "seconds"),
        ("--room-idle", "9" * 400, "seconds"),
        ("--rate", "-1", "RATE[/BURST]"),
        ("--rate", "5/0", "BURST at least 1"),
        ("--rate", "5/", "RATE[/BURST]"),
        ("--rate", "1/2/3", "RATE[/BURST]"),
        ("--rate", "0.0001", "RATE at least 0.001"),
        ("--notices", "many", "a whole number"),
        ("--log-level", "loud", "debug, info, warning or error"),
        ("--log-format", "xml", "text or json"),
        ("--proxy-protocol", "yes", "0 or 1"),
        ("--redis-url", "http://x", "memory://, redis://"),
        ("--tls-cert", "/no/such/file", "No such file"),
    ],
)
def test_a_bad_value_is_named_with_its_source_and_what_was_expected(
    refusal: Refusal, flag: str, text: str, expected: str
) -> None:
    line = refusal(f"{flag}={text}")
    assert line.startswith(f"chat-node: {flag}: got {shortened(text)!r}, expected ")
    assert expected in line
    if text:
        variable = "CHAT_" + flag.removeprefix("--").replace("-", "_").upper()
        line = refusal(environ={variable: text})
        assert line.startswith(f"chat-node: {variable}: got {shortened(text)!r}, expected ")


def test_a_long_value_is_not_repeated_at_length(refusal: Refusal) -> None:
    line = refusal("--port", "x" * 5000)
    assert line == (
        f"chat-node: --port: got '{'x' * 38}...{'x' * 19}', expected a port, 0 to 65535\n"
    )


def test_a_flag_without_its_value_is_named(refusal: Refusal) -> None:
    assert refusal("--port") == "chat-node: --port: got nothing, expected a port, 0 to 65535\n"


@pytest.mark.parametrize("argv", [["--tokn", "geheim"], ["--tokn=geheim"]])
def test_an_unknown_flag_is_named_without_its_value_and_a_similar_one_with_it(
    refusal: Refusal, argv: list[str]
) -> None:
    expected = "chat-node: unknown option --tokn, did you mean --token? (see --help)\n"
    assert refusal(*argv) == expected


@pytest.mark.parametrize(
    ("flag", "meant"),
    [
        ("--hist", "--history"),
        ("--redis", "--redis-url"),
        ("--log", "--log-level or --log-format"),
        ("--hots", "--host"),
        ("--room-idel", "--room-idle"),
        ("--loglevel", "--log-level"),
        ("--tls-crt", "--tls-cert"),
    ],
)
def test_flags_that_begin_so_or_are_written_nearly_so_are_named(
    refusal: Refusal, flag: str, meant: str
) -> None:
    line = f"chat-node: unknown option {flag}, did you mean {meant}? (see --help)\n"
    assert refusal(flag, "5") == line


@pytest.mark.parametrize("flag", ["--colour", "--bogus", "--h", "--verbose", "--config"])
def test_a_flag_that_resembles_none_is_named_alone(refusal: Refusal, flag: str) -> None:
    assert refusal(flag, "blue") == f"chat-node: unknown option {flag} (see --help)\n"


@pytest.mark.parametrize("argv", [["geheim"], ["-x"], ["--a\nb"]])
def test_an_argument_that_is_not_a_flag_is_refused(refusal: Refusal, argv: list[str]) -> None:
    commands = "the commands are status, admin, account"
    assert refusal(*argv) == f"chat-node: unexpected argument; {commands} (see --help)\n"


@pytest.mark.parametrize(("argument", "command"), [("stauts", "status"), ("acount", "account")])
def test_a_mistyped_command_is_not_repeated_and_the_nearest_one_is_named(
    refusal: Refusal, argument: str, command: str
) -> None:
    commands = "the commands are status, admin, account (see --help)"
    line = f"chat-node: unexpected argument, did you mean {command}? {commands}\n"
    assert refusal(argument, "--json") == line


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parse(["--version"], {})
    assert end.value.code == 0
    assert capsys.readouterr().out == f"chat-node {version()}\n"


@pytest.mark.parametrize("token", ["", "geheim" * 1000, "geheim\udc80"])
def test_a_token_is_not_repeated_in_its_refusal(refusal: Refusal, token: str) -> None:
    line = refusal(f"--token={token}")
    assert "1 to 4096 bytes" in line
    assert "geheim" not in line


def test_a_password_is_not_repeated_in_its_refusal(refusal: Refusal) -> None:
    line = refusal("--redis-url=redis://user:geheim@h/x")
    assert "redis://***@h/x" in line
    assert "geheim" not in line and "user:geheim" not in line


def test_the_repr_shows_neither_token_nor_password() -> None:
    settings = parse(["--token", "geheim", "--redis-url", "redis://u:geheim@h"], {})
    assert settings.token == "geheim"
    assert settings.redis_url.password == "geheim"
    assert "geheim" not in f"{settings!r} {settings}"


def test_a_token_may_be_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("geheim\r\n")
    settings = parse([], {"CHAT_TOKEN_FILE": str(path)})
    assert settings.token_file is not None and settings.token_file.tokens == ("geheim",)
    assert settings.token is None and "geheim" not in repr(settings)


def test_a_file_may_hold_several_tokens(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("old one\r\n\nnew one\n")
    settings = parse(["--token-file", str(path)], {"CHAT_TOKEN": "other"})
    assert settings.token_file is not None and settings.token is None
    assert settings.token_file.tokens == ("old one", "new one")


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff", b"x" * 4097])
def test_a_file_without_a_token_is_refused(
    refusal: Refusal, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    line = refusal(environ={"CHAT_TOKEN_FILE": str(path)})
    assert line.startswith(
        f"chat-node: CHAT_TOKEN_FILE: got {shortened(str(path))!r}, expected a readable file"
    )


def test_a_token_file_that_is_not_there_is_refused(refusal: Refusal, tmp_path: Path) -> None:
    line = refusal(environ={"CHAT_TOKEN_FILE": str(tmp_path / "none")})
    assert "No such file" in line


def test_a_token_and_a_token_file_are_one_too_many(refusal: Refusal) -> None:
    line = refusal(environ={"CHAT_TOKEN": "geheim", "CHAT_TOKEN_FILE": "/x"})
    assert "CHAT_TOKEN_FILE" in line and "CHAT_TOKEN is set too" in line
    assert "geheim" not in line
    line = refusal("--token", "geheim", "--token-file", "/x")
    assert "--token-file: got" in line and "--token is set too" in line and "geheim" not in line


def test_several_nodes_are_for_the_embedded_broker(refusal: Refusal) -> None:
    line = refusal("--redis-url", "redis://h", environ={"CHAT_NODES": "2"})
    assert line == "chat-node: CHAT_NODES: got 2, expected 1 unless the broker is memory://\n"
    assert parse(["--redis-url", "redis://h", "--nodes", "1"], {}).nodes == 1


def test_consecutive_ports_must_exist(refusal: Refusal) -> None:
    assert parse(["--nodes", "3", "--port", "65533"], {}).nodes == 3
    assert parse(["--nodes", "3", "--port", "0"], {}).nodes == 3
    line = refusal("--nodes", "3", "--port", "65534")
    assert line == "chat-node: --nodes: got 3, expected at most 2: ports from 65534 to 65535\n"


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (
            ["--port", "21055", "--web-port", "21055"],
            "--web-port: got 21055, expected ports beside those of --port"
            " (21055 is also a chat port of this process)",
        ),
        (
            ["--nodes", "3", "--port", "22000", "--web-port", "21999"],
            "--web-port: got 21999, expected ports beside those of --port"
            " (22000 is also a chat port of this process)",
        ),
        (
            ["--nodes", "3", "--web-port", "22000", "--http-port", "22002"],
            "--http-port: got 22002, expected ports beside those of --web-port"
            " (22002 is also a web port of this process)",
        ),
        (
            ["--http-port", "9999"],
            "--http-port: got 9999, expected ports beside those of --port"
            " (9999 is also a chat port of this process)",
        ),
    ],
)
def test_a_port_that_this_process_would_take_twice_is_named_with_both_settings(
    refusal: Refusal, argv: list[str], line: str
) -> None:
    assert refusal(*argv) == f"chat-node: {line}\n"


def test_a_port_taken_twice_names_the_variables_that_set_it(refusal: Refusal) -> None:
    line = refusal(environ={"CHAT_PORT": "8000", "CHAT_WEB_PORT": "8000"})
    assert line.startswith("chat-node: CHAT_WEB_PORT: got 8000, expected ports beside those of")
    assert "CHAT_PORT" in line


def test_free_ports_and_neighbouring_ports_do_not_collide() -> None:
    assert parse(["--port", "0", "--web-port", "0", "--http-port", "0"], {}).port == 0
    argv = ["--nodes", "3", "--port", "22000", "--web-port", "22003", "--http-port", "21999"]
    assert parse(argv, {}).web_port == 22003


def test_certificate_and_key_come_together(refusal: Refusal, tmp_path: Path) -> None:
    path = tmp_path / "file.pem"
    path.write_text("")
    both = parse(["--tls-cert", str(path)], {"CHAT_TLS_KEY": str(path)})
    assert (both.tls_cert, both.tls_key) == (str(path), str(path))
    assert "--tls-key" in refusal("--tls-cert", str(path))
    assert "--tls-cert" in refusal(environ={"CHAT_TLS_KEY": str(path)})


def test_a_folder_is_no_certificate(refusal: Refusal, tmp_path: Path) -> None:
    assert "expected a readable file" in refusal("--tls-cert", str(tmp_path))


def test_without_a_rate_there_is_no_other_limit_of_requests_but_those_asked_for() -> None:
    free = parse(["--rate", "0"], {"CHAT_ROOM_RATE": "7"})
    assert free.address_rate.per_second == free.direct_rate.per_second == free.rooms_made == 0
    assert free.address_bytes == 0
    assert free.room_rate == Rate(7.0, 21.0)
    assert (free.per_address, free.connect_rate) == (500, Rate(100.0, 500.0))


@pytest.mark.parametrize("text", ["", "127.0.0.1/8", "localhost", "::1,", ",".join(["::1"] * 65)])
def test_an_invalid_list_of_networks_is_refused(refusal: Refusal, text: str) -> None:
    assert "expected networks or addresses separated by commas" in refusal(f"--exempt={text}")


def test_help_groups_the_flags_and_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--help"], {})
    shown = capsys.readouterr().out
    assert set(command_line.COMMANDS) == set(subcommands.COMMANDS)
    for name, does in command_line.COMMANDS.items():
        assert f"\n  {name:9} {does}\n" in shown
    places = [shown.index(f"\n{title}:\n") for title, _ in GROUPS]
    assert places == sorted(places)
    assert all(len(group) <= 8 for _, group in GROUPS), "a group is read at a glance"


def test_help_of_80_columns_breaks_no_network_in_two(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        parse(["--help"], {})
    words = capsys.readouterr().out.replace(",", " ").split()
    assert words.count("127.0.0.0/8") == 2 and "192.168.0.0/16" in words


def test_help_shows_every_flag_default_and_variable(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    monkeypatch.setenv("NO_COLOR", "1")
    with pytest.raises(SystemExit) as end:
        parse(["--help"], {})
    assert end.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    for option in OPTIONS:
        [line] = [line for line in lines if line.startswith(f"  {option.flag} ")]
        default = str(option.without if option.default is None else option.default)
        assert f"(default: {default.replace(',', ', ')}; environment: {option.variable})" in line


@pytest.mark.parametrize(
    "typed, completed",
    [
        (["--red"], {"--redis-url"}),
        (["--nodes", "3", "--gr"], {"--grace"}),
        (["--tls-cert", "ce"], {"cert.pem"}),
    ],
)
def test_bash_completes_flags_and_files(
    typed: list[str], completed: set[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cert.pem").touch()
    with pytest.raises(SystemExit) as raised:
        parse(["--completion", "bash"], {})
    assert raised.value.code == 0
    assert complete_in_bash(capsys.readouterr().out, ["chat-node", *typed], tmp_path) == completed


def test_zsh_gets_a_script_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--completion", "zsh"], {})
    assert capsys.readouterr().out.startswith("#compdef chat-node\n")


def test_fish_gets_a_script_that_completes_flags(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse(["--completion", "fish"], {})
    script = capsys.readouterr().out
    assert "complete -c chat-node " in script and "-l redis-url " in script
    if shutil.which("fish"):
        assert complete_in_fish(script, ["chat-node", "--red"], tmp_path) == {"--redis-url"}


@pytest.mark.parametrize("argv", [["--completion", "tcl"], ["--completion"]])
def test_an_unknown_shell_is_refused(argv: list[str], refusal: Refusal) -> None:
    assert "--completion" in refusal(*argv) and "bash, zsh or fish" in refusal(*argv)
