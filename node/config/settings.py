"""Command line and environment to one frozen object; a bad value ends the process."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from secrets import token_hex
from socket import gethostname
from typing import Any, NoReturn

from node.config import parsers, redis_url
from node.config.redis_url import RedisUrl

PROGRAM = "chat-node"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a node is told at its start; times are in seconds. Its repr shows no secret."""

    host: str
    port: int
    redis_url: RedisUrl
    nodes: int
    name: str
    http_host: str
    http_port: int | None
    tls_cert: str | None
    tls_key: str | None
    token: str | None = field(repr=False)
    token_file: parsers.TokenFile | None
    accounts: str | None
    proxy_protocol: bool
    history: int
    grace: float
    room_idle: float
    durability: int
    rate: parsers.Rate
    notices: int
    drain: float
    log_level: str
    log_format: str
    max_clients: int
    per_address: int
    connect_rate: parsers.Rate
    address_rate: parsers.Rate
    room_rate: parsers.Rate
    direct_rate: parsers.Rate
    rooms_made: int
    address_bytes: int
    hello_within: float
    memory: int
    exempt: parsers.Networks
    proxy_from: parsers.Networks


def parse(argv: Sequence[str], environ: Mapping[str, str]) -> Settings:
    """Return the settings of ``argv`` (without the program's name) and ``environ``.

    A flag wins over its environment variable; an empty variable counts as unset. Raises
    SystemExit: 0 after ``--help``, 2 after one line on standard error about a bad value.
    """
    flags = _flags(argv)
    variables = {name: text for name, text in environ.items() if text}
    _one_token(flags, variables)
    found: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for row in ROWS:
        text = row.default
        if row.field in flags:
            sources[row.field], text = row.flag, flags[row.field]
        elif row.variable in variables:
            sources[row.field], text = row.variable, variables[row.variable]
        found[row.field] = _read(row, sources.get(row.field, row.flag), text)
    found["name"] = found["name"] or _random_name()
    if not found["rate"].per_second:
        # For benchmarks: no limit of requests at all, but those that were asked for.
        found |= {name: off for name, off in _WITHOUT_RATE.items() if name not in sources}
    settings = Settings(**found)
    _check_together(settings, sources)
    return settings


@dataclass(frozen=True, slots=True)
class Row:
    """One setting: the flag and the environment variable are named after the field.

    ``takes`` completes "takes ..."; ``default`` is read like a value, None stays None.
    ``show`` makes a value fit to be repeated in an error.
    """

    field: str
    metavar: str
    read: Callable[[str], object]
    default: str | None
    takes: str
    help: str
    without: str = "none"
    show: Callable[[str], str] = str

    @property
    def flag(self) -> str:
        return "--" + self.field.replace("_", "-")

    @property
    def variable(self) -> str:
        return "CHAT_" + self.field.upper()


_A_HOST = "a host name or an address"
_A_TOKEN = f"1 to {parsers.TOKEN_MOST} bytes of UTF-8"
_A_TOKEN_FILE = "a file that can be read and holds a token, or several, one a line"
_TOKEN_VARIABLES = ("CHAT_TOKEN", "CHAT_TOKEN_FILE")
_A_FILE = "a file that can be read"
_A_BOUND = f"a whole number, 0 to {parsers.MOST}; 0 for no limit"
_A_RATE = f"RATE[/BURST], RATE at least {parsers.RATE_LEAST}, BURST at least 1; or 0 for no limit"
_NETWORKS = "networks or addresses with commas between them, or none"
_WITHOUT_RATE: dict[str, Any] = {
    **dict.fromkeys(("address_rate", "room_rate", "direct_rate"), parsers.Rate(0, 0)),
    "rooms_made": 0,
    "address_bytes": 0,
}
_SECONDS = f"seconds, 0 to {parsers.MOST}, fractions too"

# fmt: off
ROWS = (
    Row("host", "HOST", parsers.host, "127.0.0.1", _A_HOST, "address where clients connect"),
    Row("port", "PORT", parsers.port, "9999", "a port, 0 to 65535",
        "port where clients connect; 0 picks a free one"),
    Row("redis_url", "URL", redis_url.parse, redis_url.MEMORY, redis_url.TAKES,
        "the broker; memory:// is the embedded one, for one process", show=redis_url.hide),
    Row("nodes", "N", parsers.whole(1, 65535), "1", "a whole number, 1 to 65535",
        "how many nodes this process runs, on consecutive ports, named NAME-1 to NAME-N;"
        " above 1 only with memory://"),
    Row("name", "NAME", parsers.label, None, "1 to 64 printable characters",
        "the node's name in logs, metrics and welcome", "the host name and a random suffix"),
    Row("http_host", "HOST", parsers.host, "127.0.0.1", _A_HOST, "address of health and metrics"),
    Row("http_port", "PORT", parsers.port_or_off, "off", "a port, 0 to 65535, or off",
        "port of health and metrics; 0 picks a free one"),
    Row("tls_cert", "FILE", parsers.file, None, _A_FILE,
        "certificate chain for clients, PEM; with --tls-key"),
    Row("tls_key", "FILE", parsers.file, None, _A_FILE, "its private key, PEM; with --tls-cert"),
    Row("token", "TOKEN", parsers.token, None, _A_TOKEN,
        "what a hello must carry", show=lambda text: "***" if text else ""),
    Row("proxy_protocol", "1", parsers.switch, "0", "0 or 1",
        "take the client's address from a PROXY header, where a connection begins with one"),
    Row("history", "N", parsers.whole(1, parsers.MOST), "1000",
        f"a whole number, 1 to {parsers.MOST}",
        "entries kept per room"),
    Row("grace", "SECONDS", parsers.number, "30", _SECONDS,
        "seconds a session outlives its connection"),
    Row("room_idle", "SECONDS", parsers.number, "86400", _SECONDS,
        "seconds a room lives with nobody in it"),
    Row("durability", "N", parsers.whole(0, 16), "0", "a whole number, 0 to 16",
        "replicas of Redis that must have a message before it is acknowledged"),
    Row("rate", "RATE[/BURST]", parsers.rate, "20/60",
        _A_RATE,
        "requests a second per session, and how many at once (three times RATE if not given);"
        " 0 switches the limit off"),
    Row("notices", "N", parsers.whole(0, parsers.MOST), "200",
        f"a whole number, 0 to {parsers.MOST}",
        "rooms with more members than this do not announce who comes and goes"),
    Row("drain", "SECONDS", parsers.number, "5", _SECONDS,
        "seconds over which SIGTERM spreads the good-byes"),
    Row("log_level", "LEVEL", parsers.word("debug", "info", "warning", "error"), "info",
        "debug, info, warning or error", "least level of what is logged, to standard error"),
    Row("log_format", "FORMAT", parsers.word("text", "json"), "text", "text or json",
        "text for people, json for machines"),
    # What strangers can run into.
    Row("max_clients", "N", parsers.whole(0, parsers.MOST), "50000", _A_BOUND,
        "connections in all that this node takes"),
    Row("per_address", "N", parsers.whole(0, parsers.MOST), "500", _A_BOUND,
        "connections from one address, or one IPv6 /64"),
    Row("connect_rate", "RATE[/BURST]", parsers.rate, "100/500", _A_RATE,
        "new connections a second from one address"),
    Row("address_rate", "RATE[/BURST]", parsers.rate, "400/1200", _A_RATE,
        "requests a second from one address; off with --rate 0, unless it is set"),
    Row("room_rate", "RATE[/BURST]", parsers.rate, "5000/10000", _A_RATE,
        "messages a second to one room, from this node; off with --rate 0, unless it is set"),
    Row("direct_rate", "RATE[/BURST]", parsers.rate, "50/500", _A_RATE,
        "directs a second to one nick, from this node; off with --rate 0, unless it is set"),
    Row("rooms_made", "N", parsers.whole(0, parsers.MOST), "200", _A_BOUND,
        "rooms that one connection may make, and one address in a day; off with --rate 0, unless"
        " it is set"),
    Row("address_bytes", "MIB", parsers.whole(0, parsers.MOST), "128", _A_BOUND,
        "MiB that one address may write in a day, in directs and in what is long; off with"
        " --rate 0, unless it is set"),
    Row("hello_within", "SECONDS", parsers.number, "60", f"{_SECONDS}; 0 for no limit",
        "seconds in which a connection has to be welcomed"),
    Row("memory", "MIB", parsers.whole(0, parsers.MOST), "2048", _A_BOUND,
        "MiB of memory above which this process takes no newcomers"),
    Row("exempt", "NETWORKS", parsers.networks, "127.0.0.0/8,::1", _NETWORKS,
        "whom no limit by address concerns"),
    Row("proxy_from", "NETWORKS", parsers.networks,
        "127.0.0.0/8,::1,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7", _NETWORKS,
        "whose PROXY headers are taken; others that send one are closed"),
    # Who may come in.
    Row("token_file", "FILE", parsers.token_file, None, _A_TOKEN_FILE,
        "a file of tokens, one a line, each of which a hello may carry; read anew on SIGHUP"),
    Row("accounts", "FILE", parsers.file, None, _A_FILE,
        "nicks that only who knows a password may use, as chat-node account add makes it;"
        " read anew on SIGHUP"),
)
# fmt: on
_BY_FLAG = {row.flag: row for row in ROWS}


def _flags(argv: Sequence[str]) -> dict[str, str]:
    """Return the texts of the flags that were given, by field."""
    parser = argparse.ArgumentParser(
        PROGRAM,
        description="A node of a distributed chat. Every flag has an environment variable; the"
        " flag wins. Times are in seconds and may be fractions.",
        formatter_class=partial(argparse.HelpFormatter, max_help_position=32),
        epilog="chat-node status shows the whole system, and chat-node admin moderates it; each has"
        " a --help of its own.",
        allow_abbrev=False,
        exit_on_error=False,
        argument_default=argparse.SUPPRESS,
    )
    for row in ROWS:
        default = row.without if row.default is None else row.default
        stands_alone: dict[str, Any] = {"nargs": "?", "const": "1"}
        parser.add_argument(
            row.flag,
            metavar=row.metavar,
            help=f"{row.help} (default: {default}; environment: {row.variable})",
            **(stands_alone if row.read is parsers.switch else {}),
        )
    parser.add_argument(
        "--completion",
        metavar="SHELL",
        help="print a script that lets the shell complete these flags: bash or zsh",
    )
    try:
        found, unknown = parser.parse_known_args(argv)
    except argparse.ArgumentError as error:
        flag = error.argument_name or ""
        _fail(flag, "nothing", _BY_FLAG[flag].takes if flag in _BY_FLAG else "bash or zsh")
    if unknown:
        # Its value is not repeated: it may be a secret behind a misspelt flag.
        name = unknown[0].partition("=")[0]
        known = name.startswith("--") and name.isprintable()
        _fail(name if known else "arguments", "what is no flag", "the flags that --help shows")
    flags: dict[str, str] = vars(found)
    if "completion" in flags:
        _complete(parser, flags["completion"])
    return flags


def _complete(parser: argparse.ArgumentParser, shell: str) -> NoReturn:
    """Print the script that completes the flags in that shell, and end."""
    if shell not in ("bash", "zsh"):
        _fail("--completion", repr(shell), "bash or zsh")
    import shtab  # which no node needs

    for action in parser._actions:
        if action.metavar == "FILE":
            setattr(action, "complete", shtab.FILE)
    print(shtab.complete(parser, shell))
    raise SystemExit(0)


def _read(row: Row, source: str, text: str | None) -> object:
    if text is None:
        return None
    try:
        return row.read(text)
    except ValueError as error:
        # A UnicodeError's text is of no use to people, and may repeat a secret.
        reason = "" if isinstance(error, UnicodeError) else str(error)
        _fail(source, repr(row.show(text)), row.takes, reason)


def _one_token(flags: dict[str, str], variables: dict[str, str]) -> None:
    """See that there is a token or a file of tokens; a flag for one wins over both variables."""
    for where, names in ((flags, ("token", "token_file")), (variables, _TOKEN_VARIABLES)):
        token, file = names
        if token in where and file in where:
            shown = "--token" if where is flags else token
            source = "--token-file" if where is flags else file
            _fail(source, repr(where[file]), _A_TOKEN_FILE, f"{shown} is set too: set one of them")
        if where is flags and (token in where or file in where):
            for name in _TOKEN_VARIABLES:
                variables.pop(name, None)


def _check_together(settings: Settings, sources: Mapping[str, str]) -> None:
    """Check what only several settings together can tell."""
    nodes = settings.nodes
    if nodes > 1 and not settings.redis_url.is_memory:
        _fail(sources["nodes"], repr(nodes), "1 unless the broker is memory://")
    if settings.port and settings.port + nodes - 1 > 65535:
        most = 65536 - settings.port
        _fail(sources["nodes"], repr(nodes), f"at most {most}: ports from {settings.port} to 65535")
    for one, other in (("tls_cert", "tls_key"), ("tls_key", "tls_cert")):
        if getattr(settings, one) and not getattr(settings, other):
            flag = "--" + other.replace("_", "-")
            _fail(sources[one], repr(getattr(settings, one)), f"{flag} beside it: both or neither")
    if settings.durability and settings.redis_url.is_memory:
        _fail(sources["durability"], repr(settings.durability), "0 with memory://: no replicas")
    if settings.proxy_protocol and settings.tls_cert:
        # The header comes before the handshake, which asyncio's servers begin by themselves.
        _fail(sources["proxy_protocol"], "'1'", "0 with --tls-cert: let the proxy do the TLS")


def _random_name() -> str:
    host = "".join(c if c.isprintable() and c != " " else "-" for c in gethostname())
    return f"{host[:59] or 'node'}-{token_hex(2)}"


def _fail(source: str, got: str, takes: str, reason: str = "") -> NoReturn:
    print(
        f"{PROGRAM}: {source}: got {got}, takes {takes}{reason and f' ({reason})'}",
        file=sys.stderr,
    )
    raise SystemExit(2)
