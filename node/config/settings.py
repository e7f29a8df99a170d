"""The settings of a node, from its command line and environment; a bad value ends the process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from secrets import token_hex
from socket import gethostname
from typing import Any

from node.config import parsers, ports
from node.config.command_line import Parsers, parse_flags, refuse, shortened
from node.config.options import OPTIONS, TOKEN_FILE_EXPECTED, Option
from node.config.ports import Listener
from node.config.redis_url import RedisUrl
from wire import environment

_TOKEN_VARIABLES = ("CHAT_TOKEN", "CHAT_TOKEN_FILE")
_WITHOUT_RATE: dict[str, Any] = {
    **dict.fromkeys(("address_rate", "room_rate", "direct_rate"), parsers.Rate(0, 0)),
    "rooms_made": 0,
    "address_bytes": 0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a node; times are in seconds. Its repr shows no secret."""

    host: str
    port: int
    redis_url: RedisUrl
    nodes: int
    name: str
    http_host: str
    http_port: int | None
    web_port: int | None
    web_host: str | None
    web_origins: parsers.Origins
    web_nodes: tuple[str, ...]
    web_forwarded: bool
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


def parse(argv: Sequence[str], environ: Mapping[str, str], commands: Parsers = {}) -> Settings:
    """Return the settings of ``argv`` (without the program's name) and ``environ``.

    A flag wins over its environment variable; an empty variable counts as unset,
    and so does one that Kubernetes has set for a Service. Raises
    SystemExit: 0 after ``--help``, 2 after one line on standard error about a bad value.
    ``commands`` are completed by the script of ``--completion``.
    """
    flags = parse_flags(argv, commands)
    variables = environment.settings(environ)
    _check_token(flags, variables)
    found: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for option in OPTIONS:
        text = option.default
        if option.field in flags:
            sources[option.field], text = option.flag, flags[option.field]
        elif option.variable in variables:
            sources[option.field], text = option.variable, variables[option.variable]
        found[option.field] = _read(option, sources.get(option.field, option.flag), text)
    found["name"] = found["name"] or _random_name()
    if not found["rate"].per_second:
        # For benchmarks: no limits of requests at all, except those that were set.
        found |= {name: off for name, off in _WITHOUT_RATE.items() if name not in sources}
    settings = Settings(**found)
    _check_together(settings, sources)
    return settings


def _read(option: Option, source: str, text: str | None) -> object:
    if text is None:
        return None
    try:
        return option.read(text)
    except ValueError as error:
        # The text of a UnicodeError helps nobody, and may repeat a secret.
        reason = "" if isinstance(error, UnicodeError) else str(error)
        refuse(source, repr(shortened(option.show(text))), option.expected, reason)


def _check_token(flags: dict[str, str], variables: dict[str, str]) -> None:
    """Refuse a token beside a file of tokens; a flag for one wins over the variables of both."""
    for where, names in ((flags, ("token", "token_file")), (variables, _TOKEN_VARIABLES)):
        token, file = names
        if token in where and file in where:
            shown = "--token" if where is flags else token
            source = "--token-file" if where is flags else file
            refuse(
                source,
                repr(shortened(where[file])),
                TOKEN_FILE_EXPECTED,
                f"{shown} is set too: set only one of them",
            )
        if where is flags and (token in where or file in where):
            for name in _TOKEN_VARIABLES:
                variables.pop(name, None)


def _check_together(settings: Settings, sources: Mapping[str, str]) -> None:
    """Refuse settings that contradict each other."""
    nodes = settings.nodes
    if nodes > 1 and not settings.redis_url.is_memory:
        refuse(sources["nodes"], repr(nodes), "1 unless the broker is memory://")
    if settings.port and settings.port + nodes - 1 > 65535:
        most = 65536 - settings.port
        refuse(
            sources["nodes"], repr(nodes), f"at most {most}: ports from {settings.port} to 65535"
        )
    if settings.web_port and settings.web_port + nodes - 1 > 65535:
        most = 65536 - settings.web_port
        what = f"at most {most}: web ports from {settings.web_port} to 65535"
        refuse(sources["nodes"], repr(nodes), what)
    for one, other in (("tls_cert", "tls_key"), ("tls_key", "tls_cert")):
        if getattr(settings, one) and not getattr(settings, other):
            flag = "--" + other.replace("_", "-")
            refuse(sources[one], repr(getattr(settings, one)), f"{flag} beside it: both or neither")
    if settings.durability and settings.redis_url.is_memory:
        refuse(sources["durability"], repr(settings.durability), "0 with memory://: no replicas")
    if settings.proxy_protocol and settings.tls_cert:
        # The header comes before the TLS handshake, which asyncio begins by itself.
        refuse(sources["proxy_protocol"], "'1'", "0 with --tls-cert: let the proxy do the TLS")
    _check_ports(settings, sources)


def _check_ports(settings: Settings, sources: Mapping[str, str]) -> None:
    """Refuse a port that this process would take twice: listening would blame another program."""
    one, nodes = settings, settings.nodes
    listeners = (
        Listener("chat", sources.get("port", "--port"), one.host, one.port, nodes),
        Listener("web", sources.get("web_port", ""), one.web_host or one.host, one.web_port, nodes),
        Listener("http", sources.get("http_port", ""), one.http_host, one.http_port),
    )
    if (found := ports.collision(listeners)) is not None:
        earlier, later = found.earlier, found.later
        reason = f"{found.port} is also a {earlier.kind} port of this process"
        refuse(later.setting, str(later.first), f"ports beside those of {earlier.setting}", reason)


def _random_name() -> str:
    host = "".join(c if c.isprintable() and c != " " else "-" for c in gethostname())
    return f"{host[:59] or 'node'}-{token_hex(2)}"
