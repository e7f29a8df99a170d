"""The table of a node's settings: how each is named, read, and explained."""

from collections.abc import Callable
from dataclasses import dataclass

from node.config import parsers, redis_url


@dataclass(frozen=True, slots=True)
class Option:
    """One setting: its flag and environment variable are named after ``field``.

    ``read`` turns a text into the value, or raises ValueError; ``expected`` says what it accepts.
    ``default`` is read like any other text; None stays None, and ``without`` describes that.
    ``show`` makes a text fit to be repeated in an error. ``words`` are what it accepts, if that is
    a few words: shells complete them.
    """

    field: str
    metavar: str
    read: Callable[[str], object]
    default: str | None
    expected: str
    help: str
    without: str = "none"
    show: Callable[[str], str] = str
    words: tuple[str, ...] = ()

    @property
    def flag(self) -> str:
        """The flag on the command line."""
        return "--" + self.field.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment variable."""
        return "CHAT_" + self.field.upper()


TOKEN_FILE_EXPECTED = "a readable file that holds a token, or several, one on each line"
_HOST = "a host name or an address"
_ALL = ":: or * is all addresses, IPv4 and IPv6"
_FILE = "a readable file"
_PORT = "a port, 0 to 65535"
_BOUND = f"a whole number, 0 to {parsers.MOST}; 0 for no limit"
_RATE = f"RATE[/BURST], RATE at least {parsers.RATE_LEAST}, BURST at least 1; or 0 for no limit"
_NETWORKS = "networks or addresses separated by commas, or none"
_ORIGINS = "http[s]://HOST[:PORT] separated by commas, any, or none"
_WEB_NODES = "ws[s]://HOST[:PORT]/ws separated by commas, or none"
_SECONDS = f"seconds, 0 to {parsers.MOST}, fractions too"
_LEVELS = ("debug", "info", "warning", "error")
_FORMATS = ("text", "json")
_SWITCH = ("0", "1")
_OFF = "off with --rate 0, unless set"

# fmt: off
_LISTENING = (
    Option(
        "host", "HOST", parsers.host, "127.0.0.1", _HOST,
        f"address where clients connect; {_ALL}"),
    Option(
        "port", "PORT", parsers.port, "9999", _PORT,
        "port where clients connect; 0 picks a free one"),
    Option(
        "http_host", "HOST", parsers.host, "127.0.0.1", _HOST,
        f"address of the health and metrics endpoint; {_ALL}"),
    Option(
        "http_port", "PORT", parsers.port_or_off, "off", f"{_PORT}, or off",
        "port of the health and metrics endpoint; 0 picks a free one"),
    Option(
        "tls_cert", "FILE", parsers.file, None, _FILE,
        "certificate chain for clients, PEM; requires --tls-key"),
    Option(
        "tls_key", "FILE", parsers.file, None, _FILE,
        "private key of the certificate, PEM; requires --tls-cert"),
    Option(
        "proxy_protocol", "1", parsers.switch, "0", "0 or 1",
        "take the client's address from a PROXY header, if a connection begins with one",
        words=_SWITCH),
    Option(
        "proxy_from", "NETWORKS", parsers.networks,
        "127.0.0.0/8,::1,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7", _NETWORKS,
        "networks whose PROXY headers are trusted; one from elsewhere ends its connection"),
)
_WEB = (
    Option(
        "web_port", "PORT", parsers.port_or_off, "off", f"{_PORT}, or off",
        "port where browsers connect, over WebSocket; 0 picks a free one"),
    Option(
        "web_host", "HOST", parsers.host, None, _HOST,
        "address where browsers connect", "that of --host"),
    Option(
        "web_origins", "LIST", parsers.origins, "none", _ORIGINS,
        "origins beside its own whose pages may connect, separated by commas; any switches the"
        " check off"),
    Option(
        "web_nodes", "LIST", parsers.web_nodes, "none", _WEB_NODES,
        "addresses of nodes that the page may connect to beside its own, separated by commas"),
    Option(
        "web_forwarded", "1", parsers.switch, "0", "0 or 1",
        "take the address of a web client from X-Forwarded-For, if a network of --proxy-from"
        " sends it", words=_SWITCH),
)
_BROKER = (
    Option(
        "redis_url", "URL", redis_url.parse, redis_url.MEMORY, redis_url.EXPECTED,
        "the broker; memory:// is embedded, for a single process", show=redis_url.hide),
    Option(
        "nodes", "N", parsers.whole(1, 65535), "1", "a whole number, 1 to 65535",
        "number of nodes in this process, on consecutive ports, named NAME-1 to NAME-N;"
        " more than 1 only with memory://"),
    Option(
        "durability", "N", parsers.whole(0, 16), "0", "a whole number, 0 to 16",
        "replicas of Redis that must have a message before it is acknowledged"),
)
_LOGIN = (
    Option(
        "token", "TOKEN", parsers.token, None, f"1 to {parsers.TOKEN_MOST} bytes of UTF-8",
        "token that clients must send", show=lambda text: "***" if text else ""),
    Option(
        "token_file", "FILE", parsers.token_file, None, TOKEN_FILE_EXPECTED,
        "file of tokens, one on each line, of which clients must send one; read again on SIGHUP"),
    Option(
        "accounts", "FILE", parsers.file, None, _FILE,
        "file of nicks that need a password, made by chat-node account add; read again on SIGHUP"),
    Option(
        "hello_within", "SECONDS", parsers.number, "60", f"{_SECONDS}; 0 for no limit",
        "seconds within which a client must log in"),
)
_KEPT = (
    Option(
        "history", "N", parsers.whole(1, parsers.MOST), "1000",
        f"a whole number, 1 to {parsers.MOST}",
        "entries kept for each room"),
    Option(
        "grace", "SECONDS", parsers.number, "30", _SECONDS,
        "seconds for which a session without a connection is kept"),
    Option(
        "room_idle", "SECONDS", parsers.number, "86400", _SECONDS,
        "seconds for which a room without members is kept"),
    Option(
        "notices", "N", parsers.whole(0, parsers.MOST), "200",
        f"a whole number, 0 to {parsers.MOST}",
        "members above which a room no longer announces who enters and leaves"),
)
_CONNECTIONS = (
    Option(
        "max_clients", "N", parsers.whole(0, parsers.MOST), "50000", _BOUND,
        "most connections of this node"),
    Option(
        "per_address", "N", parsers.whole(0, parsers.MOST), "500", _BOUND,
        "most connections from one address, or one IPv6 /64"),
    Option(
        "connect_rate", "RATE[/BURST]", parsers.rate, "100/500", _RATE,
        "new connections per second from one address"),
    Option(
        "memory", "MIB", parsers.whole(0, parsers.MOST), "2048", _BOUND,
        "MiB of memory above which this process refuses new clients"),
    Option(
        "exempt", "NETWORKS", parsers.networks, "127.0.0.0/8,::1", _NETWORKS,
        "networks exempt from per-address limits"),
)
_REQUESTS = (
    Option(
        "rate", "RATE[/BURST]", parsers.rate, "20/60", _RATE,
        "requests per second of a connection, and how many at once (default BURST: three times"
        " RATE); 0 for no limit"),
    Option(
        "address_rate", "RATE[/BURST]", parsers.rate, "400/1200", _RATE,
        f"requests per second from one address; {_OFF}"),
    Option(
        "room_rate", "RATE[/BURST]", parsers.rate, "5000/10000", _RATE,
        f"messages per second to one room from this node; {_OFF}"),
    Option(
        "direct_rate", "RATE[/BURST]", parsers.rate, "50/500", _RATE,
        f"direct messages per second to one nick from this node; {_OFF}"),
    Option(
        "rooms_made", "N", parsers.whole(0, parsers.MOST), "200", _BOUND,
        f"rooms that one connection may create, and one address in a day; {_OFF}"),
    Option(
        "address_bytes", "MIB", parsers.whole(0, parsers.MOST), "128", _BOUND,
        f"MiB that one address may send in a day, as direct or long messages; {_OFF}"),
)
_PROCESS = (
    Option(
        "name", "NAME", parsers.label, None, "1 to 64 printable characters",
        "name of the node in logs, metrics and welcome", "the host name and a random suffix"),
    Option(
        "drain", "SECONDS", parsers.number, "5", _SECONDS,
        "seconds over which clients are moved to other nodes after SIGTERM"),
    Option(
        "log_level", "LEVEL", parsers.word(*_LEVELS), "info", "debug, info, warning or error",
        "lowest level that is logged to standard error", words=_LEVELS),
    Option(
        "log_format", "FORMAT", parsers.word(*_FORMATS), "text", "text or json",
        "format of log lines", words=_FORMATS),
)
# fmt: on
GROUPS: tuple[tuple[str, tuple[Option, ...]], ...] = (
    ("where it listens", _LISTENING),
    ("browsers", _WEB),
    ("the broker", _BROKER),
    ("who may log in", _LOGIN),
    ("rooms and sessions", _KEPT),
    ("limits on connections", _CONNECTIONS),
    ("limits on requests", _REQUESTS),
    ("the process", _PROCESS),
)
"""The settings under the titles of ``--help``."""
OPTIONS = tuple(option for _, group in GROUPS for option in group)
"""All settings, in the order of ``--help``."""


def variables() -> set[str]:
    """Return the names of all variables."""
    return {option.variable for option in OPTIONS}
